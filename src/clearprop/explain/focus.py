"""What one quantity is computed from, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from clearprop.explain.expression import Expression, symbols
from clearprop.explain.ref import PARAMETERS, Ref
from clearprop.explain.trace import Trace

MOST_OF_ONE = 8  # numbers of one matrix that are still written out one by one in a large step

Formula = Callable[[Ref], "Expression | None"]


def followed(trace: Trace, ref: Ref) -> Ref:
    """The last thing that is computed for a quantity: of a parameter its value after the update, or its gradient."""
    if ref.kind not in PARAMETERS:
        return ref
    for kind in (f"{ref.kind}'", f"dJ/d{ref.kind}", f"dE/d{ref.kind}"):
        later = Ref(kind, ref.layer, ref.place)
        if later.whole in trace.definitions:
            return later
    return ref


def needed(trace: Trace, wanted: Ref, formula: Formula, most: int | None) -> dict[Ref, list[Ref]]:
    """What a quantity is computed from, itself included: of each whole quantity, which of its numbers.

    Args:
        trace: the step.
        wanted: a number, or a whole quantity.
        formula: how a quantity is computed, of numbers or of whole matrices; None for what was given.
        most: of a quantity of which more numbers are needed, the whole is listed instead; None: never.
    """
    found: dict[Ref, dict[Ref, None]] = {wanted.whole: {wanted: None}}
    for whole in reversed(trace.definitions):
        refs = found.get(whole)
        if refs is None:
            continue
        if whole in refs or (most is not None and len(refs) > most):
            refs = found[whole] = {whole: None}
        for ref in refs:
            operands = formula(ref)
            for source in symbols(operands) if operands else ():
                found.setdefault(source.whole, {})[source] = None
    return {whole: [whole] if whole in refs else sorted(refs, key=_in_order) for whole, refs in found.items()}


def _in_order(ref: Ref) -> tuple[int | str, ...]:
    """Row by row, weights unit by unit, as `Trace.elements` goes."""
    return ref.place[::-1] if ref.by_weight else ref.place
