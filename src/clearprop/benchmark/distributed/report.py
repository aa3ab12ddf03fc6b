"""A measurement as JSON and as a page of tables."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from clearprop.benchmark.distributed.cost import Pace
from clearprop.benchmark.distributed.suite import Found, Run, Way
from clearprop.benchmark.report import seconds, share, table


def to_json(run: Run) -> dict[str, Any]:
    """Everything that was measured, and what was foretold."""
    told = asdict(run)
    for one, found in zip(told["found"], run.found, strict=True):
        one["ways"] = [
            {**asdict(way), "efficiency": found.efficiency(way.seconds, run.rules.workers)} for way in found.ways
        ]
    return told


def to_text(run: Run) -> str:
    """The JSON as it is written."""
    return json.dumps(to_json(run), ensure_ascii=False, indent=2) + "\n"


def to_markdown(run: Run) -> str:
    """The page: how it was made, updates, sums, the cost model's numbers."""
    workers = run.rules.workers
    versions = ", ".join(f"{name} {number}" for name, number in run.versions.items())
    lines = [
        "# Several processes",
        "",
        f"{run.when}; {run.processor}; instruction set {run.instruction_set}; {run.took / 60:.1f} minutes; load before "
        f"the run {'unknown' if run.load is None else f'{run.load:.1f}'}. {versions}.",
        "",
        *(["**A quick run: the networks are small and the figures say little.**", ""] if run.rules.quick else []),
        f"One process on one thread, the native engine, against {workers} processes on one thread each that talk over "
        "gloo on loopback, with the same joined batch; float32, Adam, relu. Times are medians, of one update. "
        "*Foretold* is what the cost model says before anything is trained in several processes: from a trial of one "
        "process with a sixteenth, an eighth and a quarter of the batch, and from how long adding up alone takes. "
        f"*Efficiency* is the time of one process by {workers} times the time of {workers}.",
        "",
        *updates(run),
        "",
        "## Adding up",
        "",
        f"{workers} processes, each a vector of so many bytes; *by the model* is a latency of "
        f"{seconds(run.link.latency)} a message and {run.link.bandwidth / 1e9:.3g} GB/s.",
        "",
        *table(
            ("bytes", "time", "by the model"),
            [(f"{size:,}", seconds(time), seconds(run.link.add_up(size, workers))) for size, time in run.sums.items()],
        ),
        "",
        "## What the trial found",
        "",
        "An update of b rows takes *fixed* + b · *operations a row* / *rate*; of a worker with the update itself, but "
        "without adding up. A — is what the trial could not tell: a rate, where the rows made no difference "
        "beside the rest; *fixed*, where they seem to take more than all the time.",
        "",
        *table(
            ("", "operations a row", "bytes added up", "alone: fixed", "GFLOP/s", "worker: fixed", "GFLOP/s"),
            [
                (
                    one.case.name,
                    f"{one.work.operations:,.0f}",
                    f"{one.work.gradient_bytes:,}",
                    *pace(one.alone),
                    *pace(one.worker),
                )
                for one in run.found
            ],
        ),
        "",
    ]
    return "\n".join(lines)


def pace(found: Pace) -> tuple[str, str]:
    """What a trial has found: fixed, and GFLOP/s.

    >>> pace(Pace(0.001, 2e9)), pace(Pace(None, None))
    (('1 ms', '2'), ('—', '—'))
    """
    fixed = "—" if found.fixed is None else seconds(found.fixed)
    return fixed, "—" if found.rate is None else f"{found.rate / 1e9:.3g}"


def updates(run: Run) -> list[str]:
    """The table of updates."""
    heads = ("network", "batch", "processes", "meeting every", "time", "foretold", "off by", "efficiency", "foretold")
    return table(heads, [line for one in run.found for line in rows(run, one)])


def rows(run: Run, one: Found) -> list[tuple[str, ...]]:
    """A case's lines of it."""
    case, workers = one.case, run.rules.workers
    name, batch = "-".join(map(str, case.sizes)), f"{case.batch:,}"
    alone = (name, batch, "1", "", seconds(one.seconds), seconds(one.foretold), off(one.foretold, one.seconds), "", "")
    return [alone, *(_way(name, batch, workers, one, way) for way in one.ways)]


def _way(name: str, batch: str, workers: int, one: Found, way: Way) -> tuple[str, ...]:
    told = way.foretold.seconds
    return (
        name,
        batch,
        f"{workers}",
        "update" if way.every == 1 else f"{way.every} updates",
        seconds(way.seconds),
        seconds(told),
        off(told, way.seconds),
        share(one.efficiency(way.seconds, workers)),
        share(one.foretold / (workers * told)),
    )


def off(told: float, measured: float) -> str:
    """By how much what was foretold differs from what was measured.

    >>> off(1.1, 1.0), off(0.95, 1.0)
    ('+10 %', '−5 %')
    """
    part = round(100 * (told / measured - 1))
    return f"{'+' if part > 0 else '−' if part < 0 else ''}{abs(part)} %"
