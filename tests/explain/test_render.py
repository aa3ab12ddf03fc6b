"""Text, Markdown, LaTeX, JSON and Python: the same lines, each in its language."""

from __future__ import annotations

import re
import shutil
import string
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.render import FORMATS, render
from clearprop.explain.render.json import data, json, read
from clearprop.explain.render.latex import latex
from clearprop.explain.render.layout import width_of
from clearprop.explain.render.markdown import markdown
from clearprop.explain.render.python import identifier, python
from clearprop.explain.render.text import spanned, text
from clearprop.explain.render.words import en, zh
from tests.explain.steps import document_000, large, steps

SNAPSHOTS = Path(__file__).parent / "snapshots"
NOTATION_KEYS = sorted(NOTATIONS)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_step_of_document_000_as_text(language):
    kept = SNAPSHOTS / f"document_000.{language}.txt"
    assert text(document_000().explain(notation="net-out", language=language)) + "\n" == kept.read_text()


@given(steps(), st.sampled_from(["en", "zh"]), st.integers(60, 140))
@settings(deadline=None)
def test_lines_keep_to_the_width_and_results_stand_in_a_column(trace, language, width):
    explanation = trace.explain(language=language, digits=4)
    for spans in spanned(explanation, width):
        line = "".join(span.text for span in spans)
        longest = max((width_of(word) for word in line.split(" ")), default=0)
        assert width_of(line) <= max(width, longest + width // 3 + len(" -  = 1.2345e+300")), line


@given(steps(), st.sampled_from(NOTATION_KEYS))
@settings(deadline=None)
def test_a_script_gives_the_numbers_of_the_trace(trace, notation):
    explanation = trace.explain(notation=notation)
    script = python(explanation)
    names: dict[str, object] = {"print": lambda *words: None}
    with np.errstate(all="ignore"):
        exec(compile(script, "script", "exec"), names)
    # Adam divides a gradient that is 0 but for rounding, about 1e-17, by its ε of 1e-8.
    for ref in trace.definitions:
        if ref.kind not in explanation.notation.hidden:
            np.testing.assert_allclose(
                names[identifier(ref)], explanation.value(ref), rtol=1e-8, atol=2e-9, err_msg=f"{ref}\n{script}"
            )


def test_a_small_number_that_was_given_keeps_its_exponent_and_is_squared_in_brackets():
    model = cp.Model(cp.Network.parse("1-1", l2=0.5), [[[2e-5]]], [[0.1]])
    explained = text(cp.trace(model, [1.0], [0.0], optimizer=cp.Adam(0.1)).explain())
    assert "W1[1->1] = 2e-05" in explained and "epsilon = 1e-08" in explained
    assert "0.5/2·(2e-05)²" in explained


def test_a_script_prints_the_error_and_the_new_parameters():
    script = python(document_000().explain(notation="net-out", language="zh"))
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("E = 0.298371108")
    assert "0.35891648" in done.stdout and "b1' = 0.35" in done.stdout


def test_a_script_of_float32_stays_in_float32():
    model = cp.Model.initialized(cp.Network.parse("2-3-1"), seed=1, dtype="float32")
    names: dict[str, object] = {"print": lambda *words: None}
    trace = cp.trace(model, [0.5, 1.0], [1.0], optimizer=cp.SGD(0.1))
    exec(python(trace.explain()), names)
    assert names["W1_new"].dtype == np.float32
    np.testing.assert_allclose(names["W1_new"], trace["W1'"].value, rtol=1e-6)


@given(steps(), st.sampled_from(NOTATION_KEYS), st.sampled_from(["scalar", "matrix"]))
@settings(deadline=None)
def test_json_holds_every_value_and_reads_back_the_same(trace, notation, form):
    explanation = trace.explain(notation=notation, form=form)
    told = read(json(explanation))
    assert told == data(explanation)
    lines = {line["id"]: line for section in told["sections"] for line in section["lines"]}
    for id, line in lines.items():
        value = np.asarray(explanation.value(trace[id].ref))
        np.testing.assert_array_equal(np.array(line["value"], float), np.where(np.isfinite(value), value, np.nan))
        assert all(operand in trace for operand in line["operands"])
        assert (line["formula"] is None) == (trace[id].formula is None)


def test_json_has_no_number_that_json_does_not_have():
    model = cp.Model(cp.Network.parse("1-2", output="identity"), [[[1e200, 1.0]]], [[0.0, 0.0]])
    trace = cp.trace(model, [1e200], [0.0, 0.0])
    lines = {line["id"]: line for part in read(json(trace.explain()))["sections"] for line in part["lines"]}
    assert lines["E[1]"]["value"] is None and lines["E[1]"]["text"] == "∞"
    matrices = read(json(trace.explain(form="matrix")))
    share = next(line for part in matrices["sections"] for line in part["lines"] if line["id"] == "E[:]")
    assert share["value"][0][0] is None and share["text"][0][0] == "∞"


@pytest.mark.parametrize("broken", ["", "[]", '{"schema": "other"}', '{"sections": []}'])
def test_json_of_something_else_is_refused(broken):
    with pytest.raises(cp.InputError, match="explanation: "):
        read(broken)


@given(steps(), st.sampled_from(NOTATION_KEYS), st.sampled_from(["en", "zh"]), st.sampled_from(["scalar", "matrix"]))
@settings(deadline=None)
def test_latex_and_markdown_are_balanced(trace, notation, language, form):
    explanation = trace.explain(notation=notation, language=language, form=form)
    document = latex(explanation)
    assert document.count("{") - document.count(r"\{") == document.count("}") - document.count(r"\}")
    opened: list[str] = []
    for which, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", document):
        assert which == "begin" or opened.pop() == name
        opened += [name] if which == "begin" else []
    assert not opened and "^{2}^" not in document
    assert language == "zh" or document.isascii()
    assert markdown(explanation).count("$$") % 2 == 0


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("form", ["scalar", "matrix"])
@pytest.mark.parametrize("notation", NOTATION_KEYS)
def test_latex_compiles(language, form, notation, tmp_path):
    engine = shutil.which("pdflatex" if language == "en" else "xelatex")
    if engine is None:
        pytest.skip("no LaTeX is installed")
    network = cp.Network.parse(
        "2-3-2", hidden="leaky_relu", output="softmax", loss="cross_entropy", l1=0.1, l2=0.2, dropout=0.3
    )
    model = cp.Model.initialized(network, "normal", scale=0.5, seed=0)
    trace = cp.trace(model, [[1, 2], [0.5, -1]], [0, 1], optimizer=cp.AdamW(0.01))
    explanation = trace.explain(language=language, form=form, notation=notation, focus=None)
    (tmp_path / "step.tex").write_text(latex(explanation))
    done = subprocess.run(
        [engine, "-interaction=nonstopmode", "-halt-on-error", "step.tex"], cwd=tmp_path, capture_output=True
    )
    if b"ctexart.cls' not found" in done.stdout:
        pytest.skip("ctex is not installed")
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_a_fraction_or_a_raised_letter_is_squared_in_brackets():
    model = cp.Model.initialized(cp.Network.parse("2-2-1", l2=0.1), seed=0)
    explanation = cp.trace(model, [1, 2], [1], optimizer=cp.RMSprop(0.1)).explain(notation="nielsen")
    typed = text(explanation, width=10_000)
    assert "·(dC/dw^2_11)²" in typed and "(w^2_11)²" in typed and "_11²" not in typed
    document = latex(explanation)
    assert r"{\left(\frac{\partial C}{\partial w_{11}^{2}}\right)}^{2}" in document and "}}^{2}" not in document
    assert r"{\left(w_{11}^{2}\right)}^{2}" in document
    squared = re.findall("<msup><mrow>(.*?)</mrow><mrow><mn>2</mn></mrow></msup>", render(explanation, "html"))
    assert squared and all(base.startswith("<mrow><mo>(</mo>") for base in squared if "<mfrac>" in base)


def fields_of(words):
    return {field for _, field, _, _ in string.Formatter().parse(words) if field}


def test_both_languages_say_the_same_things():
    for english, chinese in ((en.HEADINGS, zh.HEADINGS), (en.SENTENCES, zh.SENTENCES), (en.LABELS, zh.LABELS)):
        assert english.keys() == chinese.keys()
        for key, words in english.items():
            named = [
                {field for _, field, _, _ in string.Formatter().parse(one) if field} for one in (words, chinese[key])
            ]
            assert named[1] <= named[0] | {"E", "z", "a", "d", "gradient"}, key


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_explains_a_focus_in_a_large_step(format):
    written = render(large().explain(focus="dE/dW2[3->5]", digits=4), format)
    assert len(written) > 1000


def test_an_unknown_format_is_refused():
    with pytest.raises(cp.InputError, match='did you mean "json"'):
        render(document_000().explain(), "jsn")
