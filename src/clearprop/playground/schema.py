"""The part of JSON Schema that the protocol is written in, and whether a value keeps to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clearprop.errors import InputError

Schema = Mapping[str, Any]

KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}

NUMBER: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NULL: Schema = {"type": "null"}


def fields(needed: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these keys and no others."""
    optional = optional or {}
    return {
        "type": "object",
        "properties": {**needed, **optional},
        "required": list(needed),
        "additionalProperties": False,
    }


def mapping(value: Schema) -> Schema:
    """An object with any keys."""
    return {"type": "object", "additionalProperties": value}


def several(item: Schema, most: int | None = None) -> Schema:
    return {"type": "array", "items": item, **({} if most is None else {"maxItems": most})}


def text(most: int) -> Schema:
    return {"type": "string", "maxLength": most}


def one_of(*options: Schema) -> Schema:
    return {"anyOf": list(options)}


def chosen(*values: str) -> Schema:
    return {"enum": list(values)}


def check(schema: Schema, value: object, place: str) -> None:
    """Whether a value is what a schema says.

    Raises:
        InputError: it is not; the message says where and what was expected.

    >>> check(fields({"number": COUNT}), {"number": -1}, "seen")
    Traceback (most recent call last):
    clearprop.errors.InputError: seen.number: expected 0 or more, got -1
    """
    if "anyOf" in schema:
        return _check_any(schema["anyOf"], value, place)
    if "enum" in schema and value not in schema["enum"]:
        raise InputError(f"{place}: expected one of {', '.join(map(str, schema['enum']))}, got {_short(value)}")
    if "type" in schema and not _is(schema["type"], value):
        raise InputError(f"{place}: expected {_an(schema['type'])}, got {_short(value)}")
    if isinstance(value, dict):
        _check_object(schema, value, place)
    elif isinstance(value, list | tuple):
        if len(value) > schema.get("maxItems", len(value)):
            raise InputError(f"{place}: expected at most {schema['maxItems']:,} entries, got {len(value):,}")
        for number, item in enumerate(value):
            check(schema.get("items", {}), item, f"{place}[{number}]")
    elif isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            raise InputError(f"{place}: expected at most {schema['maxLength']:,} characters, got {len(value):,}")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            raise InputError(f"{place}: expected a text like {schema['pattern']}, got {_short(value)}")
    elif "minimum" in schema and isinstance(value, int | float) and not value >= schema["minimum"]:
        raise InputError(f"{place}: expected {schema['minimum']} or more, got {_short(value)}")
    return None


def _check_object(schema: Schema, value: Mapping[str, object], place: str) -> None:
    for key in schema.get("required", ()):
        if key not in value:
            raise InputError(f'{place}: "{key}" is missing')
    known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for key, inner in value.items():
        if key not in known and others is False:
            raise InputError(f"{place}: unknown key {_short(key)}")
        check(known.get(key, others), inner, f"{place}.{key[:40]}")


def _check_any(options: list[Schema], value: object, place: str) -> None:
    errors = []
    for option in options:
        try:
            return check(option, value, place)
        except InputError as error:
            # A value that is nearly right is wrong in its own way: that is worth more than what else there could be.
            near = _is(option.get("type", ""), value)
            whole = near and all(key in value for key in option.get("required", ()))  # type: ignore[operator]
            errors.append(((near, whole), error))
    raise max(errors, key=lambda one: one[0])[1]


def _is(kind: str, value: object) -> bool:
    if kind == "":
        return False
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    return isinstance(value, KINDS[kind])


def _an(kind: str) -> str:
    return {"integer": "a whole number", "array": "a list", "object": "an object", "null": "null"}.get(
        kind, f"a {kind}"
    )


def _short(value: object) -> str:
    written = repr(value)
    return written if len(written) <= 60 else f"{written[:57]}..."
