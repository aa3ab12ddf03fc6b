"""One's own value of a quantity, marked by `check`, and the slip named where a known one leads to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clearprop.check import check_worksheet
from clearprop.errors import InputError
from clearprop.playground.walk import Walk
from clearprop.sheet import Claim, Sheet, Written


def marked(walk: Walk, id_: str, text: str) -> dict[str, Any]:
    """The `marked` message for what somebody wrote for a quantity of a walk.

    Raises:
        InputError: there is no such quantity, it is no single number, or the text is none.
    """
    explanation, trace, play = walk.explanation, walk.trace, walk.play
    ref = trace.checked(id_)
    if explanation.is_matrix(ref):
        raise InputError("quiz: this step has a whole matrix; ask about a single number, in a smaller network")
    name, written = explanation.name(ref).text, Written(text.strip().replace(",", "."))
    told = {"type": "marked", "true": explanation.number(ref), "slips": []}
    if play.state.slots and play.state.step:
        # A sheet begins with an optimizer that remembers nothing: its later steps are compared with the trace alone.
        near = abs(written.value - explanation.value(ref)) <= written.unit / 2
        return {**told, "status": "right" if near else "wrong"}
    samples = trace.samples
    sheet = Sheet(
        play.model,
        samples.X,
        samples.Y,
        replace(play.optimizer, learning_rate=play.optimizer.schedule.at(play.state.step)),
        order="sequential",
        notation=play.notation,
        claims=(Claim(name, written),),
    )
    report = check_worksheet(sheet)
    slips = [mistake.texts[play.language] for mistake in report.mistakes]
    return {**told, "status": report.marks[0].status, "slips": slips}
