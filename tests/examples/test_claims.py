"""What was published, against what the engines compute: the right figures are right, and the wrong ones are not."""

from __future__ import annotations

import math

import pytest

from clearprop.examples import load, names
from tests.examples.quantities import flat, parameters, true

OF_LAYERS = [f"W{to}{source}" for to in (1, 2) for source in (1, 2)]

# A figure that is not here is right to its last digit.
WRONG = {
    "cnblogs-2-2-2": {
        "out_o1",  # its digits are mixed up: 0.75136079 for 0.75136507
        "dE_o2/dout_h1",  # by one in the last digit
        "E@1", "E@10000", "out_o1@10000", "out_o2@10000",  # output weights were updated before the hidden deltas
    },
    "cnblogs-program": {"E", "E@1", "E@10000", "out_o1@10000", "out_o2@10000"},  # the second target is 0.09
    "csdn-2-2-1": {
        "dL/dW12", "dL/dW21", "W12'", "W21'",  # transposed
        "W11'",  # 0.99061 for 0.09999
        "W_h1'", "W_h2'",  # the rate was 0.001
    },
    "csdn-program": {
        "L", "L@1", "L@2",  # a root, not a square
        *(f"{weight}@{epoch}" for weight in OF_LAYERS for epoch in (1, 2, 3)),  # one row for both
        *(f"{weight}@{epoch}" for weight in ("W_h1", "W_h2") for epoch in (2, 3)),
    },
}  # fmt: skip
ROUNDED = {"csdn-2-2-1": {"dL/dW_h1", "dL/dW_h2", "dL/dW22"}}  # from factors of two and three digits

CLAIMS = [(name, claim) for name in names() for claim in load(name).claims]


def verdict(name: str, key: str) -> str:
    if key in WRONG.get(name, ()):
        return "wrong"
    return "rounded" if key in ROUNDED.get(name, ()) else "right"


@pytest.mark.parametrize(("name", "claim"), CLAIMS, ids=[f"{name}:{claim.key}" for name, claim in CLAIMS])
def test_claim(name, claim) -> None:
    pairs = list(zip(flat(claim.written), true(name, claim.id, claim.updates), strict=True))
    off = [abs(number.value - exact) / number.unit for number, exact in pairs]
    expected = verdict(name, claim.key)
    assert (max(off) <= 0.5 + 1e-9) == (expected == "right")
    if expected == "rounded":
        assert all(math.isclose(number.value, exact, rel_tol=2e-3) for number, exact in pairs)


def test_every_wrong_figure_is_claimed() -> None:
    keys = {name: {claim.key for claim in load(name).claims} for name in names()}
    assert all(wrong <= keys[name] for table in (WRONG, ROUNDED) for name, wrong in table.items())
    assert sum(len(claims) for claims in keys.values()) == len(CLAIMS) == 83


def test_output_weights_of_the_step_were_updated_at_a_tenth_of_the_rate() -> None:
    sheet = load("csdn-2-2-1")
    start, after = parameters("csdn-2-2-1", 0).weights[1], parameters("csdn-2-2-1", 1).weights[1]
    slow = start + (after - start) / 10
    published = {claim.key: claim.written for claim in sheet.claims}
    for key, value in zip(("W_h1'", "W_h2'"), slow.ravel(), strict=True):
        assert abs(published[key].value - value) <= published[key].unit / 2
