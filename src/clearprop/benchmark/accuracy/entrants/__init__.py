"""Who takes part: one small class each, which learns from a frame and predicts for another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.benchmark.accuracy.task import Kind
from clearprop.errors import InputError, unknown

Array = NDArray[Any]

NOT_LEARNT_WITH = {
    "benchmark", "check", "cli", "drawing", "examples", "explain", "export", "playground", "plots", "report", "sheet",
}  # fmt: skip
"""The rooms of clearprop that have no part in what a fit gives."""


class Learner(Protocol):
    """One fit of an entrant."""

    def fit(self, frame: pl.DataFrame, target: Array) -> None:
        """Learn from rows, whose target is a class index or a number."""

    def predict(self, frame: pl.DataFrame) -> tuple[Array, Array | None]:
        """Probabilities (N, classes known) and the indices of these classes; or the numbers (N,) and None."""


@dataclass(frozen=True)
class Entrant:
    """Someone who takes part, before anything of it is imported.

    Attributes:
        package: what must be installed, and whose version it is.
        needs: what else must be.
        module: the file here, which has `begin(kind, settings, threads, seed) -> Learner`.
        settings: what is not as the package has it by default.
        ours: whether it is clearprop.
        note: what a reader of its figures should know.
    """

    name: str
    title: str
    package: str
    module: str
    settings: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    ours: bool = False
    note: str = ""

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        for name in (self.package, *self.needs):
            try:
                version(name)
            except PackageNotFoundError:
                return f"{name} is not installed"
        if self.ours:
            import clearprop

            return None if hasattr(clearprop, "MLPClassifier") else "this clearprop has no MLPClassifier"
        return None

    def version(self) -> str:
        """What gives other results when it changes; of clearprop, whose number does not, the files too."""
        return f"{version(self.package)}+{_source()}" if self.ours else version(self.package)

    def begin(self, kind: Kind, threads: int, seed: int) -> Learner:
        """A learner that is about to fit, all that it needs imported."""
        return cast("Learner", import_module(f"{__name__}.{self.module}").begin(kind, self.settings, threads, seed))


@cache
def _source() -> str:
    """A short name for the files of clearprop that a fit depends on."""
    import clearprop

    house = Path(clearprop.__file__).parent
    files = [*house.rglob("*.py"), *(path for path in house.rglob("*") if path.suffix in (".so", ".pyd"))]
    native = import_module("clearprop._native").__file__  # of a checkout it lies elsewhere
    digest = hashlib.sha256()
    for path in sorted({*files, Path(str(native))}):
        inside = path.is_relative_to(house)
        if not (inside and path.relative_to(house).parts[0] in NOT_LEARNT_WITH):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:10]


PREPARED = (
    "dates become year, month, day, weekday and days since the first; numbers that are missing get the mean and a "
    "column that says so; numbers are standardised, categories one-hot"
)

STRONG, QUICK, REALMLP, LIGHTGBM, CATBOOST, SCIKIT = (
    "clearprop",
    "clearprop-quick",
    "realmlp",
    "lightgbm",
    "catboost",
    "scikit-learn",
)

ENTRANTS: tuple[Entrant, ...] = (
    Entrant(
        STRONG,
        "clearprop",
        "clearprop",
        "ours",
        ours=True,
        settings={"recipe": "strong"},
        note="`MLPClassifier` and `MLPRegressor` as they are, given the frame as it is",
    ),
    Entrant(
        QUICK,
        "clearprop, quick",
        "clearprop",
        "ours",
        ours=True,
        settings={"recipe": "quick"},
        note='the same with `recipe="quick"`',
    ),
    Entrant(
        REALMLP,
        "RealMLP-TD",
        "pytabkit",
        "realmlp",
        note="`RealMLP_TD_Classifier` and `RealMLP_TD_Regressor` of pytabkit, on the processor; it takes no missing "
        "number, so these get the median and a column that says so",
    ),
    Entrant(
        LIGHTGBM, "LightGBM", "lightgbm", "lightgbm", note="columns of categories are told it as such; else defaults"
    ),
    Entrant(
        CATBOOST, "CatBoost", "catboost", "catboost", note="columns of categories are told it as such; else defaults"
    ),
    Entrant(
        SCIKIT,
        "scikit-learn's MLP",
        "scikit-learn",
        "scikit",
        needs=("pandas",),
        note=f"defaults, behind what a careful user puts before it: {PREPARED}; the number to predict is standardised",
    ),
)


def entrant(name: str) -> Entrant:
    """The entrant of a name; a wrong one is an error.

    >>> entrant("realmlp").title
    'RealMLP-TD'
    """
    known = {one.name: one for one in ENTRANTS}
    if name not in known:
        raise unknown("entrant", name, known)
    return known[name]


def chosen(names: Sequence[str]) -> list[Entrant]:
    """The entrants of these names, which must be there, in the order of the list; of no names all.

    >>> [one.name for one in chosen(["scikit-learn"])]
    ['scikit-learn']
    """
    for one in map(entrant, names):
        if reason := one.missing():
            mend = "" if one.ours else '; pip install "clearprop[accuracy]" brings it'
            raise InputError(f"{one.title} cannot take part: {reason}{mend}")
    return [one for one in ENTRANTS if not names or one.name in names]


def spread(probabilities: Array, known: Array, classes: int) -> Array:
    """Probabilities of the classes that were learnt as probabilities of all: of one never seen it is 0.

    >>> spread(np.array([[0.25, 0.75]]), np.array([0, 2]), 3)
    array([[0.25, 0.  , 0.75]])
    """
    wide = np.zeros((len(probabilities), classes))
    wide[:, known.astype(int)] = probabilities
    return wide
