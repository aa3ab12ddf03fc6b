"""The cost model: it gives back what it was made from, and foretells what follows."""

from __future__ import annotations

import pytest

from clearprop.benchmark.cases import Case
from clearprop.benchmark.distributed.cost import Link, Pace, Work, forecast
from clearprop.benchmark.distributed.report import pace
from clearprop.benchmark.distributed.suite import MEASURED

WIDE = Work.of((2048, 2048, 2048, 10))


@pytest.mark.parametrize("case", MEASURED, ids=lambda case: case.name)
def test_operations_and_parameters_are_those_of_the_benchmark(case: Case) -> None:
    work = Work.of(case.sizes)
    assert work.operations * case.rows == case.operations / case.epochs
    assert work.parameters == case.parameter_count


def test_a_trial_gives_back_its_pace() -> None:
    given = Pace(fixed=0.01, rate=5e10)
    rows = [256, 512, 1024]
    found = Pace.fitted(WIDE, rows, [given.update(WIDE, count) for count in rows])
    assert found.fixed == pytest.approx(0.01, rel=1e-6) and found.rate == pytest.approx(5e10, rel=1e-5)


@pytest.mark.parametrize("seconds", [[3e-5, 2e-5, 1e-5], [2e-5, 2e-5, 2e-5], [2e-5, 1.9e-5, 2.1e-5]])
def test_a_trial_whose_rows_make_no_difference_tells_no_rate(seconds: list[float]) -> None:
    work = Work.of((2, 2))
    found = Pace.fitted(work, [1, 2, 4], seconds)
    assert found.rate is None and found.update(work, 4) == pytest.approx(2e-5)
    assert pace(found) == ("20 µs", "—")


def test_a_trial_whose_rows_take_more_than_all_the_time_tells_nothing_fixed() -> None:
    work = Work.of((2, 2))
    found = Pace.fitted(work, [1, 2, 4], [1e-5, 3e-5, 7e-5])
    assert found.fixed is None and found.update(work, 4) == pytest.approx(8e-5)
    assert pace(found) == ("—", f"{work.operations / 2e-5 / 1e9:.3g}")


@pytest.mark.parametrize("workers", [2, 5])
def test_sums_give_back_latency_and_bandwidth(workers: int) -> None:
    link = Link(latency=7e-5, bandwidth=2e9)
    sizes = [4**power for power in range(5, 14)]
    found = Link.fitted(sizes, [link.add_up(size, workers) for size in sizes], workers)
    assert found.latency == pytest.approx(7e-5, rel=0.05) and found.bandwidth == pytest.approx(2e9, rel=0.05)


def test_more_workers_have_less_each_and_more_to_say() -> None:
    given, link = Pace(0.05, 5e10), Link(1e-4, 1e9)
    told = [forecast(WIDE, given, link, batch=4096, workers=workers) for workers in (1, 2, 4, 8)]
    assert [one.compute for one in told] == sorted((one.compute for one in told), reverse=True)
    assert [one.add_up for one in told] == sorted(one.add_up for one in told) and told[0].add_up == 0.0
    rounds = forecast(WIDE, given, link, batch=4096, workers=2, every=100)
    # Parameters and two slots instead of the gradient, but a hundred times as seldom.
    assert rounds.add_up == pytest.approx(told[1].add_up * 0.03, rel=0.01)
