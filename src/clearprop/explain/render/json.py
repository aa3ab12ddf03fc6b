"""An explanation as JSON: every quantity with its ids, formula, operands and its value in full precision.

The object has these keys:

- `schema`: `clearprop/explanation/1`;
- `title`, `notation`, `language`, `digits`, `form` ("scalar" or "matrix"), `focus` (a canonical id, or null);
- `network`, `optimizer` (or null), `samples`: what the step was made of, as `Network.to_json` and `Optimizer.to_json`;
- `row`: how a row of a table became the inputs, or null: `place`, and `cells` of `column`, `kind`, `read` (or null),
  `inputs` of `name`, `value`, `scaling` (null, or `number`, `centre`, `width`, `soft`) and `category` (null, or what
  the number of a category stands for), and `zeros` (a count);
- `sections`, each with `part` ("given", "forward", "loss", "backward", "gradients", "update"), `layer` (from 1; 0 where
  it belongs to none, and before layer 1), `column` (the column layer, from 1; 0 where it belongs to none), `heading`,
  `words` (a list of sentences) and `lines`;
- `paths`: the paths to the parameter in focus, or null: `heading`, `words`, `gradient` (its id), `count`, `lines` (the
  strongest), `others` and `total` (values);
- `answer`: what a model of a table answers for the row, or null: `target`, `classes`, `members` (what those explained
  give, by number), `count` (of all members), `mean`, `temperature`, `outputs` (the mean after it), `unit` (of numbers:
  `mean`, `deviation`, `low`, `high`) and `value`, in the table's words.

A line has:

- `id`: canonical; `name`: in the notation; `latex`: the name as LaTeX;
- `formula`: null of what was given, else `text` and `latex` in symbols, and `numbers`, its text with numbers put in
  ("" where they do not fit or would only repeat the formula);
- `operands`: the canonical ids of what the formula is computed from;
- `value`: a number, or a matrix as a list of rows, in full precision and with the sign of the notation; null for each
  number that is not finite;
- `text`: the value as printed; of a matrix null, unless some of its numbers are not finite: then its rows as texts;
- `note`: a word such as "frozen", or "".
"""

from __future__ import annotations

import json as standard
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from clearprop.errors import InputError
from clearprop.explain.explanation import Explanation, Line, PathsShown, Section
from clearprop.explain.expression import symbols
from clearprop.explain.render.answers import answer_data
from clearprop.explain.render.links import Links, links, result_of
from clearprop.explain.render.mathematics import WRITER as LATEX
from clearprop.explain.render.text import WRITER as TEXT
from clearprop.explain.row import Row

SCHEMA = "clearprop/explanation/1"


def json(explanation: Explanation) -> str:
    """The explanation as one JSON object, with the keys that this module's docstring lists."""
    return standard.dumps(data(explanation), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read(text: str) -> dict[str, Any]:
    """The object of a text that `json` wrote.

    Raises:
        InputError: the text is no such object.
    """
    try:
        found = standard.loads(text)
    except ValueError as error:
        raise InputError(f"explanation: this is no JSON: {error}") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise InputError(f'explanation: expected an object with "schema": "{SCHEMA}"')
    return found


def data(explanation: Explanation) -> dict[str, Any]:
    """The explanation as dictionaries, lists, texts and finite numbers."""
    trace = explanation.trace
    return {
        "schema": SCHEMA,
        "title": explanation.title,
        "notation": explanation.notation.key,
        "language": explanation.language,
        "digits": explanation.digits,
        "form": "matrix" if explanation.by_matrices else "scalar",
        "focus": trace.text(explanation.focus) if explanation.focus else None,
        "network": trace.network.to_json(),
        "optimizer": trace.optimizer.to_json() if trace.optimizer else None,
        "samples": len(trace.samples),
        "row": _row(explanation.row) if explanation.row else None,
        "sections": [_section(explanation, section) for section in explanation.sections],
        "paths": _paths(explanation, explanation.paths) if explanation.paths else None,
        "answer": answer_data(explanation.answer) if explanation.answer else None,
    }


def _section(explanation: Explanation, section: Section) -> dict[str, Any]:
    return {
        "part": section.part.name if section.part else "given",
        "layer": section.part.layer if section.part else 0,
        "column": section.part.column if section.part else 0,
        "heading": section.heading,
        "words": list(section.words),
        "lines": [_line(explanation, line) for line in section.lines],
    }


def _line(explanation: Explanation, line: Line) -> dict[str, Any]:
    typed, set_ = links(explanation, line, TEXT), links(explanation, line, LATEX)
    return {
        "id": explanation.trace.text(line.ref),
        "name": typed.name,
        "latex": set_.name,
        "formula": _formula(typed, set_) if line.formula else None,
        "operands": [explanation.trace.text(ref) for ref in symbols(line.formula)] if line.formula else [],
        "value": _finite(line.value),
        "text": _text(explanation, line),
        "note": line.note,
    }


def _formula(typed: Links, set_: Links) -> dict[str, str]:
    return {"text": typed.formula or typed.result, "latex": set_.formula or set_.result, "numbers": typed.numbers}


def _finite(value: Any) -> Any:
    """Plain numbers, and None for those that JSON does not have."""
    if isinstance(value, np.ndarray):
        plain = value.tolist()
        return plain if np.isfinite(value).all() else [_finite(part) for part in plain]
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return float(value) if math.isfinite(value) else None


def _text(explanation: Explanation, line: Line) -> Any:
    if not explanation.is_matrix(line.ref):
        return result_of(explanation, line)
    if np.isfinite(line.value).all():
        return None
    return _printed(explanation, line, line.value)


def _printed(explanation: Explanation, line: Line, value: Any) -> Any:
    if np.ndim(value):
        return [_printed(explanation, line, part) for part in value]
    return explanation.printed(line.ref, value)


def _paths(explanation: Explanation, shown: PathsShown) -> dict[str, Any]:
    return {
        "heading": shown.heading,
        "words": list(shown.words),
        "gradient": explanation.trace.text(shown.total.ref),
        "count": shown.count,
        "lines": [_line(explanation, line) for line in shown.lines],
        "others": _finite(shown.others),
        "total": _finite(shown.total.value),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "place": row.place,
        "cells": [
            {
                "column": cell.column,
                "kind": cell.kind,
                "read": cell.read,
                "inputs": [
                    {
                        "name": one.name,
                        "value": _finite(one.value),
                        "scaling": asdict(one.scaling) if one.scaling else None,
                        "category": one.category,
                    }
                    for one in cell.inputs
                ],
                "zeros": cell.zeros,
            }
            for cell in row.cells
        ],
    }
