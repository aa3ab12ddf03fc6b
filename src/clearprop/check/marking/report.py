"""What the marking of a worked sheet has found: as an object, as text, as JSON."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from clearprop.check.marking.verdicts import Status
from clearprop.sheet import Claim, Written

WIDEST = 40
"""A matrix of more characters is shown by its shape and its wrong numbers."""

MOST_PLACES = 2
"""So many of the wrong numbers of a matrix are shown."""

WORDS = {
    "en": {
        "header": ("claim", "written", "true", "mark"),
        "right": "right",
        "rounded": "rounded",
        "wrong": "wrong",
        "passes": "all claims are right",
        "rounded_note": "rounded: the digits differ only because those it was computed from were rounded",
        "fails": "{wrong} of {all} claims are wrong",
        "follows": "follows from {ids}",
        "none": 'no claims: there is nothing to mark; write what you computed under [claims], as E = "0.291"',
        "list": "{count} numbers",
        "slip": "{id} ({claims})\n  {text}",
        "joint": ", ",
    },
    "zh": {
        "header": ("量", "写的值", "正确值", "判定"),
        "right": "正确",
        "rounded": "舍入",
        "wrong": "错误",
        "passes": "全部正确",
        "rounded_note": "舍入：数字不同只是因为前面的数被舍入过",
        "fails": "{all} 个数据中有 {wrong} 个错误",
        "follows": "由 {ids} 导致",
        "none": '没有可检查的数据；请把算出的数写在 [claims] 下，如 E = "0.291"',
        "list": "{count} 个数",
        "slip": "{id}（{claims}）\n  {text}",
        "joint": "、",
    },
}


@dataclass(frozen=True)
class Mark:
    """The mark of one claim.

    Attributes:
        claim: what was claimed.
        status: "wrong" where one of its numbers is; "rounded" where one differs only by the digits of its operands.
        true: the true value, a number or nested lists as the claim is written.
        slips: the ids of the slips that reproduce its digits.
        follows_from: the wrong claims from which its wrong numbers follow correctly.
        wrong_at: the places of its wrong numbers, counted from 1, as (2, 3); () is that of a single number.
    """

    claim: Claim
    status: Status
    true: Any
    slips: tuple[str, ...] = ()
    follows_from: tuple[str, ...] = ()
    wrong_at: tuple[tuple[int, ...], ...] = ()

    @property
    def id(self) -> str:
        return self.claim.key

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "status": self.status,
            "true": _finite(self.true),
            "slips": list(self.slips),
            "follows_from": list(self.follows_from),
            "wrong_at": [list(place) for place in self.wrong_at],
        }


@dataclass(frozen=True)
class Mistake:
    """A slip that is named.

    Attributes:
        id: such as "updated-early".
        claims: the claims whose digits it reproduces.
        texts: what was done and what to do, by language.
    """

    id: str
    claims: tuple[str, ...]
    texts: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "claims": list(self.claims), "text": self.texts}


@dataclass(frozen=True)
class WorksheetReport:
    """The marks of a sheet, in the order of its claims, and the slips that explain the wrong ones.

    `print` it, or ask for `text("zh")`.
    """

    title: str
    marks: tuple[Mark, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def ok(self) -> bool:
        """Whether no claim is wrong."""
        return all(mark.status != "wrong" for mark in self.marks)

    def __getitem__(self, id: str) -> Mark:
        """The mark of the claim that the sheet names so."""
        for mark in self.marks:
            if mark.id == id:
                return mark
        raise KeyError(id)

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, strings and lists; what is not finite is None."""
        return {
            "title": self.title,
            "ok": self.ok,
            "claims": [mark.to_json() for mark in self.marks],
            "mistakes": [mistake.to_json() for mistake in self.mistakes],
        }

    def __str__(self) -> str:
        return self.text()

    def text(self, language: str = "en") -> str:
        """The report as a table, with a sentence for each mistake; language is "en" or "zh"."""
        words: dict[str, Any] = WORDS[language]
        lines = [self.title] if self.title else []
        if not self.marks:
            return "\n".join([*lines, words["none"]])
        rows = [words["header"], *(self._row(mark, words) for mark in self.marks)]
        widths = [max(_width(row[column]) for row in rows) for column in range(3)]
        lines += ["  ".join([*map(_padded, row[:3], widths), row[3]]) for row in rows]
        wrong = sum(mark.status == "wrong" for mark in self.marks)
        lines += ["", words["fails"].format(wrong=wrong, all=len(self.marks)) if wrong else words["passes"]]
        if any(mark.status == "rounded" for mark in self.marks):
            lines.append(words["rounded_note"])
        for mistake in self.mistakes:
            claims = words["joint"].join(mistake.claims)
            lines.append(words["slip"].format(id=mistake.id, claims=claims, text=mistake.texts[language]))
        return "\n".join(lines)

    def _row(self, mark: Mark, words: dict[str, Any]) -> tuple[str, str, str, str]:
        written, true, end = _text(mark.claim.written), "", ""
        long = isinstance(written, list) and len(_listed(written)) > WIDEST
        shown = partial(_at, mark.wrong_at) if long else _listed
        if mark.status == "wrong":
            true = shown(_like(mark.true, mark.claim.written))
            told = [*mark.slips, words["follows"].format(ids=words["joint"].join(mark.follows_from))]
            told = told if mark.follows_from else told[:-1]
            end = f": {words['joint'].join(told)}" if told else ""
        shape = f"{_shape(written, words)} " if long else ""
        return mark.id, f"{shape}{shown(written)}".rstrip(), true, words[mark.status] + end


def _like(true: Any, written: Any) -> Any:
    """The true numbers, each with as many decimals as were written, and more where that shows no difference."""
    if isinstance(written, tuple):
        return [_like(one, other) for one, other in zip(true, written, strict=True)]
    return _decimals(true, written)


def _decimals(true: float, written: Written) -> str:
    for decimals in range(written.decimals, written.decimals + 4):
        text = f"{true:.{decimals}f}"
        if abs(float(text) - written.value) > 0.6 * written.unit and (true == 0.0 or float(text) != 0.0):
            return text
    return f"{true:.9g}"


def _text(written: Any) -> Any:
    return [_text(one) for one in written] if isinstance(written, tuple) else str(written)


def _shape(texts: Any, words: dict[str, Any]) -> str:
    """3×2, or how many numbers a vector has."""
    shape = np.shape(texts)
    return "×".join(map(str, shape)) if len(shape) > 1 else str(words["list"].format(count=len(texts)))


def _at(places: Sequence[tuple[int, ...]], texts: Any) -> str:
    """The numbers at the first of some places: [1,2] 0.856, [3,1] 0.815, …"""
    numbers = np.array(texts)
    named = [
        f"[{','.join(map(str, place))}] {numbers[tuple(at - 1 for at in place)]}" for place in places[:MOST_PLACES]
    ]
    return ", ".join([*named, "…"] if len(places) > MOST_PLACES else named)


def _listed(value: Any) -> str:
    return value if isinstance(value, str) else f"[{', '.join(map(_listed, value))}]"


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return value if math.isfinite(value) else None


def _width(text: str) -> int:
    """How many columns a text takes: wide characters take two."""
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
