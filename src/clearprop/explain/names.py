"""From what somebody wrote to the quantity that is meant."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property

from clearprop.errors import InputError, did_you_mean
from clearprop.explain.notation import Notation
from clearprop.explain.ref import Ref
from clearprop.explain.trace import Trace

LONGEST = 80  # a name with more characters is none
MOST_SUGGESTED = 2_000  # names among which the nearest to an unknown one is looked for


class Names:
    """The names that a notation has for the quantities of a step; canonical ids are understood beside them.

    >>> import clearprop as cp
    >>> from clearprop.explain.notation import find_notation
    >>> model = cp.Model.initialized(cp.Network.parse("2-2-1"), seed=0)
    >>> names = Names(cp.trace(model, [0.1, 0.2], [1.0]), find_notation("net-out"))
    >>> [names.trace.text(names.find(text)[0]) for text in ("dE/dw5", "∂E_total / ∂w₅", "out(h2)", "W2[1->1]")]
    ['dE/dW2[1->1]', 'dE/dW2[1->1]', 'a1[2]', 'W2[1->1]']
    """

    def __init__(self, trace: Trace, notation: Notation) -> None:
        self.trace = trace
        self.notation = notation

    def find(self, text: str) -> tuple[Ref, int]:
        """The quantity that a name means, and 1, or -1 where the notation counts it with the other sign.

        A name is taken as the notation writes it, else as a canonical id, else as people type it. Where a matrix of
        one number and this number have the same name, it is the number that is meant.

        Raises:
            InputError: no quantity of this step is called so, or more than one may be.
        """
        if len(text) > LONGEST:
            raise InputError(f'there is no "{text[:LONGEST]}…" in this step: a name has at most {LONGEST} characters')
        written = typed(text)
        found = self._candidates(written)
        exact = [ref for ref, names in found.items() if written in names]
        if exact:
            return exact[0], self.notation.sign(exact[0])
        if written in self.trace:
            return self.trace.checked(written), 1
        keys = _keys(written)
        matching = [ref for ref, names in found.items() if not keys.isdisjoint(map(loose, names))]
        near = [ref for ref in matching if ref.place or not self._is_one_of(matching, ref)]
        if len(near) != 1:
            raise self._unknown(text, near)
        return near[0], self.notation.sign(near[0])

    def _candidates(self, written: str) -> dict[Ref, tuple[str, ...]]:
        """Every quantity whose name has the form of what was written and may hold its numbers, numbers first."""
        forms = sorted(map(form, _keys(written)))
        wholes = dict.fromkeys(ref for one in forms for ref in self._by_form.get(one, ()))
        numbers = set(_numbers(written))
        elements = (
            whole.at(*place)
            for whole in wholes
            if self.trace.shapes.of(whole)
            for place in self.notation.places(whole, numbers, self.trace.shapes)
        )
        return {ref: self._names(ref) for ref in (*elements, *wholes)}

    def _is_one_of(self, found: list[Ref], whole: Ref) -> bool:
        """Whether a whole quantity is one number, which was found as well."""
        return math.prod(self.trace.shapes.of(whole)) == 1 and any(ref.place and ref.whole == whole for ref in found)

    def _names(self, ref: Ref) -> tuple[str, ...]:
        shapes = self.trace.shapes
        return self.notation.name(ref, shapes).text, *self.notation.aliases(ref, shapes)

    @property
    def _wholes(self) -> tuple[Ref, ...]:
        return (*self.trace.given, *self.trace.definitions)

    @cached_property
    def _by_form(self) -> dict[str, list[Ref]]:
        """The whole quantities by the forms of their names and their first number's; those of the others are alike."""
        found: dict[str, list[Ref]] = {}
        for whole in self._wholes:
            first = next(self.trace.elements(whole))
            forms = {form(loose(name)) for ref in (whole, first) for name in self._names(ref)}
            for one in forms:
                found.setdefault(one, []).append(whole)
        return found

    def _unknown(self, text: str, near: list[Ref]) -> InputError:
        if near:
            names = " or ".join(self.notation.name(ref, self.trace.shapes).text for ref in near)
            return InputError(f'"{text}" may mean more than one quantity of this step: write {names}')
        known = list(self._suggested())
        some = f"; its names are such as {', '.join(known[:: len(known) // 4][:4])}"
        return InputError(f'there is no "{text}" in this step{did_you_mean(text, known) or some}')

    def _suggested(self) -> Iterator[str]:
        all_of_them = sum(math.prod(self.trace.shapes.of(whole)) for whole in self._wholes) <= MOST_SUGGESTED
        for whole in self._wholes:
            yield self.notation.name(whole, self.trace.shapes).text
            for ref in self.trace.elements(whole):
                yield self.notation.name(ref, self.trace.shapes).text
                if not all_of_them:
                    break


