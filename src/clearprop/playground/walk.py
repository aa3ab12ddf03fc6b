"""One update, taken apart into the steps of a page: each quantity, its question, its formula, and what lights up."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import Any

from clearprop.drawing import matrix
from clearprop.drawing.markup import Markup, identifier
from clearprop.drawing.network import has_room
from clearprop.drawing.numerals import number as written
from clearprop.drawing.placing import slots
from clearprop.explain import Explanation, Trace, trace
from clearprop.explain.answer import Answer, answer_of
from clearprop.explain.explanation import Line, Passage
from clearprop.explain.expression import symbols
from clearprop.explain.pictures import grids, lettering, marks
from clearprop.explain.pictures import network as drawn
from clearprop.explain.ref import Ref
from clearprop.explain.render.answers import answer_lines, answer_words
from clearprop.explain.render.given import given_groups
from clearprop.explain.render.html import phase
from clearprop.explain.render.inputs import read_of
from clearprop.explain.render.links import Links, links
from clearprop.explain.render.mathml import WRITER
from clearprop.explain.render.numerals import given
from clearprop.explain.render.text import WRITER as TYPED
from clearprop.explain.row import Cell, Row
from clearprop.playground import typed
from clearprop.playground.play import Play
from clearprop.playground.questions import question
from clearprop.playground.refusals import Refusal
from clearprop.playground.training import Trainer

SENT_AT_ONCE = 8  # steps that come with a trace, and the most that are asked for together
MOST_SHOWN = 8  # units of a layer that are drawn
MOST_SHARES = 20_000_000  # numbers: of each row, each output's share of the error at each output
MOST_LATER = 400  # cells of one matrix that are hidden one by one until they are computed


class Walk:
    """The update that a play would make next, and the steps it is made of; step 0 is what was given."""

    def __init__(self, play: Play, trainer: Trainer, number: int) -> None:
        self.number = number
        self.play = play
        self.rows = trainer.rows(play)
        samples = trainer.samples
        if len(self.rows) * play.network.outputs**2 > MOST_SHARES:
            raise Refusal("step", rows=len(self.rows), outputs=play.network.outputs)
        self.trace: Trace = trace(
            play.model,
            samples.X[self.rows],
            samples.Y[self.rows],
            optimizer=play.optimizer,
            state=play.state,
        )
        self.explanation = Explanation(
            self.trace,
            notation=play.notation,
            language=play.language,
            digits=play.digits,
            row=self._row(),
            answer=self._answer(),
        )
        self._matrices: dict[Ref, Markup] = {}

    @cached_property
    def steps(self) -> list[tuple[Passage, Ref | None]]:
        """The passage of each step, and what is computed; what was given is one step without it."""
        passages = self.explanation.passages
        computed = [(passage, ref) for passage in passages if passage.part for ref in passage.refs]
        return [(passages[0], None), *computed]

    @cached_property
    def first(self) -> dict[str, int]:
        """The step that first has each quantity, by id."""
        found: dict[str, int] = {}
        for place, (passage, computed) in enumerate(self.steps):
            for ref in passage.refs if computed is None else (computed,):
                found.setdefault(self.trace.text(ref), place)
        return found

    def message(self) -> dict[str, Any]:
        """The trace, as the page is told."""
        return {
            "type": "trace",
            "number": self.number,
            "network": drawn(self.explanation),
            "parameters": {id_: self._parameter(ref) for id_, ref in self._settable()},
            "phases": [phase(passage) for passage, _ in self.steps],
            "first": self.first,
        }

    def some(self, start: int, end: int) -> dict[str, Any]:
        """Some steps, as the page is told."""
        end = min(end, start + SENT_AT_ONCE, len(self.steps))
        return {
            "type": "steps",
            "trace": self.number,
            "from": start,
            "steps": [self.step(place) for place in range(start, end)],
        }

    def step(self, place: int) -> dict[str, Any]:
        """One step, as the page is told."""
        passage, ref = self.steps[place]
        lines = [self.explanation.line(one) for one in (passage.refs if ref is None else (ref,))]
        line = None if ref is None else lines[0]
        lit = marks(self.trace, lines)
        told: dict[str, Any] = {
            "id": "" if line is None else self.trace.text(line.ref),
            "name": "" if line is None else lettering.name(self.explanation, line.ref),
            "title": question(self.explanation, None if line is None else line.ref),
            "phase": phase(passage),
            "heading": passage.heading,
            "words": [*passage.words, *self._unit(passage, ref)],
            "note": "" if line is None else line.note,
            "network": lit.network,
            "matrices": {} if line is None else lit.matrices,
            "drawings": [],
        }
        if line is None:
            return {**told, "given": self._given(lines)}
        wholes = list(dict.fromkeys([*self._operands(line), line.ref.whole]))
        told["drawings"] = [self._matrices[one] for one in wholes if self._drawn(one)]
        told["later"] = {id_: at for one in wholes for id_, at in self._later(one, place)}
        chain = links(self.explanation, line, WRITER)
        told |= {"of": chain.name, "links": _chained(chain)}
        return {**told, "spoken": " = ".join(links(self.explanation, line, TYPED).all)}

    def set_parameter(self, id_: str, text: str) -> tuple[Ref, float]:
        """The parameter of an id that the drawing has, and the value that was typed for it, as it is counted here.

        Raises:
            InputError: there is no such weight or bias, or this is no number.
        """
        refs = dict(self._settable())
        ref = refs.get(id_)
        if ref is None:
            ref = self.trace.checked(id_)
        if ref.kind not in ("W", "b") or (self.explanation.is_matrix(ref) and not ref.place):
            raise Refusal("parameter", name=id_[:40])
        return ref, self.explanation.notation.sign(ref) * typed.number(self.explanation.name(ref).text, text)

    def _row(self) -> Row | None:
        """How the row that is looked at was read, where it is one row of a table."""
        if self.play.data.kind != "table" or len(self.rows) != 1:
            return None
        from clearprop.playground.tables import row_as_read  # polars is needed for this alone, and slow to import

        return row_as_read(self.play.data, int(self.rows[0]))

    def _answer(self) -> Answer | None:
        """What the network answers for the row that is looked at, in the words of its table."""
        target, outputs = self.play.data.target, self.play.network.outputs
        if target is None or len(self.rows) != 1 or outputs != max(1, len(target.classes)):
            return None
        # What an update drops out is no part of an answer.
        whole = not any(layer.dropout for layer in self.play.network.layers)
        return answer_of(target, self.play.model, self.trace.samples.X, {1: self.trace} if whole else {})

    def _unit(self, passage: Passage, ref: Ref | None) -> list[str]:
        """That numbers of a step are standardised, where they are targets or outputs; of an output its own unit."""
        answer, say = self.explanation.answer, self.explanation.words
        if answer is None or answer.target.task == "classes":
            return []
        if ref is not None and ref.kind == "a" and ref.layer == len(self.play.network.layers):
            lines = answer_lines(answer, say, self.play.digits)
            return [*answer_words(answer, say), *(f"{label}: {said}." for label, said in lines)]
        if phase(passage) not in ("given", "loss"):
            return []
        target = answer.target
        mean, deviation = written(target.mean), written(target.deviation)
        return [say.sentence("answer.standardised", column=target.name, mean=mean, deviation=deviation)]

    def _operands(self, line: Line) -> list[Ref]:
        return [ref.whole for ref in symbols(line.formula)] if line.formula else []

    @cached_property
    def _grids(self) -> dict[str, Any]:
        several = (one for passage in self.explanation.passages for one in grids(self.explanation, passage))
        return {one.id: one for one in several}

    def _drawn(self, whole: Ref) -> bool:
        """Whether a quantity has a drawing, which is made when it is first asked for."""
        if whole not in self._matrices:
            one = self._grids.get(self.trace.text(whole))
            if one is None:
                return False
            self._matrices[whole] = matrix(one, prefix=identifier("m", one.id), label=one.name)
        return True

    def _later(self, whole: Ref, place: int) -> list[tuple[str, int]]:
        """The numbers of a matrix that are computed after a step."""
        if self.explanation.by_matrices or not self.explanation.is_matrix(whole):
            return []
        ids = [self.trace.text(ref) for ref, _ in zip(self.trace.elements(whole), range(MOST_LATER), strict=False)]
        return [(id_, self.first[id_]) for id_ in ids if self.first.get(id_, 0) > place]

    def _given(self, lines: list[Line]) -> list[dict[str, Any]]:
        cells = self.explanation.row.cells if self.explanation.row else ()
        told = [{"label": cell.column, "values": self._read(cell)} for cell in cells if cell.kind != "left out"]
        for group in given_groups(self.explanation, tuple(lines)):
            values = [_equation(links(self.explanation, line, WRITER)) for line in group.lines]
            if group.left_out:
                values.insert(-2, "<mo>…</mo>")
            told.append({"label": group.label, "values": values or [_words(group.note)]})
        return told

    def _read(self, cell: Cell) -> list[str]:
        """What stood in a column, and what it became."""
        inputs = [f"{one.name} = {given(one.value, self.play.digits)}" for one in cell.inputs]
        if cell.zeros:
            inputs.append(self.explanation.words.label("zeros", count=cell.zeros))
        return [_words(f"{read_of(self.explanation, cell)} →"), *map(_words, inputs)]

    def _settable(self) -> list[tuple[str, Ref]]:
        """The weights and biases that the drawing shows, each with its id there."""
        network = self.trace.network
        most = max(network.sizes) if has_room(network.sizes) else MOST_SHOWN
        shown = [[unit for unit in slots(size, most) if unit] for size in network.sizes]
        found = []
        for layer, described in enumerate(network.layers, 1):
            for unit in shown[layer]:
                for source in shown[layer - 1]:
                    ref = Ref("W", layer, (source, unit))
                    found.append((self.trace.text(ref), ref))
                if described.bias != "none":
                    ref = Ref("b", layer, (unit,) if described.bias == "unit" else ())
                    found.append((f"b{layer}[{unit}]", ref))
        return found

    def _parameter(self, ref: Ref) -> dict[str, str]:
        return {"name": lettering.name(self.explanation, ref), "text": repr(float(self.explanation.value(ref)))}


def _words(text: str) -> str:
    return f"<mtext>{escape(text)}</mtext>"


def _equation(one: Links) -> str:
    return f"{one.name}<mo>=</mo>{one.result}"


def _chained(one: Links) -> list[dict[str, str]]:
    """formula = numbers = result, without those that are left out."""
    several = (("formula", one.formula), ("numbers", one.numbers), ("result", one.result))
    return [{"kind": kind, "mathml": mathml} for kind, mathml in several if mathml]
