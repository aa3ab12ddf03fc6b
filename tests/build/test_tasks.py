"""tasks.py and the Makefile: the same targets, and set up again exactly when something changed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

INPUTS = ("pyproject.toml", "constraints.txt", "CMakeLists.txt", "build_backend", "native")


@pytest.fixture
def moved(tasks: ModuleType, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tasks.py looking at a copy of its inputs, with nothing set up."""
    for name in INPUTS:
        source = root / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks, "CONSTRAINTS", tmp_path / "constraints.txt")
    monkeypatch.setattr(tasks, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(tasks, "STAMP", tmp_path / ".venv" / tasks.STAMP.name)
    return tasks


def test_help_lists_every_target_of_the_makefile(root: Path) -> None:
    command = [sys.executable, root / "tasks.py"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    targets = re.search(r"^TARGETS := (.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    assert re.findall(r"^  (\S+)  +\S", listed, re.MULTILINE) == targets[1].split()


def test_unknown_task_is_named(tasks: ModuleType) -> None:
    with pytest.raises(SystemExit, match="no task 'tset'; there are help, demo, test,"):
        tasks.main(["tset"])


def test_an_old_python_is_told_so(tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "OLDEST_PYTHON", (99, 0))
    with pytest.raises(SystemExit, match="name another one, as in: make test PYTHON="):
        tasks.main(["help"])


def test_a_failing_command_ends_the_task(tasks: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tasks.run(sys.executable, "-c", "raise SystemExit(3)")
    assert ended.value.code == 3
    assert "failed with status 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["constraints.txt", "CMakeLists.txt", "build_backend/clearprop_build.py", "native/module.cpp"]
)
def test_a_changed_input_changes_the_fingerprint(moved: ModuleType, tmp_path: Path, name: str) -> None:
    before = moved.fingerprint()
    assert moved.fingerprint() == before
    with (tmp_path / name).open("a") as file:
        file.write("\n")
    assert moved.fingerprint() != before


def test_a_new_native_file_changes_the_fingerprint(moved: ModuleType, tmp_path: Path) -> None:
    before = moved.fingerprint()
    (tmp_path / "native" / "new.cpp").write_text("")
    assert moved.fingerprint() != before


def test_of_pyproject_only_what_is_installed_counts(moved: ModuleType, tmp_path: Path) -> None:
    before, path = moved.fingerprint(), tmp_path / "pyproject.toml"
    text = path.read_text()
    path.write_text(f"{text}\n[tool.other]\nsetting = 1\n")
    assert moved.fingerprint() == before
    path.write_text(text.replace("dependencies = [", 'dependencies = ["attrs",'))
    assert moved.fingerprint() != before


def test_setup_does_nothing_twice_and_keeps_extras(
    moved: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(moved, "make_venv", lambda: (tmp_path / ".venv").mkdir(exist_ok=True))
    monkeypatch.setattr(moved, "build_requirements", list)
    monkeypatch.setattr(moved, "pip", lambda *words: calls.append(words[-1]))

    def installs(*extras: str) -> list[str]:
        calls.clear()
        moved.setup(*extras)
        return [call for call in calls if call.startswith(".")]

    assert installs() == ["."]
    assert installs() == []
    assert installs("dev") == [".[dev]"]
    assert installs() == []
    assert installs("dev", "torch") == [".[dev,torch]"]
    (tmp_path / "native" / "module.cpp").write_text("")
    assert installs("dev") == [".[dev,torch]"]
    assert json.loads(moved.STAMP.read_text())["extras"] == ["dev", "torch"]


def test_a_failed_setup_is_not_taken_for_done(
    moved: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: str) -> None:
        raise SystemExit(1)

    monkeypatch.setattr(moved, "make_venv", lambda: (tmp_path / ".venv").mkdir(exist_ok=True))
    monkeypatch.setattr(moved, "pip", fail)
    for _ in range(2):
        with pytest.raises(SystemExit):
            moved.setup()
    assert moved.installed() == ("", set())
