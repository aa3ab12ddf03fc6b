"""The processes: what they answer, what becomes of one that fails or hangs, and the machine's limit."""

from __future__ import annotations

import pytest

from clearprop._native import fma_rate, instruction_sets
from clearprop.benchmark.cases import Case
from clearprop.benchmark.crew import Crew, Trouble, alone
from clearprop.benchmark.race import Rules
from clearprop.benchmark.start import memory

CASE = Case("case", (5, 7, 3), rows=40, batch=16)
ASKED = {"case": CASE.to_json(), "seed": 0}


@pytest.fixture
def crew():
    with Crew(cores=1) as crew:
        yield crew


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("instruction_set", instruction_sets())
def test_the_limit_is_a_plausible_number(dtype, instruction_set):
    for threads in (1, 2):
        assert 1e7 < fma_rate(threads, dtype, 0.001, instruction_set) < 1e14


def test_the_limit_of_something_else_is_an_error():
    name = instruction_sets()[0]
    for arguments in ((1, "int8", 0.001, name), (0, "float32", 0.001, name), (1, "float32", 0.001, "v9")):
        with pytest.raises(ValueError, match=r"expected|instruction set"):
            fma_rate(*arguments)


def test_a_process_answers(crew):
    with alone(crew, "numpy", 1) as assistant:
        assert assistant.ask("begin", **ASKED, setting={"threads": 1})["seconds"] > 0
        answer = assistant.ask("work", times=3)
        assert len(answer["seconds"]) == 3 and len(answer["results"]) == 1
        with pytest.raises(Trouble, match="KeyError: 'threads'"):
            assistant.ask("begin", **ASKED, setting={})
        assert assistant.ask("drop") == {}
    assert not assistant.alive


def test_one_that_hangs_is_given_up(crew):
    with alone(crew, "clearprop", 1) as assistant:
        with pytest.raises(Trouble, match="given up after 1 s"):
            assistant.ask("limit", threads=1, dtype="float32", seconds=60.0, times=1, patience=1.0)
        assert not assistant.alive


def test_one_that_dies_says_its_last_words(crew):
    with (
        alone(crew, "numpyy", 1) as assistant,
        pytest.raises(Trouble, match=r"its process ended: .*unknown contestant"),
    ):
        assistant.ask("drop")


def test_memory_is_counted_beside_the_data(crew):
    rules = Rules(cores=1)
    small = memory(crew, rules, CASE)
    large = memory(crew, rules, Case("case", (500, 2000, 10), rows=512, batch=64))
    assert 0 <= small < 64 << 20
    assert large - small > 3 * 4 * 1_000_000  # a million weights, and as many m and v
