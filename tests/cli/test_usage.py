"""Words of a command that are wrong: one message, the nearest known word, where the help is, exit 2."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", "t.csv", "--target", "y", "--recipe", "quik"), 'did you mean "quick"? See clearprop train --help'),
        (("train", "t.csv", "--target", "y", "--task", "class"), 'did you mean "classes"?'),
        (("train", "t.csv", "--target", "y", "--engine", "gpu"), 'unknown engine "gpu". Known: auto'),
        (("train", "t.csv", "--target", "y", "--epochs", "many"), "--epochs"),
        (("train", "t.csv"), "Missing option '--target'. See clearprop train --help"),
        (("train",), "Missing argument 'TABLE'."),
        (("export", "m.safetensors", "--to", "onyx"), 'did you mean "onnx"?'),
        (("export", "m.safetensors"), "--to"),
        (("train", "t.csv", "--targt", "y"), "--target"),
        (("trian", "t.csv"), "train"),
    ],
)
def test_a_wrong_word_is_one_line(run, words, message):
    refused = run(*words)
    assert refused.status == 2 and not refused.out
    assert refused.err.startswith("error: ") and refused.err.count("\n") == 1
    assert message in refused.err and "Value error" not in refused.err


def test_no_words_at_all_are_answered_with_the_help(run):
    ran = run()
    assert ran.status in (0, 2) and "error" not in (ran.out + ran.err).lower() and "explain" in ran.out + ran.err
