"""The code blocks of the READMEs and of docs/ run, and print what the comments behind their lines say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "README.zh-CN.md")]
DOCS = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", [*PAGES, *DOCS], ids=lambda page: page.name)
def test_its_code_prints_what_it_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
    promised = re.findall(r"print\(.*\) +# ([0-9\[TF].*)", code)
    exec(compile(code, page.name, "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert len(promised) == 3 or page in DOCS
    assert printed[: len(promised)] == promised


@pytest.mark.parametrize("page", [*PAGES, *DOCS], ids=lambda page: page.name)
def test_its_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert links and all((page.parent / link).exists() for link in links)


def test_both_pages_have_the_same_code_for_the_worked_example():
    first = [re.search(r"```python\n(.*?)```", page.read_text(), re.DOTALL) for page in PAGES]
    assert first[0] and first[1] and first[0].group(1) == first[1].group(1)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_commands_exist(page):
    from typer.main import get_command

    from clearprop.cli.app import app

    known = set(get_command(app).commands)
    named = set(re.findall(r"^\$ clearprop (\w+)", page.read_text(), re.MULTILINE))
    assert named and named <= known


@pytest.mark.parametrize("page", [page for page in DOCS if page.name.endswith(".zh-CN.md")], ids=lambda page: page.name)
def test_a_chinese_page_has_the_code_of_the_english_one(page):
    english = page.with_name(page.name.replace(".zh-CN.md", ".md"))
    blocks = [re.findall(r"```python\n(.*?)```", one.read_text(), re.DOTALL) for one in (page, english)]
    assert blocks[0] == blocks[1]
