"""Networks that begin with column layers, explained: by every kind of layer, in every notation and format."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.ref import Ref, parse
from clearprop.explain.render import FORMATS, render
from clearprop.explain.render.python import identifier
from clearprop.network.columns import COLUMN_LAYERS, ColumnLayer, Embedding, Periodic, PiecewiseLinear, Plain
from clearprop.sheet import Claim, Sheet, Written, read_sheet, write_sheet
from tests.explain.columns import LAYERS, MIXED, model, samples, step
from tests.explain.test_trace import assert_formulas_give_the_numbers

ENGINES = ["reference", "native"]
"""The engines whose numbers a step's are compared with."""
OPTIMIZERS = [cp.SGD(0.05, momentum=0.9), cp.Adam(0.05), cp.AdamW(0.05, weight_decay=0.1)]


def kinds(layers: list[ColumnLayer]) -> str:
    return "-".join(layer.kind for layer in layers)


def test_every_column_layer_is_walked_through() -> None:
    assert {kind: type(layer) for kind, layer in LAYERS.items()} == COLUMN_LAYERS


@pytest.mark.parametrize("scale", [False, True], ids=["bare", "scaled"])
@pytest.mark.parametrize("layers", MIXED, ids=kinds)
def test_from_the_engine_to_sheet_and_file(layers: list[ColumnLayer], scale: bool, tmp_path: Path) -> None:
    """Reference, trace, derivation, sheet, marks and file, for every kind of column layer and a scale."""
    given = model(layers, scale)
    X, Y = samples(given, 3)
    for optimizer in OPTIMIZERS:
        for rows in (1, 3):
            trace = cp.trace(given, X[:rows], Y[:rows], optimizer=optimizer)
            assert_formulas_give_the_numbers(trace)
            for engine in ENGINES:
                assert_is_what_training_does(trace, given, engine)
    assert_derived(given.network)
    assert_kept_by_a_sheet(given, X, Y)
    assert_marked(given, X, Y)
    cp.save(given, tmp_path / "model.safetensors")
    assert cp.load(tmp_path / "model.safetensors") == given


def assert_is_what_training_does(trace: cp.Trace, given: cp.Model, engine: str) -> None:
    X, Y = trace.samples.X, trace.samples.Y
    assert trace.optimizer is not None
    found = cp.train(given, X, Y, optimizer=trace.optimizer, order="sequential", engine=engine).model.parameters
    for name, array in found.named().items():
        close: dict[str, Any] = {"rtol": 0.0, "atol": 0.0} if engine == "reference" else {"rtol": 1e-10, "atol": 2e-9}
        np.testing.assert_allclose(np.ravel(trace[f"{name}'"].value), np.ravel(array), **close, err_msg=name)


def assert_derived(network: cp.Network) -> None:
    for language in ("en", "zh"):
        derived = str(cp.derive(network, language=language))
        for number, layer in enumerate(network.columns, 1):
            for letter in layer.shapes:
                assert f"dE/d{letter}c{number}" in derived
                assert f"{letter}c{number}'" in derived
        assert ("dE/dscale[j]" in derived) == bool(network.scale)
        assert str(network.parameter_count) in derived
    assert r"\frac" in cp.derive(network, notation="ufldl").markdown()


def assert_kept_by_a_sheet(given: cp.Model, X: Any, Y: Any) -> None:
    sheet = Sheet(given, X, Y, optimizer=cp.SGD(0.5))
    assert read_sheet(write_sheet(sheet)) == sheet


def assert_marked(given: cp.Model, X: Any, Y: Any) -> None:
    """A claim about every quantity, right to nine digits; and then the same claims, all wrong."""
    trace = cp.trace(given, X, Y, optimizer=cp.SGD(0.5))
    claims = []
    for whole in trace.definitions:
        last = list(trace.elements(whole))[-1]
        if whole.of_columns:
            claims.append(Claim(trace.text(last), Written(f"{trace.value(last):.9f}")))
    report = cp.check_worksheet(Sheet(given, X, Y, optimizer=cp.SGD(0.5), claims=tuple(claims)))
    assert {mark.status for mark in report.marks} == {"right"}
    off = [Claim(claim.id, Written(f"{value_of(claim) + 0.127:.9f}")) for claim in claims]
    report = cp.check_worksheet(Sheet(given, X, Y, optimizer=cp.SGD(0.5), claims=tuple(off)))
    assert {mark.status for mark in report.marks} == {"wrong"}


