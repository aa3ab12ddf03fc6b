"""One page that is open: what it asks for is done here, and what it is to show is said. The page computes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from queue import Empty, Queue
from typing import Any

import numpy as np

from clearprop.errors import ClearpropError, InputError
from clearprop.examples import load
from clearprop.model import Model
from clearprop.network.parameters import Parameters
from clearprop.playground import choosing, link
from clearprop.playground.course import Course
from clearprop.playground.kept import Kept, Undone
from clearprop.playground.options import SPEEDS, options
from clearprop.playground.play import Play, of_sheet
from clearprop.playground.protocol import VERSION
from clearprop.playground.quiz import marked
from clearprop.playground.refusals import Diverged, Refusal, error_message
from clearprop.playground.runner import Runner
from clearprop.playground.showing import numbers_of, pictures, state_of
from clearprop.playground.training import Trainer
from clearprop.playground.typed import whole
from clearprop.playground.walk import Walk

Message = dict[str, Any]
FASTEST = 1_000


class Session:
    """What one page has open, and what it says to it.

    All of it belongs to one thread, that of `work`; `play` may be read by others, as it never changes in itself.

    Args:
        key: by which its downloads are asked for.
        start: what it begins with, unless the page brings a state of its own.
        kept: what was too large for an address.
        send: takes a message to the page.
    """

    def __init__(self, key: str, start: Play, kept: Kept, send: Callable[[Message], None]) -> None:
        self.key = key
        self.kept = kept
        self.send = send
        self.undone = Undone()
        self.course = Course()
        self.runner: Runner | None = None
        self.speed: int | str = "most"
        self.traces = 0
        self.play = start
        self.trainer = Trainer(start)
        self._walk: Walk | None = None

    def work(self, inbox: Queue[Message | None]) -> None:
        """Does what comes in, and trains in between, until None comes."""
        while True:
            try:
                message = inbox.get(timeout=self._patience())
            except Empty:
                message = {}
            if message is None:
                return
            if message:
                self.take(message)
            if self.runner:
                self._train(self.runner)

    def take(self, message: Message) -> None:
        """Does what a message asks for, and answers it."""
        answer: Message
        try:
            answer = getattr(self, f"_{message['type']}")(message) or {"type": "done"}
        except ClearpropError as error:
            answer = self.refusal(error)
        except MemoryError:
            answer = self.refusal(Refusal("memory"))
        if "ask" in message:
            self.send({**answer, "re": message["ask"]})
        elif answer["type"] == "error":
            self.send(answer)

    def refusal(self, error: ClearpropError) -> Message:
        """An error in the language of the page."""
        return error_message(error, self.play.language)

    @property
    def walk(self) -> Walk:
        """The step that is looked at, taken apart when it is first asked for."""
        if self._walk is None:
            self.traces += 1
            self._walk = Walk(self.play, self.trainer, self.traces)
        return self._walk

    # What a page may ask for, a method a type of message.

    def _hello(self, message: Message) -> None:
        language = "zh" if message["language"].lower().startswith("zh") else "en"
        self.play = replace(self.play, language=language)  # in which all that follows may be refused
        if message["version"] != VERSION:
            raise Refusal("version", page=message["version"], server=VERSION)
        error = None
        if message["share"]:
            try:
                play = self.kept.find(message["share"]) or link.read(message["share"])
                self._open(play, Trainer(play))
            except InputError as wrong:
                error = wrong
        if not message["share"] or error:
            self._open(self.play, self.trainer)
        self.send(options())
        self._tell()
        if error:
            raise error

    def _change(self, message: Message) -> None:
        wanted = {key: value for key, value in message.items() if key not in ("type", "ask")}
        changed = self.play.changed(wanted)
        if changed is self.play:
            return self._look(self.play.viewed(wanted))
        if "network" in wanted or "start" in wanted:
            changed = replace(changed, example=None)
        return self._set(changed.viewed(wanted))

    def _parameter(self, message: Message) -> None:
        ref, value = self.walk.set_parameter(message["id"], message["text"])
        model = self.play.model
        parameters = Parameters(model.network, model.parameters.flat.copy())
        arrays = parameters.weights if ref.kind == "W" else parameters.biases
        place = tuple(int(one) - 1 for one in ref.place) or (0,)
        with np.errstate(over="ignore"):
            arrays[ref.layer - 1][place] = value
        if not np.isfinite(parameters.flat).all():
            raise Refusal("too large", given=message["text"], dtype=model.dtype)
        self._set(replace(self.play, model=Model.of(parameters), example=None))

    def _initialise(self, message: Message) -> None:
        self._set(self.play.restarted())

    def _undo(self, message: Message) -> None:
        self._back(self.undone.back(self.play))

    def _redo(self, message: Message) -> None:
        self._back(self.undone.forth(self.play))

    def _example(self, message: Message) -> None:
        play = of_sheet(load(message["key"]), message["key"])
        self._set(replace(play, language=self.play.language, digits=self.play.digits), afresh=True)

    def _data(self, message: Message) -> None:
        self._learn_from(choosing.data(self.play, message))

    def _point(self, message: Message) -> None:
        self._learn_from(choosing.point(self.play.data, message))

    def _table(self, message: Message) -> Message | None:
        from clearprop.playground import tables  # polars is needed for this alone, and slow to import

        table = tables.read_pasted(message["name"], message["text"])
        if message["target"] is None:
            return {"type": "columns", "names": list(table.names)}
        self._learn_from(tables.pasted(table, message["target"]))
        return None

    def _sample(self, message: Message) -> None:
        to = message["to"]
        sample = None if to == "next" else whole("sample", to, 0, len(self.play.data) - 1)
        self._look(replace(self.play, sample=sample))

    def _steps(self, message: Message) -> Message:
        walk = self._walk
        if walk is None or walk.number != message["trace"]:
            raise Refusal("trace")
        return walk.some(message["from"], message["to"])

    def _apply(self, message: Message) -> None:
        if self.runner:
            raise Refusal("running")
        self._set(self.trainer.apply(self.play))

    def _run(self, message: Message) -> None:
        if self.runner is None:
            self.undone.remember(self.play)
            self._walk = None
            self.runner = Runner(self.play, self.trainer, self.speed)
            self._tell()

    def _pause(self, message: Message) -> None:
        if self.runner:
            self.runner = None
            self._note()
            self._tell()

    def _speed(self, message: Message) -> None:
        self.speed = message["to"] if message["to"] in SPEEDS else whole("speed", message["to"], 1, FASTEST)
        if self.runner:
            self.runner.at(self.speed)
        self._tell_state()

    def _seen(self, message: Message) -> None:
        if self.runner:
            self.runner.seen(message["number"])

    def _quiz(self, message: Message) -> Message:
        return marked(self.walk, message["id"], message["text"])

    # What follows from it.

    def _learn_from(self, data: Any) -> None:
        self._set(replace(self.play.of_data(data), example=None, title=""), afresh=True)

    def _set(self, play: Play, *, afresh: bool = False) -> None:
        """Another play, which can be taken back; `afresh` forgets the losses so far."""
        before = self.play
        trainer = Trainer(play)
        self._open(play, trainer, afresh=afresh or play.network != before.network)
        self.undone.remember(before)
        self._tell()

    def _open(self, play: Play, trainer: Trainer, *, afresh: bool = True) -> None:
        """What can be shown becomes what is shown; nothing has changed where it cannot."""
        before = self.play, self.trainer, self._walk
        self.play, self.trainer, self._walk = play, trainer, None
        try:
            if self.runner is None:
                _ = self.walk.first
        except ClearpropError:
            self.play, self.trainer, self._walk = before
            raise
        if self.runner:
            self.runner = Runner(play, trainer, self.speed)
        if afresh:
            self.course.clear()
        self._note()

    def _look(self, play: Play) -> None:
        """The same play, looked at otherwise."""
        self._open(play, self.trainer, afresh=False)
        self._tell()

    def _back(self, play: Play | None) -> None:
        if play is None:
            return
        view = {"notation": self.play.notation, "language": self.play.language, "digits": self.play.digits}
        play = play.viewed(view)
        self.runner = None
        self._open(play, Trainer(play), afresh=play.network != self.play.network or play.data is not self.play.data)
        self._tell()

    def _train(self, runner: Runner) -> None:
        try:
            self.play = runner.go_on()
        except Diverged as error:
            self.play = error.result  # type: ignore[assignment]
            self.runner = None
            self._note()
            self._tell()
            self.send(self.refusal(error))
            return
        if runner.may_show():
            self._note()
            shared = {"share": self.kept.shared(self.key, self.play)} if runner.may_share() else {}
            self.send({**runner.frame(self.course), **shared})

    def _patience(self) -> float | None:
        return self.runner.patience() if self.runner else None

    def _note(self) -> None:
        """The losses as they are now, for their curves."""
        model = self.play.model
        self.course.add(self.play.state.step, self.trainer.loss(model), self.trainer.held_out_loss(model))

    def _tell(self) -> None:
        self._tell_state()
        if self.runner is None:
            self.send(self.walk.message())
        self.send({"type": "pictures", **pictures(self.play, self.trainer, self.course)})

    def _tell_state(self) -> None:
        self.send(
            {
                "type": "state",
                "session": self.key,
                **state_of(self.play, self.trainer),
                **numbers_of(self.play, self.course),
                "undo": self.undone.can_go_back,
                "redo": self.undone.can_go_forth,
                "running": self.runner is not None,
                "speed": self.speed,
                "share": self.kept.shared(self.key, self.play),
            }
        )
