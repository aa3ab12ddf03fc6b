"""Many networks in one call: each comes to the same as alone, bit for bit, and none disturbs another."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines import get_engine, native
from clearprop.engines.base import Member, Plan, Samples, State
from clearprop.training import many
from clearprop.training.interrupts import interrupts

Build = Callable[..., Any]
Same = Callable[[Any, Any], None]


def variants(problem: Any, count: int) -> list[cp.Model]:
    network, dtype = problem.model.network, problem.model.dtype
    return [cp.Model.initialized(network, seed=seed, dtype=dtype) for seed in range(count)]


def assert_as_alone(
    same: Same,
    problem: Any,
    results: list[Any],
    models: Sequence[cp.Model],
    *,
    optimizer: Any,
    seeds: Any = None,
    rows: Any = None,
    sample_weight: Any = None,
    **settings: Any,
) -> None:
    assert len(results) == len(models)
    for i, (result, model) in enumerate(zip(results, models, strict=True)):
        own = slice(None) if rows is None else rows[i]
        alone = cp.train(
            model,
            problem.X[own],
            problem.Y[own],
            optimizer=optimizer if isinstance(optimizer, cp.Optimizer) else optimizer[i],
            seed=i if seeds is None else seeds[i],
            sample_weight=None if sample_weight is None else sample_weight[own],
            **settings,
        )
        same(result, alone)


@pytest.fixture(params=["reference", "native"])
def engine(request: pytest.FixtureRequest) -> str:
    """Those in which each comes to the same bits as alone; of torch, which stacks matrices, see `engines_agree`."""
    return str(request.param)


RATES = [0.3, 0.1, 0.03, 0.01, 0.003]
OPTIMIZERS: dict[str, Any] = {
    "one for all": cp.SGD(0.1),
    "momentum or none, Nesterov or not": [
        cp.SGD(0.1),
        cp.SGD(0.1, 0.9),
        cp.SGD(0.05, 0.5, True),
        cp.SGD(0.2),
        cp.SGD(0.1, 0.3),
    ],
    "adam": [cp.Adam(rate, beta1=1 - rate) for rate in RATES],
    "adamw": [cp.AdamW(rate, weight_decay=10 * rate) for rate in RATES],
    "rmsprop": [cp.RMSprop(rate) for rate in RATES],
    "schedules": [
        cp.Adam(0.01),
        cp.Adam(cp.schedules.Cosine(0.1, 20)),
        cp.Adam(cp.schedules.Step(0.1, 5)),
        cp.Adam(cp.schedules.OneCycle(0.1, 30)),
        cp.Adam(cp.schedules.Cosine(0.1, 7)),
    ],
    "what fades": [
        cp.AdamW(0.03, weight_decay=2.0, fade=fade)
        for fade in (1.0, 0.5, 0.0, cp.schedules.FlatCosine(1.0, 20), cp.schedules.Cosine(0.7, 9))
    ],
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_each_comes_to_the_same_as_alone(kind: str, dtype: str, engine: str, classes: Build, same: Same) -> None:
    problem = classes(dtype=dtype, dropout=0.2)
    models = variants(problem, 5)
    settings = {"optimizer": OPTIMIZERS[kind], "batch_size": 7, "epochs": 4, "engine": engine}
    for threads in (1, 2, 3, 9):
        results = cp.train_many(models, problem.X, problem.Y, threads=threads, **settings)
        assert_as_alone(same, problem, results, models, **settings)


@pytest.mark.parametrize("order", ["shuffled", "sequential", "replacement", [3, 1, 1, 0, 2]])
@pytest.mark.parametrize("batch_size", [None, 1, 6, 25])
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_rows_of_ones_own(
    kind: str, order: Any, batch_size: int | None, engine: str, request: pytest.FixtureRequest, same: Same
) -> None:
    """Subsets of different lengths, with rows that come several times: some smaller than a batch, some larger."""
    problem = request.getfixturevalue(kind)()
    random = np.random.default_rng(5)
    rows = [random.integers(0, len(problem.X), length) for length in (30, 4, 26, 17, 90)]
    models = variants(problem, 5)
    settings: dict[str, Any] = {
        "optimizer": cp.Adam(0.01),
        "seeds": [7, 7, 2**64 - 1, 0, 3],
        "rows": rows,
        "batch_size": batch_size,
        "order": order,
        "epochs": 3,
        "sample_weight": random.uniform(0.1, 2.0, len(problem.X)) if kind == "classes" else None,
        "engine": engine,
    }
    for threads in (1, 2, 3):
        results = cp.train_many(models, problem.X, problem.Y, threads=threads, **settings)
        assert_as_alone(same, problem, results, models, **settings)


def test_a_short_last_batch_is_left_out(engine: str, numbers: Build, same: Same) -> None:
    problem = numbers()
    models, rows = variants(problem, 2), np.array([range(13), range(10, 23)])
    settings = {"optimizer": cp.SGD(0.1), "rows": rows, "batch_size": 5, "drop_last": True, "epochs": 2}
    results = cp.train_many(models, problem.X, problem.Y, engine=engine, **settings)
    assert [result.state.step for result in results] == [4, 4]
    assert_as_alone(same, problem, results, models, engine=engine, **settings)


def test_more_networks_than_threads_and_fewer(numbers: Build, same: Same) -> None:
    problem = numbers()
    for count in (1, 2, 40):
        models = variants(problem, count)
        results = cp.train_many(models, problem.X, problem.Y, optimizer=cp.Adam(), batch_size=8, epochs=2, threads=3)
        assert_as_alone(same, problem, results, models, optimizer=cp.Adam(), batch_size=8, epochs=2)


def test_fewer_large_networks_than_threads(same: Same, numbers: Build) -> None:
    """Where more threads than there are networks help with a step, all work on one network after another."""
    random = np.random.default_rng(0)
    problem = type(numbers())(
        cp.Model.initialized(cp.Network.parse("100-128-2", output="identity"), dtype="float32"),
        random.normal(size=(900, 100)),
        random.normal(size=(900, 2)),
    )
    models = variants(problem, 2)
    settings = {"optimizer": cp.SGD(0.01), "batch_size": 400, "epochs": 2}
    for threads in (2, 8):
        results = cp.train_many(models, problem.X, problem.Y, threads=threads, **settings)
        assert_as_alone(same, problem, results, models, **settings)


def test_learning_rates_come_in_parts(numbers: Build, same: Same, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = numbers()
    first, *others = problem.model.network.layers
    network = cp.Network(3, [replace(first, dropout=0.3), *others], problem.model.network.loss)
    models = [cp.Model.initialized(network, seed=seed) for seed in range(4)]
    optimizers = [cp.Adam(cp.schedules.Cosine(0.1, steps)) for steps in (10, 20)]
    optimizers += [cp.Adam(0.1, fade=cp.schedules.FlatCosine(1.0, 40)), cp.Adam(0.1)]
    rows = [np.arange(length) for length in (30, 12, 3, 30)]
    settings: dict[str, Any] = {"optimizer": optimizers, "rows": rows, "batch_size": 2, "epochs": 3}
    monkeypatch.setattr(native, "RATES_AT_ONCE", 8)
    monkeypatch.setattr(native, "RATES_EACH", 4)
    results = cp.train_many(models, problem.X, problem.Y, **settings)
    monkeypatch.undo()
    assert_as_alone(same, problem, results, models, **settings)


@pytest.mark.parametrize("threads", [1, 2])
def test_one_that_diverges_does_not_stop_the_others(threads: int, engine: str, numbers: Build, same: Same) -> None:
    problem = numbers()
    models = variants(problem, 6)
    # SGD(1e300) is lost at the first update, SGD(200) after some; those that follow use the same working memory.
    optimizers = [cp.SGD(rate) for rate in (0.01, 1e300, 200.0, 0.02, 200.0, 0.03)]
    settings: dict[str, Any] = {"batch_size": 8, "epochs": 60, "engine": engine}
    with pytest.warns(RuntimeWarning, match=r"3 models have \(1, 2, 4\) diverged") as warned:
        results = cp.train_many(models, problem.X, problem.Y, optimizer=optimizers, threads=threads, **settings)
    assert [one.filename for one in warned] == [__file__]
    assert [result.diverged for result in results] == [False, True, True, False, True, False]
    assert results[1].history.loss == ()
    for i, (result, model) in enumerate(zip(results, models, strict=True)):
        try:
            alone = cp.train(model, problem.X, problem.Y, optimizer=optimizers[i], seed=i, **settings)
        except cp.DivergenceError as error:
            assert isinstance(error.result, cp.Result)
            alone = error.result
        same(result, alone)
        assert np.isfinite(result.model.parameters.flat).all()
    assert results[1].state.step < 3 < results[2].state.step


@pytest.mark.parametrize("lost", range(3))
def test_batches_of_the_others_keep_their_length(lost: int, engine: str, numbers: Build, same: Same) -> None:
    """Whichever network of those side by side is lost, in a long batch or in the short last one."""
    problem = numbers()
    models = variants(problem, 3)
    for rate in (1e300, 200.0):
        optimizers = [cp.SGD(rate if i == lost else 0.01) for i in range(3)]
        settings: dict[str, Any] = {"batch_size": 8, "epochs": 20, "engine": engine}
        with pytest.warns(RuntimeWarning, match=f"model {lost} has diverged"):
            results = cp.train_many(models, problem.X, problem.Y, optimizer=optimizers, **settings)
        assert [result.diverged for result in results] == [i == lost for i in range(3)]
        for i in {0, 1, 2} - {lost}:
            same(results[i], cp.train(models[i], problem.X, problem.Y, optimizer=optimizers[i], seed=i, **settings))


def test_a_warning_does_not_name_a_thousand_models(numbers: Build) -> None:
    problem = numbers()
    with pytest.warns(RuntimeWarning, match=r"30 models have \(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …\) diverged"):
        cp.train_many(variants(problem, 30), problem.X, problem.Y, optimizer=cp.SGD(1e300), epochs=3)


def test_ctrl_c_is_heard_when_the_first_is_lost(numbers: Build) -> None:
    problem = numbers()
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT))
    timer.start()
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        optimizers = [cp.SGD(1e300), cp.SGD(1e-9), cp.SGD(1e-9)]
        cp.train_many(
            variants(problem, 3),
            problem.X,
            problem.Y,
            optimizer=optimizers,
            batch_size=1,
            epochs=20_000,
            rows=[np.tile(np.arange(30), 1000)] * 3,
            threads=1,
        )
    assert time.perf_counter() - began < 20


def test_what_is_given_is_not_written_to(engine: str, numbers: Build) -> None:
    problem = numbers()
    model = problem.model
    before = model.parameters.flat.copy()
    results = cp.train_many([model, model], problem.X, problem.Y, optimizer=cp.SGD(0.1), epochs=2, engine=engine)
    assert (model.parameters.flat == before).all()
    assert results[0].model == results[1].model != model


def test_a_result_goes_on_alone(engine: str, classes: Build, same: Same) -> None:
    problem = classes(dropout=0.1)
    settings: dict[str, Any] = {"optimizer": cp.Adam(0.01), "batch_size": 7, "engine": engine}
    _, first = cp.train_many(variants(problem, 2), problem.X, problem.Y, epochs=2, **settings)
    more = cp.train(first.model, problem.X, problem.Y, epochs=3, state=first.state, **settings)
    whole = cp.train(variants(problem, 2)[1], problem.X, problem.Y, epochs=5, seed=1, **settings)
    assert more.model == whole.model


def test_time_is_shared_by_all_epochs(engine: str, numbers: Build) -> None:
    problem = numbers()
    began = time.perf_counter()
    results = cp.train_many(
        variants(problem, 3), problem.X, problem.Y, optimizer=cp.SGD(0.1), epochs=2, engine=engine, threads=1
    )
    took = time.perf_counter() - began
    seconds = [value for result in results for value in result.history.seconds]
    assert len(set(seconds)) == 1
    assert 0 < sum(seconds) < took


class Interrupting:
    """An engine in which a signal arrives as soon as it is asked for the n-th time whether to go on."""

    def __init__(self, name: str, number: int, asked: int) -> None:
        self.inner, self.number, self.left = get_engine(name), number, asked
        self.name = self.inner.name

    def train_many(self, *arguments: Any, tick: Any, **settings: Any) -> Any:
        def asking(*where: int) -> bool:
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(self.number)
            return bool(tick(*where))

        return self.inner.train_many(*arguments, tick=asking, **settings)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_with_what_they_have(
    number: int, engine: str, classes: Build, same: Same, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = classes()
    models = variants(problem, 40)  # more than two threads train side by side in the lanes of their vectors
    settings: dict[str, Any] = {"optimizer": cp.SGD(0.01), "batch_size": 1, "engine": engine, "threads": 2}
    monkeypatch.setattr(many, "training_engine", lambda name: Interrupting(name, number, 3))
    with interrupts() as interruption:
        results = cp.train_many(models, problem.X, problem.Y, epochs=10**6, **settings)
    monkeypatch.undo()
    assert interruption.signal == number
    assert {result.ended for result in results} == {"interrupted"}
    assert results[0].state.step > 0  # begun, and stopped on the way
    assert results[-1].state.step == 0  # never begun
    assert results[-1].model == models[-1]
    assert len(results[-1].history) == 0
    # It stands where it would alone.
    plan, start = Plan(cp.SGD(0.01), 1), State.start(models[0].network, cp.SGD(0.01), 0, np.dtype(np.float64))
    alone = get_engine(engine).train_epochs(
        models[0].parameters,
        Samples(problem.X, problem.Y),
        plan,
        start,
        epochs=10**6,
        steps=results[0].state.step,
    )
    assert (alone.parameters.flat == results[0].model.parameters.flat).all()
    assert alone.state == results[0].state


def test_ctrl_c_is_raised(engine: str, classes: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = classes()
    monkeypatch.setattr(many, "training_engine", lambda name: Interrupting(name, signal.SIGINT, 2))
    with pytest.raises(KeyboardInterrupt):
        cp.train_many(
            variants(problem, 3), problem.X, problem.Y, optimizer=cp.SGD(0.01), epochs=10**6, engine=engine, threads=2
        )
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_is_heard_while_only_another_thread_works(numbers: Build) -> None:
    """The calling thread, which alone hears signals, is done long before the other."""
    problem = numbers()
    rows = [[0], np.tile(np.arange(30), 1000)]
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT))
    timer.start()
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        cp.train_many(
            variants(problem, 2),
            problem.X,
            problem.Y,
            optimizer=cp.SGD(1e-6),
            batch_size=1,
            epochs=5_000,
            rows=rows,
            threads=2,
        )
    assert time.perf_counter() - began < 20


def test_what_was_done_before_ctrl_c_is_kept_within_a_block(numbers: Build, same: Same) -> None:
    problem = numbers()
    models, rows = variants(problem, 2), [[0], np.tile(np.arange(30), 1000)]
    settings: dict[str, Any] = {"optimizer": cp.SGD(1e-6), "batch_size": 1, "epochs": 5_000, "threads": 2}
    timer = threading.Timer(0.5, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT))
    timer.start()
    with interrupts():
        done, broken_off = cp.train_many(models, problem.X, problem.Y, rows=rows, **settings)
    assert (done.ended, broken_off.ended) == ("epochs done", "interrupted")
    same(done, cp.train(models[0], problem.X[:1], problem.Y[:1], **settings))


def test_an_error_between_two_updates_is_raised(engine: str, classes: Build) -> None:
    problem = classes()
    plan, samples = Plan(cp.SGD(0.1), 8), Samples(problem.X, problem.Y)
    start = State.start(problem.model.network, plan.optimizer, 0, np.dtype(np.float64))
    members = [Member(problem.model.parameters, plan, start)] * 3

    def fail(epoch: int, batch: int, step: int) -> bool:
        raise RuntimeError("from within")

    with pytest.raises(RuntimeError, match="from within"):
        get_engine(engine).train_many(members, samples, epochs=10**6, threads=2, tick=fail)


NET = cp.Network.parse("3-5-2", hidden="tanh", output="identity", loss="mean_squared_error")
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no models": ({"models": []}, r"models: expected a list of Models, at least one, got a list of 0"),
    "one model": ({"models": cp.Model.initialized(NET)}, r"models: expected a list of Models, at least one, got Model"),
    "no model": ({"models": [cp.Model.initialized(NET), 3]}, r"models\[1\]: expected a Model, got 3"),
    "sizes": (
        {"models": [cp.Model.initialized(NET), cp.Model.initialized(cp.Network.parse("3-6-2"))]},
        r"models\[1\]: all must have the same network, but its sizes are 3-6-2, not 3-5-2 as in models\[0\]",
    ),
    "layers": (
        {"models": [cp.Model.initialized(NET), cp.Model.initialized(cp.Network.parse("3-5-2"))]},
        r"models\[1\]: .* but layer 1 has activation='sigmoid', not 'tanh' as in models\[0\]",
    ),
    "loss": (
        {
            "models": [
                cp.Model.initialized(NET),
                cp.Model.initialized(cp.Network.parse("3-5-2", hidden="tanh", output="identity")),
            ]
        },
        r"models\[1\]: .* it has loss='half_squared_error', not 'mean_squared_error'",
    ),
    "dtype": (
        {"models": [cp.Model.initialized(NET), cp.Model.initialized(NET, dtype="float32")]},
        r"models\[1\]: all must have the same dtype, but it is float32, not float64 as in models\[0\]",
    ),
    "optimizers": ({"optimizer": [cp.SGD()]}, r"optimizer: expected .*, one for each of the 3 models, got a list of 1"),
    "no optimizer": ({"optimizer": "adam"}, r"optimizer: expected a list of optimizers, or one such as Adam\(\)"),
    "an optimizer": ({"optimizer": [cp.SGD(), 1, cp.SGD()]}, r"optimizer\[1\]: expected one such as .*, got 1"),
    "classes of optimizers": (
        {"optimizer": [cp.Adam(), cp.Adam(), cp.AdamW()]},
        r"optimizer\[2\]: all must be of one class, but it is AdamW, not Adam as optimizer\[0\]",
    ),
    "seeds": ({"seeds": [1, 2]}, r"seeds: expected a list of seeds, one for each of the 3 models, got a list of 2"),
    "a seed": ({"seeds": [1, -1, 2]}, r"seeds\[1\]: seed: expected a whole number from 0"),
    "a seed as an array": (
        {"seeds": np.array(3)},
        r"seeds: expected a list of seeds, .*, got array\(3\), which is no list",
    ),
    "one seed": (
        {"seeds": 3},
        r"seeds: expected a list of seeds, one for each of the 3 models, got 3, which is no list",
    ),
    "lists of rows": ({"rows": [[0]]}, r"rows: expected a list of arrays of row numbers, .* 3 models, got a list of 1"),
    "no rows": ({"rows": [[0], [], [1]]}, r"rows\[1\]: expected row numbers, at least one, got \[\]"),
    "a row": ({"rows": [[0], [1, 30], [2]]}, r"rows\[1\]\[1\] is 30: expected a row number from 0 to 29"),
    "below": ({"rows": [[0], [0], [-1]]}, r"rows\[2\]\[0\] is -1: expected a row number from 0 to 29"),
    "fractions": ({"rows": [[0], [0], [0.5]]}, r"rows\[2\]: expected row numbers"),
    "masks": ({"rows": np.ones((3, 30), bool)}, r"rows\[0\]: .* \(np.flatnonzero makes them from a mask\)"),
    "order": ({"order": "shufled"}, r'unknown order "shufled"; did you mean "shuffled"'),
    "order beyond a subset": (
        {"order": [0, 5], "rows": [range(9), range(4), range(9)]},
        r"rows\[1\] has 4: order\[1\] is 5: expected a row number from 0 to 3",
    ),
    "nothing left": (
        {"drop_last": True, "batch_size": 5, "rows": [range(9), range(4), range(9)]},
        r"rows\[1\] has 4: drop_last: with batch_size=5 the 4 rows are one short batch",
    ),
    "weights": (
        {"sample_weight": [1.0] + 29 * [0.0], "rows": [[0], [0, 1], [1, 2]]},
        r"sample_weight of rows\[2\]: all are 0, so there is nothing to learn from",
    ),
    "batch_size": ({"batch_size": 0}, r"batch_size: expected a whole number from 1 up, got 0"),
    "epochs": ({"epochs": 0}, r"epochs: expected a whole number from 1 up, got 0"),
    "threads": ({"threads": 0}, r"threads: expected a whole number from 1"),
    "engine": ({"engine": "nativ"}, r'unknown engine "nativ"; did you mean "native"'),
    "X": ({"X": [[1.0, 2.0]]}, r"X: expected shape \(B, 3\)"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_named(mistake: str, numbers: Build) -> None:
    problem = numbers()
    given, message = WRONG[mistake]
    settings: dict[str, Any] = {"models": variants(problem, 3), "X": problem.X, "Y": problem.Y, "optimizer": cp.SGD()}
    with pytest.raises(cp.InputError, match=message):
        cp.train_many(**{**settings, **given})


def test_an_optimizer_that_the_core_does_not_know(numbers: Build) -> None:
    class Mine(cp.SGD):
        pass

    problem = numbers()
    with pytest.raises(cp.InputError, match=r'does not know the optimizer Mine; give engine="reference"'):
        cp.train_many(variants(problem, 2), problem.X, problem.Y, optimizer=Mine(0.1))
