"""tests/sanitize.py where it cannot do its work: it says why. Where it can, `make sanitize` is its own test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def sanitize(root: Path, *arguments: str, cxx: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tests" / "sanitize.py"), *arguments]
    return subprocess.run(command, env=os.environ | {"CXX": cxx}, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(shutil.which("true") is None, reason="there is no true, which takes any word and says nothing")
def test_a_compiler_without_sanitizers_is_passed_over_and_named(root: Path) -> None:
    ran = sanitize(root, cxx="true")
    assert ran.returncode == 0, ran.stderr
    for sanitizer, library in (("address", "libasan.so"), ("undefined", "libubsan.so"), ("thread", "libtsan.so")):
        assert f"{sanitizer}: SKIPPED: {shutil.which('true')} brings no {library}" in ran.stdout


def test_no_compiler_is_named(root: Path) -> None:
    ran = sanitize(root, "thread", cxx="no-such-compiler")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("thread: SKIPPED: there is no compiler no-such-compiler")


def test_an_unknown_sanitizer_is_named(root: Path) -> None:
    ran = sanitize(root, "adress", cxx="c++")
    assert ran.returncode == 1
    assert "no sanitizer 'adress'; there are address, undefined, thread" in ran.stderr