def value_of(claim: Claim) -> float:
    assert isinstance(claim.written, Written)
    return claim.written.value


@pytest.mark.parametrize("layers", MIXED, ids=kinds)
def test_ids_are_read_back(layers: list[ColumnLayer]) -> None:
    for rows in (1, 3):
        trace = step(layers, rows=rows)
        for whole in (*trace.given, *trace.definitions):
            for ref in (whole, *trace.elements(whole)):
                assert trace.checked(parse(trace.text(ref))) == ref


@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_format_in_every_notation(notation: str) -> None:
    layers = [Plain(1), *[one for kind, one in LAYERS.items() if kind != "plain"]]
    trace = step(layers, rows=2)
    for form, language in (("matrix", "en"), ("matrix", "zh"), ("scalar", "en")):
        explanation = trace.explain(notation=notation, form=form, language=language, digits=6)
        for format in FORMATS if form == "matrix" else ("text",):
            written = render(explanation, format)
            if format == "json":
                assert {section["column"] for section in json.loads(written)["sections"]} == {0, 2, 3, 4}
            if format == "python":
                assert_script_computes(trace, explanation, written)


def assert_script_computes(trace: cp.Trace, explanation: cp.Explanation, script: str) -> None:
    computed: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(script, computed)
    for ref in trace.definitions:
        if identifier(ref) in computed:
            expected = explanation.value(ref)
            found = np.reshape(computed[identifier(ref)], np.shape(expected))
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=f"{ref}")


@pytest.mark.parametrize("notation", NOTATIONS)
def test_names_are_different_and_found_again(notation: str) -> None:
    from clearprop.explain.names import Names

    trace = step([Periodic(2, outputs=2, frequencies=2), Embedding(1, categories=2, outputs=1)])
    names = Names(trace, NOTATIONS[notation])
    every = [ref for whole in trace for ref in trace.elements(trace.checked(whole))]
    texts = [NOTATIONS[notation].name(ref, trace.shapes).text for ref in every if ref.kind not in ("s", "z")]
    assert len(set(texts)) == len(texts)
    for ref in every:
        if ref.of_columns:
            assert names.find(NOTATIONS[notation].name(ref, trace.shapes).text)[0] == ref


def by_hand() -> cp.Trace:
    """x = [0.25, 0.75, 1]: a wave, two bins and a category."""
    layers = [Periodic(1, outputs=1, frequencies=1), PiecewiseLinear(1, outputs=1, bins=2), Embedding(1, outputs=1)]
    network = cp.Network(3, [cp.Dense(1, "identity")], columns=layers, scale=cp.Scale())
    columns = [
        {"W": [[1.0]], "b": [[0.5]], "U": [[[2.0]]], "c": [[0.1]]},
        {"W": [[2.0, 2.0]], "b": [[0.0, -1.0]], "m": [[0.75, 0.25]], "U": [[[4.0], [0.5]]]},
        {"T": [[[0.3], [0.7]]]},
    ]
    W1 = [[1.0], [2.0], [3.0], [4.0], [5.0]]
    given = cp.Model(network, [W1], [[0.0]], columns=columns, scale=[1.0, 1.0, 2.0, 1.0, 1.0])
    return cp.trace(given, [0.25, 0.75, 1.0], [0.0], optimizer=cp.SGD(0.5))


