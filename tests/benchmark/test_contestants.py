"""What the contestants compute is what the reference engine computes; and one that does not is found out."""

from __future__ import annotations

from dataclasses import replace

import pytest

import clearprop as cp
from clearprop.benchmark.cases import CASES, Case
from clearprop.benchmark.contestants import CONTESTANTS, contestant, ours, plain_numpy
from clearprop.benchmark.crew import Crew, Trouble
from clearprop.benchmark.problem import make
from clearprop.benchmark.race import DisagreementError, Race, Rules, check_same
from clearprop.errors import InputError
from tests.benchmark.conftest import Inside

SMALL = [case.smaller() for case in CASES if case.kind != "many"]
SHORT = [case.rehearsal() for case in SMALL]
LIGHT = ("clearprop", "numpy", "scikit-learn", "c")


def by_reference(case: Case) -> list[float]:
    problem = make(case, seed=0)
    model = cp.Model(ours.network_of(case), problem.weights, problem.biases, dtype="float64")
    if case.kind == "predict":
        parts = [model.predict(problem.X[one], engine="reference") for one in problem.batches[:8]]
        return [float(one) for part in parts for one in part[:8].ravel()]
    result = cp.train(
        model,
        problem.X,
        problem.Y,
        optimizer=ours.optimizer_of(case),
        batch_size=case.batch,
        epochs=case.epochs,
        order=problem.order,
        engine="reference",
    )
    return list(result.history.loss)


@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.name)
@pytest.mark.parametrize("name", LIGHT)
def test_computes_what_the_reference_computes(name, case):
    one = contestant(name)
    if reason := one.missing() or one.unfit(case):
        pytest.skip(reason)
    contest = one.begin(make(case, seed=0), {"threads": 1})
    for _ in range(2):  # the second time from the initial weights, too
        contest.reset()
        assert one.agreement is not None
        contest.work()
        check_same(one.title, contest.results(), by_reference(case), case.kind, one.agreement)


def worked(problem):
    contest = plain_numpy.begin(problem, {"threads": 1})
    contest.work()
    return contest.results()


def test_numpy_trains_many_networks_as_each_alone():
    many = Case("many", (5, 7, 3), rows=40, batch=16, kind="many", nets=3, epochs=2)
    problem = make(many, seed=0)
    together = worked(problem)
    for net in range(3):
        one = replace(many, kind="train", nets=1)
        alone = replace(
            problem,
            case=one,
            X=problem.X[net],
            Y=problem.Y[net],
            weights=tuple(W[net] for W in problem.weights),
            biases=tuple(b[net] for b in problem.biases),
        )
        assert worked(alone) == pytest.approx(together[2 * net : 2 * net + 2])


def test_a_right_contestant_is_timed(race):
    case = Case("case", (5, 7, 3), rows=40, batch=16)
    outcome = race(case, "numpy")
    assert not outcome.wrong and not outcome.absent
    assert [one.name for one in outcome.timings] == ["clearprop", "numpy"]
    assert all(len(one.seconds) >= 1 and min(one.seconds) > 0 for one in outcome.timings)
    assert outcome.limit > 0 and outcome.ratio("numpy") == outcome.timings[1].median / outcome.timings[0].median


def test_a_wrong_contestant_is_found_out_and_not_timed(race, monkeypatch):
    def wrong(case, Z):
        A, derivative = right(case, Z)
        return A, 1.02 * derivative

    right = plain_numpy.forward
    monkeypatch.setattr(plain_numpy, "forward", wrong)
    outcome = race(Case("case", (5, 7, 3), rows=400, batch=16, optimizer="momentum", rate=0.1), "numpy")
    assert "NumPy, in the rehearsal, computes something else" in outcome.wrong["numpy"]
    assert outcome.timing("numpy") is None and outcome.timing("clearprop") is not None


def test_one_that_does_not_fit_says_why(race):
    outcome = race(Case("case", (5, 7, 3), rows=40, batch=16, activation="gelu"), "scikit-learn", "c")
    assert outcome.absent == {"scikit-learn": "it does not know gelu", "c": "written for tiny alone"}


@pytest.mark.parametrize("kind", ["train", "predict"])
def test_the_check_holds_to_its_tolerance(kind):
    expected = [0.5, 0.25]
    apart = check_same("one", [0.5, 0.25 * 1.0009], expected, kind, 1e-3)
    assert apart == pytest.approx(0.0009 if kind == "train" else 0.0006)
    with pytest.raises(DisagreementError, match="number 2 of 2"):
        check_same("one", [0.5, 0.25 * 1.002], expected, kind, 1e-3)
    with pytest.raises(DisagreementError, match="1 numbers, not 2"):
        check_same("one", [0.5], expected, kind, 1e-3)
    with pytest.raises(DisagreementError, match="nan"):
        check_same("one", [0.5, float("nan")], expected, kind, 1e-3)


def test_a_misspelt_contestant_is_named():
    with pytest.raises(InputError, match='unknown contestant "trch"; did you mean "torch"'):
        contestant("trch")


def test_without_a_compiler_c_is_missing(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert contestant("c").missing() == "there is no C compiler"


def test_what_is_not_installed_is_missing():
    assert replace(contestant("jax"), package="no-such-package").missing() == "no-such-package is not installed"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torch", "jax"])
def test_those_of_the_extra_compute_the_same(name):
    pytest.importorskip(name)
    said = []
    with Crew(cores=1) as crew:
        race = Race(crew, Rules(cores=1, repeats=1, fewest=1), [contestant("clearprop"), contestant(name)], said.append)
        for case in SMALL:
            outcome = race.run(case)
            assert not outcome.wrong and outcome.timing(name) is not None, (case.name, outcome)
        many = race.run(CASES[-1].smaller())
        assert not many.wrong and many.timing(name) is not None


def test_titles_and_notes_are_of_all():
    assert all(one.title and one.note for one in CONTESTANTS)
    assert len({one.name for one in CONTESTANTS}) == len(CONTESTANTS)
    assert all(one.settings(case, 2) for one in CONTESTANTS for case in CASES)


def test_what_goes_wrong_only_in_the_timed_run_is_found_out_too(race, monkeypatch):
    def wrong(case, Z):
        A, derivative = right(case, Z)
        return A, derivative if case.dtype == "float64" else 0.5 * derivative

    right = plain_numpy.forward
    monkeypatch.setattr(plain_numpy, "forward", wrong)
    outcome = race(Case("case", (5, 7, 3), rows=400, batch=16, optimizer="momentum", rate=0.1), "numpy")
    assert outcome.wrong["numpy"].startswith("NumPy computes something else")


class Hopeless(Inside):
    """A crew in which nobody but ours gets ready."""

    def of(self, one, setting):
        return super().of(one, setting) if one.name == "clearprop" else self

    def ask(self, ask, **question):
        raise Trouble("given up after 60 s")


def test_time_for_compiling_is_spent_even_in_vain():
    one = replace(contestant("torch-compile"), package="numpy")
    rules = Rules(cores=1, repeats=1, fewest=1, compiling=1e-9)
    race, case = Race(Hopeless(), rules, [contestant("clearprop"), one], print), Case("case", (5, 3), rows=9, batch=4)
    assert race.run(case).absent == {"torch-compile": "given up after 60 s"}
    assert race.run(case).absent == {"torch-compile": "the 0 s of a run for compiling are used up"}
