"""Slips planted by other code are named, and nothing is named where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.check.marking.claims import Figure
from clearprop.check.marking.decimals import slipped
from clearprop.explain.ref import Ref
from clearprop.sheet import Written
from tests.check.planting import FORMS, Problem, planted, run


def named(sheet) -> set[str]:
    return {mistake.id for mistake in cp.check_worksheet(sheet).mistakes}


def found(rounds: range) -> tuple[float, float]:
    """The share of planted slips that are named, and how many are named on average."""
    sheets = [
        (slip, planted(np.random.default_rng([number, place]), slip)[0])
        for number in rounds
        for place, slip in enumerate(FORMS)
    ]
    names = [(slip, named(sheet)) for slip, sheet in sheets]
    return float(np.mean([slip in ids for slip, ids in names])), float(np.mean([len(ids) for _, ids in names]))


def test_planted_slips_are_named() -> None:
    share, count = found(range(1))
    assert share >= 0.9 and count <= 2.0


@pytest.mark.slow
def test_planted_slips_are_named_over_many_networks() -> None:
    share, count = found(range(1, 13))
    assert share >= 0.95 and count <= 2.0


def spoilt(rng, sheet, truth, digits: int):
    """The sheet with a few figures that no slip gives, nor one of the pen: a digit is another, or all are."""
    claims = list(sheet.claims)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(len(claims)))
        figures = list(flat(claims[place].written))
        spoil = int(rng.integers(len(figures)))
        true = float(np.ravel(truth[place])[spoil])
        figures[spoil] = other(rng, figures[spoil], digits)
        while slipped(figures[spoil], true):
            figures[spoil] = other(rng, figures[spoil], digits)
        claims[place] = replace(claims[place], written=shaped(claims[place].written, iter(figures)))
    return replace(sheet, claims=tuple(claims))


def flat(written):
    return [written] if isinstance(written, Written) else [one for row in written for one in flat(row)]


def shaped(like, figures):
    return next(figures) if isinstance(like, Written) else tuple(shaped(row, figures) for row in like)


def other(rng, written: Written, digits: int) -> Written:
    if rng.random() < 0.3:
        return Written(f"{rng.uniform(-2, 2) * max(abs(written.value), 0.01):.{digits}f}")
    places = [place for place, letter in enumerate(written.text) if letter.isdigit()]
    place = int(rng.choice(places))
    digit = (int(written.text[place]) + int(rng.integers(1, 10))) % 10
    return Written(f"{written.text[:place]}{digit}{written.text[place + 1 :]}")


def falsely_named(rounds: range) -> list[int]:
    wrong = []
    for number in rounds:
        rng = np.random.default_rng([7, number])
        problem = Problem.drawn(rng)
        later = int(rng.integers(1, 5))
        after = run(problem, later)
        chosen = {(name, 0): value for name, value in run(problem, 0).items()}
        chosen |= {("E", later): after["E"], (f"a{problem.last}", later): after[f"a{problem.last}"]}
        sheet = problem.sheet(problem.claims(chosen))
        report = cp.check_worksheet(sheet)
        assert report.ok and not report.mistakes
        if named(spoilt(rng, sheet, [mark.true for mark in report.marks], problem.digits)):
            wrong.append(number)
    return wrong


def test_nothing_is_named_for_numbers_that_no_slip_gives() -> None:
    assert falsely_named(range(10)) == []


@pytest.mark.parametrize(("value", "off"), [(np.inf, 0.0), (np.nan, 0.0), (3.0, np.inf)])
def test_what_leaves_the_finite_numbers_gives_no_digits(value, off) -> None:
    assert Figure(0, Ref("E"), 4, Written("3.01"), 1).says(3.012)
    assert not Figure(0, Ref("E"), 4, Written("3.01"), 1).says(value, off)


@pytest.mark.slow
def test_nothing_is_named_for_numbers_that_no_slip_gives_over_many_networks() -> None:
    assert falsely_named(range(10, 160)) == []


@pytest.mark.parametrize(
    ("text", "true", "is_slip"),
    [
        ("0.03775", 0.3775, True),
        ("3.775", 0.3775, True),
        ("0.29871109", 0.298371109, True),
        ("0.2998371109", 0.298371109, True),
        ("0.99061", 0.0999907093, True),  # two nines and the point
        ("0.298371108", 0.298371109, False),
        ("0.298371190", 0.298371109, False),
        ("0.291371109", 0.298371109, False),
        ("-0.03775", 0.3775, False),
    ],
)
def test_slips_of_the_pen(text, true, is_slip) -> None:
    assert (slipped(Written(text), true) > 0.0) is is_slip


RIGHT = {
    "out_o1": "0.634542",
    "out_o2": "0.506723",
    "delta_o1": "-0.084749",
    "delta_o2": "0.126658",
    "dE/dw5": "-0.038781",
    "dE/dw6": "-0.026638",
    "dE/dw7": "0.057959",
    "dE/dw8": "0.039811",
    "w5'": "0.709695",
    "w6'": "0.106660",
    "w7'": "-0.614490",
    "w8'": "0.790047",
}


@pytest.mark.parametrize(
    ("claim", "written", "told"),
    [
        ("w5'", "0.690305", "The gradient was added in w5': it is subtracted, w − η·∂E/∂w."),
        ("dE/dw5", "0.038781", "The sign of dE/dw5 is the other way round."),
        ("w5'", "0.709895", None),
    ],
)
def test_a_slip_at_one_number_is_named_there(claim: str, written: str, told: str | None, tmp_path) -> None:
    claims = "\n".join(f'"{name}" = "{value}"' for name, value in {**RIGHT, claim: written}.items())
    sheet = tmp_path / "sheet.toml"
    sheet.write_text(
        f"""
        network = {{ layers = "2-2-2" }}
        data = {{ x = [[0.6, -0.9]], y = [[1.0, 0.0]] }}
        optimizer = {{ kind = "sgd", learning_rate = 0.25 }}

        [parameters]
        W1 = [[0.3, -0.2], [0.5, 0.4]]
        b1 = [0.1, -0.3]
        W2 = [[0.7, -0.6], [0.1, 0.8]]
        b2 = [0.2, 0.05]

        [claims]
        notation = "net-out"
        {claims}
        """,
        encoding="utf-8",
    )
    assert [one.texts["en"] for one in cp.check_worksheet(sheet).mistakes] == ([told] if told else [])
