"""The whole state of a playground as a text for an address: own weights included, compressed, read back bit for bit."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from clearprop.engines.base import State, Sums
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.network.initializers import INITIALIZERS
from clearprop.network.parameters import Parameters, float_type
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import optimizer_from_json
from clearprop.playground.data import data_from_json
from clearprop.playground.play import Play, check_network, check_order
from clearprop.playground.refusals import LinkRefusal, Refusal
from clearprop.playground.typed import whole
from clearprop.random import check_seed

VERSION = "1."
MOST_LINK = 60_000  # characters, which every browser of today takes
MOST_UNPACKED = 20_000_000  # bytes that a text may become


def written(play: Play) -> str:
    """The text; `read` gives an equal play."""
    state, model = play.state, play.model
    told = {
        "network": model.network.to_json(),
        "dtype": model.dtype,
        "parameters": _bytes(model.parameters.flat),
        "optimizer": play.optimizer.to_json(),
        "slots": {name: _bytes(slot) for name, slot in state.slots.items()},
        "at": [state.seed, state.epoch, state.batch, state.step],
        "sums": [state.sums.loss, state.sums.weight, state.sums.penalty, state.sums.rows],
        "data": play.data.to_json(),
        "batch": play.batch,
        "order": play.order if isinstance(play.order, str) else list(play.order),
        "start": [play.start, play.seed],
        "sample": play.sample,
        "view": {"notation": play.notation, "language": play.language, "digits": play.digits},
        "title": play.title,
        "example": play.example,
    }
    packed = zlib.compress(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
    return VERSION + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(text: str) -> Play:
    """The play of a text that `written` made.

    Raises:
        InputError: it is none; nothing in it is ever executed, and it cannot become larger than it may.
    """
    if not text.startswith(VERSION):
        raise LinkRefusal("link of another")
    try:
        return _play(_told(text.removeprefix(VERSION)))
    except InputError as error:
        raise _of_link(error) from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise LinkRefusal("link damaged") from None


def _of_link(error: InputError) -> InputError:
    """An error that says that it is the link's."""
    if isinstance(error, LinkRefusal):
        return error
    return LinkRefusal("link", why=error) if isinstance(error, Refusal) else InputError(f"link: {error}")


def _told(text: str) -> dict[str, Any]:
    packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(packed, MOST_UNPACKED)
    except zlib.error:
        raise LinkRefusal("link damaged") from None
    if not unpacking.eof:
        raise LinkRefusal("link too large")
    try:
        found = json.loads(data)
    except RecursionError:
        raise LinkRefusal("link damaged") from None
    if not isinstance(found, dict):
        raise LinkRefusal("link damaged")
    return found


def _play(told: Mapping[str, Any]) -> Play:
    network = Network.from_json(told["network"])
    check_network(network)
    dtype = float_type(told["dtype"])
    flat = _array(told["parameters"], network, dtype)
    optimizer = optimizer_from_json(told["optimizer"])
    remembered = told["slots"]
    slots = {name: _array(remembered[name], network, dtype) for name in optimizer.slots}
    seed, epoch, batch, step = (whole("updates", one, 0, 2**63) for one in told["at"])
    sums = Sums(*(float(one) for one in told["sums"]))
    data = data_from_json(told["data"])
    if len(data.inputs) != network.inputs or data.targets(network).shape[1] != network.outputs:
        raise LinkRefusal("link unlike")
    start, drawn_from = told["start"]
    if start not in INITIALIZERS:
        raise LinkRefusal("link start")
    play = Play(
        Model.of(Parameters(network, flat)),
        State(check_seed(seed), epoch, batch, step, slots, sums),
        data,
        optimizer,
        order=check_order(told["order"], len(data)),
        start=start,
        seed=check_seed(drawn_from),
        title=str(told["title"])[:200],
        example=None if told["example"] is None else str(told["example"])[:80],
    )
    if told["batch"] not in ("full", "one"):
        whole("batch", told["batch"], 1, 10**6)
    sample = None if told["sample"] is None else whole("sample", told["sample"], 0, len(data) - 1)
    return replace(play, batch=told["batch"], sample=sample).viewed(told["view"])


def _bytes(array: Any) -> str:
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode()


def _array(text: str, network: Network, dtype: np.dtype[Any]) -> Any:
    found = np.frombuffer(base64.b64decode(text, validate=True), dtype.newbyteorder("<")).astype(dtype)
    if len(found) != network.parameter_count or not np.isfinite(found).all():
        raise LinkRefusal("link weights")
    return found
