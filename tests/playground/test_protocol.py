"""The protocol: one schema, complete, documented, and kept to by both ends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from clearprop.errors import InputError
from clearprop.playground.protocol import FROM_PAGE, FROM_SERVER, VERSION, check_message, read, schema
from clearprop.playground.schema import KINDS
from clearprop.playground.session import Session

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/playground-protocol.md"
STATIC = ROOT / "src/clearprop/playground/static"
KNOWN = {"type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "minimum"}
KNOWN |= {"maxItems", "maxLength", "pattern", "description"}


def parts(one):
    """Every schema within a schema."""
    yield one
    inner = [*one.get("properties", {}).values(), *one.get("anyOf", ())]
    inner += [one[key] for key in ("items", "additionalProperties") if isinstance(one.get(key), dict)]
    for other in inner:
        yield from parts(other)


def test_the_schema_is_json_and_says_nothing_that_is_not_checked():
    whole = json.loads(json.dumps(schema()))
    assert set(whole["$defs"]) == {*(f"page.{kind}" for kind in FROM_PAGE), *(f"server.{kind}" for kind in FROM_SERVER)}
    for one in whole["$defs"].values():
        assert one["description"]
        for part in parts(one):
            assert set(part) <= KNOWN
            assert part.get("type", "object") in KINDS


def test_every_message_of_the_page_is_done_by_the_session():
    assert all(callable(getattr(Session, f"_{kind}")) for kind in FROM_PAGE)


def tables(document):
    """The document with its tables as the schema has them."""
    for head, messages in (("From the page", FROM_PAGE), ("From the server", FROM_SERVER)):
        rows = [f"| `{kind}` | {written(one)} | {said} |" for kind, (said, one) in messages.items()]
        table = "\n".join(["| type | fields | |", "|---|---|---|", *rows])
        document = re.sub(rf"(## {head}\n\n)(\|.*\n)*", lambda found, new=table: f"{found[1]}{new}\n", document)
    return document


def written(one):
    if "anyOf" in one:
        return " or ".join(map(written, one["anyOf"]))
    return ", ".join(f"`{key}`" + "?" * (key not in one["required"]) for key in one["properties"]) or "-"


def test_the_document_has_every_message_with_its_fields():
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document == tables(document), "written anew by python -m tests.playground.test_protocol"
    assert f"version {VERSION}" in document
    assert all(f"| `{kind}` |" in document for kind in (*FROM_PAGE, *FROM_SERVER))


def test_the_page_sends_and_takes_only_what_there_is():
    script = "\n".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    asked = set(re.findall(r"\b(?:ask|tell)\(\s*\"(\w+)\"", script))
    assert asked <= set(FROM_PAGE)
    main = (STATIC / "main.js").read_text(encoding="utf-8")
    handlers = re.search(r"new Connection\(\s*\{(.*?)\n  \},", main, re.DOTALL)
    taken = set(re.findall(r"^    (\w+): \(", handlers[1], re.MULTILINE)) - {"opened", "gone", "refused"}
    assert taken <= set(FROM_SERVER)
    assert {"options", "state", "trace", "pictures", "frame"} <= taken


def test_the_page_speaks_this_version():
    assert f"VERSION = {VERSION};" in (STATIC / "connection.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "message: expected a JSON text"),
        ("[" * 100_000, "message: expected a JSON text"),
        ('{"type": "speed", "to": NaN}', "message: expected a JSON text"),
        ("[]", 'message: expected an object with a "type"'),
        ('{"type": 3}', 'message: expected an object with a "type"'),
        ('{"type": "__class__"}', "message: unknown type '__class__'"),
        ('{"type": "undo", "more": 1}', "undo: unknown key 'more'"),
        ('{"type": "undo", "ask": -1}', "undo.ask: expected 0 or more, got -1"),
        ('{"type": "hello", "version": 1}', 'hello: "language" is missing'),
        ('{"type": "point", "remove": "1"}', "point.remove: expected a whole number, got '1'"),
    ],
)
def test_what_is_no_message(text, said):
    with pytest.raises(InputError) as error:
        read(text)
    assert str(error.value).startswith(said)


def test_a_message_of_the_other_side_is_none():
    with pytest.raises(InputError, match="unknown type 'done'"):
        check_message(FROM_PAGE, "ask", {"type": "done"})


if __name__ == "__main__":
    DOCUMENT.write_text(tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
