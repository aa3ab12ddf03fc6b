"""Everything that is done with a checkout of clearprop; needs nothing but Python 3.11 or newer.

`python tasks.py` lists the tasks. Each sets up what it needs by itself: a virtual environment in `.venv`,
the packages pinned in `constraints.txt`, the compiled extension. What is already there is not done again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that an old Python reads as far as the line that says that it is too old
    from collections.abc import Callable, Iterator
    from typing import Any

    Task = Callable[[list[str]], None]

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
STAMP = VENV / "clearprop-setup.json"
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST_PYTHON = (3, 11)

# What the extension is made from, beside the build settings in pyproject.toml.
BUILT_FROM = ("CMakeLists.txt", "build_backend/*.py", "native/**/*")

# All that the tasks make, and that git does not keep.
MADE = (
    ".venv",
    ".setup.lock",
    "build",
    "demo",
    "dist",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
)

# One thread a library: the tests already run side by side.
TEST_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

TASKS: dict[str, Task] = {}


def task(function: Task) -> Task:
    """Make `function` a task: its name, with hyphens, is the target's, its docstring the help."""
    TASKS[function.__name__.replace("_", "-")] = function
    return function


# Setting up


def run(*command: str | Path, environment: dict[str, str] | None = None, echo: bool = False) -> None:
    """Run a command in the checkout; where it fails, end with its exit status."""
    words = [str(word) for word in command]
    if echo:
        print(f"\n$ {shlex.join([Path(words[0]).name, *words[1:]])}", flush=True)
    status = subprocess.run(words, cwd=ROOT, env=os.environ | (environment or {})).returncode
    if status:
        print(f"\ntasks.py: this failed with status {status}: {shlex.join(words)}", file=sys.stderr)
        raise SystemExit(status if status > 0 else 1)


def pip(*words: str | Path) -> None:
    """Run pip in `.venv`; the pins hold in the isolated environments that it builds wheels in, too."""
    pins = CONSTRAINTS.as_posix()
    run(
        PYTHON,
        "-m",
        "pip",
        "--disable-pip-version-check",
        *words,
        environment={"PIP_CONSTRAINT": pins, "PIP_BUILD_CONSTRAINT": pins},
    )


def pyproject() -> dict[str, Any]:
    """What pyproject.toml says."""
    import tomllib  # not before the version of Python is known to be new enough

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def fingerprint() -> str:
    """A hash of all that the environment and the extension are made from."""
    tables = pyproject()
    settings = [tables["build-system"], tables["project"], tables["tool"]["scikit-build"]]
    parts = [sys.version, str(ROOT), os.environ.get("CXX", ""), json.dumps(settings)]
    digest = hashlib.sha256("\0".join(parts).encode())
    built_from = {path for pattern in BUILT_FROM for path in ROOT.glob(pattern) if path.is_file()}
    for path in sorted({CONSTRAINTS, *built_from}):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let only one process at a time set up the checkout."""
    try:
        import fcntl
    except ImportError:  # Windows, where two at once are left to their luck
        yield
        return
    with (ROOT / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installed() -> tuple[str, set[str]]:
    """The fingerprint of what `.venv` holds, and its extras."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return stamp["fingerprint"], set(stamp["extras"])
    except (OSError, ValueError, KeyError):
        return "", set()


def make_venv() -> None:
    """Create `.venv` anew where it is missing or was made elsewhere or by another Python."""
    marker = VENV / "clearprop-venv.txt"
    made_by = f"{ROOT}\n{sys.version}\n"
    with contextlib.suppress(OSError):
        if marker.read_text(encoding="utf-8") == made_by:
            return
    print(f"setting up {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    import venv

    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=os.name != "nt")
    except subprocess.CalledProcessError as error:
        raise SystemExit(
            "tasks.py: Python could not make a virtual environment with pip in it "
            "(on Debian and Ubuntu, install the package python3-venv first)"
        ) from error
    marker.write_text(made_by, encoding="utf-8")


def build_requirements() -> list[str]:
    """What the build backend asks for on this machine: CMake, Ninja, a compiler where they are missing."""
    code = "import clearprop_build, json; print(json.dumps(clearprop_build.get_requires_for_build_editable()))"
    paths = {"PYTHONPATH": str(ROOT / "build_backend")}
    answer = subprocess.run(
        [PYTHON, "-c", code], cwd=ROOT, env=os.environ | paths, stdout=subprocess.PIPE, check=True, text=True
    )
    return list(json.loads(answer.stdout.splitlines()[-1]))


def setup(*extras: str) -> None:
    """Bring `.venv` up to date: the package and its extras, the extension compiled from what is there."""
    if is_ready(extras):
        return
    with alone():
        if is_ready(extras):  # by now: another process has done it
            return
        start, wanted = time.monotonic(), fingerprint()
        make_venv()
        all_extras = sorted(installed()[1].union(extras))
        STAMP.unlink(missing_ok=True)
        print("installing the pinned packages and compiling the extension", flush=True)
        pip("install", "--quiet", *pyproject()["build-system"]["requires"])
        if requirements := build_requirements():
            pip("install", "--quiet", *requirements)
        # Without isolation the build folder stays valid, and only what changed is compiled again.
        suffix = f"[{','.join(all_extras)}]" if all_extras else ""
        pip("install", "--quiet", "--no-build-isolation", "--editable", f".{suffix}")
        STAMP.write_text(json.dumps({"fingerprint": wanted, "extras": all_extras}), encoding="utf-8")
        print(f"ready after {time.monotonic() - start:.0f} s", flush=True)


