"""The line of every key, whatever stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearprop.sheet.document import Document

TRICKY = '''\
# a comment [with a bracket
top = "a # no comment ["

[first] # header
text = """
[not.a.header]
key = "no key" \\""" """
literal = \'\'\'
[nor = this\'\'\'\'
"quoted key" = 'it # [' # [
matrix = [
  [1, 2], # ]
  [3, 4],
]
after = 1
inline = { one = 1, two = [{ deep = 2 }] }

[[list.of]]
one = 1
[[list.of]]

one = 2
[first.sub]
a.b = 3
empty = """"""
last = 4
'''
LINES = {
    ("top",): 2,
    ("first",): 4,
    ("first", "text"): 5,
    ("first", "literal"): 8,
    ("first", "quoted key"): 10,
    ("first", "matrix"): 11,
    ("first", "after"): 15,
    ("first", "inline", "one"): 16,
    ("first", "inline", "two", 0, "deep"): 16,
    ("list",): 18,
    ("list", "of", 0, "one"): 19,
    ("list", "of", 1): 20,
    ("list", "of", 1, "one"): 22,
    ("first", "sub"): 23,
    ("first", "sub", "a", "b"): 24,
    ("first", "sub", "empty"): 25,
    ("first", "sub", "last"): 26,
    ("first", "missing"): 4,
    ("list", "of", 1, "missing"): 20,
    ("missing",): 26,
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_lines(ends: str) -> None:
    document = Document.parse("a.toml", TRICKY.replace("\n", ends))
    assert {path: document.place(path) for path in LINES} == {path: f"a.toml, line {LINES[path]}" for path in LINES}


VALUES = ["1", '"]"', "[\n  1, # [\n  2\n]", "'''\n\n'''", '"""a\n"b" # """', "{ a = 1 }", "[ ]"]
BETWEEN = ["", "# x = [", "   "]


@given(st.lists(st.tuples(st.sampled_from(VALUES), st.lists(st.sampled_from(BETWEEN), max_size=3)), max_size=8))
def test_lines_of_any_values_with_anything_between(parts: list[tuple[str, list[str]]]) -> None:
    lines: list[str] = []
    expected = {}
    for number, (value, between) in enumerate(parts):
        lines += between
        expected[(f"k{number}",)] = f"t, line {len(lines) + 1}"
        lines += f"k{number} = {value}".split("\n")
    document = Document.parse("t", "\n".join(lines))
    assert {path: document.place(path) for path in expected} == expected
