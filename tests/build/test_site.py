"""`make docs`: a site without a warning that fetches nothing, in two languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FETCHED = re.compile(
    r"""<(?:script|img|iframe|link(?![^>]*rel="?canonical))\b[^>]*?(?:src|href)="?(?:https?:)?//|url\(["']?(?:https?:)?//|@import"""
)


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="the site is built with what `make docs` installs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    built = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('<script src="https://cdn.example/x.js">', True),
        ("<link href=//fonts.example rel=stylesheet>", True),
        ("background: url(https://example.org/x.png)", True),
        ('<script src="assets/x.js">', False),
        ('<a href="https://example.org">', False),
    ],
)
def test_the_pattern_tells_what_is_fetched(source: str, found: bool) -> None:
    assert bool(FETCHED.search(source)) is found


@pytest.mark.slow
def test_its_pages_fetch_nothing(site: Path) -> None:
    pages = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(pages) > 10
    assert not [(page.name, found[0]) for page in pages if (found := FETCHED.search(page.read_text(encoding="utf-8")))]


@pytest.mark.slow
def test_each_page_has_the_words_of_its_language_and_a_way_to_the_other(site: Path) -> None:
    for page, language, other in (
        ("by-numbers.html", "en", "by-numbers.zh-CN.html"),
        ("by-numbers.zh-CN.html", "zh", "by-numbers.html"),
    ):
        text = (site / page).read_text(encoding="utf-8")
        assert f'<html lang="{language}"' in text
        assert re.search(rf'class="other-language" href="{re.escape(other)}"', text)
        assert (site / other).exists()


@pytest.mark.slow
def test_lists_go_on_counting_and_outputs_keep_their_lines(site: Path) -> None:
    assert '<ol start="3">' in (site / "by-matrices.html").read_text(encoding="utf-8")
    assert "前向传播\n" in re.sub("<.*?>", "", (site / "by-symbols.zh-CN.html").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_every_public_name_is_in_the_reference(site: Path) -> None:
    import clearprop

    text = (site / "reference.html").read_text(encoding="utf-8")
    named = set(re.findall(r'id="clearprop\.[\w.]*?(\w+)"', text))
    assert {name for name in clearprop.__all__ if name != "__version__"} <= named
