"""The extension with every compiler: without one, and without a warning from any."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from clearprop._native import instruction_sets

PRINT_SETS = "from clearprop._native import instruction_sets; print(*instruction_sets())"


def run(*command: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """What a command prints; where it fails, the test fails with it."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


def test_instruction_sets_begin_with_the_portable_one() -> None:
    sets = instruction_sets()
    assert sets[0] == "portable"
    assert sets in (["portable"], ["portable", "v3"], ["portable", "v3", "v4"], ["portable", "neon"])


def test_instruction_sets_are_those_of_the_processor() -> None:
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        pytest.skip("the system does not list the processor's features in /proc/cpuinfo")
    v3 = {"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"}
    v4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} | v3
    assert ("v3" in instruction_sets()) == (v3 <= words)
    assert ("v4" in instruction_sets()) == (v4 <= words)


@pytest.mark.slow
def test_a_machine_without_a_compiler_builds_a_wheel(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "env"):
        path = shutil.which(name)
        assert path is not None
        (tools / name).symlink_to(path)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    pins = str(checkout / "constraints.txt")
    environment = {key: value for key, value in os.environ.items() if key not in ("CXX", "PYTHONPATH")}
    environment |= {"PATH": str(tools), "PIP_CONSTRAINT": pins, "PIP_BUILD_CONSTRAINT": pins}

    log = run(
        *(python, "-m", "pip", "wheel", "-v", "--no-deps", "--wheel-dir", tmp_path, checkout),
        cwd=checkout,
        environment=environment,
    )
    assert "compiling with Zig" in log
    assert "warning:" not in log
    (wheel,) = tmp_path.glob("clearprop-*.whl")
    run(python, "-m", "pip", "install", "--no-deps", wheel, "numpy", cwd=tmp_path, environment=environment)
    answer = run(python, "-I", "-c", PRINT_SETS, cwd=tmp_path, environment=environment)
    assert answer.split() == instruction_sets()


def shared_functions(kernels: Path, instruction_set: str) -> list[str]:
    """Functions in an instruction set's copy of the kernels that a linker may take for those of any processor."""
    lines = run("nm", "-C", "--defined-only", kernels, cwd=kernels.parent).splitlines()
    symbols = [line.split(maxsplit=2) for line in lines]
    weak = [words[2] for words in symbols if len(words) == 3 and words[1] in "WV"]
    return [name for name in weak if "clearprop::" in name and f"clearprop::{instruction_set}::" not in name]


@pytest.mark.slow
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_no_warnings(checkout: Path, tmp_path: Path, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    cmake = shutil.which("cmake", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert cmake is not None
    nanobind = run(sys.executable, "-m", "nanobind", "--cmake_dir", cwd=tmp_path).strip()
    run(
        *(cmake, "-S", checkout, "-B", tmp_path, f"-DCMAKE_CXX_COMPILER={compiler}"),
        *(f"-DPython_EXECUTABLE={sys.executable}", f"-Dnanobind_DIR={nanobind}"),
        "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
        cwd=tmp_path,
    )
    assert "warning:" not in run(cmake, "--build", tmp_path, cwd=tmp_path)
    copies = [*tmp_path.glob("CMakeFiles/machine_*.dir/native/machine.cpp.o")]
    assert len(copies) > 1
    for copy in copies:
        assert shared_functions(copy, copy.parts[-3].removeprefix("machine_").removesuffix(".dir")) == []
