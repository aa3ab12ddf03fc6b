"""The tests themselves: they run wherever they are started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_is_heard_in_the_background() -> None:
    """There a shell has a process start with SIGINT ignored, as `trap '' INT` does."""
    test = "tests/training/test_interrupts.py::test_ctrl_c_leaves_a_checkpoint_and_is_raised"
    pytest_alone = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", test]
    command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *pytest_alone]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout
