"""Sheets of networks that begin with column layers: read, and what can be wrong in them."""

from __future__ import annotations

import pytest

import clearprop as cp
from clearprop.sheet import read_sheet, write_sheet

GOOD = """\
[network]
layers = "3-2-1"
hidden = "tanh"
[[network.column]]
kind = "periodic"
outputs = 1
frequencies = 2
[[network.column]]
kind = "embedding"
categories = 2
outputs = 1
[[network.column]]
kind = "plain"
[network.scale]
rate = 6.0
[parameters]
W1 = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 0.8]]
b1 = 0.35
W2 = [[0.5], [0.6]]
b2 = [0.6]
Wc1 = [[1.0, 0.5]]
bc1 = [[0.0, 0.1]]
Uc1 = [[[0.4], [0.3]]]
cc1 = [[0.2]]
Tc2 = [[[0.5], [0.25]]]
scale = 1.0
[data]
x = [[0.05, 1, 0.10]]
y = [[0.01]]
[optimizer]
learning_rate = 0.5
[claims]
"zc1[2]" = "0.2571"
"h[3]" = "0.25"
"Wc1'" = [["0.9994", "0.4989"]]
"""


def test_a_sheet_with_column_layers_and_a_scale() -> None:
    sheet = read_sheet(GOOD)
    assert sheet.network.inputs == 3 and sheet.network.width == 4
    assert [layer.kind for layer in sheet.network.columns] == ["periodic", "embedding", "plain"]
    assert sheet.network.scale == cp.Scale(rate=6.0)
    assert sheet.model.parameters.scale.tolist() == [1.0] * 4
    assert sheet.model.parameters.columns[0]["U"].tolist() == [[[0.4], [0.3]]]
    assert read_sheet(write_sheet(sheet)) == sheet


def test_its_claims_are_marked() -> None:
    report = cp.check_worksheet(GOOD)
    assert [mark.status for mark in report.marks] == ["right", "right", "wrong"]
    truth = report.marks[2].true
    right = GOOD.replace('[["0.9994", "0.4989"]]', str([[f"{one:.4f}" for one in row] for row in truth]))
    assert cp.check_worksheet(right).ok


def test_layers_in_tables_of_their_own() -> None:
    tables = 'inputs = 3\n[[network.layer]]\nunits = 2\nactivation = "tanh"\n[[network.layer]]\nunits = 1\n'
    sheet = read_sheet(GOOD.replace('layers = "3-2-1"\nhidden = "tanh"\n', tables))
    assert sheet == read_sheet(GOOD) and read_sheet(write_sheet(sheet)) == sheet


def test_what_is_left_out_is_drawn() -> None:
    start = GOOD.index("W1 =")
    drawn = read_sheet(
        GOOD[:start] + 'initializer = "normal"\nseed = 3\n' + GOOD[GOOD.index("[data]") : GOOD.index("[claims]")]
    )
    assert (drawn.model.parameters.scale == 1.0).all() and drawn.model.parameters.columns[0]["W"].any()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'kind = "periodic"',
            'kind = "periodc"',
            'line 5: unknown kind of column layer "periodc"; did you mean "periodic"?',
        ),
        ('kind = "periodic"\n', "", 'line 4: "kind" is missing; say of what kind the column layer is'),
        (
            "frequencies = 2",
            "frequencys = 2",
            'line 7: unknown key of [[network.column]] "frequencys"; did you mean "frequencies"?',
        ),
        ("frequencies = 2", "frequencies = 0", "line 7: frequencies: expected"),
        ('kind = "plain"', 'kind = "plain"\ncount = 2', "line 4: columns: they take 4 inputs, the network has 3"),
        ("rate = 6.0", "rates = 6.0", 'line 15: unknown key of [network.scale] "rates"; did you mean "rate"?'),
        ("rate = 6.0", "rate = -1", "line 15: rate: expected"),
        (
            "[network.scale]\nrate = 6.0",
            "",
            "line 25: scale: the network has none; give it one with the section [network.scale]",
        ),
        ("cc1 = [[0.2]]\n", "", 'line 16: "cc1" is missing; give shape (inputs, numbers of each) = (1, 1)'),
        (
            "cc1 = [[0.2]]",
            "cc1 = [0.2]",
            "line 24: cc1: expected shape (inputs, numbers of each) = (1, 1), got shape (1,)",
        ),
        ("Uc1 = [[[0.4], [0.3]]]", "Uc1 = [[[0.4]]]", "expected shape (inputs, rows of each, outputs) = (1, 2, 1)"),
        ("Tc2 =", "Tc3 =", 'line 25: unknown key of [parameters] "Tc3". Known: Tc2, Uc1, W1'),
        ("scale = 1.0", "scale = [1.0, 2.0]", "line 26: scale: expected one number or 4, got shape (2,)"),
        ("x = [[0.05, 1, 0.10]]", "x = [[0.05, 2, 0.10]]", "line 28: x[0, 1] is 2: expected the number of a category"),
        ('"h[3]"', '"h[5]"', 'claim "h[5]": there is no "h[5]" in this step'),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(cp.InputError) as error:
        cp.check_worksheet(GOOD.replace(old, new, 1))
    assert message in str(error.value)
