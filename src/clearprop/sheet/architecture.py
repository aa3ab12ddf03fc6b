"""The sections [network] and [parameters] -> a model."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError, check_count, check_number, unknown
from clearprop.model import Model
from clearprop.network.columns import COLUMN_LAYERS, ColumnLayer, Scale
from clearprop.network.initializers import initial
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.sheet.section import Section
from clearprop.sheet.values import array, shown

OF_LAYERS = ("hidden", "output", "bias", "train_bias", "dropout")
OF_NETWORK = ("loss", "l1", "l2", "reduction")
BEFORE_LAYERS = ("column", "scale")
OF_A_LAYER = tuple(entry.name for entry in fields(Dense))
OF_INITIALIZER = ("initializer", "scale", "seed")

MOST_PARAMETERS = 1_000_000  # a worked step is there to be looked at


def network(section: Section) -> Network:
    """The network of sizes such as "2-3-1", or of tables [[network.layer]]; before its layers those of its columns."""
    found = _of_tables(section) if "layer" in section.table else _of_sizes(section)
    columns, scale = tuple(_columns(section)), _scale(section)
    found = section.checked("column", lambda: replace(found, columns=columns, scale=scale))
    if found.parameter_count > MOST_PARAMETERS:
        count = f"{found.parameter_count:,} weights and biases"
        raise section.wrong("layers", f"the network has {count}; a sheet has at most {MOST_PARAMETERS:,}")
    return found


def _of_sizes(section: Section) -> Network:
    section.check_keys(("layers", *OF_LAYERS, *OF_NETWORK, *BEFORE_LAYERS))
    sizes = section.table.get("layers")
    if sizes is None:
        raise section.wrong(None, '"layers" is missing; give the sizes, inputs first, as layers = "2-3-1"')
    if not isinstance(sizes, str):
        raise section.wrong("layers", f'layers: expected sizes in quotes, as "2-3-1", got {shown(sizes)}')
    section.checked("layers", lambda: Network.parse(sizes))
    return section.built((*OF_LAYERS, *OF_NETWORK), lambda given: Network.parse(sizes, **given))


def _of_tables(section: Section) -> Network:
    for key in ("layers", *OF_LAYERS):
        if key in section.table:
            raise section.wrong(key, f"{key} does not go together with [[network.layer]]; leave one of them out")
    section.check_keys(("inputs", "layer", *OF_NETWORK, *BEFORE_LAYERS))
    sections = _tables(section, "layer")
    if "inputs" not in section.table:
        raise section.wrong(None, '"inputs" is missing; say how many numbers a sample has, as inputs = 2')
    inputs = section.checked("inputs", lambda: check_count("inputs", section.table["inputs"]))
    layers = [_layer(each) for each in sections]
    sections[-1].checked(None, lambda: Network(inputs, layers))
    return section.built(OF_NETWORK, lambda given: Network(inputs, layers, **given))


def _layer(section: Section) -> Dense:
    section.check_keys(OF_A_LAYER)
    if "units" not in section.table:
        raise section.wrong(None, '"units" is missing; say how many the layer has, as units = 3')
    return section.built(OF_A_LAYER, lambda given: Dense(**given))


def _tables(section: Section, key: str) -> list[Section]:
    """The sections of one header, such as [[network.layer]]."""
    tables = section.table[key]
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise section.wrong(key, f"{key}: expected tables, each with the header [[network.{key}]]")
    return [Section(section.document, (*section.path, key, at), table) for at, table in enumerate(tables)]


def _columns(section: Section) -> list[ColumnLayer]:
    return [_column(each) for each in _tables(section, "column")] if "column" in section.table else []


def _column(section: Section) -> ColumnLayer:
    if "kind" not in section.table:
        raise section.wrong(None, '"kind" is missing; say of what kind the column layer is, as kind = "periodic"')
    kind = section.table["kind"]
    if not isinstance(kind, str) or kind not in COLUMN_LAYERS:
        raise section.wrong("kind", unknown("kind of column layer", kind, COLUMN_LAYERS))
    settings = tuple(entry.name for entry in fields(COLUMN_LAYERS[kind]))
    section.check_keys(("kind", *settings))
    return section.built(settings, lambda given: COLUMN_LAYERS[kind](**given))


def _scale(section: Section) -> Scale | None:
    if "scale" not in section.table:
        return None
    table = section.table["scale"]
    if not isinstance(table, dict):
        raise section.wrong("scale", f"scale: expected a section with the header [network.scale], got {shown(table)}")
    own = Section(section.document, (*section.path, "scale"), table)
    settings = tuple(entry.name for entry in fields(Scale))
    own.check_keys(settings)
    return own.built(settings, lambda given: Scale(**given))


def model(section: Section, network: Network) -> Model:
    """The model of the parameters that are given; what is left out is drawn by the initializer.

    Where the network has a scale, `scale` is that, and not the initializer's.
    """
    for number, layer in enumerate(network.layers, 1):
        if layer.bias == "none" and f"b{number}" in section.table:
            raise section.wrong(f"b{number}", f'b{number}: layer {number} has bias = "none"; leave b{number} out')
    parameters = _initial(section, network)
    views = parameters.named()
    section.check_keys(dict.fromkeys((*views, *OF_INITIALIZER)))
    for name, view in views.items():
        if name in section.table:
            view[...] = section.checked(name, partial(_fitting, name, section.table[name], view.shape))
        elif "initializer" not in section.table:
            mend = f'give {_expected(name, view.shape)}, or initializer = "normal" for all that is left out'
            raise section.wrong(None, f'"{name}" is missing; {mend}')
    return Model.of(parameters)


def _initial(section: Section, network: Network) -> Parameters:
    """What the initializer draws, or zeros."""
    own = [key for key in OF_INITIALIZER if not (key == "scale" and network.scale)]
    if "initializer" in section.table:
        return section.built(own, lambda given: _drawn(network, **given))
    for key in own:
        if key == "scale" and key in section.table and network.columns:
            raise section.wrong(key, "scale: the network has none; give it one with the section [network.scale]")
        if key in section.table:
            raise section.wrong(key, f'{key} belongs to an initializer; give one, as initializer = "normal"')
    return Parameters(network, np.zeros(network.parameter_count))


def _drawn(network: Network, initializer: object, scale: Any = None, seed: Any = 0) -> Parameters:
    if scale is not None:
        scale = check_number("scale", scale)
    return initial(network, initializer, scale=scale, seed=seed)  # type: ignore[arg-type]


def _fitting(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    """A matrix (inputs, units), or a bias: one number, or one a unit; of a column layer, one list an input."""
    values = array(name, value)
    if values.shape != shape and not (len(shape) == 1 and values.ndim == 0):
        got = f"shape {values.shape}" if values.ndim else "one number"
        raise InputError(f"{name}: expected {_expected(name, shape)}, got {got}")
    return values


def _expected(name: str, shape: tuple[int, ...]) -> str:
    if len(shape) >= 2:
        axes = "(inputs, units)" if name[1] != "c" else "(inputs, numbers of each)"
        return f"shape {axes if len(shape) == 2 else '(inputs, rows of each, outputs)'} = {shape}"
    return "one number" if shape == (1,) else f"one number or {shape[0]}"
