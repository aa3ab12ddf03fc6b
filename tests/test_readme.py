"""The code blocks of the READMEs and of docs/ run, and print what is promised beside or below them.

`python tests/test_readme.py` writes what they print today into the blocks below them.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "README.zh-CN.md")]
DOCS = sorted((ROOT / "docs").glob("*.md"))
ENGLISH = [page for page in DOCS if page.with_suffix(".zh-CN.md").exists()]

# A block of Python, and the output that may stand directly below it.
CODE = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def code_blocks(page: Path) -> list[str]:
    return [block[1] for block in CODE.finditer(page.read_text(encoding="utf-8"))]


def with_outputs(page: Path) -> str:
    """The text of a page, its blocks run one after another and their outputs written anew."""
    names: dict[str, object] = {}

    def run(block: re.Match[str]) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(block[1], page.name, "exec"), names)
        shown = "\n".join(line.rstrip() for line in printed.getvalue().splitlines())
        output = "" if block[2] is None else f"\n\n```text\n{shown}\n```"
        return f"```python\n{block[1]}```{output}"

    return CODE.sub(run, page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", [*PAGES, *DOCS], ids=lambda page: page.name)
def test_its_code_prints_what_it_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(code_blocks(page))
    promised = re.findall(r"print\(.*\) +# ([0-9\[TF].*)", code)
    exec(compile(code, page.name, "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert len(promised) == 3 or page in DOCS
    assert printed[: len(promised)] == promised


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_its_outputs_are_what_its_code_prints(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert page.read_text(encoding="utf-8") == with_outputs(page), "written anew by python tests/test_readme.py"


@pytest.mark.parametrize("page", [*PAGES, *DOCS], ids=lambda page: page.name)
def test_its_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert links and all((page.parent / link).exists() for link in links)


def test_both_pages_have_the_same_code_for_the_worked_example():
    first = [code_blocks(page)[0] for page in PAGES]
    assert first[0] == first[1]


@pytest.mark.parametrize("page", ENGLISH, ids=lambda page: page.name)
def test_its_code_is_the_same_in_both_languages(page):
    def in_english(block: str) -> str:
        return block.replace('language="zh"', 'language="en"')

    assert code_blocks(page) == [in_english(block) for block in code_blocks(page.with_suffix(".zh-CN.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_commands_exist(page):
    from typer.main import get_command

    from clearprop.cli.app import app

    known = set(get_command(app).commands)
    named = set(re.findall(r"^\$ clearprop (\w+)", page.read_text(), re.MULTILINE))
    assert named and named <= known


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for page in DOCS:
            page.write_text(with_outputs(page), encoding="utf-8")
