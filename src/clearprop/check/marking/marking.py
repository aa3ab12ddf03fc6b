"""A worked sheet -> its marks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from clearprop.check.marking.claims import Figure, Resolved, resolved
from clearprop.check.marking.course import Course
from clearprop.check.marking.naming import Inquiry, Named
from clearprop.check.marking.report import Mark, Mistake, WorksheetReport
from clearprop.check.marking.rules import Rules
from clearprop.check.marking.sentences import sentence
from clearprop.check.marking.verdicts import Verdict, verdicts
from clearprop.check.marking.world import Worlds
from clearprop.engines.base import State
from clearprop.explain.notation import find_notation
from clearprop.sheet import Sheet, read_sheet

LANGUAGES = ("en", "zh")
WORSE = ("right", "rounded", "wrong")


def check_worksheet(source: str | os.PathLike[str] | Sheet, *, state: State | None = None) -> WorksheetReport:
    """The marks of a worked sheet: each claim right, rounded or wrong, and which known slips explain the wrong ones.

    A claim is right if its digits are those of the true value; rounded if they are those that its operands, as they
    were claimed, lead to; else wrong. A slip is named where it reproduces the digits, acting on one quantity alone or
    on all that follows from it.

    Args:
        source: a path, the text of a sheet, or a `Sheet`.
        state: of a result of `train` whose weights the sheet has: which rows come next, at which rate and with which
            dropout masks, and what the optimizer remembers. None: the sheet is of the start of a run.

    Raises:
        InputError: the sheet cannot be read, or claims what does not exist; the message names the line.

    >>> report = check_worksheet('''
    ... [network]
    ... layers = "1-1"
    ... output = "identity"
    ... [parameters]
    ... W1 = [[2.0]]
    ... b1 = 1.0
    ... [data]
    ... x = [[3.0]]
    ... y = [[5.125]]
    ... [claims]
    ... "a1[1]" = "7.0"
    ... E = "3.515625"
    ... ''')
    >>> report.ok, report["E"].status, report["E"].true, report["E"].slips
    (False, 'wrong', 1.7578125, ('half-missing',))
    """
    sheet = source if isinstance(source, Sheet) else read_sheet(source)
    if not sheet.claims:
        return WorksheetReport(sheet.title, (), ())
    course = Course(sheet, state)
    claims = resolved(sheet, course)
    figures = [figure for claim in claims for figure in claim.figures]
    rules = Rules.of(course.described)
    worlds = Worlds(course, rules, figures)
    found = verdicts(figures, course, rules, worlds)
    named = Inquiry(course, rules, worlds, found).named()
    by_figure = {one.figure: one for one in found}
    marks = tuple(_mark(claim, [by_figure[one] for one in claim.figures], named, claims) for claim in claims)
    return WorksheetReport(sheet.title, marks, tuple(_mistake(one, sheet, course, claims) for one in named))


def _mark(one: Resolved, found: Sequence[Verdict], named: Sequence[Named], claims: Sequence[Resolved]) -> Mark:
    status = max((verdict.status for verdict in found), key=WORSE.index)
    true = np.array([verdict.figure.sign * verdict.true for verdict in found]).reshape(one.shape).tolist()
    slips = dict.fromkeys(slip.id for slip in named if not slip.figures.isdisjoint(one.figures))
    follows = [figure for verdict in found for figure in verdict.follows if figure not in one.figures]
    indices = zip(np.ndindex(one.shape), found, strict=True)
    wrong_at = tuple(tuple(at + 1 for at in index) for index, verdict in indices if verdict.status == "wrong")
    return Mark(one.claim, status, true, tuple(slips), _keys(follows, claims), wrong_at)


def _keys(figures: Sequence[Figure], claims: Sequence[Resolved]) -> tuple[str, ...]:
    """The names of the claims that figures belong to, in the order of the sheet."""
    return tuple(claims[number].claim.key for number in sorted({figure.claim for figure in figures}))


def _mistake(one: Named, sheet: Sheet, course: Course, claims: Sequence[Resolved]) -> Mistake:
    step, notation = course.step(0), find_notation(sheet.notation)
    texts: dict[str, Any] = {language: sentence(one, step, notation, language) for language in LANGUAGES}
    return Mistake(one.id, _keys(list(one.figures), claims), texts)
