"""From what somebody wrote to the quantity that is meant."""

from __future__ import annotations

from functools import cached_property

from clearprop.errors import InputError, did_you_mean
from clearprop.explain.notation import Notation
from clearprop.explain.ref import Ref, parse
from clearprop.explain.trace import Trace


class Names:
    """The names that a notation has for the quantities of a step; canonical ids are understood beside them."""

    def __init__(self, trace: Trace, notation: Notation) -> None:
        self.trace = trace
        self.notation = notation

    def find(self, text: str) -> tuple[Ref, int]:
        """The quantity that a name means, and 1, or -1 where the notation counts it with the other sign.

        Raises:
            InputError: no quantity of this step is called so.
        """
        name = text.replace(" ", "")
        if name in self.known:
            ref = self.known[name]
            return ref, self.notation.sign(ref)
        try:
            return self.trace.checked(parse(name)), 1
        except InputError as error:
            close = did_you_mean(name, self.known)
            raise InputError(f'there is no "{text}" in this step{close}' if close else str(error)) from None

    @cached_property
    def known(self) -> dict[str, Ref]:
        """Every name, of whole quantities and of their numbers."""
        found: dict[str, Ref] = {}
        for whole in (*self.trace.given, *self.trace.definitions):
            for ref in (whole, *self.trace.elements(whole)):
                found.setdefault(self.notation.name(ref, self.trace.shapes).text.replace(" ", ""), ref)
        return found
