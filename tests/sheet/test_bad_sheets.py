"""What can be wrong in a sheet: each is one message with the file, the line, what is wrong, and the mend."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearprop.errors import InputError
from clearprop.explain.notation import NOTATIONS
from clearprop.sheet import read_sheet

GOOD = """\
title = "A step"
[network]
layers = "2-2-1"
hidden = "sigmoid"
[parameters]
W1 = [
  [0.1, 0.2], # the first input's ]
  [0.3, 0.4],
]
b1 = 0.35
W2 = [[0.5], [0.6]]
b2 = [0.6]
[data]
x = [[0.05, 0.10]]
y = [[0.01]]
[optimizer]
learning_rate = 0.5
[claims]
notation = "net-out"
net_h1 = "0.3775"
"E@1" = 0.291027924
"""
SIZES = 'layers = "2-2-1"\nhidden = "sigmoid"\n'
TABLES = "inputs = 2\n[[network.layer]]\nunits = 2\n[[network.layer]]\nunits = 1\n"
ACTIVATIONS = "elu, exp, gelu, identity, leaky_relu, mish, relu, selu, sigmoid, silu, softmax, softplus, step, tanh"
OF_NETWORK = "bias, column, dropout, hidden, l1, l2, layers, loss, output, reduction, scale, train_bias"

# What is changed in the good sheet, to what, and the message.
BAD = {
    # sections and keys
    "unknown section": (
        "[claims]", "[claim]",
        'line 18: unknown section "claim"; did you mean "claims"? '
        "Known: claims, data, network, optimizer, parameters, title",
    ),
    "no network": (
        f"[network]\n{SIZES}", "",
        'line 18: the section [network] is missing; give it, as in layers = "2-3-1"',
    ),
    "no data": (
        "[data]\nx = [[0.05, 0.10]]\ny = [[0.01]]\n", "",
        "line 18: the section [data] is missing; give it, as in x = [[0.05, 0.10]] and y = [[0.01]]",
    ),
    "a value for a section": (
        "[claims]", "[parameters.W3]",
        "line 18: unknown key of [parameters] \"W3\". Known: W1, W2, b1, b2, initializer, scale, seed",
    ),
    "a list of sections": (
        "[optimizer]\nlearning_rate", "[[optimizer]]\nlearning_rate",
        'line 16: optimizer: expected a section with the header [optimizer], got [{"learning_rate": 0.5}]',
    ),
    "title": ('title = "A step"', "title = 1.5", "line 1: title: expected a text in quotes, got 1.5"),
    # TOML
    "a key without quotes": (
        "net_h1", "w5+",
        "line 20: not TOML at column 3: Expected '=' after a key in a key/value pair; "
        "put a key with other characters than letters, digits, - and _ in quotes",
    ),
    "a point without a digit before it": (
        "b2 = [0.6]", "b2 = .6",
        "line 12: not TOML at column 6: Invalid value; "
        "texts stand in quotes, and a number has a digit before its point",
    ),
    "a key twice": (
        "b2 = [0.6]", "b1 = [0.6]",
        "line 12: not TOML at column 11: Cannot overwrite a value; each key and each section may be there once",
    ),
    "an open bracket": ("b2 = [0.6]", "b2 = [0.6", "line 13: not TOML at column 1: Unclosed array"),
    "an open text": ('"0.3775"\n"E@1" = 0.291027924', '"""0.3775', "line 20: not TOML at the end: Unterminated string"),
    "brackets without end": ("b2 = [0.6]", f"b2 = {'[' * 5000}", "line 12: more than 100 brackets within each other"),
    # the network
    "unknown key": (
        "hidden", "hiden",
        f'line 4: unknown key of [network] "hiden"; did you mean "hidden"? Known: {OF_NETWORK}',
    ),
    "no layers": (
        'layers = "2-2-1"\n', "",
        'line 2: "layers" is missing; give the sizes, inputs first, as layers = "2-3-1"',
    ),
    "sizes": (
        '"2-2-1"', '"2-2-x"',
        'line 3: layers "2-2-x": expected sizes joined by "-", inputs first, as "2-3-1"',
    ),
    "sizes without quotes": (
        '"2-2-1"', "[2, 2, 1]",
        'line 3: layers: expected sizes in quotes, as "2-3-1", got [2, 2, 1]',
    ),
    "activation": (
        '"sigmoid"', '"sigmod"',
        f'line 4: unknown activation "sigmod"; did you mean "sigmoid"? Known: {ACTIVATIONS}',
    ),
    "loss that does not fit": (
        'hidden = "sigmoid"', 'loss = "cross_entropy"',
        'line 4: loss "cross_entropy" needs "softmax" as the last activation, layer 2 has "sigmoid"',
    ),
    "train_bias": ('hidden = "sigmoid"', "train_bias = 1", "line 4: train_bias: expected true or false, got 1"),
    "l2": ('hidden = "sigmoid"', "l2 = nan", "line 4: l2: expected a number from 0 up, got nan"),
    "huge": (
        '"2-2-1"', '"2-9999999999-1"',
        "line 3: the network has 39,999,999,997 weights and biases; a sheet has at most 1,000,000",
    ),
    "layers in two ways": (
        SIZES, f"{SIZES}[[network.layer]]\nunits = 1\n",
        "line 3: layers does not go together with [[network.layer]]; leave one of them out",
    ),
    "no inputs": (
        SIZES, "[[network.layer]]\nunits = 1\n",
        'line 2: "inputs" is missing; say how many numbers a sample has, as inputs = 2',
    ),
    "no units": (
        SIZES, TABLES.replace("units = 1", 'activation = "tanh"'),
        'line 6: "units" is missing; say how many the layer has, as units = 3',
    ),
    "units": (
        SIZES, TABLES.replace("units = 1", "units = 0"),
        "line 7: units: expected a whole number from 1 up, got 0",
    ),
    "key of a layer": (
        SIZES, TABLES.replace("units = 1", "units = 1\nbais = 1"),
        'line 8: unknown key of [[network.layer]] "bais"; did you mean "bias"? '
        "Known: activation, bias, bias_rate, dropout, train_bias, units, weight_rate",
    ),
    "rate of a layer": (
        SIZES, TABLES.replace("units = 1", "units = 1\nweight_rate = -1"),
        "line 8: weight_rate: expected a number from 0 up, got -1",
    ),
    "activation of a layer": (
        SIZES, TABLES.replace("units = 1", 'units = 1\nactivation = "tan"'),
        f'line 8: unknown activation "tan"; did you mean "tanh"? Known: {ACTIVATIONS}',
    ),
    "dropout of the last layer": (
        SIZES, TABLES.replace("units = 1", "units = 1\ndropout = 0.5"),
        "line 6: layer 2: the outputs cannot be dropped; give the last layer dropout=0",
    ),
    "a layer that is no table": (
        SIZES, "layer = 3\n",
        "line 3: layer: expected tables, each with the header [[network.layer]]",
    ),
    # parameters
    "no parameters": (
        GOOD[GOOD.index("[parameters]") : GOOD.index("[data]")], "",
        'line 13: the section [parameters] is missing; give it, as in initializer = "normal"',
    ),
    "shape": (
        "W2 = [[0.5], [0.6]]", "W2 = [[0.5, 0.6]]",
        "line 11: W2: expected shape (inputs, units) = (2, 1), got shape (1, 2)",
    ),
    "one number for a matrix": (
        "W2 = [[0.5], [0.6]]", "W2 = 0.5",
        "line 11: W2: expected shape (inputs, units) = (2, 1), got one number",
    ),
    "rows of different lengths": ("[0.3, 0.4]", "[0.3]", "line 6: W1: the rows have different lengths"),
    "biases": ("b1 = 0.35", "b1 = [1, 2, 3]", "line 10: b1: expected one number or 2, got shape (3,)"),
    "bias that there is not": (
        'hidden = "sigmoid"', 'bias = "none"',
        'line 10: b1: layer 1 has bias = "none"; leave b1 out',
    ),
    "weights left out": (
        "W2 = [[0.5], [0.6]]\n", "",
        'line 5: "W2" is missing; '
        'give shape (inputs, units) = (2, 1), or initializer = "normal" for all that is left out',
    ),
    "boolean": ("0.3, 0.4", "0.3, true", "line 6: W1[1, 1]: expected a number, got true"),
    "text": ("0.3, 0.4", '0.3, "0.4"', 'line 6: W1[1, 1]: expected a number, got "0.4"; leave out the quotes'),
    "NaN": ("0.3, 0.4", "0.3, nan", "line 6: W1[1, 1]: expected a finite number, got nan"),
    "infinity": ("0.3, 0.4", "0.3, -inf", "line 6: W1[1, 1]: expected a finite number, got -inf"),
    "too large": ("0.3, 0.4", "0.3, 1e999", "line 6: W1[1, 1]: 1e999 is too large: a float ends at 1.8e308"),
    "too large a whole number": (
        "b1 = 0.35", f"b1 = {10**400}",
        f"line 10: b1: 1{'0' * 56}... is too large: a float ends at 1.8e308",
    ),
    "more digits than Python reads": (
        "0.3, 0.4", f"0.3, {'1' * 5000}",
        "line 8: a number of 5,000 digits is too large",
    ),
    "a hexadecimal claim that Python does not write": (
        '"0.3775"', f"0x{'f' * 5000}",
        "line 20: a number of 5,002 digits is too large",
    ),
    "whether, for a number": (
        'hidden = "sigmoid"', "dropout = true",
        "line 4: dropout: expected a number from 0 up, got true",
    ),
    "initializer": (
        "b1 = 0.35", 'initializer = "nrmal"',
        'line 10: unknown initializer "nrmal"; did you mean "normal"? Known: glorot, he, lecun, normal, uniform, zeros',
    ),
    "scale": (
        "b1 = 0.35", 'initializer = "normal"\nscale = inf',
        "line 11: scale: expected a number from 0 up, got inf",
    ),
    "seed alone": (
        "b1 = 0.35", "seed = 3",
        'line 10: seed belongs to an initializer; give one, as initializer = "normal"',
    ),
    # data
    "no targets": (
        "y = [[0.01]]\n", "",
        'line 13: "y" is missing; give one list a sample, as y = [[0.05, 0.10]]',
    ),
    "one sample without its brackets": (
        "x = [[0.05, 0.10]]", "x = [0.05, 0.10]",
        "line 14: x: expected one list a sample, as [[0.05, 0.10]], got [0.05, 0.1]",
    ),
    "inputs that do not fit": (
        "x = [[0.05, 0.10]]", "x = [[0.05]]",
        "line 14: x: expected shape (B, 2), got (1, 1): the network has 2 inputs",
    ),
    "targets that do not fit": ("y = [[0.01]]", "y = [[1], [2]]", "line 15: y: expected shape (1, 1), got (2, 1)"),
    "no samples": ("x = [[0.05, 0.10]]", "x = []", "line 14: x: expected one list a sample, as [[0.05, 0.10]], got []"),
    # training
    "setting": (
        "learning_rate", "learing_rate",
        'line 17: unknown key of [optimizer] "learing_rate"; did you mean "learning_rate"? '
        "Known: batch_size, fade, kind, learning_rate, momentum, nesterov, order, seed",
    ),
    "kind": (
        "learning_rate = 0.5", 'kind = "sdg"',
        'line 17: unknown optimizer "sdg"; did you mean "sgd"? Known: adam, adamw, rmsprop, sgd',
    ),
    "learning rate": (
        "learning_rate = 0.5", "learning_rate = -0.5",
        "line 17: learning_rate: expected a number from 0 up, got -0.5",
    ),
    "schedule": (
        "learning_rate = 0.5", 'learning_rate = { kind = "stp" }',
        'line 17: unknown schedule "stp"; did you mean "step"? Known: constant, cos_log, cosine, '
        "exponential, flat_cosine, one_cycle, step",
    ),
    "Nesterov": (
        "learning_rate = 0.5", "learning_rate = 0.5\nnesterov = true",
        "line 18: nesterov: needs a momentum above 0, as SGD(0.1, momentum=0.9, nesterov=True)",
    ),
    "batch size": (
        "learning_rate = 0.5", "batch_size = 0",
        "line 17: batch_size: expected a whole number from 1 up, got 0",
    ),
    "order": (
        "learning_rate = 0.5", 'order = "suffled"',
        'line 17: unknown order "suffled"; did you mean "shuffled"? Known: replacement, sequential, shuffled',
    ),
    "row numbers": (
        "learning_rate = 0.5", "order = [0, 1]",
        "line 17: order[1] is 1: expected a row number from 0 to 0",
    ),
    "seed": (
        "learning_rate = 0.5", "seed = -1",
        "line 17: seed: expected a whole number from 0 to 2**64 - 1, got -1",
    ),
    # claims
    "notation": (
        '"net-out"', '"netout"',
        f'line 19: unknown notation "netout"; did you mean "net-out"? Known: {", ".join(sorted(NOTATIONS))}',
    ),
    "a list for a notation": (
        '"net-out"', '["net-out"]',
        'line 19: notation: expected a name in quotes, got ["net-out"]',
    ),
    "claim that is no number": ('"0.3775"', '"0.37x"', 'line 20: claim "net_h1": expected a number, got "0.37x"'),
    "boolean claim": ('"0.3775"', "true", 'line 20: claim "net_h1": expected a number, got true'),
    "claim of NaN": ('"0.3775"', "nan", 'line 20: claim "net_h1": expected a number, got "nan"'),
    "claim too large": (
        '"0.3775"', '"1e999"',
        'line 20: claim "net_h1": 1e999 is too large: a float ends at 1.8e308',
    ),
    "claim of nothing": ('"0.3775"', "[]", 'line 20: claim "net_h1": expected numbers, got an empty list'),
    "ragged claim": ('"0.3775"', "[[1, 2], [3]]", 'line 20: claim "net_h1": the rows have different lengths'),
    "id with a point": (
        "net_h1", "net.h1",
        'line 20: claim "net": expected a number, got {"h1": "0.3775"}; put an id with a point in it in quotes',
    ),
    "updates": ("E@1", "E@x", 'line 21: "E@x": after the @ comes how many updates were done, as in "E@1"'),
    "claimed twice": (
        "net_h1", '"E@001"',
        'line 21: claim "E@1": the same as in sheet, line 20; leave one of them out',
    ),
}  # fmt: skip


