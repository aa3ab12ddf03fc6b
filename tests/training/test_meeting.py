"""Work by turns: what each piece gives is what it gives alone; errors, ends and warnings stay each one's own."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.native import Native
from clearprop.training import loop
from clearprop.training import meeting as room
from clearprop.training.meeting import Meeting

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = np.sin(X.sum(axis=1, keepdims=True))


def training(hidden: int = 5, rate: float = 0.1, dtype: str = "float64", **settings: object) -> Callable[[], cp.Result]:
    def function() -> cp.Result:
        network = cp.Network.parse(f"3-{hidden}-1", hidden="tanh", output="identity", l2=rate / 100)
        model = cp.Model.initialized(network, seed=hidden, dtype=dtype)
        return cp.train(model, X, Y, optimizer=cp.SGD(rate), batch_size=16, **{"epochs": 7, **settings})

    return function


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tasks each call of the native engine had."""
    seen: list[int] = []
    own = Native.train_tasks

    def counted(self: Native, tasks: list[object], **options: object) -> object:
        seen.append(len(tasks))
        return own(self, tasks, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Native, "train_tasks", counted)
    return seen


def test_each_gives_what_it_gives_alone_and_all_learn_in_one_call(calls: list[int]) -> None:
    functions = [training(hidden, rate) for hidden in (3, 5, 8) for rate in (0.1, 0.02)]
    alone = [function() for function in functions]
    calls.clear()
    meeting = Meeting()
    works = [meeting.add(function) for function in functions]
    for work, expected in zip(works, alone, strict=True):
        found: cp.Result = work.get()
        assert found.model == expected.model
        assert found.history == expected.history
        assert found.state == expected.state
    assert calls == [6]


def test_no_more_are_open_than_asked_for_and_one_that_is_done_makes_room(calls: list[int]) -> None:
    meeting = Meeting(most=3)
    order: list[int] = []

    def work(number: int) -> int:
        order.append(number)
        training()()
        return number

    works = [meeting.add(lambda number=number: work(number)) for number in range(7)]
    assert [one.get() for one in works] == order == list(range(7))
    assert calls == [3, 3, 1]


def test_fewer_are_open_where_they_hold_much(calls: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "HELD", 15_000)  # of one: 3 × 60 × 4 × 8 bytes and its parameters
    meeting = Meeting()
    works = [meeting.add(training()) for _ in range(4)]
    for work in works:
        work.get()
    assert calls == [2, 2]


def test_one_that_trains_again_and_again_goes_on_beside_the_others(calls: list[int]) -> None:
    class Five(cp.Callback):
        def on_epoch_end(self, moment: cp.training.Moment) -> bool:
            return moment.epoch < 5

    by_epoch = training(callbacks=[Five()])
    expected = by_epoch()
    calls.clear()
    meeting = Meeting()
    first, second = meeting.add(by_epoch), meeting.add(training(3))
    found: cp.Result = first.get()
    assert found.model == expected.model
    assert (found.ended, len(found.history)) == ("stopped", 5)
    assert second.is_done
    assert calls == [2, 1, 1, 1, 1]


def test_one_that_has_waited_long_for_others_is_not_held_to_have_learnt_long(
    calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "REPLAY_SECONDS", 0.1)

    def late() -> cp.Result:
        time.sleep(0.3)
        return training(3, epochs=50_000)()

    meeting = Meeting()
    first, second = meeting.add(training(epochs=50_000)), meeting.add(late)
    assert len(first.get().history) == len(second.get().history) == 50_000
    assert calls == [2]


def test_what_is_added_when_one_is_done_is_done_as_well() -> None:
    meeting, results = Meeting(), []

    def done(result: object) -> None:
        results.append(result)
        if len(results) < 3:
            meeting.add(lambda: len(results), done)

    last = meeting.add(lambda: "first", done)
    assert last.get() == "first"
    while len(results) < 3:
        meeting.go_on()
    assert results == ["first", 1, 2]


