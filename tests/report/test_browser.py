"""The report in a real browser: it shows what it says, fetches nothing, and its policy stops nothing of its own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from clearprop.report import render
from tests.conftest import Tab


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_browser_shows_it_without_a_complaint(
    tab: Tab, tmp_path: Path, samples: SimpleNamespace, language: str
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(samples.digits(), language), encoding="utf-8")
    tab.show(page.as_uri())
    assert tab.page.locator("svg").count() > 0
    assert tab.complaints == []
    assert set(tab.requests) == {page.as_uri()}
