"""The playground's server: one page on this machine, for whoever has its address, and for nobody else."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import socket as sockets
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.resources import files
from queue import Full, Queue
from threading import Thread
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from clearprop.drawing import page_style
from clearprop.errors import ClearpropError, InputError
from clearprop.playground.downloads import download
from clearprop.playground.kept import Kept
from clearprop.playground.play import Play
from clearprop.playground.protocol import MOST_BYTES, read
from clearprop.playground.refusals import Refusal, error_message
from clearprop.playground.session import Session

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
MOST_PAGES = 32
MOST_WAITING = 256  # messages of one page that are not done yet
MOST_UNREAD = 1_000  # messages to a page that does not take them
FORBIDDEN, REFUSED, FULL = 403, 1008, 1013

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Lets through what comes from this machine's own page, and gives every answer its headers.

    A page elsewhere can make a browser ask this server: by another name of it (Host), or from another place (Origin).
    Neither gets an answer.
    """

    def __init__(self, playground: Playground, port: int) -> None:
        self.playground = playground
        self.app: ASGIApp = Starlette(routes=playground.routes)
        self.hosts = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)

        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message.get("headers", ())}
                extra = [(key.encode(), value.encode()) for key, value in HEADERS.items() if key.encode() not in own]
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        wrong = self._wrong(scope)
        if not wrong:
            return await self.app(scope, receive, told)
        if scope["type"] == "http":
            return await PlainTextResponse(wrong, FORBIDDEN)(scope, receive, told)
        return await send({"type": "websocket.close", "code": REFUSED, "reason": wrong})

    def _wrong(self, scope: Scope) -> str:
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value.lower() for name, value in headers if name == b"host"]
        origins = [value.lower() for name, value in headers if name == b"origin"]
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return "this server answers to its own address only"
        if len(origins) > 1 or any(origin != f"http://{hosts[0]}" for origin in origins):
            return "this server answers its own page only"
        if scope["type"] == "websocket" and not origins:
            return "this server answers its own page only"
        return ""


class Playground:
    """The pages that are open, and what each new one begins with."""

    def __init__(self, start: Play, token: str) -> None:
        self.start = start
        self.token = token
        self.kept = Kept()
        self.sessions: dict[str, Session] = {}

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.page),
            Route("/static/{name}", self.static),
            Route("/shared.css", self.shared_css),
            Route("/download/{name}", self.download),
            WebSocketRoute("/socket", self.socket),
        ]

    async def page(self, request: Request) -> Response:
        return _file("index.html")

    async def static(self, request: Request) -> Response:
        return _file(request.path_params["name"])

    async def shared_css(self, request: Request) -> Response:
        return Response(page_style(), media_type=TYPES["css"])

    async def download(self, request: Request) -> Response:
        if not self._may(request.query_params):
            return PlainTextResponse("no valid token", FORBIDDEN)
        session = self.sessions.get(request.query_params.get("session", ""))
        if session is None:
            return PlainTextResponse("this page is no longer open", 404)
        name = request.path_params["name"]
        try:
            kind, body = await asyncio.to_thread(download, name, session.play)
        except InputError as error:
            said = error_message(error, session.play.language)
            return PlainTextResponse(said["message"], 400, headers={"content-language": said["language"]})
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=kind, headers=headers)

    async def socket(self, socket: WebSocket) -> None:
        """One page, from its first message to its last; its thread ends with it."""
        await socket.accept()
        if not self._may(socket.query_params):
            return await socket.close(REFUSED, "no valid token")
        if len(self.sessions) >= MOST_PAGES:
            return await socket.close(FULL, f"{MOST_PAGES} pages are open already; close one")
        loop = asyncio.get_running_loop()
        inbox: Queue[dict[str, Any] | None] = Queue(MOST_WAITING)
        outbox: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        def send(message: dict[str, Any] | None) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(outbox.put_nowait, message)

        session = Session(secrets.token_urlsafe(9), self.start, self.kept, send)
        self.sessions[session.key] = session
        worker = Thread(target=_work, args=(session, inbox, send), name=f"page {session.key}", daemon=True)
        worker.start()
        writer = asyncio.create_task(_write(socket, outbox))
        try:
            await _read(socket, session, inbox, outbox)
        finally:
            del self.sessions[session.key]
            writer.cancel()
            await asyncio.to_thread(inbox.put, None)

    def _may(self, query: Mapping[str, str]) -> bool:
        return hmac.compare_digest(query.get("token", "").encode(), self.token.encode())


def _work(session: Session, inbox: Queue[dict[str, Any] | None], send: Callable[[dict[str, Any] | None], None]) -> None:
    try:
        session.work(inbox)
    except Exception as error:
        send(session.refusal(Refusal("defect", what=f"{type(error).__name__}: {error}")))
        send(None)
        while inbox.get() is not None:  # so that the reader is never kept waiting
            pass
        raise


async def _read(
    socket: WebSocket,
    session: Session,
    inbox: Queue[dict[str, Any] | None],
    outbox: asyncio.Queue[dict[str, Any] | None],
) -> None:
    """Puts what the page sends where its thread finds it, as long as it takes what it is told."""
    while outbox.qsize() < MOST_UNREAD:
        try:
            text = await socket.receive_text()
        except (WebSocketDisconnect, KeyError, RuntimeError):
            return
        try:
            message = read(text)
        except ClearpropError as error:
            session.send(session.refusal(error) | _answers(text))
            continue
        try:
            inbox.put_nowait(message)
        except Full:
            session.send(session.refusal(Refusal("busy")) | _answers(text))


def _answers(text: str) -> dict[str, int]:
    """Which message an answer is to, if that can be read at all."""
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        if isinstance(found, dict) and type(found.get("ask")) is int and found["ask"] >= 0:
            return {"re": found["ask"]}
    return {}


async def _write(socket: WebSocket, outbox: asyncio.Queue[dict[str, Any] | None]) -> None:
    while True:
        message = await outbox.get()
        try:
            if message is None:
                return await socket.close(1011, "a defect of clearprop")
            await socket.send_text(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
        except (RuntimeError, WebSocketDisconnect):
            return None


def _file(name: str) -> Response:
    """A file of the page; nothing else can be asked for by any name."""
    folder = files("clearprop.playground").joinpath("static")
    for one in folder.iterdir():
        ending = one.name.rpartition(".")[2]
        if one.name == name and ending in TYPES:
            return Response(one.read_bytes(), media_type=TYPES[ending])
    return PlainTextResponse("there is no such file", 404)


def listening(port: int) -> sockets.socket:
    """A socket on this machine's own address; port 0 takes a free one.

    Raises:
        InputError: the port is taken.
    """
    one = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
    one.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        one.bind((HOST, port))
    except OSError as error:
        one.close()
        raise InputError(f"port {port}: {error.strerror or error}; take another, or leave --port out") from None
    one.listen(128)
    return one


def server_of(start: Play, one: sockets.socket, token: str) -> tuple[uvicorn.Server, str]:
    """A server on a listening socket, to be run, and the address of its page."""
    port = one.getsockname()[1]
    config = uvicorn.Config(
        Guard(Playground(start, token), port),
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config), f"http://{HOST}:{port}/?token={token}"


def serve(start: Play, *, port: int = 0, token: str | None = None, ready: Callable[[str], None] = print) -> None:
    """Serves a page until Ctrl-C; `ready` is told its address, with its token, once it can be asked for.

    Raises:
        InputError: the port is taken.
    """
    one = listening(port)
    server, address = server_of(start, one, token or secrets.token_urlsafe(16))
    ready(address)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[one])
