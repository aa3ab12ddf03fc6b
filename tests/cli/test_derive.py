"""clearprop derive: the chain rule on the command line."""

from __future__ import annotations

import pytest


def test_a_derivation(run):
    done = run("derive", "2-3-1", "--notation", "net-out", "--language", "zh")
    assert done.status == 0 and not done.err
    assert "delta_o_j = " in done.out and "链式法则" in done.out


def test_the_opening_question(run):
    done = run("derive", "2-1", "--loss", "binary_cross_entropy")
    assert done.status == 0 and "Nothing is handed back" in done.out


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("markdown", r"\delta_{j}^{(1)} = \frac{\partial E}{\partial z_{j}^{(1)}} = "),
        ("latex", r"\fit{\delta_{j}^{(1)} &= \frac{\partial E}{\partial z_{j}^{(1)}} \\ &= "),
    ],
)
def test_other_formats(run, format, expected):
    done = run("derive", "2-1", "--format", format)
    assert done.status == 0 and expected in done.out
    assert done.out.count("{") == done.out.count("}")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("2",), 'layers "2": expected sizes joined by "-"'),
        (("2-3-1", "--hidden", "sigmod"), 'did you mean "sigmoid"?'),
        (("2-1", "--loss", "cross_entropy"), 'needs "softmax" as the last activation'),
        (("2-1", "--notation", "netout"), 'did you mean "net-out"?'),
        (("2-1", "--optimizer", "adm"), 'did you mean "adam"?'),
        (("2-1", "--format", "html"), "unknown format"),
        (("2-1", "--l2", "-1"), "l2: expected a number from 0 up"),
    ],
)
def test_bad_input(run, words, message):
    done = run("derive", *words)
    assert done.status == 2 and message in done.err and not done.out
