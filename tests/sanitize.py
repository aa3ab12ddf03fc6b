"""Builds the core with each sanitizer and runs the engines' tests on it: `make sanitize`.

What is installed stays as it is: each build has a folder of its own, with a copy of the package that holds the
sanitized core, which Python finds first. Arguments are names of sanitizers; without any, all are used.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILDS = ROOT / "build" / "sanitize"
SITE = sysconfig.get_path("purelib")

LIBRARIES = {"address": "libasan.so", "undefined": "libubsan.so", "thread": "libtsan.so"}

# Python itself gives little back at its end, which is no leak of ours.
OPTIONS = {"address": "detect_leaks=0:halt_on_error=1", "undefined": "print_stacktrace=1:halt_on_error=1"}
OPTIONS["thread"] = "halt_on_error=1:second_deadlock_stack=1"
VARIABLES = {"address": "ASAN_OPTIONS", "undefined": "UBSAN_OPTIONS", "thread": "TSAN_OPTIONS"}

TESTS = ["tests/engines", "tests/engines_agree", "tests/training/test_many.py"]
# Where one thread works alone there is nothing to race with.
TESTS_OF_THREADS = [
    "tests/engines_agree/test_threads_and_types.py",
    "tests/engines_agree/test_teams.py",
    "tests/engines_agree/test_many.py",
    "tests/engines_agree/test_evaluate.py",
    "tests/training/test_many.py",
]
# A sanitizer's own memory does not fit under a limit of the address space; and PyTorch is not what is looked at.
LEFT_OUT = "not cannot_be_had and not torch"


class Skipped(Exception):
    """Why a sanitizer cannot be used here."""


def compiler() -> str:
    """The compiler that CMake would take."""
    name = os.environ.get("CXX", "c++")
    path = shutil.which(name)
    if path is None:
        raise Skipped(f"there is no compiler {name}")
    return path


def library(cxx: str, name: str) -> str:
    """The path of a library that the compiler brings."""
    path = subprocess.run([cxx, f"-print-file-name={name}"], stdout=subprocess.PIPE, text=True).stdout.strip()
    if not os.path.isabs(path):
        raise Skipped(f"{cxx} brings no {name}; GCC with its sanitizers does")
    return path


def run(*words: str) -> None:
    """Runs a command, which is heard only where it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nsanitize.py: this failed: {shlex.join(words)}")


def build(sanitizer: str, cxx: str) -> Path:
    """The folder of a package with the sanitized core in it."""
    folder = BUILDS / sanitizer
    cmake = shutil.which("cmake", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if cmake is None:
        raise Skipped("there is no cmake")
    nanobind = subprocess.run([sys.executable, "-m", "nanobind", "--cmake_dir"], stdout=subprocess.PIPE, text=True)
    run(
        *(cmake, "-S", str(ROOT), "-B", str(folder), f"-DCLEARPROP_SANITIZE={sanitizer}"),
        *(f"-DCMAKE_CXX_COMPILER={cxx}", f"-DPython_EXECUTABLE={sys.executable}"),
        f"-Dnanobind_DIR={nanobind.stdout.strip()}",
    )
    run(cmake, "--build", str(folder), "--parallel", str(os.cpu_count() or 1))
    package = folder / "package"
    shutil.rmtree(package, ignore_errors=True)
    unwanted = shutil.ignore_patterns("__pycache__", "*.so")
    shutil.copytree(ROOT / "src" / "clearprop", package / "clearprop", ignore=unwanted)
    for core in folder.glob("_native*.so"):
        shutil.copy(core, package / "clearprop")
    return package


def check(sanitizer: str) -> bool:
    """Whether the tests pass on a core with this sanitizer, and it has nothing to report."""
    cxx = compiler()
    # The C++ library goes along: a sanitizer looks for its functions as soon as the process begins.
    preloaded = [library(cxx, LIBRARIES[sanitizer]), library(cxx, "libstdc++.so.6")]
    reports = BUILDS / sanitizer / "report"
    environment = os.environ | {
        "LD_PRELOAD": " ".join(preloaded),
        VARIABLES[sanitizer]: f"{OPTIONS[sanitizer]}:log_path={reports}",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    # -S: no site, so no editable install stands before the sanitized package.
    python = [sys.executable, "-S"]
    started = subprocess.run([*python, "-c", ""], env=environment, capture_output=True, text=True)
    if started.returncode:
        clear(reports)
        raise Skipped(f"Python does not start with {preloaded[0]}: {started.stderr.strip()}")

    print(f"{sanitizer}: compiling", flush=True)
    package = build(sanitizer, cxx)
    environment["PYTHONPATH"] = os.pathsep.join([str(package), SITE])
    found = subprocess.run(
        [*python, "-c", "from clearprop import _native; print(_native.__file__)"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.strip()
    if not found.startswith(str(package)):
        raise SystemExit(f"sanitize.py: Python took the core from {found!r}, not from {package}")

    clear(reports)
    tests = TESTS_OF_THREADS if sanitizer == "thread" else TESTS
    pytest = [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", LEFT_OUT, *tests]
    print(f"{sanitizer}: python {shlex.join(pytest[1:])}", flush=True)
    status = subprocess.run(pytest, cwd=ROOT, env=environment).returncode
    written = sorted(reports.parent.glob(f"{reports.name}.*"))
    for report in written:
        print(report.read_text(errors="replace"), flush=True)
    return status == 0 and not written


def clear(reports: Path) -> None:
    """Removes what a run before has reported."""
    for report in reports.parent.glob(f"{reports.name}.*"):
        report.unlink()


def main(names: list[str]) -> None:
    if unknown := [name for name in names if name not in LIBRARIES]:
        raise SystemExit(f"sanitize.py: no sanitizer {unknown[0]!r}; there are {', '.join(LIBRARIES)}")
    verdicts = {}
    for sanitizer in names or LIBRARIES:
        began = time.monotonic()
        try:
            verdicts[sanitizer] = "clean" if check(sanitizer) else "FAILED"
        except Skipped as reason:
            verdicts[sanitizer] = f"SKIPPED: {reason}"
        print(f"{sanitizer}: {verdicts[sanitizer]} after {time.monotonic() - began:.0f} s\n", flush=True)
    if "FAILED" in verdicts.values():
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