def is_ready(extras: tuple[str, ...]) -> bool:
    """Whether `.venv` holds what the checkout describes, with these extras."""
    found, there = installed()
    return found == fingerprint() and there.issuperset(extras)


# The tasks


@task
def help(arguments: list[str]) -> None:
    """List the tasks."""
    print("make TARGET, or where there is no make: python tasks.py TARGET [ARGUMENTS]\n")
    for name, function in TASKS.items():
        print(f"  {name:18} {(function.__doc__ or '').splitlines()[0]}")


@task
def demo(arguments: list[str]) -> None:
    """Train, predict and evaluate on two real tables, from the command line."""
    setup()
    folder = Path("demo")
    run(PYTHON, Path("examples", "make_demo_tables.py"), folder)
    clearprop = BIN / "clearprop"
    results: list[Path] = []
    for name, kind, target in (("breast_cancer", "csv", "diagnosis"), ("digits", "parquet", "digit")):
        table, unseen = folder / f"{name}.{kind}", folder / f"{name}_unseen.{kind}"
        model, report = folder / f"{name}.safetensors", folder / f"{name}.html"
        predictions = folder / f"{name}_predictions.{kind}"
        train = ("train", table, "--target", target, "--out", model, "--report", report)
        run(clearprop, *train, echo=True)
        run(clearprop, "predict", model, unseen, "--out", predictions, echo=True)
        run(clearprop, "evaluate", model, unseen, echo=True)
        results += [table, unseen, model, report, predictions]
    if missing := [str(path) for path in results if not (ROOT / path).is_file()]:
        raise SystemExit(f"tasks.py: the demo ended without writing {', '.join(missing)}")
    print("\nThe demo's files:")
    for path in results:
        print(f"  {path.as_posix():38} {(ROOT / path).stat().st_size:>9,} bytes")


@task
def test(arguments: list[str]) -> None:
    """Run the tests that need no download beyond the pinned packages (PyTorch and a browser are skipped)."""
    setup("dev", "onnx", "plot")
    run_pytest(arguments)


@task
def test_all(arguments: list[str]) -> None:
    """Run every test: the slow ones too, and those that need PyTorch, Ray or a browser."""
    setup("browser", "dev", "docs", "notebook", "onnx", "plot", "ray", "torch")
    run_pytest(["--run-slow", *arguments])


def run_pytest(arguments: list[str]) -> None:
    """Run pytest on all processors."""
    parallel = ("-n", "auto", "--dist", "worksteal")
    run(PYTHON, "-m", "pytest", *parallel, *arguments, environment=TEST_THREADS)


@task
def sanitize(arguments: list[str]) -> None:
    """Run the engines' tests on cores built with sanitizers (ASan, UBSan, TSan)."""
    setup("dev")
    run(PYTHON, Path("tests", "sanitize.py"), *arguments)


@task
def bench(arguments: list[str]) -> None:
    """Time clearprop side by side with other tools; a run of everything writes benchmarks/results/."""
    setup("bench")
    run(BIN / "clearprop", "bench", *arguments)


@task
def bench_accuracy(arguments: list[str]) -> None:
    """Compare the default models with those of other tools, on the same tables and folds."""
    setup("accuracy")
    run(BIN / "clearprop", "bench-accuracy", *arguments)


@task
def bench_distributed(arguments: list[str]) -> None:
    """Time updates in several processes beside what the cost model foretells."""
    setup("torch")
    run(BIN / "clearprop", "bench-distributed", *arguments)


@task
def bench_stream(arguments: list[str]) -> None:
    """Compare training on files larger than memory with training in memory and with PyTorch's DataLoader."""
    setup("bench")
    run(BIN / "clearprop", "bench-stream", *arguments)


@task
def docs(arguments: list[str]) -> None:
    """Build the pages of docs/ and the reference as a site, in build/site/."""
    setup("docs")
    run(BIN / "mkdocs", "build", "--strict", *arguments, environment={"NO_MKDOCS_2_WARNING": "1"})


@task
def lint(arguments: list[str]) -> None:
    """Check style, format, types and the order of imports."""
    setup("dev", "onnx", "plot")
    run(BIN / "ruff", "check", echo=True)
    run(BIN / "ruff", "format", "--check", echo=True)
    run(BIN / "mypy", echo=True)
    run(BIN / "lint-imports", "--no-logo", echo=True)


@task
def format(arguments: list[str]) -> None:
    """Format the Python code and mend what ruff can mend."""
    setup("dev")
    run(BIN / "ruff", "check", "--fix", echo=True)
    run(BIN / "ruff", "format", echo=True)


@task
def build(arguments: list[str]) -> None:
    """Build a wheel into dist/."""
    with alone():
        make_venv()
    pip("wheel", "--no-deps", "--wheel-dir", "dist", *arguments, ".")


@task
def clean(arguments: list[str]) -> None:
    """Remove all that the other tasks have made."""
    for name in MADE:
        path = ROOT / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def main(words: list[str]) -> None:
    """Run the task named by the first word with the rest as its arguments."""
    if sys.version_info < OLDEST_PYTHON:
        raise SystemExit(
            "tasks.py: clearprop needs Python 3.11 or newer, this is {}.{}; name another one, "
            "as in: make test PYTHON=python3.12".format(*sys.version_info)
        )
    name, *arguments = words or ["help"]
    if name not in TASKS:
        raise SystemExit(f"tasks.py: no task {name!r}; there are {', '.join(TASKS)}")
    TASKS[name](arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
