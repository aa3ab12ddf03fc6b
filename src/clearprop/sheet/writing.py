"""Writing a worked sheet as TOML that reads as the same sheet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from inspect import signature
from typing import Any

from clearprop.network.columns import Scale
from clearprop.network.spec import Dense, Network
from clearprop.sheet.sheet import Sheet
from clearprop.sheet.written import Written

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
SAID = ("hidden", "output", "loss", "units", "activation", "kind", "learning_rate")
LINE = 100  # a longer matrix takes a line a row


def write_sheet(sheet: Sheet) -> str:
    """The sheet as TOML; reading it gives an equal sheet, down to the last bit and the last written digit.

    >>> from clearprop.sheet import read_sheet
    >>> text = '''
    ... [network]
    ... layers = "2-1"
    ... [parameters]
    ... initializer = "zeros"
    ... [data]
    ... x = [[1.0, 2.0]]
    ... y = [[1.0]]
    ... '''
    >>> print(write_sheet(read_sheet(text)))
    title = ""
    <BLANKLINE>
    [network]
    layers = "2-1"
    output = "sigmoid"
    loss = "half_squared_error"
    <BLANKLINE>
    [parameters]
    W1 = [[0.0], [0.0]]
    b1 = [0.0]
    <BLANKLINE>
    [data]
    x = [[1.0, 2.0]]
    y = [[1.0]]
    <BLANKLINE>
    [optimizer]
    kind = "sgd"
    learning_rate = 0.01
    <BLANKLINE>
    [claims]
    notation = "canonical"
    <BLANKLINE>
    """
    claims = {claim.key: claim.written for claim in sheet.claims}
    sections = [
        _line("title", sheet.title),
        *_network(sheet.network),
        _section("parameters", {name: array.tolist() for name, array in sheet.model.parameters.named().items()}),
        _section("data", {"x": sheet.X.tolist(), "y": sheet.Y.tolist()}),
        _section("optimizer", dict(_training(sheet))),
        _section("claims", {"notation": sheet.notation, **claims}),
    ]
    return "\n\n".join(sections) + "\n"


def _network(network: Network) -> Iterator[str]:
    """One section where a short form says it all, otherwise a table a layer."""
    first, last = network.layers[0], network.layers[-1]
    sizes = "-".join(map(str, (network.inputs, *network.sizes[1:])))
    layers: dict[str, Any] = {"hidden": first.activation} if len(network.layers) > 1 else {}
    layers |= {"output": last.activation, "bias": last.bias, "train_bias": last.train_bias, "dropout": first.dropout}
    whole = {key: getattr(network, key) for key in ("loss", "l1", "l2", "reduction")}
    if Network.parse(sizes, **layers, **whole) == replace(network, columns=(), scale=None):
        yield _section("network", {"layers": sizes, **_changed({**layers, **whole}, Network.parse)})
        yield from _before_layers(network)
        return
    yield _section("network", {"inputs": network.inputs, **_changed(whole, Network)})
    yield from _before_layers(network)
    for layer in network.layers:
        yield _section("[network.layer]", _changed(asdict(layer), Dense))


def _before_layers(network: Network) -> Iterator[str]:
    for layer in network.columns:
        yield _section("[network.column]", _changed(layer.to_json(), type(layer)))
    if network.scale:
        yield _section("network.scale", _changed(asdict(network.scale), Scale))


def _changed(settings: Mapping[str, Any], made_by: Callable[..., Any]) -> dict[str, Any]:
    """The settings without those that are what they are by default; some are worth saying all the same."""
    usual = {name: entry.default for name, entry in signature(made_by).parameters.items()}
    return {key: value for key, value in settings.items() if key in SAID or value != usual[key]}


def _training(sheet: Sheet) -> Iterator[tuple[str, Any]]:
    yield from _changed(sheet.optimizer.to_json(), type(sheet.optimizer)).items()
    if sheet.batch_size is not None:
        yield "batch_size", sheet.batch_size
    if sheet.order != "shuffled":
        yield "order", sheet.order
    if sheet.seed:
        yield "seed", sheet.seed


def _section(name: str, settings: Mapping[str, Any]) -> str:
    return "\n".join([f"[{name}]", *(_line(key, value) for key, value in settings.items())])


def _line(key: str, value: Any) -> str:
    name = key if _BARE.fullmatch(key) else _quoted(key)
    line = f"{name} = {_value(value)}"
    if len(line) > LINE and isinstance(value, list | tuple):
        rows = "".join(f"    {_value(row)},\n" for row in value)
        return f"{name} = [\n{rows}]"
    return line


def _value(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | Written):
        return _quoted(str(value))
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_line(key, inner) for key, inner in value.items())} }}"
    return repr(value)


def _quoted(text: str) -> str:
    """A TOML text is a JSON text in which DEL is escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
