"""What page and server say to each other: every message, in one schema that both ends are tested against.

Messages are JSON texts over one WebSocket. Each has a `type`. What the page sends may have a number `ask`; it is
answered by one message with that number as `re`: `done`, `error`, `steps`, `columns` or `marked`. All else that the
server sends comes by itself, whenever it changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clearprop.errors import InputError
from clearprop.playground.schema import (
    COUNT,
    FLAG,
    NULL,
    NUMBER,
    TEXT,
    Schema,
    check,
    chosen,
    fields,
    mapping,
    one_of,
    several,
    text,
)

VERSION = 1

MOST_BYTES = 4_000_000
"""The longest message that a server takes."""

TYPED = one_of(NUMBER, text(80))  # a number, or what was typed for it
ID = text(80)
SVG = TEXT
MATHML = TEXT

LAYER = fields(
    {"units": TYPED},
    {
        "activation": text(40),
        "bias": text(10),
        "train_bias": FLAG,
        "dropout": TYPED,
        "weight_rate": TYPED,
        "bias_rate": TYPED,
    },
)
NETWORK = fields(
    {},
    {"layers": several(LAYER, 100), "loss": text(40), "l1": TYPED, "l2": TYPED, "reduction": text(10)},
)
SCHEDULE: Schema = mapping(TYPED)
OPTIMIZER: Schema = mapping(one_of(TYPED, FLAG, SCHEDULE))
BATCH = one_of(chosen("full", "one"), TYPED)
POINT: Schema = several(NUMBER, 3)
ROWS: Schema = several(several(NUMBER, 1_000), 20_000)

FROM_PAGE: dict[str, tuple[str, Schema]] = {
    "hello": (
        "First of all: which protocol, and what was open: a `share` text, or none for what the server begins with. "
        "Answered by `options`, `state`, `trace` and `pictures`, then `done`.",
        fields({"version": COUNT, "language": text(20), "share": text(200_000)}),
    ),
    "change": (
        "Parts of the state that are to be different, nested as the state is.",
        fields(
            {},
            {
                "network": NETWORK,
                "optimizer": OPTIMIZER,
                "batch": BATCH,
                "start": fields({}, {"kind": text(40), "seed": TYPED}),
                "notation": text(40),
                "language": text(20),
                "digits": TYPED,
            },
        ),
    ),
    "parameter": ("A new value for one weight or bias, by canonical id.", fields({"id": ID, "text": text(80)})),
    "initialise": ("New initial values, drawn from the seed; the count of updates begins again.", fields({})),
    "undo": ("Takes the last change back.", fields({})),
    "redo": ("Makes the change again that was taken back.", fields({})),
    "example": ("Opens a bundled example.", fields({"key": text(80)})),
    "data": (
        "Other data: ready-made by `name` and its `settings`, points, or numbers; what is left out stays.",
        fields(
            {"kind": chosen("named", "points", "numbers")},
            {
                "name": text(40),
                "settings": mapping(TYPED),
                "points": several(POINT, 5_000),
                "columns": several(text(200), 1_000),
                "x": ROWS,
                "y": ROWS,
            },
        ),
    ),
    "point": (
        "Adds a point (across, up, class), in 0 to 1 of the map or, where `raw`, in the data's own numbers; or removes "
        "the one of an index.",
        one_of(fields({"add": POINT}, {"raw": FLAG}), fields({"remove": COUNT})),
    ),
    "table": (
        "A table as text. Without a target it is answered by `columns`; with one, it becomes the data.",
        fields({"name": text(200), "text": text(MOST_BYTES), "target": one_of(text(1_000), NULL)}),
    ),
    "sample": (
        'Which sample the step is of: its index, or "next" for the samples that training takes next.',
        fields({"to": one_of(COUNT, chosen("next"))}),
    ),
    "steps": ("The steps of a trace, `from` up to before `to`.", fields({"trace": COUNT, "from": COUNT, "to": COUNT})),
    "apply": ("Makes the update that is shown.", fields({})),
    "run": ("Trains, until `pause`.", fields({})),
    "pause": ("Ends the training; a new `trace` follows.", fields({})),
    "speed": ("How many updates a second.", fields({"to": one_of(chosen("most"), TYPED)})),
    "seen": ("The page has drawn this frame: the next one may come.", fields({"number": COUNT})),
    "quiz": ("What somebody thinks a quantity of the trace is.", fields({"id": ID, "text": text(80)})),
}

TITLE = fields({"en": TEXT, "zh": TEXT})
TITLED = several(fields({"key": TEXT, "title": TITLE}))
PALETTE = several(several(COUNT, 3), 256)
AXIS = several(NUMBER, 2)
MARKS = mapping(chosen("used", "computed"))
MAP = fields(
    {"width": COUNT, "height": COUNT, "pixels": TEXT},
    {
        "kind": chosen("classes", "numbers"),
        "palette": PALETTE,
        "dark": PALETTE,
        "across": fields({"name": TEXT, "range": AXIS}),
        "up": fields({"name": TEXT, "range": AXIS}),
        "ends": several(TEXT, 2),
        "points": several(several(one_of(NUMBER, FLAG), 4)),
    },
)
CURVE = fields({"curve": SVG})
LINK = fields({"kind": chosen("formula", "numbers", "result"), "mathml": MATHML})
STEP = fields(
    {
        "id": TEXT,
        "name": TEXT,
        "title": TEXT,
        "phase": chosen("given", "forward", "loss", "backward", "update"),
        "heading": TEXT,
        "words": several(TEXT),
        "note": TEXT,
        "network": MARKS,
        "matrices": MARKS,
        "drawings": several(SVG),
    },
    {
        "of": MATHML,
        "links": several(LINK),
        "spoken": TEXT,
        "given": several(fields({"label": TEXT, "values": several(MATHML)})),
        "later": mapping(COUNT),
    },
)

OPTIONS = fields(
    {
        "version": COUNT,
        "hidden_activations": several(TEXT),
        "output_activations": several(TEXT),
        "losses": several(TEXT),
        "biases": several(TEXT),
        "initializers": several(TEXT),
        "optimizers": mapping(several(fields({"name": TEXT, "kind": chosen("number", "flag", "schedule")}))),
        "schedules": mapping(several(TEXT)),
        "batch": COUNT,
        "datasets": several(fields({"key": TEXT, "kind": chosen("classes", "numbers")})),
        "examples": TITLED,
        "notations": TITLED,
        "languages": several(TEXT),
        "limits": fields({"layers": COUNT, "units": COUNT, "parameters": COUNT, "rows": COUNT, "bytes": COUNT}),
        "speeds": several(one_of(COUNT, chosen("most"))),
    }
)
DATA = fields(
    {
        "kind": chosen("named", "points", "numbers", "table"),
        "name": TEXT,
        "free": FLAG,
        "inputs": several(TEXT),
        "outputs": several(TEXT),
        "classes": one_of(NULL, several(TEXT)),
        "task": chosen("classes", "numbers"),
        "settings": mapping(NUMBER),
        "rows": COUNT,
        "held_out": COUNT,
        "numbers": one_of(
            NULL, fields({"columns": several(TEXT), "x": several(several(NUMBER)), "y": several(several(NUMBER))})
        ),
        "points": one_of(NULL, several(POINT)),
    }
)
STATE = fields(
    {
        "session": TEXT,
        "title": TEXT,
        "network": {"type": "object"},
        "optimizer": {"type": "object"},
        "batch": one_of(chosen("full", "one"), COUNT),
        "start": fields({"kind": TEXT, "seed": COUNT}),
        "data": DATA,
        "sample": one_of(COUNT, chosen("batch")),
        "follows": FLAG,
        "samples": COUNT,
        "example": one_of(NULL, TEXT),
        "notation": TEXT,
        "language": TEXT,
        "digits": COUNT,
        "updates": COUNT,
        "epochs": COUNT,
        "E": TEXT,
        "held_out": one_of(NULL, TEXT),
        "undo": FLAG,
        "redo": FLAG,
        "running": FLAG,
        "speed": one_of(COUNT, chosen("most")),
        "share": TEXT,
    }
)
PICTURES: dict[str, Schema] = {
    "curves": one_of(NULL, SVG),
    "spread": one_of(NULL, SVG),
    "map": one_of(NULL, CURVE, MAP),
}

FROM_SERVER: dict[str, tuple[str, Schema]] = {
    "options": ("All that can be chosen, and the limits; once, after `hello`.", OPTIONS),
    "state": ("All that there is, but for the pictures and the steps; after each change.", STATE),
    "trace": (
        "The update that would come next, taken apart: the drawing of the network without marks, what can be set in "
        "it, the phase of each step, the step that first has each quantity, and all steps where they are few.",
        fields(
            {
                "number": COUNT,
                "network": SVG,
                "parameters": mapping(fields({"name": TEXT, "text": TEXT})),
                "phases": several(TEXT),
                "first": mapping(COUNT),
            },
            {"steps": several(STEP)},
        ),
    ),
    "pictures": ("The charts and the map; after each change.", fields(PICTURES)),
    "frame": (
        "While it trains: numbers, and what is new of the pictures. Of a map only `width`, `height` and `pixels`: the "
        "rest is as `pictures` had it. No other frame comes before the page has `seen` this one.",
        fields(
            {
                "number": COUNT,
                "updates": COUNT,
                "epochs": COUNT,
                "E": TEXT,
                "held_out": one_of(NULL, TEXT),
                "rate": TEXT,
            },
            {**PICTURES, "network": SVG, "share": TEXT},
        ),
    ),
    "done": ("What was asked is done.", fields({})),
    "steps": ("The steps asked for.", fields({"trace": COUNT, "from": COUNT, "steps": several(STEP)})),
    "columns": ("The columns of a table.", fields({"names": several(TEXT)})),
    "marked": (
        "What `check` says of a value: right, rounded or wrong, the true one, and the slips that would explain it.",
        fields({"status": chosen("right", "rounded", "wrong"), "true": TEXT, "slips": several(TEXT)}),
    ),
    "error": (
        "What was asked was refused, and nothing has changed; or, without `re`, what went wrong by itself: in the "
        "page's language, or in English where the message comes from deeper than the playground.",
        fields({"message": TEXT, "language": TEXT}),
    ),
}


def schema() -> dict[str, Any]:
    """The whole protocol as one JSON Schema: a message is one of `$defs`, `page.…` or `server.…`."""
    defined = {}
    for side, number, messages in (("page", "ask", FROM_PAGE), ("server", "re", FROM_SERVER)):
        for kind, (said, one) in messages.items():
            defined[f"{side}.{kind}"] = {"description": said, **_whole(kind, number, one)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"clearprop playground, protocol {VERSION}",
        "$defs": defined,
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in defined],
    }


def read(message: str | bytes) -> dict[str, Any]:
    """A message of the page, checked.

    Raises:
        InputError: it is no message of this protocol.

    >>> read('{"type": "seen", "number": 3}')
    {'type': 'seen', 'number': 3}
    >>> read('{"type": "sean"}')
    Traceback (most recent call last):
    clearprop.errors.InputError: message: unknown type 'sean'
    """
    try:
        found = json.loads(message, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InputError("message: expected a JSON text") from None
    check_message(FROM_PAGE, "ask", found)
    return dict(found)


def check_message(messages: Mapping[str, tuple[str, Schema]], number: str, message: object) -> None:
    """Whether it is one of these messages; `number` is the key that may stand beside its own."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise InputError('message: expected an object with a "type"')
    kind = message["type"]
    if kind not in messages:
        raise InputError(f"message: unknown type {kind[:40]!r}")
    check(_whole(kind, number, messages[kind][1]), message, kind)


def _whole(kind: str, number: str, one: Schema) -> Schema:
    """A message's own fields, with its type and its number."""
    if "anyOf" in one:
        return {"anyOf": [_whole(kind, number, option) for option in one["anyOf"]]}
    properties = {"type": {"enum": [kind]}, number: COUNT, **one["properties"]}
    return {**one, "properties": properties, "required": ["type", *one["required"]]}


def _no_number(written: str) -> float:
    raise ValueError(f"{written} is no number of JSON")