def message(source: object) -> str:
    with pytest.raises(InputError) as caught:
        read_sheet(source)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_sheet_is_good_before_it_is_changed() -> None:
    assert len(read_sheet(GOOD).claims) == 2


@pytest.mark.parametrize("case", BAD)
def test_bad_sheet(case: str) -> None:
    old, new, expected = BAD[case]
    assert old in GOOD
    assert message(GOOD.replace(old, new, 1)) == f"sheet, {expected}"


Write = Callable[[Path], object]
FILES: dict[str, tuple[Write, str]] = {
    "missing": (lambda path: None, "step.toml: there is no such file"),
    "misspelt": (
        lambda path: path.with_name("steps.toml").write_text(GOOD),
        'step.toml: there is no such file; did you mean "steps.toml"?',
    ),
    "a folder": (lambda path: path.mkdir(), "step.toml: this is a directory; name one file in it"),
    "empty": (
        lambda path: path.write_bytes(b""),
        'step.toml, line 1: the section [network] is missing; give it, as in layers = "2-3-1"',
    ),
    "not UTF-8": (
        lambda path: path.write_bytes(GOOD.replace("A step", "Schritt für").encode("latin-1")),
        "step.toml, line 1: a byte that is not UTF-8; save the file as text in UTF-8",
    ),
    "UTF-16": (
        lambda path: path.write_bytes(GOOD.encode("utf-16")),
        "step.toml, line 1: a byte that is not UTF-8; save the file as text in UTF-8",
    ),
    "no TOML at all": (
        lambda path: path.write_bytes(b"PAR1\0\0\0"),
        "step.toml, line 1: not TOML at column 5: Expected '=' after a key in a key/value pair; "
        "put a key with other characters than letters, digits, - and _ in quotes",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_file(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write, expected = FILES[case]
    write(Path("step.toml"))
    assert message("step.toml") == message(Path("step.toml")) == expected


@pytest.mark.parametrize("source", [None, 3, ["step.toml"], b"title"])
def test_neither_path_nor_text(source: object) -> None:
    assert message(source) == f"sheet: expected a path or a text, got {source!r}"


PIECES = [
    "[",
    "]",
    '"',
    "=",
    "\n",
    "#",
    "'",
    "{",
    "}",
    "@",
    ".",
    "1",
    "-",
    "e9",
    "nan",
    "true",
    "[[a]]",
    "\0",
    "é",
    '"""',
]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 9), st.sampled_from(PIECES)), max_size=4))
def test_whatever_is_cut_out_or_put_in_is_a_sheet_or_one_message(edits: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    try:
        read_sheet(text)
    except InputError as error:
        line = re.match(r"sheet, line (\d+): [^\n]+$", str(error))
        assert line is not None
        assert 1 <= int(line[1]) <= text.count("\n") + 1
