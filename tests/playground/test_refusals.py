"""What is refused: said in both languages, by whoever refuses it, and marked as English where it comes from deeper."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from clearprop.errors import InputError
from clearprop.playground.refusals import NAMES, REFUSALS, Diverged, Refusal, error_message
from tests.playground.conftest import Page

ROOM = Path(__file__).parents[2] / "src/clearprop/playground"
# What Chinese writes in Latin letters, too.
LATIN = {"clearprop", "ids", "W1"}


def filled(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", REFUSALS)
def test_both_languages_say_the_same(key):
    english, chinese = REFUSALS[key]
    assert filled(chinese) == filled(english)
    assert set(re.findall(r"[A-Za-z]\w+", re.sub(r"{[^}]*}|\[[^]]*\]|\bl[12]\b", "", chinese))) <= LATIN
    assert re.search(r"[\u4e00-\u9fff]", chinese)


def test_each_is_raised_somewhere_and_nothing_else_is():
    paths = [path for path in ROOM.rglob("*.py") if path.name != "refusals.py"]  # which shows some in its doctests
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    raised = set(re.findall(r'Refusal\(\s*"([^"]+)"', text))
    assert "Diverged(" in text
    assert raised | {"diverged"} == set(REFUSALS)


def test_a_name_is_that_of_its_field():
    assert Refusal("number", name="learning_rate", given="x").texts["zh"] == "学习率：应为一个数，而不是“x”"
    assert (
        Refusal("whole", name="units of layer 3", least=1, most=64, given=65)
        .texts["zh"]
        .startswith("第 3 层的单元数：")
    )
    assert Refusal("number", name="w₅", given="x").texts["zh"].startswith("w₅：")
    assert all(re.search(r"[\u4e00-\u9fffβε]", name) for name in NAMES.values())


def test_a_refusal_within_a_refusal_keeps_its_language():
    inner = Refusal("size", source="x", rows=3, columns=4, most_rows=1, most_columns=2, most_numbers=3)
    outer = Refusal("link", why=inner)
    assert str(outer) == f"link: {inner}"
    assert outer.texts["zh"] == f"链接：{inner.texts['zh']}"


def test_messages():
    assert error_message(Diverged(None, update=3, rate=0.5), "zh")["message"].startswith("训练在第 3 次更新时发散")
    assert error_message(Refusal("memory"), "en")["language"] == "en"
    assert error_message(InputError("deep"), "zh") == {"type": "error", "message": "deep", "language": "en"}


# What somebody may do on the page, and what is then said; a * stands before what only English has words for.
PROVOKED = [
    ("change", {"optimizer": {"learning_rate": "很多"}}, "学习率：应为一个数，而不是“很多”"),
    ("change", {"optimizer": {"kind": {"rate": "0.5"}}}, "*unknown optimizer"),
    ("change", {"optimizer": {"learning_rate": "-1"}}, "*learning_rate: expected a number from 0 up"),
    ("change", {"network": {"layers": [{"units": 99}, {"units": 1}]}}, "第 1 层的单元数：应为 1 到 64 的整数"),
    ("change", {"network": {"layers": [{"units": 1}] * 9}}, "层：这里只接受 1 到 8 层"),
    ("change", {"batch": "0"}, "每批的行数："),
    ("change", {"start": {"seed": "1.5"}}, "种子："),
    ("data", {"kind": "named", "name": "moons", "settings": {"noise": "2"}}, "噪声："),
    ("data", {"kind": "numbers", "x": [[1.0], []], "y": [[1.0], [1.0]]}, "输入：应为若干行数"),
    ("data", {"kind": "numbers", "x": [[1.0]], "y": [[1.0], [1.0]]}, "数据：输入有 1 行，目标有 2 行"),
    ("point", {"remove": 0}, "点：这些数据不是手画的"),
    ("parameter", {"id": "W1[1->1]", "text": "1e999"}, "应为有限的数"),
    ("parameter", {"id": "E", "text": "1"}, "E：应为一个权重或一个偏置的编号"),
    ("table", {"name": "t.csv", "text": "a,b\n1,2\n3,4,5\n", "target": None}, "*t.csv, row 2 (line 3)"),
    ("steps", {"trace": 99, "from": 0, "to": 1}, "步骤：显示的已不是这次更新"),
]


@pytest.mark.parametrize(("kind", "fields", "said"), PROVOKED)
def test_the_chinese_page_is_told_in_chinese(page, kind, fields, said):
    page.done("change", language="zh")
    answer = page.ask(kind, **fields)
    assert answer["type"] == "error"
    assert said.removeprefix("*") in answer["message"]
    assert answer["language"] == ("en" if said.startswith("*") else "zh")


def test_a_page_of_another_version_is_told_in_its_language():
    for asked, language, said in (
        ("zh-CN", "zh", "网页与服务器的版本不同（99 与 1）"),
        ("de", "en", "page and server"),
    ):
        answer = Page().ask("hello", version=99, language=asked, share="")
        assert answer["message"].startswith(said)
        assert answer["language"] == language


def test_a_link_that_is_none_is_told_in_the_language_of_the_page(page):
    answer = page.hello("1.broken", language="zh")
    assert answer["message"] == "链接：已损坏或不完整；请复制整个地址"
    assert "这里已不再保存它" in page.hello("kept.nobody", language="zh")["message"]
    assert page.state["language"] == "zh"
