"""A model or an ensemble, and how its table was encoded, in one container file; nothing is executed by loading.

A model's arrays are W1, b1, W2, …, then "columns", the parameters of all column layers one after the other, and
"scale", where there are such; its metadata has its "network". An ensemble's are 1/W1, 1/b1, …, 2/W1, …, the member
first; its metadata has each different network once, in "networks", and for each member, in "members", which of them is
its own, counted from 0; and the "temperature". A table's columns that are given by the numbers of their categories have
their labels, of which there may be many thousands, in an array of bytes, "labels": a list for each, as JSON.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from clearprop import __version__, container
from clearprop.ensemble import Ensemble
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.network.parameters import columns_of
from clearprop.network.spec import Network

if TYPE_CHECKING:
    import polars as pl

    from clearprop.engines.base import Array
    from clearprop.scores import Scores
    from clearprop.table import Encoding, Table
    from clearprop.table.in_parts import Tabular

MODEL, ENSEMBLE, LABELS = "model", "ensemble", "labels"


@dataclass(frozen=True)
class TableModel:
    """A model together with how its table is read: from rows as they are to predictions in the target's own words.

    Attributes:
        model: float inputs to outputs, one model or an ensemble.
        encoding: columns of a table to inputs, and the target to what the model learns.
        about: what its file says besides: plain numbers, strings and lists.
    """

    model: Model | Ensemble
    encoding: Encoding
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inputs, outputs = len(self.encoding.input_names), max(1, len(self.encoding.classes))
        network = self.members[0].network
        if (network.inputs, network.outputs) != (inputs, outputs):
            raise InputError(
                f"the table gives {inputs} inputs and {outputs} outputs, the network has "
                f"{network.inputs} and {network.outputs}"
            )

    @property
    def members(self) -> tuple[Model, ...]:
        """The members of the ensemble, or the one model."""
        return self.model.members if isinstance(self.model, Ensemble) else (self.model,)

    def member(self, number: int) -> Model:
        """The member of a number, counted from 1; an `InputError` where there is none."""
        if not 1 <= number <= len(self.members):
            raise InputError(f"there is no member {number}; members go from 1 to {len(self.members)}")
        return self.members[number - 1]

    @staticmethod
    def load(path: str | os.PathLike[str]) -> TableModel:
        """The table model in a file that `save` or `clearprop train` wrote."""
        loaded = read(path)
        if not isinstance(loaded, TableModel):
            raise InputError(f"{path}: this model was not trained on a table; load it with clearprop.load")
        return loaded

    def predict(
        self, table: Tabular, *, keep: str | Sequence[str] = (), engine: str = "auto", threads: int | None = None
    ) -> pl.DataFrame:
        """Predictions for the rows of a table, in their order.

        The first column has the target's name: the likeliest class, or the number in its own unit. For classes a column
        `P(label)` follows for each class.

        Args:
            table: a file, a pattern such as "data/*.parquet", a folder or a list of these, as `TableSource` takes them;
                a Table; or a DataFrame of polars, pandas or pyarrow.
            keep: a column of the table, or several, to stand before these, such as one that tells rows apart.

        Raises:
            InputError: a column is missing, or has a value that is none of its kind; or one to keep has the name of a
                prediction.
        """
        import polars as pl

        from clearprop.table import parts

        found = []
        for rows in parts(table).tables:
            kept = self._kept(rows, keep)
            outputs = self._outputs(rows, engine, threads)
            found.append(pl.DataFrame([*kept, *self._predicted(outputs)]))
        return pl.concat(found)

    def _predicted(self, outputs: Array) -> list[pl.Series]:
        import polars as pl

        if self.encoding.task == "numbers":
            predicted = [self.encoding.target.predicted(outputs[:, 0])]
        else:
            predicted = [pl.Series(list(self.encoding.classes))[outputs.argmax(axis=1)], *outputs.T]
        return [pl.Series(name, values) for name, values in zip(self._names, predicted, strict=True)]

    @property
    def _names(self) -> tuple[str, ...]:
        """Of the columns that `predict` gives."""
        return (self.encoding.target.name, *(f"P({label})" for label in self.encoding.classes))

    def _kept(self, table: Table, keep: str | Sequence[str]) -> list[pl.Series]:
        from clearprop.table.target import column_of

        names = dict.fromkeys([keep] if isinstance(keep, str) else keep)
        for name in names:
            if name in self._names:
                raise InputError(f'keep: the predictions have a column "{name}" of their own; rename that of the table')
        return [column_of(table, name) for name in names]

    def outputs(self, table: Tabular, *, engine: str = "auto", threads: int | None = None) -> Array:
        """What the model itself gives (B, outputs): probabilities of the classes, or a standardised number."""
        from clearprop.table import parts

        return np.concatenate([self._outputs(rows, engine, threads) for rows in parts(table).tables])

    def _outputs(self, rows: Table, engine: str, threads: int | None) -> Array:
        return self.model.predict(self.encoding.inputs(rows), engine=engine, threads=threads)

    def evaluate(self, table: Tabular, *, engine: str = "auto", threads: int | None = None) -> Scores:
        """How good the predictions are for those rows of a table that have the target.

        The table is given as to `predict`. Beside each measure stands what an answer without looking gets: the shares
        of the classes in training, or the mean.

        Raises:
            InputError: there is no target column, no row has it, or a class is one that training did not have; or as
                `predict`.
        """
        from clearprop.scores import Answers
        from clearprop.table import all_missing, have, parts

        given, target, found = parts(table), self.encoding.target, []
        for rows in given.tables:
            if target.name not in rows.names:
                raise InputError(
                    f"{rows.source}: {target.lacking(rows.names)}; without it there is nothing to score by (predicting "
                    "needs no target)"
                )
            known = rows.select(have(rows, target.name))
            if len(known):
                true = self.encoding.targets(known)
                found.append(Answers.of(self.encoding, self._outputs(known, engine, threads), true))
        if not found:
            raise all_missing(given.source, target.name)
        return Answers.joined(found).scores(self.encoding, self.about.get("class_shares"))

    def score(self, outputs: Array, true: Array) -> Scores:
        """How good outputs (B, outputs) are for rows whose targets are `true`, as `Encoding.targets` gives them."""
        from clearprop.scores import Answers

        return Answers.of(self.encoding, outputs, true).scores(self.encoding, self.about.get("class_shares"))


class Estimator(Protocol):
    """What is no model itself, but tells of one, as fitted estimators do."""

    def as_model(self) -> Model | Ensemble | TableModel: ...


def save(model: Model | Ensemble | TableModel | Estimator, path: str | os.PathLike[str]) -> None:
    """Writes a model, an ensemble, a table model or a fitted estimator to one safetensors file, whole or not at all.

    >>> import tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> model = Model.initialized(Network.parse("2-3-1"))
    >>> save(model, path)
    >>> load(path) == model
    True
    """
    if not isinstance(model, Model | Ensemble | TableModel) and hasattr(model, "as_model"):
        model = model.as_model()
    container.write(path, *_contents(model))


def check_storable(model: Model | Ensemble | TableModel) -> None:
    """Raises an `InputError` for a model that `save` could not store; worth asking before hours of work."""
    container.packed("the model", *_contents(model))


def load(path: str | os.PathLike[str]) -> Model | Ensemble:
    """The model or ensemble in a file; `TableModel.load` gives it together with how its table is read.

    Raises:
        InputError: there is no such file, it is damaged, or what it holds is no model.
    """
    loaded = read(path)
    return loaded.model if isinstance(loaded, TableModel) else loaded


def _contents(model: object) -> tuple[dict[str, Array], dict[str, Any]]:
    table_model = model if isinstance(model, TableModel) else None
    plain = model.model if isinstance(model, TableModel) else model
    if isinstance(plain, Model):
        kind, tensors = MODEL, _tensors(plain)
        described: dict[str, Any] = {"network": plain.network.to_json()}
    elif isinstance(plain, Ensemble):
        kind, tensors = ENSEMBLE, {}
        for number, member in enumerate(plain.members, 1):
            tensors |= {f"{number}/{name}": array for name, array in _tensors(member).items()}
        described = _described(plain)
    else:
        raise InputError(f"save: expected a Model, an Ensemble or a TableModel, got {type(model).__name__}")
    encoding, labels = _labels_apart(table_model.encoding.to_json()) if table_model else (None, {})
    tensors |= labels
    metadata = {
        "kind": kind,
        "clearprop": __version__,
        **described,
        "encoding": encoding,
        "about": dict(table_model.about) if table_model else {},
    }
    return tensors, metadata


def _described(ensemble: Ensemble) -> dict[str, Any]:
    networks: list[Network] = []
    for member in ensemble.members:
        if member.network not in networks:
            networks.append(member.network)
    return {
        "networks": [network.to_json() for network in networks],
        "members": [networks.index(member.network) for member in ensemble.members],
        "temperature": ensemble.temperature,
    }


def read(path: str | os.PathLike[str]) -> Model | Ensemble | TableModel:
    """What is in a file, a model, an ensemble or a table model; raises as `load` does."""
    contents = container.read(path)
    metadata = contents.metadata
    kind = metadata.get("kind")
    if kind not in (MODEL, ENSEMBLE):
        raise InputError(f"{path}: this file holds a {kind or 'thing of no kind'}, not a model")
    try:
        model: Model | Ensemble
        tensors = {name: array for name, array in contents.tensors.items() if name != LABELS}
        if kind == MODEL:
            model = _model(Network.from_json(metadata.get("network", {})), tensors)
        else:
            model = _ensemble(metadata, tensors)
        if metadata.get("encoding") is None:
            return model
        from clearprop.table import Encoding

        about = metadata.get("about")
        encoding = Encoding.from_json(_labels_back(metadata["encoding"], contents.tensors.get(LABELS)))
        return TableModel(model, encoding, about if isinstance(about, dict) else {})
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _labels_apart(encoding: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Array]]:
    """An encoding as JSON without the labels of columns that are coded, and these."""
    coded = [column for column in encoding["columns"] if column.get("coded")]
    if not coded:
        return encoding, {}
    written = json.dumps([column.pop("labels") for column in coded], ensure_ascii=False)
    return encoding, {LABELS: np.frombuffer(written.encode(), np.uint8)}


def _labels_back(encoding: Any, labels: Array | None) -> Any:
    """The inverse of `_labels_apart`, for whatever stands in a file."""
    columns = encoding.get("columns") if isinstance(encoding, dict) else None
    listed = columns if isinstance(columns, list) else []
    coded = [column for column in listed if isinstance(column, dict) and column.get("coded") is True]
    if labels is None and not coded:
        return encoding
    try:
        found = json.loads(b"" if labels is None else labels.tobytes())
        for column, own in zip(coded, found, strict=True):
            column["labels"] = own
    except (ValueError, TypeError, RecursionError):
        raise InputError("the labels of its columns are missing, or are none") from None
    return encoding


def _tensors(model: Model) -> dict[str, Array]:
    named: dict[str, Array] = {}
    for number, (W, b) in enumerate(zip(model.parameters.weights, model.parameters.biases, strict=True), 1):
        named[f"W{number}"] = W
        named[f"b{number}"] = b
    if model.parameters.of_columns.size:
        named["columns"] = model.parameters.of_columns
    if model.network.scale:
        named["scale"] = model.parameters.scale
    return named


def _ensemble(metadata: Mapping[str, Any], tensors: Mapping[str, Array]) -> Ensemble:
    described, chosen = metadata.get("networks"), metadata.get("members")
    if not isinstance(described, list) or not described:
        raise InputError("an ensemble: expected a list of networks")
    networks = [Network.from_json(network) for network in described]
    if not isinstance(chosen, list) or any(type(one) is not int for one in chosen):
        raise InputError("an ensemble: expected a list of members, each the place of its network")
    if set(chosen) != set(range(len(networks))):
        raise InputError(f"an ensemble: expected members of {len(networks)} networks, counted from 0, and each used")
    # Counted before the names are made: a short list must not ask for a long one.
    expected = sum(_array_count(networks[place]) for place in chosen)
    if len(tensors) != expected:
        raise InputError(f"an ensemble: expected {expected} arrays, 1/W1, 1/b1 and so on, got {len(tensors)}")
    parts: list[dict[str, Array]] = [{} for _ in chosen]
    for name, array in tensors.items():
        first, _, own = name.partition("/")
        if not (first.isascii() and first.isdecimal() and len(first) < 9 and 1 <= int(first) <= len(chosen)):
            raise InputError(f"an ensemble: the array {name} belongs to no member; there are {len(chosen)}")
        parts[int(first) - 1][own] = array
    members = []
    for number, (place, part) in enumerate(zip(chosen, parts, strict=True), 1):
        try:
            members.append(_model(networks[place], part))
        except InputError as error:
            raise InputError(f"member {number}: {error}") from None
    return Ensemble(members, metadata.get("temperature"))  # type: ignore[arg-type]  # what it is not, it says


def _array_count(network: Network) -> int:
    return 2 * len(network.layers) + bool(network.columns_size) + bool(network.scale)


def _model(network: Network, tensors: Mapping[str, Array]) -> Model:
    depth = len(network.layers)
    more = [name for name, there in (("columns", network.columns_size), ("scale", network.scale)) if there]
    expected = {*more, *(f"{letter}{number}" for number in range(1, depth + 1) for letter in "Wb")}
    if set(tensors) != expected:
        wrong = ", ".join(sorted(set(tensors) ^ expected))
        listed = ", ".join([f"W1, b1 to W{depth}, b{depth}", *more])
        raise InputError(f"expected the arrays {listed}; missing or too many: {wrong}")
    kinds = {array.dtype for array in tensors.values()}
    if len(kinds) != 1 or next(iter(kinds)) not in (np.float32, np.float64):
        raise InputError(f"expected float32 or float64 throughout, got {', '.join(sorted(map(str, kinds)))}")
    weights = [tensors[f"W{number}"] for number in range(1, depth + 1)]
    biases = [tensors[f"b{number}"] for number in range(1, depth + 1)]
    if network.parameter_count != sum(array.size for array in tensors.values()):  # before as many are made room for
        for number, (units, W) in enumerate(zip(network.sizes, weights, strict=False), 1):
            shape = (units, network.layers[number - 1].units)
            if W.shape != shape:
                raise InputError(f"W{number}: expected shape (inputs, units) = {shape}, got {W.shape}")
    if network.columns_size and tensors["columns"].shape != (network.columns_size,):
        raise InputError(f"columns: expected shape ({network.columns_size},), got {tensors['columns'].shape}")
    return Model(
        network,
        weights,
        biases,
        dtype=str(weights[0].dtype),
        columns=columns_of(network, tensors.get("columns", np.empty(0))),
        scale=tensors.get("scale"),
    )
