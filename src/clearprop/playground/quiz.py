"""One's own value of a quantity, marked by `check`, and the slip named where a known one leads to it."""

from __future__ import annotations

from typing import Any

from clearprop.check import check_worksheet
from clearprop.engines.base import State
from clearprop.playground.refusals import Refusal
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
        raise Refusal("matrix")
    name, written = explanation.name(ref).text, Written(text.strip().replace(",", "."))
    samples = trace.samples
    sheet = Sheet(
        play.model,
        samples.X,
        samples.Y,
        play.optimizer,
        order="sequential",
        notation=play.notation,
        claims=(Claim(name, written),),
    )
    state = State(play.state.seed, step=play.state.step, slots=play.state.slots)
    report = check_worksheet(sheet, state=state)
    slips = [mistake.texts[play.language] for mistake in report.mistakes]
    return {"type": "marked", "status": report.marks[0].status, "true": explanation.number(ref), "slips": slips}
