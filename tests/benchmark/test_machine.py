"""The machine of a run: what tells two of one name apart, from files as Linux has them."""

from __future__ import annotations

from clearprop.benchmark.machine import Processor, processor

X86 = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
stepping\t: 1
cpu MHz\t\t: 2596.136

processor\t: 1
model name\t: another
"""
ARM = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"


def caches(folder, *kinds):
    for number, (level, kind, size) in enumerate(kinds):
        index = folder / f"index{number}"
        index.mkdir(parents=True)
        for name, value in (("level", level), ("type", kind), ("size", size)):
            (index / name).write_text(f"{value}\n")
    return folder


def test_what_an_x86_processor_is(tmp_path):
    (tmp_path / "cpuinfo").write_text(X86)
    sizes = ((1, "Data", "32K"), (1, "Instruction", "64K"), (2, "Unified", "1024K"), (3, "Unified", "32768K"))
    found = processor(tmp_path / "cpuinfo", caches(tmp_path / "cache", *sizes))
    assert found.caches == {"L1d": 32, "L2": 1024, "L3": 32768}
    assert str(found) == (
        f"AMD EPYC (family 25, model 17, stepping 1), {found.count} processor{'s'[: found.count != 1]}, 2.60 GHz, "
        "L1d 32 KiB, L2 1 MiB, L3 32 MiB"
    )


def test_what_an_arm_processor_is(tmp_path):
    (tmp_path / "cpuinfo").write_text(ARM)
    found = processor(tmp_path / "cpuinfo", tmp_path)
    assert found.name and found.model == "implementer 0x41, part 0xd0c" and found.mhz is None and found.caches == {}


def test_a_system_that_tells_nothing(tmp_path):
    found = processor(tmp_path / "none", tmp_path / "none")
    assert found.name and str(Processor("x", "", 1, None, {})) == "x, 1 processor"
