"""What a run was made on, told so that two machines of one name can be told apart."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

CPUINFO, CACHES = Path("/proc/cpuinfo"), Path("/sys/devices/system/cpu/cpu0/cache")
# What x86 and ARM tell about a processor, and the words for it.
NUMBERS = {
    "cpu family": "family",
    "model": "model",
    "stepping": "stepping",
    "CPU implementer": "implementer",
    "CPU part": "part",
}


@dataclass(frozen=True)
class Processor:
    """A processor as far as the system tells.

    Attributes:
        model: the numbers behind the name, which say more: "family 25, model 17, stepping 1".
        count: how many of them the system has.
        mhz: its clock just then.
        caches: KiB of those that the first of them uses, "L1d", "L2" and so on; the last may be shared.
    """

    name: str
    model: str
    count: int
    mhz: float | None
    caches: dict[str, int]

    def __str__(self) -> str:
        known = [f"{self.name} ({self.model})" if self.model else self.name]
        known += [f"{self.count} processor{'s'[: self.count != 1]}"]
        known += [] if self.mhz is None else [f"{self.mhz / 1000:.2f} GHz"]
        return ", ".join([*known, *(f"{level} {_size(kib)}" for level, kib in self.caches.items())])


def processor(cpuinfo: Path = CPUINFO, caches: Path = CACHES) -> Processor:
    """The processor of this machine.

    >>> bool(processor().name)
    True
    """
    told = _first(cpuinfo)
    return Processor(
        name=told.get("model name") or platform.processor() or platform.machine(),
        model=", ".join(f"{word} {told[key]}" for key, word in NUMBERS.items() if key in told),
        count=os.cpu_count() or 1,
        mhz=float(told["cpu MHz"]) if "cpu MHz" in told else None,
        caches=_caches(caches),
    )


def _first(cpuinfo: Path) -> dict[str, str]:
    """What Linux tells of the first processor; nothing on another system."""
    try:
        first = cpuinfo.read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _caches(folder: Path) -> dict[str, int]:
    """KiB of the caches for data."""
    found = {}
    for one in sorted(folder.glob("index*")):
        try:
            level, kind, size = ((one / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction" and size.endswith("K"):
            found[f"L{level}{'d' if kind == 'Data' else ''}"] = int(size[:-1])
    return found


def _size(kib: int) -> str:
    """A size in words.

    >>> _size(32), _size(32768), _size(1280)
    ('32 KiB', '32 MiB', '1.25 MiB')
    """
    return f"{kib} KiB" if kib < 1024 else f"{kib / 1024:g} MiB"
