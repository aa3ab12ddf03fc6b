"""The server: to whom it answers, with which headers, and what becomes of a page that goes."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from clearprop.errors import InputError
from clearprop.playground import server as rooms
from clearprop.playground.play import first
from clearprop.playground.protocol import MOST_BYTES
from tests.playground.conftest import TOKEN, served

PATHS = [
    "/",
    "/static/main.js",
    "/static/page.css",
    "/shared.css",
    "/static/nothing.js",
    "/nothing",
    "/download/x.svg",
]


class Tab:
    """The WebSocket of a page."""

    def __init__(self, address):
        self.address = address

    @contextmanager
    def open(self, token=TOKEN, **headers):
        origin = headers.pop("origin", self.address.partition("/?")[0])
        place = self.address.partition("/?")[0].replace("http", "ws")
        with connect(f"{place}/socket?token={token}", origin=origin, max_size=None, **headers) as self.socket:
            yield self

    def ask(self, kind, /, **fields):
        self.socket.send(json.dumps({"type": kind, "ask": 1, **fields}))
        found = []
        while not found or "re" not in found[-1]:
            found.append(json.loads(self.socket.recv(30)))
        return found

    def hello(self, share=""):
        return self.ask("hello", version=1, language="en", share=share)


@pytest.fixture
def tab(server):
    return Tab(server[0])


def fetch(address, path, **headers):
    """Status, headers and body."""
    try:
        answer = urlopen(Request(address.partition("/?")[0] + path, headers=headers), timeout=30)
    except HTTPError as error:
        answer = error
    return answer.status, answer.headers, answer.read()


def eventually(what):
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", [None, "evil.example"])
def test_every_answer_has_its_headers(server, path, host):
    status, headers, body = fetch(server[0], path, **({"Host": host} if host else {}))
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["server"] is None
    if host:
        assert (status, body) == (403, b"this server answers to its own address only")
    elif path in PATHS[:4]:
        assert status == 200


def test_the_page_asks_for_nothing_from_elsewhere(server):
    for path in rooms.files("clearprop.playground").joinpath("static").iterdir():
        text = path.read_text(encoding="utf-8")
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert addresses == set(), path.name
        assert fetch(server[0], f"/static/{path.name}")[0] == 200


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/%2e%2e%2fserver.py", "/static/..%5cserver.py"])
def test_no_other_file_can_be_asked_for(server, path):
    assert fetch(server[0], path)[0] == 404


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", None, "http://127.0.0.1", "https://127.0.0.1:{port}"]
)
def test_a_socket_from_elsewhere_is_refused(server, tab, origin):
    port = re.search(r":(\d+)/", server[0])[1]
    with pytest.raises(InvalidStatus) as refused, tab.open(origin=origin and origin.format(port=port)):
        pass
    assert refused.value.response.status_code == 403


def test_a_page_from_elsewhere_is_refused(server):
    assert fetch(server[0], "/", Origin="http://evil.example")[0] == 403
    assert fetch(server[0], "/", Origin=server[0].partition("/?")[0])[0] == 200


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], "ü"])
def test_a_socket_without_the_token_is_closed(tab, token):
    with tab.open(token=token), pytest.raises(ConnectionClosed) as closed:
        tab.socket.recv(30)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "no valid token")


def test_downloads_need_the_token_and_an_open_page(server, tab):
    assert fetch(server[0], "/download/sheet.toml?session=x")[0] == 403
    assert fetch(server[0], f"/download/sheet.toml?token={TOKEN}&session=x")[0] == 404
    with tab.open():
        told = tab.hello()
        session = next(one for one in told if one["type"] == "state")["session"]
        status, headers, body = fetch(server[0], f"/download/sheet.toml?token={TOKEN}&session={session}")
        assert (status, headers["content-disposition"]) == (200, 'attachment; filename="sheet.toml"')
        assert body.startswith(b'title = "XOR"')
        assert fetch(server[0], f"/download/nothing?token={TOKEN}&session={session}")[0] == 400


def test_a_message_that_is_none_is_answered_and_does_no_harm(tab):
    with tab.open():
        tab.hello()
        for text in ("nonsense", "[]", '{"type":"undo","ask":7,"more":1}', '{"type":"no"}'):
            tab.socket.send(text)
            answer = json.loads(tab.socket.recv(30))
            assert answer["type"] == "error"
        assert tab.ask("apply")[-1]["type"] == "done"


def test_a_message_that_is_too_long_ends_the_connection(tab):
    with pytest.raises(ConnectionClosed), tab.open():
        tab.socket.send("x" * (MOST_BYTES + 1))
        while True:
            tab.socket.recv(30)


def test_a_page_that_takes_nothing_is_let_go(server, monkeypatch):
    monkeypatch.setattr(rooms, "MOST_UNREAD", 0)
    tab = Tab(server[0])
    with tab.open(), pytest.raises(ConnectionClosed):
        tab.socket.recv(30)
    eventually(lambda: not server[1].sessions)


def test_several_tabs_each_with_its_own(server):
    one, other = Tab(server[0]), Tab(server[0])
    with one.open(), other.open():
        one.hello()
        other.hello()
        assert one.ask("apply")[0]["updates"] == 1
        assert other.ask("apply")[0]["updates"] == 1
        assert one.ask("apply")[0]["updates"] == 2
        assert len(server[1].sessions) == 2


def test_a_closed_tab_ends_its_training(server, tab):
    with tab.open():
        tab.hello()
        tab.ask("run")
        session = next(iter(server[1].sessions.values()))
        eventually(lambda: session.play.state.step > 100)
    eventually(lambda: not server[1].sessions)
    thread = f"page {session.key}"
    eventually(lambda: thread not in {one.name for one in threading.enumerate()})


def test_a_state_comes_back_on_another_server(server):
    tab = Tab(server[0])
    with tab.open():
        tab.hello()
        tab.ask("data", kind="named", name="spirals")
        told = tab.ask("apply")[0]
    with served(token="another-token-of-tests") as (address, _):
        other = Tab(address)
        with other.open(token="another-token-of-tests"):
            back = next(one for one in other.hello(told["share"]) if one["type"] == "state")
    kept = ("E", "updates", "network", "optimizer", "data", "held_out", "share")
    assert {key: back[key] for key in kept} == {key: told[key] for key in kept}


def test_too_many_pages(server, monkeypatch):
    monkeypatch.setattr(rooms, "MOST_PAGES", 1)
    one, other = Tab(server[0]), Tab(server[0])
    with one.open(), other.open(), pytest.raises(ConnectionClosed) as closed:
        other.socket.recv(30)
    assert closed.value.rcvd.code == 1013


def test_a_port_that_is_taken():
    taken = r"port \d+: Address already in use; take another"
    with rooms.listening(0) as one, pytest.raises(InputError, match=taken):
        rooms.listening(one.getsockname()[1])


def test_only_this_machine_is_listened_to():
    with rooms.listening(0) as one:
        assert one.getsockname()[0] == "127.0.0.1"
        assert rooms.server_of(first(), one, "t")[1].startswith("http://127.0.0.1:")


def test_a_defect_is_said_and_the_page_is_let_go(server, tab, monkeypatch):
    monkeypatch.setattr("clearprop.playground.session.Session._undo", lambda self, message: 1 / 0)
    monkeypatch.setattr("threading.excepthook", lambda arguments: None)
    with tab.open():
        tab.hello()
        tab.socket.send('{"type":"undo"}')
        assert "a defect of clearprop (ZeroDivisionError" in json.loads(tab.socket.recv(30))["message"]
        with pytest.raises(ConnectionClosed) as closed:
            tab.socket.recv(30)
    assert closed.value.rcvd.code == 1011
    eventually(lambda: not server[1].sessions)
