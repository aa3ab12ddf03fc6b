"""The build backend: Zig is asked for where no compiler is found, and only there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import ModuleType

import pytest


def make_tool(folder: Path, name: str, status: int) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)


@pytest.fixture
def search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for; empty."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    return tmp_path


def asks_for_zig(backend: ModuleType) -> bool:
    wheel, editable = backend.get_requires_for_build_wheel(), backend.get_requires_for_build_editable()
    assert (backend.ZIG in wheel) == (backend.ZIG in editable)
    return backend.ZIG in wheel


@pytest.fixture(autouse=True)
def in_checkout(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


def test_no_compiler(backend: ModuleType, search_path: Path) -> None:
    assert asks_for_zig(backend)


@pytest.mark.parametrize("name", ["c++", "g++", "clang++"])
def test_any_compiler_will_do(backend: ModuleType, search_path: Path, name: str) -> None:
    make_tool(search_path, name, status=0)
    assert not asks_for_zig(backend)


def test_a_stub_that_does_not_answer_is_no_compiler(backend: ModuleType, search_path: Path) -> None:
    make_tool(search_path, "c++", status=1)
    assert asks_for_zig(backend)


def test_cxx_is_taken_at_its_word(backend: ModuleType, search_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "/nowhere/c++")
    assert not asks_for_zig(backend)


def test_cmake_and_ninja_are_asked_for_where_they_are_missing(backend: ModuleType, search_path: Path) -> None:
    names = {word.split(">")[0].split("=")[0] for word in backend.get_requires_for_build_wheel()}
    assert names == {"cmake", "ninja", "ziglang"}


def test_the_scripts_call_zig(backend: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "ziglang"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "zig").write_text('#!/bin/sh\necho "$@"\n')
    (package / "zig").chmod(0o755)
    monkeypatch.syspath_prepend(tmp_path)
    settings = backend.zig_settings(tmp_path / "tools")
    answers = {
        variable: subprocess.check_output([path, "a b", "-c"], text=True).split(" ", 1)
        for variable, path in settings.items()
    }
    assert {variable: call for variable, (call, _) in answers.items()} == {
        "cmake.define.CMAKE_CXX_COMPILER": "c++",
        "cmake.define.CMAKE_AR": "ar",
        "cmake.define.CMAKE_RANLIB": "ranlib",
    }
    assert all(rest.endswith("a b -c\n") for _, rest in answers.values())


def test_neither_compiler_nor_zig(backend: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="no C\\+\\+ compiler"):
        backend.zig_settings(tmp_path)