def test_an_error_is_raised_where_its_result_is_asked_for_and_nowhere_else() -> None:
    meeting = Meeting()

    def wrong() -> None:
        training()()
        raise ValueError("of this one alone")

    good, bad, late = meeting.add(training()), meeting.add(wrong), meeting.add(training(3))
    assert isinstance(good.get(), cp.Result)
    with pytest.raises(ValueError, match="of this one alone"):
        bad.get()
    assert isinstance(late.get(), cp.Result)


def test_an_error_of_the_engine_reaches_only_whom_it_is_about() -> None:
    class Odd(cp.SGD):
        """A rule that the native engine does not know."""

    def odd() -> cp.Result:
        model = cp.Model.initialized(cp.Network.parse("3-2-1"), seed=0)
        return cp.train(model, X, Y, optimizer=Odd(0.1))

    meeting = Meeting()
    good, bad = meeting.add(training()), meeting.add(odd)
    assert isinstance(good.get(), cp.Result)
    with pytest.raises(cp.InputError, match="does not know the optimizer Odd"):
        bad.get()


def test_one_that_diverges_tells_so_and_the_others_learn_on() -> None:
    expected = training()()
    meeting = Meeting()
    good, bad = meeting.add(training()), meeting.add(training(rate=1e30, epochs=50))
    assert good.get().model == expected.model
    with pytest.raises(cp.DivergenceError) as found:
        bad.get()
    with pytest.raises(cp.DivergenceError) as alone:
        training(rate=1e30, epochs=50)()
    assert str(found.value) == str(alone.value)


def test_types_and_engines_form_calls_of_their_own(calls: list[int]) -> None:
    meeting = Meeting()
    kinds = [{}, {"dtype": "float32"}, {"engine": "reference"}, {"dtype": "float32"}]
    expected = [training(**kind)().model for kind in kinds]  # type: ignore[arg-type]
    calls.clear()
    works = [meeting.add(training(**kind)) for kind in kinds]  # type: ignore[arg-type]
    assert [work.get().model for work in works] == expected
    assert calls == [1, 2]


def test_closed_unwinds_what_waits_and_begins_nothing() -> None:
    ended: list[str] = []

    def waits() -> None:
        try:
            training()()
        finally:
            ended.append("unwound")

    def never() -> None:
        raise AssertionError

    meeting = Meeting(most=2)
    works = [meeting.add(waits), meeting.add(waits), meeting.add(never)]
    meeting.go_on()
    assert ended == []
    meeting.close()
    assert ended == ["unwound", "unwound"]
    assert [work.is_done for work in works] == [True, True, False]
    assert not any(work.thread.is_alive() for work in works)


def test_filters_of_warnings_stay_within_the_work_that_sets_them() -> None:
    before = list(warnings.filters)

    def quiet() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            training()()
            warnings.warn("not to be heard", stacklevel=1)

    def loud() -> str:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            training(3)()
            warnings.warn("heard", stacklevel=1)
        return str(caught[0].message)

    meeting = Meeting()
    works = [meeting.add(one) for one in (quiet, loud, quiet, loud)]
    assert [work.get() for work in works] == [None, "heard", None, "heard"]
    assert warnings.filters == before


@pytest.mark.skipif(not hasattr(signal, "raise_signal") or os.name == "nt", reason="no SIGINT of this kind")
def test_ctrl_c_while_all_learn_is_raised_where_the_result_is_asked_for() -> None:
    meeting = Meeting()
    works = [meeting.add(training(epochs=50_000_000)) for _ in range(3)]
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        works[0].get()
    timer.join()
    meeting.close()
    assert not any(work.thread.is_alive() for work in works)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT of this kind")
def test_ctrl_c_while_one_computes_something_else_is_raised_at_once() -> None:
    meeting, stop = Meeting(), threading.Event()
    work = meeting.add(lambda: stop.wait(60))
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        work.get()
    timer.join()
    stop.set()
    meeting.close()
    assert not work.thread.is_alive()
