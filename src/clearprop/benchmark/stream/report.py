"""What a comparison came to, as a table for people and as JSON."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from typing import Any

import clearprop
from clearprop.benchmark.machine import processor
from clearprop.benchmark.stream.side import BATCH, HIDDEN, Asked, Told
from clearprop.errors import in_bytes


@dataclass(frozen=True)
class Compared:
    """Each side's figures, by its name; `skipped` are those that could not be run, and why."""

    when: str
    asked: Asked
    bytes_of_files: int
    told: dict[str, Told]
    skipped: dict[str, str]

    @property
    def same(self) -> bool:
        """Whether streamed and in memory came to the same weights and losses."""
        one, other = self.told["streamed"], self.told["in memory"]
        return (one.weights, one.loss) == (other.weights, other.loss)

    def ratio(self, side: str) -> float:
        """How many times the rate of a side the streamed one has."""
        return self.told["streamed"].rate / self.told[side].rate


def cells(compared: Compared) -> list[tuple[str, ...]]:
    """A line of words for each side, below a header."""
    lines: list[tuple[str, ...]] = [("", "rows a second", "streamed is", "before the first epoch", "peak memory")]
    for side, told in compared.told.items():
        before = ", ".join(
            f"{seconds:.0f} {name}" if name == "workers" else f"{name} {seconds:.1f} s"
            for name, seconds in told.before.items()
        )
        ratio = "" if side == "streamed" else f"{compared.ratio(side):.2f} ×"
        lines.append((side, f"{told.rate:,.0f}", ratio, before, in_bytes(told.peak)))
    return lines


def to_markdown(compared: Compared) -> str:
    """The whole report."""
    asked = compared.asked
    header, *lines = cells(compared)
    table = "\n".join("| " + " | ".join(line) + " |" for line in (header, ("---",) * len(header), *lines))
    same = "the same weights and losses, bit for bit" if compared.same else "OTHER weights or losses: a defect"
    skipped = "".join(f"\nWithout {side}: {why}.\n" for side, why in compared.skipped.items())
    return f"""# Streaming

{compared.when}; {processor()}; {asked.threads} threads; {platform.system()} {platform.machine()}; seed {asked.seed}.
Python {platform.python_version()}, clearprop {clearprop.__version__}.

{asked.rows:,} rows of 28 numbers and a class with two values, in Parquet files of
{in_bytes(compared.bytes_of_files)} together; as float32 in memory they are {in_bytes(asked.rows * 28 * 4)}. A network
28-{HIDDEN}-{HIDDEN}-2 learns them in batches of {BATCH:,} with Adam, epochs: {asked.epochs}; each side in a
process of its own, the streamed one with `memory="{asked.memory}"`.

{table}

Streamed and in memory came to {same}. Rates are of the fastest epoch. What is *before the first epoch* is not in them:
one pass for the statistics of the columns, one that decodes the files (streamed: to the spill file). PyTorch is timed
on {min(asked.rows, asked.rows_of_torch):,} of the rows, with the fastest of 0, 1 and 2 workers,
of workers the second epoch, when they have started; *DataLoader* is given one row at a time and collates them, *whole
batches* slices them from a row group. Its peak memory is without that of its workers.
{skipped}"""


def to_json(compared: Compared) -> dict[str, Any]:
    """All figures, as plain values."""
    told = {side: {**asdict(one), "rate": one.rate} for side, one in compared.told.items()}
    about = {"when": compared.when, "machine": str(processor()), "clearprop": clearprop.__version__}
    return {
        **about,
        "asked": {name: value for name, value in asdict(compared.asked).items() if name != "folder"},
        "bytes_of_files": compared.bytes_of_files,
        "same_bits": compared.same,
        "sides": told,
        "skipped": compared.skipped,
    }
