"""Marks of worked sheets: right, rounded, wrong; what follows from what; sheets that claim what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.check.marking.sentences import SENTENCES
from clearprop.check.marking.slips import IDS
from clearprop.examples import load, names
from clearprop.sheet import Claim, Sheet, Written
from tests.examples.test_claims import ROUNDED, WRONG

STEP = """
[network]
layers = "2-2-1"
[parameters]
W1 = [[0.1, 0.4], [0.8, 0.6]]
b1 = [0.1, -0.2]
W2 = [[0.3], [0.9]]
b2 = 0.2
[data]
x = [[0.35, 0.9]]
y = [[0.5]]
[optimizer]
learning_rate = 0.5
[claims]
"""


def marked(claims: str) -> cp.WorksheetReport:
    return cp.check_worksheet(STEP + claims)


def test_right_to_the_digits_written() -> None:
    report = marked('"z1[1]" = "0.855"\n"z1" = [["0.86", "0.4800"]]\nE = "0.03"\n')
    assert report.ok
    assert [mark.status for mark in report.marks] == ["right"] * 3
    assert report["z1"].true == [[pytest.approx(0.855), pytest.approx(0.48)]]


def test_rounded_as_far_as_the_operands_leave_it() -> None:
    # 0.702 · 0.3 + 0.62 · 0.9 + 0.2 = 0.9686, and the true net input is 0.966637
    assert marked('"a1" = ["0.70", "0.62"]\n"z2[1]" = "0.9680"\n')["z2[1]"].status == "rounded"
    assert marked('"a1" = ["0.7016", "0.6177"]\n"z2[1]" = "0.9680"\n')["z2[1]"].status == "wrong"
    assert marked('"z2[1]" = "0.9680"\n')["z2[1]"].status == "wrong"


def test_what_follows_correctly_from_a_wrong_claim() -> None:
    report = marked('"z1" = ["0.955", "0.48"]\n"a1[1]" = "0.722120"\n"a1[2]" = "0.617748"\n"z2[1]" = "0.972609"\n')
    assert [mark.status for mark in report.marks] == ["wrong", "wrong", "right", "wrong"]
    assert report["a1[1]"].follows_from == ("z1",)
    assert report["z2[1]"].follows_from == ("a1[1]",)


def test_what_follows_over_updates() -> None:
    first = cp.check_worksheet(STEP + '"W2\'" = [["0.25"], ["0.85"]]\n')["W2'"]
    assert first.status == "wrong"
    report = marked('"W2@1" = [["0.25"], ["0.85"]]\n"b2@1" = "0.2"\n"a2[1]@1" = "0.702"\n')
    assert report["W2@1"].true == first.true
    assert report["a2[1]@1"].follows_from == ("W2@1",)


def test_large_networks_take_seconds() -> None:
    net = cp.Network.parse("784-30-10")
    model = cp.Model.initialized(net, "glorot", seed=1)
    X, Y = np.random.default_rng(0).random((10, 784)), np.eye(10)
    E = cp.trace(model, X, Y)["E"].value
    loss = Claim("E", Written(f"{2 * E:.8f}"))
    report = cp.check_worksheet(Sheet(model, X, Y, cp.SGD(0.5), claims=(loss, Claim("z1[1,1]", Written("0.3")))))
    assert [mark.slips for mark in report.marks] == [("half-missing",), ()]


def test_one_sample_at_a_time_over_thousands_of_updates() -> None:
    sheet = load("xor-2-5-1")
    report = cp.check_worksheet(replace(sheet, claims=(Claim("E", Written("0.123456"), 10_000),)))
    assert [(mark.status, mark.slips) for mark in report.marks] == [("wrong", ())]


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("updates", [1, 7, 60])
def test_rates_of_layers_and_what_fades_over_updates(updates: int, dropout: float) -> None:
    layers = [cp.Dense(3, "tanh", dropout=dropout, weight_rate=0.5), cp.Dense(2, "softmax", bias_rate=3.0)]
    model = cp.Model.initialized(cp.Network(2, layers, "smoothed_cross_entropy"), seed=1)
    X, Y = np.array([[0.5, -1.0], [1.5, 0.25]]), np.array([1, 0])
    optimizer = cp.AdamW(0.05, weight_decay=0.5, fade=cp.schedules.FlatCosine(0.9, steps=50))
    after = cp.train(model, X, Y, optimizer=optimizer, order="sequential", epochs=updates).model.parameters
    right = [Claim("W1", written(after.weights[0]), updates), Claim("b2", written(after.biases[1]), updates)]
    sheet = Sheet(model, X, Y, optimizer, order="sequential", claims=tuple(right))
    assert cp.check_worksheet(sheet).ok
    wrong = replace(sheet, optimizer=replace(optimizer, fade=0.3))
    assert cp.check_worksheet(wrong)[f"W1@{updates}"].status != "right"


def written(values: np.ndarray) -> tuple:
    if values.ndim > 1:
        return tuple(written(row) for row in values)
    return tuple(Written(f"{value:.9f}") for value in values)


def test_an_empty_sheet_passes() -> None:
    report = marked("")
    assert report.ok and report.marks == ()
    assert str(report) == 'no claims: there is nothing to mark; write what you computed under [claims], as E = "0.291"'


@pytest.mark.parametrize("name", names())
def test_examples_are_marked_as_they_were_published(name) -> None:
    report = cp.check_worksheet(load(name))
    assert {mark.id for mark in report.marks if mark.status == "wrong"} == WRONG.get(name, set())
    assert {mark.id for mark in report.marks if mark.status == "rounded"} == ROUNDED.get(name, set())


def slips(name: str) -> dict[str, tuple[str, ...]]:
    return {mark.id: mark.slips for mark in cp.check_worksheet(load(name)).marks if mark.slips}


def test_weights_updated_too_early() -> None:
    after = ("E@1", "E@10000", "out_o1@10000", "out_o2@10000")
    assert slips("cnblogs-2-2-2") == dict.fromkeys(after, ("updated-early",))


def test_transposed_at_another_rate_with_a_slip_of_the_pen() -> None:
    assert slips("csdn-2-2-1") == {
        "dL/dW12": ("transposed",),
        "dL/dW21": ("transposed",),
        "W11'": ("decimal-slipped",),
        "W12'": ("transposed",),
        "W21'": ("transposed",),
        "W_h1'": ("learning-rate",),
        "W_h2'": ("learning-rate",),
    }


def test_a_root_and_a_row_for_all_rows() -> None:
    found = slips("csdn-program")
    losses = {id for id in found if id.startswith("L")}
    assert losses == {"L", "L@1", "L@2"}
    assert {found[id] for id in losses} == {("root-for-square",)}
    assert {found[id] for id in found.keys() - losses} == {("row-broadcast",)}
    assert len(found) == 3 + 3 * 4 + 2 * 2


def test_no_slip_where_the_problem_was_another() -> None:
    assert slips("cnblogs-program") == {}


def test_json() -> None:
    report = json.loads(json.dumps(cp.check_worksheet(load("cnblogs-2-2-2")).to_json()))
    claim = next(claim for claim in report["claims"] if claim["id"] == "E@1")
    true = pytest.approx(0.29102777369359933)
    expected = {"id": "E@1", "status": "wrong", "true": true, "slips": ["updated-early"], "follows_from": []}
    assert claim == expected | {"wrong_at": [[]]}
    assert report["ok"] is False
    assert [mistake["id"] for mistake in report["mistakes"]] == ["updated-early"]


def test_a_long_list_is_shown_by_its_shape_and_its_wrong_numbers() -> None:
    sheet = load("matrices-4-3-1")
    claims = {claim.id: claim for claim in sheet.claims}
    hidden = [list(row) for row in claims["hiddenlayer_activations"].written]
    hidden[0][1] = hidden[1][0] = Written("0.5")
    changed = replace(claims["hiddenlayer_activations"], written=tuple(map(tuple, hidden)))
    report = cp.check_worksheet(replace(sheet, claims=(changed, claims["d_hiddenlayer"])))
    assert report["hiddenlayer_activations"].wrong_at == ((1, 2), (2, 1))
    _, _, first, second, *_ = str(report).splitlines()
    assert first == "hiddenlayer_activations  3×3 [1,2] 0.5, [2,1] 0.5  [1,2] 0.9, [2,1] 0.9  wrong"
    assert second.split() == ["d_hiddenlayer", "3×3", "right"]


def test_text_says_what_was_done_and_what_to_do() -> None:
    report = cp.check_worksheet(load("cnblogs-2-2-2"))
    assert "E@1              0.291027924   0.291027774   wrong: updated-early\n" in str(report)
    assert "6 of 30 claims are wrong" in str(report)
    assert "the old w5…w8" in str(report)
    assert "用旧的 w5…w8" in report.text("zh")


def test_every_slip_has_its_sentence_in_both_languages() -> None:
    assert {key.partition("/")[0] for key in SENTENCES} == set(IDS)
    for english, chinese in SENTENCES.values():
        assert english.endswith(".") and chinese.endswith("。")


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ('"z3[1]" = "1"', 'sheet, line 15: claim "z3[1]": there is no "z3[1]" in this step'),
        ('"z1[3]" = "1"', 'sheet, line 15: claim "z1[3]": there is no "z1[3]" in this step'),
        ('"z1" = "1"', 'sheet, line 15: claim "z1": expected a list of 2, got one number'),
        ('W1 = [["1", "2"]]', 'sheet, line 15: claim "W1": expected 2 lists of 2, got 1 list of 2'),
        ('E = ["1"]', 'sheet, line 15: claim "E": expected one number, got a list of 1'),
    ],
)
def test_a_claim_that_cannot_be(claim, message) -> None:
    with pytest.raises(cp.InputError) as error:
        marked(claim + "\n")
    assert str(error.value).startswith(message)


def test_claims_of_a_run_that_leaves_the_numbers() -> None:
    text = STEP.replace('layers = "2-2-1"', 'layers = "2-2-1"\nhidden = "identity"\noutput = "identity"')
    with pytest.raises(cp.InputError, match=r'claim "E@500": training leaves the finite numbers at update \d+'):
        cp.check_worksheet(text.replace("0.5\n[claims]", "50.0\n[claims]") + '"E@500" = "1"\n')


def test_a_mistake_in_one_quantity_is_looked_for_there() -> None:
    """A gradient added to the biases of one layer, all that they are computed from claimed and right."""
    step = cp.trace(cp.Model(cp.Network.parse("2-2-1"), [[[0.1, 0.4], [0.8, 0.6]], [[0.3], [0.9]]], [[0.1, -0.2], 0.2]),
                    [0.35, 0.9], [0.5], optimizer=cp.SGD(0.5))  # fmt: skip
    right = ("delta2[1]", "delta1[1]", "delta1[2]", "dE/db1[1]", "dE/db1[2]", "W2'[1->1]", "W1'[1->1]", "b2'[1]")
    claims = [f'"{id}" = "{step[id].value:.9f}"' for id in right]
    for unit, b in ((1, 0.1), (2, -0.2)):
        claims.append(f'"b1\'[{unit}]" = "{b + 0.5 * step[f"dE/db1[{unit}]"].value:.9f}"')
    report = marked("\n".join(claims) + "\n")
    assert [mark.id for mark in report.marks if mark.status == "wrong"] == ["b1'[1]", "b1'[2]"]
    assert report["b1'[1]"].slips == ("sign",)
    assert "The gradient was added in b1'[1]…b1'[2]: it is subtracted" in str(report)


def test_a_sentence_names_what_was_claimed_wrong() -> None:
    report = marked('"W2\'[1->1]" = "0.2"\n"b2\'[1]" = "0.100000000"\n')
    assert report["b2'[1]"].status == "wrong"
    assert not any("W1'" in line for line in str(report).splitlines())
