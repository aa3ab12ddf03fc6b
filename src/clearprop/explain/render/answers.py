"""What members give, and the answer in the table's words, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.explain.answer import Answer
from clearprop.explain.render.numerals import computed, given
from clearprop.explain.render.words import Words

MOST_CLASSES = 6


def answer_words(answer: Answer, words: Words) -> tuple[str, ...]:
    """Sentences on how the answer comes about."""
    keys = ["answer.classes" if answer.target.task == "classes" else "answer.numbers"]
    if answer.count > 1:
        keys.append("answer.mean")
    if answer.temperature != 1.0:
        keys.append("answer.temperature")
    return tuple(words.sentence(key, column=answer.target.name) for key in keys)


def answer_lines(answer: Answer, words: Words, digits: int) -> Iterator[tuple[str, str]]:
    """What each line is, and what stands in it."""
    for number, outputs in answer.members.items():
        label = words.label("answer.member", number=number) if answer.count > 1 else words.label("answer.network")
        yield label, _outputs(answer, outputs, words, digits)
    if answer.count > 1:
        yield words.label("answer.mean", count=answer.count), _outputs(answer, answer.mean, words, digits)
    if answer.temperature != 1.0:
        label = words.label("answer.temperature", T=given(answer.temperature, digits))
        yield label, _outputs(answer, answer.outputs, words, digits)
    value = answer.value
    if answer.target.task == "classes":
        yield answer.target.name, str(value)
        return
    held = ""
    if answer.is_held:
        low, high = (given(end, digits) for end in (answer.target.low, answer.target.high))
        held = " " + words.label("answer.held", low=low, high=high)
    yield answer.target.name, computed(float(value), digits) + held


def answer_data(answer: Answer) -> dict[str, Any]:
    """The answer as JSON has it: the keys of `Answer`, `value`, and how a number is put back into its own unit."""
    target = answer.target
    numbers = target.task == "numbers"
    return {
        "target": target.name,
        "classes": list(target.classes),
        "members": {str(number): outputs.tolist() for number, outputs in answer.members.items()},
        "count": answer.count,
        "mean": answer.mean.tolist(),
        "temperature": answer.temperature,
        "outputs": answer.outputs.tolist(),
        "unit": {key: getattr(target, key) for key in ("mean", "deviation", "low", "high")} if numbers else None,
        "value": answer.value,
    }


def _outputs(answer: Answer, outputs: Array, words: Words, digits: int) -> str:
    """Probabilities by class, the likeliest first where there are many; or a number, put back into its own unit."""
    target = answer.target
    if target.task == "numbers":
        output, value = computed(float(outputs[0]), digits), computed(float(target.unstandardise(outputs)[0]), digits)
        return f"{output} · {given(target.deviation, 17)} + {_bracketed(target.mean)} = {value}"
    places = np.arange(len(outputs))
    if len(places) > MOST_CLASSES:
        places = np.argsort(-outputs, kind="stable")[:MOST_CLASSES]
    shares = [f"{target.classes[place]} {computed(float(outputs[place]), digits)}" for place in places]
    if len(outputs) > len(places):
        shares.append(words.label("answer.more", count=len(outputs) - len(places)))
    return ", ".join(shares)


def _bracketed(number: float) -> str:
    text = given(number, 17)
    return f"({text})" if text.startswith("-") else text
