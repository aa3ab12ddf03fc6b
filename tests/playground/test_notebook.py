"""The playground in a notebook: one text of script, one session behind it, and the same step in a browser."""

from __future__ import annotations

import json
import re
import sys
import types
from importlib import import_module

import pytest

import clearprop as cp
from clearprop.examples import load
from clearprop.playground import opening
from clearprop.playground.notebook.bundle import bundled
from clearprop.playground.play import of_sheet
from clearprop.playground.protocol import FROM_PAGE, FROM_SERVER, VERSION, check_message


def module():
    pytest.importorskip("anywidget", reason='no anywidget: pip install "clearprop[notebook]"')
    return import_module("clearprop.playground.notebook.player")


@pytest.fixture
def player():
    one = module().Player(of_sheet(load("cnblogs-2-2-2"), "cnblogs-2-2-2"))
    yield one
    one.close()


@pytest.fixture
def in_notebook(monkeypatch):
    shell = types.SimpleNamespace(kernel=None)
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))


def test_modules_become_one():
    text = bundled(
        {"a": "const x = 1;\nexport class Y {}", "b": 'import { Y } from "./a.js";\nexport const z = Y;'}, "z"
    )
    assert "import " not in text
    assert "return { Y };" in text
    assert "const { Y } = $a;" in text


def test_the_script_is_whole(player):
    script = module().script()
    assert "import " not in re.sub(r"//.*", "", script)
    assert re.findall(r"^export .*", script, re.MULTILINE) == ["export default { render };"]
    assert f"const VERSION = {VERSION};" in script
    asked = set(re.findall(r"\bask\(\"(\w+)\"", script)) | {"run", "pause", "seen"}
    assert asked <= set(FROM_PAGE)
    assert "http" not in re.sub(r"http://www.w3.org/\d+/\w+", "", script)


def test_its_style_is_its_own(player):
    style = module().style()
    assert ":root" not in style
    assert "url(" not in style


def test_it_answers_as_the_server_does(player, monkeypatch):
    told = []
    monkeypatch.setattr(player.session, "send", told.append)
    monkeypatch.setattr(player, "send", told.append)
    player._heard(player, {"type": "hello", "ask": 1, "version": VERSION, "language": "en", "share": ""}, [])
    player._heard(player, {"type": "nonsense"}, [])
    player._heard(player, {"type": "apply", "ask": 2}, [])
    player._inbox.put(None)
    player._worker.join(30)
    for one in told:
        check_message(FROM_SERVER, "re", json.loads(json.dumps(one)))
    assert [one["re"] for one in told if "re" in one] == [1, 2]
    assert any(one.get("message") == "message: unknown type 'nonsense'" for one in told)
    assert next(one for one in reversed(told) if one["type"] == "state")["E"] == "0.291027774"
    assert player.play.state.step == 1


def test_play_in_a_notebook_is_a_widget(player, in_notebook):
    model = cp.Model.initialized(cp.Network.parse("2-3-1"))
    widget = cp.play(model)
    assert isinstance(widget, module().Player)
    assert widget.play.model == model
    widget.close()


def test_without_anywidget_it_says_what_is_missing(in_notebook, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "clearprop.playground.notebook.player", raising=False)
    with pytest.raises(cp.InputError, match=r'pip install "clearprop\[notebook\]"'):
        cp.play()


def test_elsewhere_it_is_a_page(monkeypatch):
    assert not opening.in_notebook()
    served = []
    monkeypatch.setattr(opening, "serve", lambda start, port, browser: served.append((start.title, port, browser)))
    cp.play("cnblogs-2-2-2", port=8000, browser=False)
    assert [(port, browser) for _, port, browser in served] == [(8000, False)]


PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>{style}</style><div id="cell"></div><script type="module">
{script}
const heard = [];
const model = {{
  on: (name, take) => heard.push(take),
  off: () => {{}},
  send: async (message) => {{
    for (const answer of JSON.parse(await tell(JSON.stringify(message)))) for (const take of heard) take(answer);
  }},
}};
render({{ model, el: document.getElementById("cell") }});
</script>"""


def test_the_step_in_a_browser(player, tab, tmp_path):
    def tell(text):
        told = []
        player.session.send = told.append
        player.session.take(json.loads(text))
        return json.dumps(told)

    tab.page.expose_function("tell", tell)
    (tmp_path / "cell.html").write_text(PAGE.format(style=module().style(), script=module().script()), encoding="utf-8")
    tab.show((tmp_path / "cell.html").as_uri())
    card, controls = tab.page.locator(".card"), tab.page.locator(".controls")
    card.get_by_text("What is given?").wait_for()
    tab.page.locator(".controls input").fill("43")
    card.get_by_text("after the update?").wait_for()
    tab.page.locator(".controls input").fill("38")
    assert "0.358916480" in card.locator(".result").inner_text()
    assert tab.page.locator(".network .computed").count() > 0
    controls.get_by_role("button", name="Update").click()
    controls.get_by_text("0.291027774").wait_for()
    assert player.play.state.step == 1
    tab.page.locator(".clearprop-play").focus()
    tab.page.keyboard.press("ArrowRight")
    card.get_by_text("What is the net input").wait_for()
    assert tab.complaints == []
