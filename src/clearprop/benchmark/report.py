"""A run as JSON and as a page of tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from clearprop.benchmark.contestants import CONTESTANTS, OURS, contestant
from clearprop.benchmark.race import Outcome, Timing
from clearprop.benchmark.suite import Run
from clearprop.benchmark.targets import LIMIT, Mark, marks

AIMS = (
    "These are the aims that the project has set itself, some still far, on the machine of its published figures; "
    "elsewhere they say little. A ratio to another tool is to be at least so high; the memory that training takes "
    "beside the data at most three times the parameters with the optimizer's state, and 64 MiB."
)


def to_json(run: Run) -> dict[str, Any]:
    """Everything that was measured, and what follows from it."""
    return {
        "about": asdict(run.about),
        "cases": [_case(one, run.about.quick) for one in run.outcomes],
        "starts": [{"what": one.what, "name": one.name, "seconds": list(one.seconds)} for one in run.starts],
    }


def to_text(run: Run) -> str:
    """The JSON as it is written."""
    return json.dumps(to_json(run), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _case(outcome: Outcome, quick: bool) -> dict[str, Any]:
    return {
        "case": outcome.case.to_json(),
        "unit": outcome.case.unit,
        "operations": outcome.case.operations / outcome.case.shares,
        "limit": {"operations_per_second": outcome.limit, "cores": outcome.limit_cores},
        "memory": {"bytes": outcome.memory, "allowed": outcome.case.memory_allowance},
        "timings": [
            {
                **asdict(one),
                "median": one.median,
                "ratio": outcome.ratio(one.name),
                "operations_per_second": outcome.rate(one),
                "share_of_limit": outcome.share_of_limit(one),
            }
            for one in outcome.timings
        ],
        "absent": outcome.absent,
        "wrong": outcome.wrong,
        "targets": [{**asdict(one), "reached": one.reached} for one in ([] if quick else marks(outcome))],
    }


def to_markdown(run: Run) -> str:
    """The page: how it was made, the targets, every case, the start, the notes."""
    about = run.about
    versions = ", ".join(f"{name} {number}" for name, number in about.versions.items())
    lines = [
        "# Side by side",
        "",
        f"{about.when}; {about.processor}; {about.cores} threads at most; {about.machine}; instruction set "
        f"{about.instruction_set}; seed {about.seed}; {about.seconds / 60:.1f} minutes; "
        f"load before the run {'unknown' if about.load is None else f'{about.load:.1f}'}.",
        f"{versions}.",
        "",
        "The figures hold for this machine: with another processor, other caches or another clock, times and ratios "
        "are others.",
        "",
        *(["**A quick run: the tables are small and the figures say little.**", ""] if about.quick else []),
        "Before it is timed, each contestant has computed the same loss curve from the same weights, on the same "
        "batches in the same order: in short and in float64 to seven digits, then in the run that is timed, where "
        "*apart by* is how far it was from ours. Times are medians of rounds in which all take turns, the least and "
        "the most in brackets; *ratio* is how many times as long as clearprop. The limit is what a loop of "
        "multiply-adds on registers alone does in the same run, on one core where the steps are too small for a "
        "second; GFLOP/s count the products alone. *ready* is what is not timed: making tensors, compiling, the first "
        "call. *setting* is the fastest of those tried; clearprop may use so many threads, and uses those that a step "
        "is worth.",
        "",
        *[line for reason in run.wrong for line in (f"**WRONG** {reason}", "")],
    ]
    for outcome in run.outcomes:
        lines += [f"## {outcome.case.name}", "", *_outcome(outcome), ""]
    if run.starts:
        lines += ["## From the start of a process", "", *_starts(run), ""]
    if not about.quick:  # whose shapes are not those that the aims are for
        lines += ["## What the project aims at", "", AIMS, "", *_aims(run.outcomes), ""]
    lines += ["## Notes", "", *[f"- {one.title}: {one.note}." for one in CONTESTANTS if one.note], ""]
    return "\n".join(lines)


def _aims(outcomes: Sequence[Outcome]) -> list[str]:
    rows = []
    for outcome in outcomes:
        for mark in marks(outcome):
            reached = "yes" if mark.reached else f"{share(mark.value / mark.target)} of it"
            rows.append((outcome.case.name, *_mark(outcome, mark), reached))
    return table(("case", "figure", "measured", "aim", "reached"), rows)


def _mark(outcome: Outcome, mark: Mark) -> tuple[str, str, str]:
    if mark.what == LIMIT:
        return f"share of the limit of {_cores(outcome.limit_cores)}", share(mark.value), share(mark.target)
    if mark.what == "memory":
        allowed = f"{outcome.case.memory_allowance / 2**20:.0f} MiB"
        return "memory beside the data", f"{(outcome.memory or 0) / 2**20:.0f} MiB", allowed
    name, _, rest = mark.what.partition(",")
    return f"ratio to {contestant(name).title}" + (f",{rest}" if rest else ""), times(mark.value), times(mark.target)


def _outcome(outcome: Outcome) -> list[str]:
    case = outcome.case
    lines = [
        f"{case}: {case.unit}. {case.operations / case.shares:.3g} operations; the limit is {limit(outcome)}.",
        "",
    ]
    rows = [_timing(outcome, one) for one in outcome.timings]
    lines += table(("", "time", "", "ratio", "GFLOP/s", "of the limit", "apart by", "ready", "setting"), rows)
    for name, reason in {**outcome.absent, **outcome.wrong}.items():
        lines += ["", f"Without {contestant(name).title}: {reason}."]
    return lines


def _timing(outcome: Outcome, one: Timing) -> tuple[str, ...]:
    setting = ", ".join(
        f"{value} thread{'s'[: value != 1]}" if key == "threads" else str(value)
        for key, value in one.setting.items()
        if value
    )
    ratio = outcome.ratio(one.name)
    return (
        contestant(one.name).title,
        seconds(one.median),
        f"[{seconds(min(one.seconds))} – {seconds(max(one.seconds))}]",
        times(ratio) if ratio and one.name != OURS else "",
        f"{outcome.rate(one) / 1e9:.3g}",
        share(outcome.share_of_limit(one)),
        f"{one.deviation:.0e}" if one.name != OURS else "",
        seconds(one.ready + one.first),
        setting,
    )


def _starts(run: Run) -> list[str]:
    titles = {one.name: one.title for one in CONTESTANTS}
    shown: list[tuple[str, ...]] = []
    for one in run.starts:
        known = one.what in {outcome.case.name for outcome in run.outcomes}
        name = titles.get(one.name, "start and table alone") if known else ""
        span = f"[{seconds(min(one.seconds))} – {seconds(max(one.seconds))}]"
        what = f"{one.what}, first {'run' if one.what == 'tiny' else 'epoch'}" if known else one.what
        shown.append((what, name, seconds(one.median), span))
    return table(("", "", "time", ""), shown)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table.

    >>> table(["a", "b"], [["1", "2"]])
    ['| a | b |', '|---|---|', '| 1 | 2 |']
    """
    return [f"| {' | '.join(cells)} |" for cells in (head,)] + [
        "|" + "---|" * len(head),
        *[f"| {' | '.join(cells)} |" for cells in rows],
    ]


def seconds(value: float) -> str:
    """A time with three digits and its unit.

    >>> seconds(0.00123), seconds(12.5), seconds(0)
    ('1.23 ms', '12.5 s', '0')
    """
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if value >= size:
            return f"{_three(value / size)} {unit}"
    return "0"


def times(ratio: float) -> str:
    """A ratio with three digits.

    >>> times(0.1234), times(1234.5)
    ('0.123 ×', '1,234 ×')
    """
    return f"{_three(ratio)} ×"


def share(part: float) -> str:
    """A share in percent.

    >>> share(0.8213), share(0.0000123)
    ('82%', '0.0012%')
    """
    return f"{part:.0%}" if part >= 0.1 else f"{100 * part:.2g}%"


def _three(value: float) -> str:
    return f"{value:.3g}" if value < 99.5 else f"{value:,.0f}"


def limit(outcome: Outcome) -> str:
    """What a case's share of the limit is a share of: "one core at 117 GFLOP/s"."""
    return f"{_cores(outcome.limit_cores)} at {outcome.limit / 1e9:,.0f} GFLOP/s"


def _cores(count: int) -> str:
    return "one core" if count == 1 else f"{count} cores"
