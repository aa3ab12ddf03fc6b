"""The build backend: scikit-build-core, and where the machine has no C++ compiler, Zig's from a wheel.

Every hook is scikit-build-core's own. Two things are added: without a working compiler, the build
also requires `ziglang`, and points CMake at small scripts that call its `zig c++`, `zig ar`, `zig ranlib`.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from scikit_build_core import build as backend
from scikit_build_core.build import (
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ZIG = "ziglang==0.14.1"
COMPILERS = ("c++", "g++", "clang++")

Settings = dict[str, list[str] | str]


def has_compiler() -> bool:
    """Whether a C++ compiler answers; `CXX` is taken at its word: a wrong one fails loudly in CMake."""
    if os.environ.get("CXX"):
        return True
    # Asking for the version tells a compiler from a stub that only offers to install one.
    return any(
        subprocess.run([path, "--version"], capture_output=True).returncode == 0
        for name in COMPILERS
        if (path := shutil.which(name))
    )


def zig_target() -> list[str]:
    """Options that make Zig compile for this kind of machine, not for this very processor."""
    machine, (libc, _) = platform.machine(), platform.libc_ver()
    if sys.platform == "linux":
        return ["-target", f"{machine}-linux-gnu.2.17" if libc == "glibc" else f"{machine}-linux-musl"]
    return ["-mcpu=baseline"]


def zig_settings(folder: Path) -> Settings:
    """Write one script a tool into `folder` and return the settings by which CMake uses them."""
    spec = find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"no C++ compiler ({', '.join(COMPILERS)}) found, nor {ZIG} to take its place")
    zig = Path(spec.origin).parent / "zig"
    calls = {
        "CMAKE_CXX_COMPILER": ["c++", *zig_target()],
        "CMAKE_AR": ["ar"],
        "CMAKE_RANLIB": ["ranlib"],
    }
    folder.mkdir(parents=True, exist_ok=True)
    settings: Settings = {}
    for variable, call in calls.items():
        script = folder / f"zig-{call[0]}"
        script.write_text(f'#!/bin/sh\nexec {shlex.join([str(zig), *call])} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        settings[f"cmake.define.{variable}"] = str(script.resolve())
    return settings


def with_compiler(settings: Settings | None) -> Settings | None:
    """The settings of a build, with Zig's tools where there is no other compiler."""
    if has_compiler():
        return settings
    print("no C++ compiler found: compiling with Zig", flush=True)
    return zig_settings(Path("build", "zig")) | (settings or {})


def get_requires_for_build_wheel(config_settings: Settings | None = None) -> list[str]:
    """What a wheel is built with."""
    return backend.get_requires_for_build_wheel(config_settings) + ([] if has_compiler() else [ZIG])


def get_requires_for_build_editable(config_settings: Settings | None = None) -> list[str]:
    """What an editable install is built with."""
    return backend.get_requires_for_build_editable(config_settings) + ([] if has_compiler() else [ZIG])


def build_wheel(
    wheel_directory: str, config_settings: Settings | None = None, metadata_directory: str | None = None
) -> str:
    """Compile and pack a wheel; returns its file name."""
    return backend.build_wheel(wheel_directory, with_compiler(config_settings), metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Settings | None = None, metadata_directory: str | None = None
) -> str:
    """Compile and pack a wheel that leads to this checkout; returns its file name."""
    return backend.build_editable(wheel_directory, with_compiler(config_settings), metadata_directory)
