"""The report in a real browser: it shows what it says, fetches nothing, and its policy stops nothing of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from clearprop.report import render

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_browser_shows_it_without_a_complaint(
    chromium: str, tmp_path: Path, samples: SimpleNamespace, language: str
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render(samples.digits(), language), encoding="utf-8")
    command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--dump-dom"]
    shown = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=120)
    assert "<svg" in shown.stdout and "</html>" in shown.stdout
    complaints = [line for line in shown.stderr.splitlines() if "CONSOLE" in line or "Content Security" in line]
    assert complaints == []