_LETTERS = {
    **{chr(code): unicodedata.name(chr(code)).rsplit(" ", 1)[-1].lower() for code in range(ord("α"), ord("ω") + 1)},
    "λ": "lambda",
    "∂": "d",
    "∇": "grad_",
    "−": "-",
    "→": "->",
    "′": "'",
    "’": "'",
    "\u0302": "hat",
}
_ABOVE = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "0123456789()")
_BELOW = str.maketrans("₀₁₂₃₄₅₆₇₈₉₍₎", "0123456789()")


def typed(text: str) -> str:
    """What was written in the characters of a keyboard, without spaces.

    >>> typed("∂J / ∂W₁₂⁽¹⁾"), typed("ŷ_1"), typed("w5⁺")
    ('dJ/dW_12^(1)', 'yhat_1', 'w5+')
    """
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾]+", lambda match: "^" + match[0].translate(_ABOVE), text)
    text = re.sub(r"[₀₁₂₃₄₅₆₇₈₉₍₎]+", lambda match: "_" + match[0].translate(_BELOW), text)
    decomposed = unicodedata.normalize("NFKD", text)
    return re.sub(r"\s", "", "".join(_LETTERS.get(letter, letter) for letter in decomposed))


def loose(name: str, commas: bool = True) -> str:
    """A name without what people leave out or write in another order; `commas` False leaves out those between digits.

    >>> [loose(name) for name in ("w^2_1", "w_{1}^{(2)}", "out(o1)", "w5+", "wh[1,2]'", "v_1_12")]
    ['w1^2', 'w1^2', 'outo1', "w5'", "wh[1,2]'", 'v1,12']
    """
    name = re.sub(r"\\partial\s*", "d", name)
    name = re.sub(r"\\hat\{?(\w)\}?", r"\1hat", name)
    name = re.sub(r"[\\{}$]", "", name)
    name = re.sub(r"\^?\(t\+1\)|\^?\+$", "'", name)
    name = re.sub(r"\^\(([^()]*)\)", r"^\1", name)
    name = re.sub(r"(?<=\d)\((\d+)\)", r"^\1", name)
    name = re.sub(r"\^([A-Za-z0-9]+)_([A-Za-z0-9,]+)", r"_\2^\1", name)
    name = re.sub(r"(?<=\d)_(?=\d)", ",", name)
    name = re.sub(r"[_()]", "", name)
    if not commas:
        name = re.sub(r"(?<=\d),(?=\d)", "", name)
    return name.replace("'", "") + ("'" if "'" in name else "")


def _keys(written: str) -> set[str]:
    return {loose(written), loose(written, commas=False)}


def form(key: str) -> str:
    """A name with its numbers left out: names of the same form belong to the same quantities."""
    return re.sub(r"\d+", "#", key)


def _numbers(written: str) -> Iterator[int]:
    """Every number that the digits of a name may hold: of 12 it is 1, 2 and 12."""
    for digits in re.findall(r"\d+", written):
        for start in range(len(digits)):
            for end in range(start + 1, min(start + 9, len(digits)) + 1):
                yield int(digits[start:end])
