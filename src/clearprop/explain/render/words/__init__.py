"""What a teacher says beside the arithmetic: a heading for each part of a step, and why it is computed so."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from types import ModuleType
from typing import Any

from clearprop.explain.definitions import Part
from clearprop.explain.notation import Mark, Notation
from clearprop.explain.ref import SETTINGS, Ref
from clearprop.explain.render.numerals import given
from clearprop.explain.render.words import columns, en, zh
from clearprop.explain.scalar import Shapes
from clearprop.explain.trace import Trace
from clearprop.optimize.optimizers import Optimizer

WAYS = ("forward", "backward", "gradients", "update")
OF_BIASES = ("gradients.bias", "gradients.frozen", "update.frozen", "update.bias_rate")
OF_WEIGHTS = ("gradients.weights", "gradients.l1", "gradients.l2", "gradients.penalty", "update.weight_rate")

LANGUAGES: dict[str, ModuleType] = {"en": en, "zh": zh}


class Words:
    """The headings and sentences of one step, in a language and with the letters of a notation."""

    def __init__(self, trace: Trace, notation: Notation, language: str) -> None:
        self.trace = trace
        self.network = trace.network
        self.notation = notation
        self.language = language
        self.texts = LANGUAGES[language]

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {**self.texts.LABELS, **columns.LABELS[self.language]}

    @cached_property
    def _headings(self) -> dict[str, str]:
        return {**self.texts.HEADINGS, **columns.HEADINGS[self.language]}

    @cached_property
    def _sentences(self) -> dict[str, str]:
        return {**self.texts.SENTENCES, **columns.SENTENCES[self.language]}

    @property
    def title(self) -> str:
        return str(self.texts.TITLE.format(network=self.network))

    @property
    def forward_title(self) -> str:
        return str(self.texts.FORWARD_TITLE.format(network=self.network))

    @property
    def answer_heading(self) -> str:
        return self._headings["answer"]

    @property
    def row_heading(self) -> str:
        return self._headings["row"]

    def paragraph(self, sentences: Iterable[str]) -> str:
        """Sentences one after the other."""
        return str(self.texts.BETWEEN).join(sentences)

    def label(self, key: str, **filled: Any) -> str:
        """A word or two: what stands before a matrix, or beside a number."""
        return self._labels[key].format(**filled)

    def heading(self, part: Part, **filled: Any) -> str:
        name = part.name
        if part.column:
            kind = self.label(self.network.columns[part.column - 1].kind)
            return self._headings[f"{name}.column"].format(c=part.column, kind=kind)
        if part.name in WAYS and part.layer == 0:
            name += ".columns"
        elif name in ("forward", "backward"):
            name += ".output" if part.layer == self._last else ".hidden"
        return self._headings[name].format(l=part.layer, **filled)

    def sentences(self, part: Part, shown: Collection[Ref]) -> tuple[str, ...]:
        """What is computed in a part, and why so; of biases only where some are shown."""
        found = {"forward": self._forward, "loss": self._loss, "backward": self._backward}
        found |= {"gradients": self._gradients, "update": self._update}
        if part.name in WAYS and part.layer == 0:
            return tuple(self.sentence(key, **self._of_columns(part.column)) for key in self._columns(part))
        keys: Iterable[str] = found[part.name](part.layer)
        if not any(ref.by_bias for ref in shown):
            keys = (key for key in keys if not key.startswith(OF_BIASES))
        if not any(ref.by_weight for ref in shown):
            keys = (key for key in keys if key not in OF_WEIGHTS)
        return tuple(self.sentence(key, part.layer) for key in keys)

    def sentence(self, key: str, layer: int = 0, **filled: Any) -> str:
        return self._sentences[key].format(**self._filled(layer), **filled)

    def _filled(self, layer: int) -> dict[str, Any]:
        """What sentences may name: letters as the notation has them, and numbers of the network."""
        of = layer or self._last
        described = self.network.layers[of - 1]
        loss, fade = self.network.loss_function, Ref("fade")
        left = self.trace.value(fade) if fade in self.trace.given else 1.0
        z, d, E = self._letter(Ref("z", of, (1, 1))), self._letter(Ref("delta", of, (1, 1))), self._letter(Ref("E"))
        sign = "-" if self.notation.sign(Ref("delta", of)) < 0 else ""
        return {
            "z": z,
            "a": self._letter(Ref("a", of, (1, 1))),
            "d": d,
            "y": self._letter(Ref("q" if loss.aim else "y", 0, (1, 1))),
            "E": E,
            **{kind: self._letter(Ref(kind)) for kind in ("J", "R", "beta1", "beta2", "eta", "fade")},
            "meaning": f"{d} = {sign}∂{E}/∂{z}" if d != f"∂{E}/∂{z}" else d,
            "f": described.activation,
            "p": given(described.dropout * left, 6 if left != 1.0 else 17),
            "dropout": given(described.dropout, 17),
            "left": given(left, 6),
            "n": "" if loss.number is None else given(loss.number, 17),
            "l": of,
            "weight_rate": given(described.weight_rate, 17),
            "bias_rate": given(described.bias_rate, 17),
            "B": len(self.trace.samples),
            "above": of + 1,
            "d_above": self._letter(Ref("delta", min(of + 1, self._last), (1, 1))),
        }

    def _of_columns(self, number: int) -> dict[str, Any]:
        """Numbers of a column layer that sentences may name."""
        if number == 0:
            return {}
        layer = self.network.columns[number - 1]
        return {key: getattr(layer, key, "") for key in ("functions", "outputs", "categories")}

    def _columns(self, part: Part) -> Iterator[str]:
        """The sentences on column layers: on one, or on all of them together and the scale."""
        layer = self.network.columns[part.column - 1] if part.column else None
        if part.name == "update":
            yield from taken(self.trace.optimizer)
            if type(self.trace.optimizer).__name__ == "AdamW":
                yield "update.undecayed"
            if layer and layer.frozen:
                yield "update.frozen.column"
        elif layer:
            yield f"{part.name}.{layer.kind}"
            if part.name == "gradients" and layer.frozen:
                yield "gradients.frozen.column"
        elif part.name == "gradients":
            yield "gradients.scale"
        else:
            yield f"{part.name}.columns"
            if self.network.scale:
                yield f"{part.name}.scale"

    def _letter(self, ref: Ref) -> str:
        return letter(self.notation, ref, self.trace.shapes)

    @property
    def _last(self) -> int:
        return len(self.network.layers)

    @property
    def _batch(self) -> str:
        """How the samples are joined: "mean", "weighted.sum" and so on; nothing where there is one without a weight."""
        if self.trace.step.weighted:
            return f"weighted.{self.network.reduction}"
        return self.network.reduction if len(self.trace.samples) > 1 else ""

    def _forward(self, layer: int) -> Iterator[str]:
        described = self.network.layers[layer - 1]
        threshold = self.notation.sign(Ref("b", layer)) < 0 and described.bias != "none"
        yield "forward.threshold" if threshold else f"forward.bias.{described.bias}"
        kind = described.function.kind
        yield f"forward.{kind}" if kind in ("identity", "step", "softmax") else "forward.activation"
        if self.trace.step.dropout and described.dropout:
            yield "forward.dropout"
            if Ref("fade") in self.trace.given:
                yield "forward.fade"

    def _loss(self, layer: int) -> Iterator[str]:
        yield f"loss.{self.network.loss_function.kind}"
        if self.network.outputs > 1:
            yield "loss.outputs"
        if self._batch:
            yield f"loss.{self._batch}"
        if self.trace.step.penalised:
            yield "loss.penalty"

    def _backward(self, layer: int) -> Iterator[str]:
        described = self.network.layers[layer - 1]
        kind = described.function.kind
        if layer < self._last:
            yield from self._handed_back(layer)
        elif self.network.joint_pair:
            yield from self._joint()
        else:
            yield "backward.jacobian" if kind == "softmax" else "backward.chain"
        if layer == self._last and self._batch:
            yield f"backward.{self._batch}"
        if kind == "step" and not (layer == self._last and self.network.joint_pair):
            yield "backward.step"
        if self.notation.sign(Ref("delta", layer)) < 0:
            yield "flipped"

    def _joint(self) -> Iterator[str]:
        loss = self.network.loss_function
        if loss.of_classes:
            yield "joint.cross_entropy" if self.trace.step.sure else "joint.cross_entropy.unsure"
        else:
            yield f"joint.{loss.kind}"

    def _handed_back(self, layer: int) -> Iterator[str]:
        described = self.network.layers[layer - 1]
        yield "backward.recursion"
        if self.network.outputs > 1 and Ref("dE[k]/da", layer, output=1) in self.trace.definitions:
            yield "backward.shares"
        if self.trace.step.dropout and described.dropout:
            yield "backward.dropout"
        yield "backward.jacobian" if described.function.across_units else "backward.slope"

    def _gradients(self, layer: int) -> Iterator[str]:
        described = self.network.layers[layer - 1]
        yield "gradients.weights"
        if described.bias != "none":
            threshold = self.notation.sign(Ref("b", layer)) < 0
            yield f"gradients.bias.{'threshold.' if threshold else ''}{described.bias}"
        if len(self.trace.samples) > 1:
            yield "gradients.samples"
        if described.bias != "none" and not described.train_bias:
            yield "gradients.frozen"
        yield from (f"gradients.{name}" for name in ("l1", "l2") if getattr(self.network, name))
        if self.trace.step.penalised:
            yield "gradients.penalty"

    def _update(self, layer: int) -> Iterator[str]:
        described = self.network.layers[layer - 1]
        yield from taken(self.trace.optimizer)
        if described.weight_rate != 1.0:
            yield "update.weight_rate"
        if described.bias != "none" and not described.train_bias:
            yield "update.frozen"
        elif described.bias != "none" and described.bias_rate != 1.0:
            yield "update.bias_rate"


def taken(optimizer: Optimizer | None) -> Iterator[str]:
    """The sentences on the step that an optimizer takes."""
    kind = type(optimizer).__name__.lower()
    if getattr(optimizer, "momentum", 0):
        yield "update.nesterov" if getattr(optimizer, "nesterov", False) else "update.momentum"
    else:
        yield f"update.{kind}"
    if kind == "adamw":
        yield "update.adam"
        if optimizer and optimizer.fades:
            yield "update.fade"


def letter(notation: Notation, ref: Ref, shapes: Shapes) -> str:
    """How a notation calls a quantity: the letter of a layer's numbers, or the name of the matrix.

    What has no place, as J₀ and β₁, keeps the number that is part of its name.
    """
    if notation.by_matrices and ref.kind not in SETTINGS:
        return notation.name(ref.whole, shapes).text
    name = notation.name(ref, shapes)
    if name.by:
        return f"∂{_accented(name.mark)}/∂{_accented(name.by)}"
    numbered = not ref.place and name.mark.sub.isdecimal()
    return _accented(name.mark) + (name.mark.sub.translate(_BELOW) if numbered else "")


_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _accented(mark: Mark) -> str:
    return unicodedata.normalize("NFC", mark.base + ("\u0302" if mark.accent == "hat" else ""))