@pytest.mark.parametrize(
    ("id", "line"),
    [
        ("zc1[1]", "zc1[1] = 2·π·x[1]·Wc1[1] + bc1[1] = 2·π·0.25·1 + 0.5 = 2.0708"),
        ("ac1[1]", "ac1[1] = cos(zc1[1]) = cos(2.0708) = -0.4794"),
        ("vc1[1]", "vc1[1] = ac1[1]·Uc1[1,1] + cc1[1] = (-0.4794)·2 + 0.1 = -0.8589"),
        ("zc2[2]", "zc2[2] = x[2]·Wc2[2] + bc2[2] = 0.75·2 + (-1) = 0.5000"),
        ("ac2[1]", "ac2[1] = 1 - mc2[1] = 1 - 0.75 = 0.2500"),
        ("ac2[2]", "ac2[2] = zc2[2] - mc2[2] = 0.5000 - 0.25 = 0.2500"),
        ("vc2[1]", "vc2[1] = ac2[1]·Uc2[1,1] + ac2[2]·Uc2[2,1] = 0.2500·4 + 0.2500·0.5 = 1.1250"),
        ("vc3[1]", "vc3[1] = Tc3[2,1] = 0.7"),
        ("e[3]", "e[3] = x[2] = 0.75"),
        ("h[3]", "h[3] = e[3]·scale[3] = 0.7500·2 = 1.5000"),
        ("dE/dh[2]", "dE/dh[2] = delta1[1]·W1[2->1] = 11.0323·2 = 22.0646"),
        ("dE/dscale[2]", "dE/dscale[2] = dE/dh[2]·e[2] = 22.0646·(-0.8589) = -18.9502"),
        ("dE/dvc1[1]", "dE/dvc1[1] = dE/de[2] = 22.0646"),
        ("dac2/dzc2[1]", "dac2/dzc2[1] = 0"),
        ("dac2/dzc2[2]", "dac2/dzc2[2] = 1"),
        ("dE/dTc3[1,1]", "dE/dTc3[1,1] = 0"),
        ("dE/dTc3[2,1]", "dE/dTc3[2,1] = dE/dvc3[1] = 55.1615"),
        ("Wc2'[1]", "Wc2'[1] = Wc2[1] = 2 (frozen)"),
    ],
)
def test_lines_that_a_person_would_write(id: str, line: str) -> None:
    trace = by_hand()
    written = str(trace.explain(form="scalar", digits=4))
    lines = [" ".join(one.split()) for one in written.splitlines()]
    assert line in lines, next((one for one in lines if one.startswith(f"{id} =")), written)


def test_what_a_number_is_computed_from() -> None:
    trace = by_hand()
    assert trace["zc1[1]"].sources == ("x[1]", "Wc1[1]", "bc1[1]")
    assert trace["h[4]"].sources == ("e[4]", "scale[4]")
    assert trace["dE/dUc2[2,1]"].sources == ("ac2[2]", "dE/dvc2[1]")


def test_focus_on_a_parameter_of_a_column_layer() -> None:
    trace = by_hand()
    for focus in ("Uc2[2,1]", "Wc1", "scale[3]", "Tc3[2,1]"):
        text = str(trace.explain(focus=focus))
        assert f"{trace.text(trace.checked(focus).whole)}'" in text
    focused = trace.explain(focus="Uc2[2,1]")
    refs = {line.ref.whole for section in focused.sections for line in section.lines}
    assert Ref("dE/dUc", 2) in refs and Ref("zc", 2) in refs and Ref("dE/dUc", 1) not in refs


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("zc", 'id "zc": the layer is missing, as zc1'),
        ("zc9[1]", 'there is no "zc9[1]" in this step'),
        ("zc2[3]", "it goes from zc2[1] to zc2[2]"),
        ("Uc2[1->1]", 'id "Uc2[1->1]": expected'),
        ("scale2", 'unknown id "scale2"'),
        ("vc4", 'there is no "vc4"'),
    ],
)
def test_ids_that_are_not_there(id: str, words: str) -> None:
    with pytest.raises(cp.InputError) as error:
        by_hand()[id]
    assert words in str(error.value)


def test_a_model_is_printed_with_its_column_layers() -> None:
    written = str(by_hand().model)
    assert "column layer 1: 1 input, periodic\n  Wc1 = [[1.]]" in written
    assert "  mc2 = [[0.75 0.25]]  (frozen)" in written and "scale: 5 numbers" in written
    assert "h[5]" in by_hand().model._repr_svg_()


def test_a_network_without_columns_has_none_of_it() -> None:
    trace = cp.trace(cp.Model.initialized(cp.Network.parse("2-1"), seed=0), [1.0, 2.0], [1.0])
    assert not any(ref.of_columns for ref in (*trace.given, *trace.definitions)) and "h" not in trace
