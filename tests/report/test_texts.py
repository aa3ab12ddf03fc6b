"""The table of texts: both languages complete, with the same fields, and none of one on the other's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from clearprop.report import Column, render, texts
from clearprop.report.texts import Pair, Words

CHINESE = re.compile("[\u4e00-\u9fff]")


def pairs() -> Iterator[Pair]:
    for group in (
        texts.PAGE,
        texts.BASELINES,
        texts.STOPPED,
        texts.KINDS,
    ):
        yield from group.values()
    for name, explanation in texts.METRICS.values():
        yield from (name, explanation)


def test_both_languages_say_it_with_the_same_fields() -> None:
    for english, chinese in pairs():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese)), english
        assert not CHINESE.search(english)
        if re.search("[a-z]{3}", re.sub(r"{\w+}", "", english)):
            assert CHINESE.search(chinese), english


@pytest.mark.parametrize("sample", ["two_classes", "digits", "many_classes", "numbers"])
def test_a_chinese_page_has_no_english_words_of_the_page(samples: SimpleNamespace, sample: str) -> None:
    report = getattr(samples, sample)()
    page = re.sub(r"<style>.*?</style>", "", render(report, "zh"), flags=re.DOTALL)
    shown = re.findall(r">([^<]+)<", page) + re.findall(r'(?:aria-label|title|data-head)="([^"]*)"', page)
    whole, running = {words.strip() for words in shown}, "\n".join(shown)
    for english, chinese in pairs():
        if english in chinese:
            continue
        assert english not in whole
        for piece in re.split(r"{\w+}", english):
            if piece.count(" ") > 2:
                assert piece.strip() not in running


@pytest.mark.parametrize("sample", ["two_classes", "digits", "numbers"])
def test_an_english_page_has_no_chinese(samples: SimpleNamespace, sample: str) -> None:
    page = re.sub(r"<style>.*?</style>", "", render(getattr(samples, sample)(), "en"), flags=re.DOTALL)
    assert not CHINESE.search(page)


def test_own_words_stay_and_known_keys_are_translated(samples: SimpleNamespace) -> None:
    columns = (Column("a", "number", "true 1, false −1"), Column("b", "zodiac sign", "twelve inputs"))
    page = render(samples.two_classes(columns=columns), "zh")
    assert ">数值<" in page
    assert ">真为 1，假为 −1<" in page
    assert ">zodiac sign<" in page
    assert ">twelve inputs<" in page


def test_every_text_of_the_page_is_used() -> None:
    from importlib.resources import files

    source = "".join(
        entry.read_text(encoding="utf-8") for entry in files("clearprop.report").iterdir() if entry.name.endswith(".py")
    )
    assert [key for key in texts.PAGE if source.count(f'"{key}"') < 2] == []


def test_words_choose_by_language() -> None:
    assert Words("en").metric("rmse") == "root mean squared error"
    assert Words("zh").metric("rmse") == "均方根误差"
    assert Words("zh").metric("my own") == "my own"
    assert Words("zh").explanation("rmse", "mine") == "mine"
