"""constraints.txt pins all that is installed, and says nothing about where it comes from."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

CMAKE_AND_NINJA = ["cmake", "ninja"]  # asked for by the backend where the machine has none


@pytest.fixture(scope="module")
def pins(root: Path) -> dict[str, Version]:
    lines = (root / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs)
    assert len({name for name, _ in pairs}) == len(pairs), "a package is pinned twice"
    return {canonicalize_name(name): Version(number) for name, number in pairs}


@pytest.fixture(scope="module")
def requirements(root: Path) -> list[Requirement]:
    pyproject = tomllib.loads((root / "pyproject.toml").read_text())
    project = pyproject["project"]
    extras = [word for extra in project["optional-dependencies"].values() for word in extra]
    words = [*project["dependencies"], *extras, *pyproject["build-system"]["requires"], *CMAKE_AND_NINJA]
    return [Requirement(word) for word in words]


def test_only_names_and_versions(root: Path) -> None:
    text = (root / "constraints.txt").read_text()
    for line in text.splitlines():
        assert re.fullmatch(r"(#.*)?|[a-z0-9-]+==[0-9][0-9a-z.]*", line), line
    assert "://" not in text and "@" not in text


def test_every_requirement_is_pinned_within_its_bounds(
    pins: dict[str, Version], requirements: list[Requirement]
) -> None:
    for requirement in requirements:
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is not pinned"
        assert pins[name] in requirement.specifier, f"{name}: {pins[name]} is not {requirement.specifier}"


def test_zig_is_pinned_as_the_backend_asks_for_it(pins: dict[str, Version], backend: ModuleType) -> None:
    zig = Requirement(backend.ZIG)
    assert pins[canonicalize_name(zig.name)] in zig.specifier


def test_what_is_needed_in_turn_is_pinned_and_installed_so(
    pins: dict[str, Version], requirements: list[Requirement]
) -> None:
    waiting, seen = [(requirement, "") for requirement in requirements], set()
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen or (
            requirement.marker is not None and not requirement.marker.evaluate({"extra": extra})
        ):
            continue
        seen.add((name, extra))
        assert name in pins, f"{name} is not pinned"
        try:
            found = Version(version(name))
        except PackageNotFoundError:  # an extra, or a tool that the machine brings itself
            continue
        assert Version(found.public) == pins[name], f"{name}: {found} is installed, {pins[name]} pinned"
        for inner in requires(name) or []:
            waiting += [(Requirement(inner), wanted) for wanted in ("", *requirement.extras)]
