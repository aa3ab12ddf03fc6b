"""Whatever keeps to the schema is done or refused: no message ends a session, or leaves what cannot be shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearprop.playground import link
from clearprop.playground.protocol import FROM_PAGE
from tests.playground.conftest import Page

WORDS = """
0 1 2 -1 0.5 1e300 1e999 nan inf −0,25 full one xor moons sine blobs softmax sigmoid relu leaky_relu(0.2) step identity
exp cross_entropy binary_cross_entropy half_squared_error poisson perceptron huber(2) sgd adam cosine glorot zeros unit
layer none mean sum net-out matrix zh en cnblogs-2-2-2 and-perceptron csdn-2-2-1 W1[1->1] b1[1] b2 E dE/dW1 <b>
"""
PLAUSIBLE = ["", "a,b\n1,2\n3,4\n", *WORDS.split()]
KEYS = [
    "kind",
    "learning_rate",
    "rate",
    "steps",
    "momentum",
    "nesterov",
    "beta1",
    "epsilon",
    "rows",
    "noise",
    "held_out",
    "seed",
]
NUMBERS = st.one_of(
    st.integers(-2, 40),
    st.sampled_from([0.5, -0.25, 1e-300, 1e300, 2**53, 0.1]),
    st.floats(-2, 2).map(lambda x: round(x, 3)),
)


def kept_to(schema):
    """Values that keep to a schema, most of them such as somebody might send."""
    if "anyOf" in schema:
        return st.one_of(*map(kept_to, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return st.dictionaries(st.sampled_from(KEYS), kept_to(schema["additionalProperties"]), max_size=3)
    if kind == "object":
        inner = {key: kept_to(one) for key, one in schema["properties"].items()}
        needed = {key: inner.pop(key) for key in schema["required"]}
        return st.fixed_dictionaries(needed, optional=inner)
    if kind == "array":
        return st.lists(kept_to(schema["items"]), max_size=min(3, schema.get("maxItems", 3)))
    return {
        "string": st.sampled_from([one for one in PLAUSIBLE if len(one) <= schema.get("maxLength", 100)]),
        "boolean": st.booleans(),
        "integer": st.integers(0, 5),
        "number": NUMBERS,
        "null": st.none(),
    }[kind]


ASKED = [kind for kind in FROM_PAGE if kind not in ("hello", "run")]
MESSAGES = st.sampled_from(ASKED).flatmap(lambda kind: st.tuples(st.just(kind), kept_to(FROM_PAGE[kind][1])))


@settings(max_examples=25)
@given(st.lists(MESSAGES, min_size=1, max_size=6))
def test_nothing_that_is_asked_ends_a_session(messages):
    page = Page()
    page.hello()
    for kind, fields in messages:
        answer = page.ask(kind, **fields)
        assert answer["type"] in ("done", "error", "columns", "marked", "steps"), answer
    share = page.state["share"]
    assert link.written(link.read(share)) == share


@pytest.mark.slow
@settings(max_examples=600)
@given(st.lists(MESSAGES, min_size=1, max_size=8))
def test_nothing_at_all_does(messages):
    page = Page()
    page.hello()
    for kind, fields in messages:
        page.ask(kind, **fields)
        json.dumps(page.told, allow_nan=False)
