"""One's own points, and what can be taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Playground

pytestmark = pytest.mark.slow

# What each file begins with, or has in it near its beginning.
FILES = {
    "sheet.toml": b"[network]",
    "explanation.html": b"<!DOCTYPE html>",
    "explanation.tex": b"\\documentclass",
    "program.py": b"import",
    "model.safetensors": b"clearprop",
    "network.svg": b"<svg",
    "network.png": b"\x89PNG",
}


def test_every_file_can_be_saved(playground: Playground, tmp_path: Path) -> None:
    playground.open()
    for place, (name, start) in enumerate(FILES.items()):
        playground.by("save").click()
        with playground.page.expect_download() as saved:
            playground.page.locator("#saves :is(a, button)").nth(place).click()
        assert saved.value.suggested_filename == name
        path = tmp_path / name
        saved.value.save_as(path)
        assert start in path.read_bytes()[:2000]
    assert playground.tab.complaints == []


def test_points_are_drawn_and_removed_by_clicking(playground: Playground) -> None:
    playground.open()
    playground.choose("data", "points")
    dots = playground.page.locator(".map .point")
    before = dots.count()
    playground.by("class 1").click()
    playground.settled(lambda: playground.page.locator(".map").click(position={"x": 70, "y": 60}))
    assert dots.count() == before + 1
    drawn = playground.page.evaluate(
        """() => [...document.querySelectorAll(".map .point.c1")].filter((dot) => {
            const [point, map] = [dot, dot.ownerSVGElement].map((one) => one.getBoundingClientRect());
            const [x, y] = [point.x + point.width / 2 - map.x, point.y + point.height / 2 - map.y];
            return Math.hypot(x - 70, y - 60) < 2;
        }).length"""
    )
    assert drawn == 1
    playground.settled(lambda: playground.page.locator(".map").click(position={"x": 70, "y": 60}))
    assert dots.count() == before


def test_points_can_be_added_without_a_mouse(playground: Playground) -> None:
    playground.open()
    playground.choose("data", "points")
    before = playground.page.locator(".map .point").count()
    playground.by("point at").fill("0.25, 0.75")
    playground.settled(lambda: playground.page.keyboard.press("Enter"))
    assert playground.page.locator(".map .point").count() == before + 1


@pytest.mark.parametrize("way", ["dropped", "pasted"])
def test_a_table_that_is_dropped_or_pasted_is_asked_about(playground: Playground, way: str) -> None:
    playground.open()
    playground.page.evaluate(
        """([way, text]) => {
            const data = new DataTransfer();
            if (way === "dropped") data.items.add(new File([text], "own.csv", { type: "text/csv" }));
            else data.setData("text/plain", text);
            const told = { bubbles: true, cancelable: true };
            document.body.dispatchEvent(
                way === "dropped"
                    ? new DragEvent("drop", { ...told, dataTransfer: data })
                    : new ClipboardEvent("paste", { ...told, clipboardData: data }),
            );
        }""",
        [way, "length,kind\n" + "".join(f"{size},{'long' if size > 4 else 'short'}\n" for size in range(10))],
    )
    playground.page.wait_for_selector("#table option", state="attached")
    assert playground.page.locator("#table select").input_value() == "kind"
    playground.settled(lambda: playground.page.locator("#table button.main").click())
    assert "length" in playground.page.locator("#settings .fixed").inner_text()
