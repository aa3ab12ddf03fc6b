"""Who is measured: one file each, imported only by the process that runs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol, cast

from clearprop.benchmark.cases import Case
from clearprop.benchmark.problem import Array, Problem
from clearprop.errors import InputError, unknown

Setting = dict[str, Any]
"""How a contestant is told to work, such as {"threads": 2}; which of several is best, a run finds out."""

OURS = "clearprop"


class Contest(Protocol):
    """A contestant that has a problem before it."""

    def reset(self) -> None:
        """Go back to the initial weights; not timed."""

    def work(self) -> None:
        """Do all that is timed as one, to the end."""

    def results(self) -> Sequence[float]:
        """What the last work came to: the loss of each epoch, or the outputs of the first rows; not timed."""


def first_rows(outputs: Sequence[Array]) -> list[float]:
    """Of the first calls' outputs the first rows."""
    return [float(one) for output in outputs[:8] for one in output[:8].ravel()]


@dataclass(frozen=True)
class Contestant:
    """One tool, before it is imported.

    Attributes:
        package: what must be installed; empty where nothing must.
        module: the file here, which has `begin(problem, setting) -> Contest`.
        settings: those that are tried for a case on so many cores.
        unfit: why it cannot do a case, or None.
        imports: what its file imports only when it begins, so that it can be looked at where that is missing.
        fixed_threads: whether the number of threads is settled when it is imported.
        patience: seconds that it may take to get ready.
        agreement: how far its rehearsal may be from ours, relative to the loss; None where it has none, because that
            would be another long compilation.
        note: what a reader of its figures should know.
    """

    name: str
    title: str
    package: str
    module: str
    settings: Callable[[Case, int], list[Setting]]
    unfit: Callable[[Case], str | None]
    imports: tuple[str, ...] = ()
    fixed_threads: bool = False
    patience: float = 120.0
    agreement: float | None = 1e-7
    note: str = ""

    def missing(self) -> str | None:
        """Why it cannot run on this machine, or None."""
        if self.package:
            try:
                version(self.package)
            except PackageNotFoundError:
                return f"{self.package} is not installed"
        if self.name == "c" and compiler() is None:
            return "there is no C compiler"
        return None

    def version(self) -> str:
        if self.name == "c":
            return compiler() or ""
        return version(self.package)

    def load(self) -> Any:
        """Its file here, with all that it imports."""
        for name in self.imports:
            import_module(name)
        return import_module(f"{__name__}.{self.module}")

    def begin(self, problem: Problem, setting: Setting) -> Contest:
        """Have it make itself ready."""
        return cast("Contest", self.load().begin(problem, setting))


def compiler() -> str | None:
    """The C compiler: that of the variable CC, or the first there is."""
    names = [os.environ["CC"]] if os.environ.get("CC") else ["cc", "gcc", "clang"]
    return next((path for path in map(shutil.which, names) if path), None)


def _threads(case: Case, cores: int) -> list[Setting]:
    return [{"threads": threads} for threads in sorted({1, cores})]


def _torch(case: Case, cores: int) -> list[Setting]:
    kinds = ["fused", "foreach"] if case.kind != "predict" else [""]
    return [{"threads": one["threads"], "optimizer": kind} for one in _threads(case, cores) for kind in kinds]


def _compiled(case: Case, cores: int) -> list[Setting]:
    # Each is compiled anew, so what cannot win is left out.
    counts = [1] if case.one_core else sorted({1, cores})
    return [{"threads": threads, "optimizer": "foreach"} for threads in counts]


def _any(case: Case) -> str | None:
    return None


def _ours(case: Case) -> str | None:
    import clearprop

    return "train_many is not there" if case.kind == "many" and not hasattr(clearprop, "train_many") else None


def _scikit(case: Case) -> str | None:
    if case.kind == "many":
        return "it has no way to train several networks at once"
    if case.worked_example:
        return "it has no frozen bias"
    if case.activation not in ("relu", "tanh", "sigmoid"):
        return f"it does not know {case.activation}"
    if case.output == "identity" and case.sizes[-1] > 1:
        return "its squared error is the mean over the outputs"
    return None


def _only_worked_example(case: Case) -> str | None:
    return None if case.worked_example else "written for tiny alone"


CONTESTANTS: tuple[Contestant, ...] = (
    Contestant(
        OURS,
        "clearprop",
        "clearprop",
        "ours",
        settings=lambda case, cores: [{"threads": cores}],
        unfit=_ours,
        note="the engine itself decides how many of the threads a step is worth; each call of `train`, with all its "
        "checks, is timed whole",
    ),
    Contestant(
        "scikit-learn",
        "scikit-learn",
        "scikit-learn",
        "scikit",
        _threads,
        _scikit,
        note="gets the rows already in order; two classes are set to two softmax outputs, as the others have; its Adam "
        "adds ε before the correction of the bias, so that it ends a little apart",
    ),
    Contestant(
        "torch",
        "PyTorch",
        "torch",
        "torch_eager",
        _torch,
        _any,
        imports=("torch",),
        note="slices its batches of tensors; fused or foreach optimizer, whichever is faster",
    ),
    Contestant(
        "torch-compile",
        "PyTorch, compiled",
        "torch",
        "torch_compiled",
        _compiled,
        _any,
        imports=("torch",),
        patience=60.0,
        agreement=None,
        note="`torch.compile` of loss with its gradient and of the optimizer's step; compiling is not timed; "
        "one thread alone is tried where a core is the limit",
    ),
    Contestant(
        "jax",
        "JAX",
        "jax",
        "jax_scan",
        _threads,
        _any,
        imports=("jax", "jax.numpy"),
        fixed_threads=True,
        note="all epochs in one `lax.scan`, compiled (not timed), arguments donated; `vmap` for many networks",
    ),
    Contestant("numpy", "NumPy", "numpy", "plain_numpy", _threads, _any, note="written out, in place, on its BLAS"),
    Contestant(
        "c",
        "C, hand-written",
        "",
        "plain_c",
        settings=lambda case, cores: [{"threads": 1}],
        unfit=_only_worked_example,
        note="compiled with -O3 -march=native when it is run (not timed)",
    ),
)


def contestant(name: str) -> Contestant:
    """The contestant of a name; a wrong one is an error.

    >>> contestant("jax").title
    'JAX'
    """
    known = {one.name: one for one in CONTESTANTS}
    if name not in known:
        raise unknown("contestant", name, known)
    return known[name]


def rivals(names: Sequence[str]) -> list[Contestant]:
    """The contestants of these names, which must be there, in the order of the list; of no names, all but ours.

    >>> [one.name for one in rivals(["numpy", "scikit-learn"])]
    ['scikit-learn', 'numpy']
    """
    others = {one.name: one for one in CONTESTANTS if one.name != OURS}
    for name in names:
        if name == OURS:
            raise InputError(f"{OURS} is in every run; name another to compare it with: {', '.join(sorted(others))}")
        if name not in others:
            raise unknown("contestant", name, others)
        if reason := others[name].missing():
            mend = 'pip install "clearprop[bench]" brings it' if others[name].package else "install one, or set CC"
            raise InputError(f"{others[name].title} cannot take part: {reason}; {mend}")
    return [one for one in others.values() if not names or one.name in names]
