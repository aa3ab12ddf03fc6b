"""PyTorch through `torch.compile`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from clearprop.benchmark.contestants import Contest, Setting, torch_eager
from clearprop.benchmark.problem import Problem


def begin(problem: Problem, setting: Setting) -> Contest:
    torch: Any = import_module("torch")
    torch.compiler.reset()
    return torch_eager.begin_with(problem, setting, torch.compile)
