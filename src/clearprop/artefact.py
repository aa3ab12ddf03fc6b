"""A model, and how its table was encoded, in one container file; nothing is ever executed by loading."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from clearprop import __version__, container
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.network.spec import Network

if TYPE_CHECKING:
    import polars as pl

    from clearprop.engines.base import Array
    from clearprop.table import Encoding, Table

KIND = "model"


@dataclass(frozen=True)
class TableModel:
    """A model together with how its table is read: from rows as they are to predictions in the target's own words.

    Attributes:
        model: float inputs to outputs.
        encoding: columns of a table to inputs, and the target to what the model learns.
        about: what its file says besides: plain numbers, strings and lists.
    """

    model: Model
    encoding: Encoding
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inputs, outputs = len(self.encoding.input_names), max(1, len(self.encoding.classes))
        if (self.model.network.inputs, self.model.network.outputs) != (inputs, outputs):
            raise InputError(
                f"the table gives {inputs} inputs and {outputs} outputs, the network has "
                f"{self.model.network.inputs} and {self.model.network.outputs}"
            )

    @staticmethod
    def load(path: str | os.PathLike[str]) -> TableModel:
        """The table model in a file that `save` or `clearprop train` wrote."""
        loaded = read(path)
        if isinstance(loaded, Model):
            raise InputError(f"{path}: this model was not trained on a table; load it with clearprop.load")
        return loaded

    def predict(
        self, table: Table | str | os.PathLike[str] | Any, *, engine: str = "auto", threads: int | None = None
    ) -> pl.DataFrame:
        """Predictions for the rows of a file, a Table or a DataFrame, in their order.

        The first column has the target's name: the likeliest class, or the number in its own unit. For classes a column
        `P(label)` follows for each class.

        Raises:
            InputError: a column is missing, or has a value that is none of its kind.
        """
        import polars as pl

        outputs = self.outputs(table, engine=engine, threads=threads)
        target = self.encoding.target
        if self.encoding.task == "numbers":
            return pl.DataFrame({target.name: target.unstandardise(outputs[:, 0])})
        labels = pl.Series(target.name, list(self.encoding.classes))
        chosen = labels[outputs.argmax(axis=1)]
        shares = {f"P({label})": outputs[:, code] for code, label in enumerate(self.encoding.classes)}
        return pl.DataFrame([chosen, *(pl.Series(name, share) for name, share in shares.items())])

    def outputs(
        self, table: Table | str | os.PathLike[str] | Any, *, engine: str = "auto", threads: int | None = None
    ) -> Array:
        """What the network itself gives (B, outputs): probabilities of the classes, or a standardised number."""
        from clearprop.table import as_table

        return self.model.predict(self.encoding.inputs(as_table(table)), engine=engine, threads=threads)


def save(model: Model | TableModel, path: str | os.PathLike[str]) -> None:
    """Writes a model, or a table model, to one safetensors file, whole or not at all.

    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> model = Model.initialized(Network.parse("2-3-1"))
    >>> save(model, path)
    >>> load(path) == model
    True
    """
    container.write(path, *_contents(model))


def check_storable(model: Model | TableModel) -> None:
    """Raises an `InputError` for a model that `save` could not store; worth asking before hours of work."""
    container.packed("the model", *_contents(model))


def _contents(model: Model | TableModel) -> tuple[dict[str, Array], dict[str, Any]]:
    table_model = model if isinstance(model, TableModel) else None
    plain = model.model if isinstance(model, TableModel) else model
    if not isinstance(plain, Model):
        raise InputError(f"save: expected a Model or a TableModel, got {type(model).__name__}")
    metadata = {
        "kind": KIND,
        "clearprop": __version__,
        "network": plain.network.to_json(),
        "encoding": table_model.encoding.to_json() if table_model else None,
        "about": dict(table_model.about) if table_model else {},
    }
    return _tensors(plain), metadata


def load(path: str | os.PathLike[str]) -> Model:
    """The model in a file; `TableModel.load` gives it together with how its table is read.

    Raises:
        InputError: there is no such file, it is damaged, or what it holds is no model.
    """
    loaded = read(path)
    return loaded.model if isinstance(loaded, TableModel) else loaded


def read(path: str | os.PathLike[str]) -> Model | TableModel:
    """What is in a file, a model or a table model; raises as `load` does."""
    contents = container.read(path)
    metadata = contents.metadata
    if metadata.get("kind") != KIND:
        raise InputError(f"{path}: this file holds a {metadata.get('kind', 'thing of no kind')}, not a model")
    try:
        model = _model(Network.from_json(metadata.get("network", {})), contents.tensors)
        if metadata.get("encoding") is None:
            return model
        from clearprop.table import Encoding

        about = metadata.get("about")
        return TableModel(model, Encoding.from_json(metadata["encoding"]), about if isinstance(about, dict) else {})
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _tensors(model: Model) -> dict[str, Array]:
    named: dict[str, Array] = {}
    for number, (W, b) in enumerate(zip(model.parameters.weights, model.parameters.biases, strict=True), 1):
        named[f"W{number}"] = W
        named[f"b{number}"] = b
    for number, own in enumerate(model.parameters.columns, 1):
        named |= {f"{name}c{number}": array for name, array in own.items()}
    if model.network.scale:
        named["scale"] = model.parameters.scale
    return named


def _model(network: Network, tensors: Mapping[str, Array]) -> Model:
    depth = len(network.layers)
    of_columns = [{name: f"{name}c{k}" for name in layer.shapes} for k, layer in enumerate(network.columns, 1)]
    expected = {f"{letter}{number}" for number in range(1, depth + 1) for letter in "Wb"}
    expected |= {id for names in of_columns for id in names.values()} | ({"scale"} if network.scale else set())
    if set(tensors) != expected:
        wrong = sorted(set(tensors) ^ expected)
        raise InputError(f"expected the arrays {', '.join(sorted(expected))}; missing or too many: {', '.join(wrong)}")
    kinds = {array.dtype for array in tensors.values()}
    if len(kinds) != 1 or next(iter(kinds)) not in (np.float32, np.float64):
        raise InputError(f"expected float32 or float64 throughout, got {', '.join(sorted(map(str, kinds)))}")
    weights = [tensors[f"W{number}"] for number in range(1, depth + 1)]
    biases = [tensors[f"b{number}"] for number in range(1, depth + 1)]
    return Model(
        network,
        weights,
        biases,
        dtype=str(weights[0].dtype),
        columns=[{name: tensors[id] for name, id in names.items()} for names in of_columns],
        scale=tensors.get("scale"),
    )
