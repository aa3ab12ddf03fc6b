"""The small checker of JSON Schema: what it lets through, and what it says of the rest."""

from __future__ import annotations

import pytest

from clearprop.errors import InputError
from clearprop.playground.schema import COUNT, FLAG, NUMBER, check, chosen, fields, mapping, one_of, several, text

SCHEMA = fields(
    {"n": COUNT},
    {"t": text(3), "l": several(NUMBER, 2), "m": mapping(FLAG), "c": chosen("a", "b"), "o": one_of(NUMBER, text(2))},
)


@pytest.mark.parametrize(
    "value",
    [
        {"n": 0},
        {"n": 1, "t": "abc", "l": [1, 2.5], "m": {"x": True}, "c": "b", "o": "12"},
        {"n": 1, "o": 3},
    ],
)
def test_what_keeps_to_it(value):
    check(SCHEMA, value, "m")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "m: expected an object, got []"),
        ({}, 'm: "n" is missing'),
        ({"n": True}, "m.n: expected a whole number, got True"),
        ({"n": 1.5}, "m.n: expected a whole number, got 1.5"),
        ({"n": -1}, "m.n: expected 0 or more, got -1"),
        ({"n": 1, "x": 1}, "m: unknown key 'x'"),
        ({"n": 1, "t": "abcd"}, "m.t: expected at most 3 characters, got 4"),
        ({"n": 1, "l": [1, 2, 3]}, "m.l: expected at most 2 entries, got 3"),
        ({"n": 1, "l": [1, "2"]}, "m.l[1]: expected a number, got '2'"),
        ({"n": 1, "m": {"x": 1}}, "m.m.x: expected a boolean, got 1"),
        ({"n": 1, "c": "z"}, "m.c: expected one of a, b, got 'z'"),
        ({"n": 1, "c": ["a"]}, "m.c: expected one of a, b, got ['a']"),
        ({"n": 1, "o": "123"}, "m.o: expected at most 2 characters, got 3"),
    ],
)
def test_what_does_not(value, said):
    with pytest.raises(InputError) as error:
        check(SCHEMA, value, "m")
    assert str(error.value) == said
