"""Reading a worked sheet: every mistake in it is one InputError with the file, the line and the mend."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from clearprop.container import file_bytes
from clearprop.engines.base import Array
from clearprop.engines.samples import check_inputs, check_samples
from clearprop.errors import InputError, unknown
from clearprop.explain.notation import NOTATIONS
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer, optimizer_from_json
from clearprop.random import check_seed
from clearprop.sheet import architecture
from clearprop.sheet.document import Document
from clearprop.sheet.section import Section
from clearprop.sheet.sheet import Claim, Sheet
from clearprop.sheet.values import array, claimed, shown
from clearprop.training.prepare import plan_of

SECTIONS = ("title", "network", "parameters", "data", "optimizer", "claims")
OF_TRAINING = ("batch_size", "order", "seed")

_AFTER = re.compile(r"(.+)@(\d{1,9})", re.DOTALL)


def read_sheet(source: str | os.PathLike[str]) -> Sheet:
    """The worked sheet in a TOML file, or in a text: whatever has a line break is one.

    Raises:
        InputError: it cannot be read or is no sheet; the message names file and line and says what to do.

    >>> sheet = read_sheet('''
    ... [network]
    ... layers = "2-1"
    ... [parameters]
    ... W1 = [[0.5], [0.25]]
    ... b1 = 0.1
    ... [data]
    ... x = [[1.0, 2.0]]
    ... y = [[1.0]]
    ... [claims]
    ... "z1[1]" = "1.10"
    ... ''')
    >>> sheet.network.sizes, sheet.claims[0].id, sheet.claims[0].written.decimals
    ((2, 1), 'z1[1]', 2)
    """
    if isinstance(source, str) and "\n" in source:
        return parse_sheet(source, "sheet")
    if not isinstance(source, str | os.PathLike):
        raise InputError(f"sheet: expected a path or a text, got {source!r}")
    name = os.fspath(source)
    return parse_sheet(_decoded(file_bytes(Path(name)), name), name)


def parse_sheet(text: str, name: str) -> Sheet:
    """The worked sheet of a TOML text that bears a name in messages."""
    document = Document.parse(name, text)
    whole = Section(document, (), document.tree)
    whole.check_keys(SECTIONS, "section")
    title = whole.table.get("title", "")
    if not isinstance(title, str):
        raise whole.wrong("title", f"title: expected a text in quotes, got {shown(title)}")
    network = architecture.network(Section.of(document, "network", 'layers = "2-3-1"'))
    model = architecture.model(Section.of(document, "parameters", 'initializer = "normal"'), network)
    X, Y = _samples(Section.of(document, "data", "x = [[0.05, 0.10]] and y = [[0.01]]"), network)
    how = Section.of(document, "optimizer")
    optimizer = _optimizer(how)
    batch_size, order, seed = _training(how, optimizer, len(X))
    notation, claims = _claims(Section.of(document, "claims"))
    return Sheet(model, X, Y, optimizer, batch_size, order, seed, title, notation, claims)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: a byte that is not UTF-8; save the file as text in UTF-8") from None


def _samples(section: Section, network: Network) -> tuple[Array, Array]:
    section.check_keys(("x", "y"))
    for key in ("x", "y"):
        if key not in section.table:
            raise section.wrong(None, f'"{key}" is missing; give one list a sample, as {key} = [[0.05, 0.10]]')
    x = section.checked("x", partial(array, "x", section.table["x"]))
    y = section.checked("y", partial(array, "y", section.table["y"]))
    if x.ndim != 2:
        raise section.wrong("x", f"x: expected one list a sample, as [[0.05, 0.10]], got {shown(section.table['x'])}")
    float64 = np.dtype(np.float64)
    section.checked("x", partial(check_inputs, network, float64, x))
    samples = section.checked("y", partial(check_samples, network, float64, x, y))
    return _frozen(samples.X), _frozen(samples.Y)


def _frozen(values: Array) -> Array:
    values.flags.writeable = False
    return values


def _optimizer(section: Section) -> Optimizer:
    kind = section.table.get("kind", "sgd")
    section.checked("kind", lambda: optimizer_from_json({"kind": kind}))
    settings = optimizer_from_json({"kind": kind}).to_json()
    section.check_keys((*settings, *OF_TRAINING))
    return section.built(settings, optimizer_from_json)


def _training(section: Section, optimizer: Optimizer, rows: int) -> tuple[int | None, str | tuple[int, ...], int]:
    """The batch size, the order of the samples, and the seed."""

    def checked(given: dict[str, Any]) -> tuple[int | None, str | tuple[int, ...], int]:
        size, order = given.get("batch_size"), given.get("order", "shuffled")
        plan_of(optimizer, size, order, False, rows, threads=1, precision="full")
        return size, order if isinstance(order, str) else tuple(order), check_seed(given.get("seed", 0))

    return section.built(OF_TRAINING, checked)


def _claims(section: Section) -> tuple[str, tuple[Claim, ...]]:
    """The notation of the claims, and the claims."""
    notation = section.table.get("notation", "canonical")
    if not isinstance(notation, str):
        raise section.wrong("notation", f"notation: expected a name in quotes, got {shown(notation)}")
    if notation not in NOTATIONS:
        raise section.wrong("notation", unknown("notation", notation, NOTATIONS))
    claims: dict[str, Claim] = {}
    for key in section.table:
        if key != "notation":
            claim = _claim(section, key)
            if claim.key in claims:
                raise section.wrong(
                    key, f'claim "{key}": the same as in {claims[claim.key].place}; leave one of them out'
                )
            claims[claim.key] = claim
    return notation, tuple(claims.values())


def _claim(section: Section, key: str) -> Claim:
    name, updates = key, 0
    if "@" in key:
        match = _AFTER.fullmatch(key)
        if match is None:
            raise section.wrong(key, f'"{key}": after the @ comes how many updates were done, as in "E@1"')
        name, updates = match[1], int(match[2])
    try:
        return Claim(name, claimed(section.table[key]), updates, section.place(key))
    except InputError as error:
        mend = "; put an id with a point in it in quotes" if isinstance(section.table[key], dict) else ""
        raise section.wrong(key, f'claim "{key}": {error}{mend}') from None
