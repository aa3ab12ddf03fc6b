"""The files of the frame, for its tests."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(path: Path) -> ModuleType:
    """The module in the file `path`, which is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def tasks() -> ModuleType:
    """A fresh copy of tasks.py, which a test may patch."""
    return load(ROOT / "tasks.py")


@pytest.fixture
def backend() -> ModuleType:
    """A fresh copy of the build backend, which a test may patch."""
    pytest.importorskip("scikit_build_core", reason="the build backend's own packages are not installed")
    return load(ROOT / "build_backend" / "clearprop_build.py")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a build needs of the checkout, with nothing built in it."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("src", "native", "build_backend"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for name in ("pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, copy / name)
    return copy
