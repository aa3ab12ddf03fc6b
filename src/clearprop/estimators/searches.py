"""Fits of a search side by side: a backend of joblib in which the networks of all candidates learn in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from joblib import parallel_config
from joblib.parallel import ParallelBackendBase, SequentialBackend

from clearprop.errors import check_count
from clearprop.training.meeting import MOST, Meeting, Work


@contextmanager
def together(fits: int | None = None) -> Iterator[None]:
    """Within the block scikit-learn's searches and cross-validations train all their networks side by side.

    Whatever scikit-learn would hand to several processes, such as the fits of `GridSearchCV`, `RandomizedSearchCV`,
    `HalvingRandomSearchCV`, `cross_val_score` and `learning_curve`, then goes on by turns in this process: each fit up
    to where it trains, and when all that are open have come there, their networks learn together, on all threads.
    Scores are the same, bit for bit, as without it; `n_jobs` does not matter, but that with `n_jobs=1` the fits go one
    by one. Estimators of others, and pipelines that end in one of ours, work as well: what does not train here is done
    in its turn.

    Args:
        fits: how many are open at a time; None is 256, or fewer where their rows and parameters would take more than a
            GiB.

    Raises:
        InputError: `fits` is no whole number from 1 up.

    It pays where a network is so small that a fit alone cannot keep the machine busy, and where fits look up seldom:
    each metric of scikit-learn's that is watched epoch by epoch is computed for one fit at a time. A fit's time in
    `cv_results_` is the time that it was open, with all others.

    >>> import clearprop as cp
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = cp.MLPClassifier(recipe="textbook", max_iter=300)
    >>> with cp.together():
    ...     search = GridSearchCV(classifier, {"learning_rate_init": [0.01, 0.1, 1.0]}).fit(X, y)
    >>> search.best_params_
    {'learning_rate_init': 1.0}
    """
    backend = _Backend(MOST if fits is None else check_count("fits", fits))
    with parallel_config(backend=backend):
        yield


class _Backend(ParallelBackendBase):  # type: ignore[misc]
    """What joblib asks for workers; there is one, the caller's thread, which has many pieces of work open."""

    default_n_jobs = -1
    supports_sharedmem = True
    uses_threads = True

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._meeting: Meeting | None = None

    def effective_n_jobs(self, n_jobs: int) -> int:
        """How many pieces of work joblib shall have ready."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        return 1 if n_jobs == 1 else max(2, self._most)

    def submit(self, func: Callable[[], Any], callback: Callable[[Any], object] | None = None) -> Work:
        if self._meeting is None:
            self._meeting = Meeting(self._most)
        return self._meeting.add(func, callback)

    def retrieve_result(self, out: Work, timeout: float | None = None) -> Any:
        return out.get()

    def terminate(self) -> None:
        if self._meeting is not None:
            self._meeting.close()
            self._meeting = None

    def abort_everything(self, ensure_ready: bool = True) -> None:
        self.terminate()

    def get_nested_backend(self) -> tuple[ParallelBackendBase, int | None]:
        """Within a fit all goes on one by one."""
        return SequentialBackend(nesting_level=(self.nesting_level or 0) + 1), None
