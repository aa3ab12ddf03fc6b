"""The worked example in C, compiled by the machine's compiler for this machine."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from clearprop.benchmark.contestants import Contest, Setting, compiler
from clearprop.benchmark.problem import Problem
from clearprop.errors import ClearpropError

FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")


def begin(problem: Problem, setting: Setting) -> Contest:
    return _Tiny(problem)


class _Tiny:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.losses = np.empty(problem.case.epochs)
        self.train = compiled()
        self.reset()

    def reset(self) -> None:
        self.weights = np.concatenate([W.ravel() for W in self.problem.weights])

    def work(self) -> None:
        problem = self.problem
        biases = np.concatenate(problem.biases)
        arrays = (problem.X, problem.Y, biases, self.weights, self.losses)
        pointers = [array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in arrays]
        self.train(*pointers, ctypes.c_double(problem.case.rate), ctypes.c_long(problem.case.epochs))

    def results(self) -> Sequence[float]:
        losses: list[float] = self.losses.tolist()
        return losses


def compiled() -> Any:
    """The C function; once it is loaded, its files are no longer needed."""
    with tempfile.TemporaryDirectory(prefix="clearprop-bench-", ignore_cleanup_errors=True) as folder:
        source = Path(folder, "tiny.c")
        library = source.with_suffix(".so")
        source.write_bytes(files(__package__).joinpath("tiny.c").read_bytes())
        command = [compiler() or "cc", *FLAGS, str(source), "-o", str(library), "-lm"]
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode:
            raise ClearpropError(f"the C compiler failed: {answer.stderr.strip() or answer.returncode}")
        train = ctypes.CDLL(str(library)).train
    train.restype = None
    return train
