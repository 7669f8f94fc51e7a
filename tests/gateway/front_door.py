"""A front door on a real socket with a tiny app behind it, and clients that speak raw bytes. No test stands here."""

from __future__ import annotations

import contextvars
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import h11
import msgspec
import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Event, Message, TextMessage

from gateway.door.desk import Asker
from gateway.door.streams import TEXTS
from gateway.server import Door, DoorSettings, serve

QUICK = DoorSettings(
    keep_alive_timeout=0.3,
    header_timeout=0.15,
    body_idle_timeout=0.15,
    send_timeout=0.2,
    graceful_timeout=0.3,
    linger_timeout=0.1,
)
FAST_PATH: contextvars.ContextVar[bool] = contextvars.ContextVar("fast_path", default=True)
GET = b"GET %s HTTP/1.1\r\nhost: h\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%s"
REQUEST_SCOPED: contextvars.ContextVar[str] = contextvars.ContextVar("request_scoped", default="clean")


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes


class TinyApp:
    """An ASGI app with one path for each way in which an app can treat its server."""

    def __init__(self) -> None:
        self.entered = trio.Event()
        self.go_on = trio.Event()
        self.outcomes: list[str] = []
        self.script: list[dict[str, Any]] = []
        self.askers: list[Asker] = []
        self.withdrawn = 0

    def at_once(self, scope: Any, body: bytes, asker: Asker) -> bool:
        """One path for each way in which an app can treat whoever asks it at once; the others are for its tasks."""
        path, said = scope["path"], [(b"content-length", b"%d" % len(body))]
        if scope["method"] != "POST":
            return False
        if path in ("/echo", "/close"):
            asker.answer(200, said + [(b"connection", b"close")] * (path == "/close"), body)
        elif path == "/bad-header":
            asker.answer(200, [*said, (b"x", b"a\r\nset-cookie: b")], body)
        elif path == "/boom":
            raise RuntimeError("boom")
        elif path == "/answer-and-boom":
            asker.answer(200, said, body)
            raise RuntimeError("boom")
        elif path == "/fail":
            asker.fail(RuntimeError("failed"))
        elif path == "/large":
            asker.answer(200, [(b"content-length", b"32000000")], b"x" * 32_000_000)
        elif path == "/later":
            self.askers.append(asker)
            asker.may_withdraw(self._withdraw)
            self.entered.set()
        elif path == "/task":
            asker.in_task(partial(self._answer, asker, body))
        else:
            return False
        return True

    def _withdraw(self) -> None:
        self.withdrawn += 1

    async def _answer(self, asker: Asker, body: bytes) -> None:
        REQUEST_SCOPED.set("somebody's")
        self.entered.set()
        await self.go_on.wait()
        asker.answer(200, [(b"content-length", b"%d" % len(body))], body)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self.websocket(scope, receive, send)
            return
        paths: dict[str, Callable[[Any, Any, Any], Awaitable[None]]] = {
            "/echo": self.echo,
            "/ignore": self.ignore,
            "/scope": self.scope,
            "/seen": self.seen,
            "/context": self.context,
            "/large": self.large,
            "/endless": self.endless,
            "/wait": self.wait,
            "/departure": self.departure,
            "/boom": self.boom,
            "/group": self.group,
            "/half": self.half,
            "/bad-header": self.bad_header,
            "/short": self.short,
            "/silent": self.silent,
            "/script": self.as_told,
            "/none": self.none,
        }
        await paths.get(scope["path"], self.ignore)(scope, receive, send)

    async def echo(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.outcomes.append("left while sending")
                return
            body += message["body"]
            more = message["more_body"]
        await answer(send, body)

    async def ignore(self, scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"ignored")

    async def scope(self, scope: Any, receive: Any, send: Any) -> None:
        seen = {"client": scope["client"], "state": scope["state"], "path": scope["path"], "scheme": scope["scheme"]}
        await answer(send, json.dumps(seen).encode())

    async def seen(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers with all that an app can see of a request but its client's port."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        apart = {name: value for name, value in scope.items() if name not in ("client", "server")}
        await answer(send, repr((sorted(apart.items()), body)).encode())

    async def context(self, scope: Any, receive: Any, send: Any) -> None:
        before = REQUEST_SCOPED.get()
        REQUEST_SCOPED.set("somebody's")
        await trio.lowlevel.checkpoint()
        assert REQUEST_SCOPED.get() == "somebody's"
        await answer(send, before.encode())

    async def large(self, scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"x" * 32_000_000)
        self.outcomes.append("large ended")

    async def endless(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        except OSError:
            self.outcomes.append("the stream learned of it")
            raise

    async def wait(self, scope: Any, receive: Any, send: Any) -> None:
        self.entered.set()
        await self.go_on.wait()
        await answer(send, b"waited")

    async def departure(self, scope: Any, receive: Any, send: Any) -> None:
        self.entered.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        self.outcomes.append("left")

    async def boom(self, scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("boom")

    async def group(self, scope: Any, receive: Any, send: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.boom, scope, receive, send)
            nursery.start_soon(trio.sleep_forever)

    async def half(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("half")

    async def bad_header(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"a\r\nset-cookie: b")]})

    async def short(self, scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"short", length=100)

    async def silent(self, scope: Any, receive: Any, send: Any) -> None:
        pass

    async def none(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def as_told(self, scope: Any, receive: Any, send: Any) -> None:
        """Sends what the test has put into ``script``."""
        for message in self.script:
            await send(dict(message))

    async def websocket(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if scope["path"] == "/refuse":
            await send({"type": "websocket.close"})
            return
        if scope["path"] == "/late":
            await self.go_on.wait()
        await send({"type": "websocket.accept"})
        if scope["path"] == "/ws-boom":
            raise RuntimeError("boom")
        try:
            while scope["path"] == "/feed":
                self.entered.set()
                await send({"type": "websocket.send", "text": "x" * 60_000})
            while scope["path"] == "/news":
                self.entered.set()
                await send({"type": TEXTS, "texts": [b"x" * 60_000]})
                await trio.lowlevel.checkpoint()
            while (message := await receive())["type"] == "websocket.receive":
                if scope["path"] == "/texts":
                    lengths = map(int, message["text"].split())
                    await send({"type": TEXTS, "texts": ["é".encode() + b"x" * (length - 2) for length in lengths]})
                elif message["text"] == "bye":
                    await send({"type": "websocket.close", "code": 4001, "reason": "bye"})
                else:
                    await send({"type": "websocket.send", "text": message["text"], "bytes": message["bytes"]})
            self.outcomes.append(f"closed {message['code']}")
            await send({"type": "websocket.send", "text": "anybody?"})
        except OSError:
            self.outcomes.append("the websocket learned of it")


async def answer(send: Any, body: bytes, *, length: int | None = None) -> None:
    headers = [(b"content-length", str(len(body) if length is None else length).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Running(msgspec.Struct):
    """A door that serves, and what has become of it."""

    app: TinyApp
    door: Door
    port: int
    failures: list[Exception]
    shutdown: trio.Event
    ended: trio.Event

    async def connect(self, *, receive_buffer: int | None = None) -> trio.SocketStream:
        sock = trio.socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, receive_buffer)
        try:
            await sock.connect(("127.0.0.1", self.port))
        except BaseException:
            sock.close()
            raise
        return trio.SocketStream(sock)

    async def talk(self, data: bytes) -> bytes:
        """Send all, then read to the end; a reset counts as the end."""
        async with await self.connect() as stream:
            with suppress(trio.BrokenResourceError):
                await stream.send_all(data)
            return await read_all(stream)

    async def still_serves(self) -> None:
        """A plain request is answered, and every connection comes to its end."""
        said = await self.talk(b"POST /echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi")
        assert said.startswith(b"HTTP/1.1 200 ")
        assert said.endswith(b"\r\n\r\nhi")
        await self.emptied()

    async def emptied(self) -> None:
        await eventually(lambda: self.door.open_connections == 0)
        assert not self.door.idle
        assert not self.door.resting


@asynccontextmanager
async def running(
    settings: DoorSettings = QUICK, on_failure: Callable[[Exception], None] | None = None
) -> AsyncIterator[Running]:
    """Serve a ``TinyApp`` on a free port; at the end the door must close, of itself and in time."""
    app, failures, shutdown, ended = TinyApp(), list[Exception](), trio.Event(), trio.Event()
    settings = msgspec.structs.replace(settings, fast_path=FAST_PATH.get())

    async def serve_to_the_end(task_status: trio.TaskStatus[Door]) -> None:
        await serve(
            app,
            bind="127.0.0.1:0",
            settings=settings,
            shutdown=shutdown,
            on_failure=on_failure or failures.append,
            task_status=task_status,
        )
        ended.set()

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            door: Door = await nursery.start(serve_to_the_end)
            yield Running(app, door, int(door.binds[0].rsplit(":", 1)[1]), failures, shutdown, ended)
            shutdown.set()
            with trio.fail_after(2):
                await ended.wait()


async def eventually(condition: Callable[[], bool]) -> None:
    with trio.fail_after(3):
        while not condition():  # noqa: ASYNC110 - what the kernel delivers has no event to wait for
            await trio.sleep(0.003)


async def read_all(stream: trio.abc.ReceiveStream) -> bytes:
    data = b""
    try:
        while piece := await stream.receive_some(65536):
            data += piece
    except trio.BrokenResourceError:
        pass
    return data


class Browser:
    """A client that keeps its connection and reads each answer as h11 understands it."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.buffer = b""

    async def ask(self, data: bytes, method: bytes = b"GET") -> Answer:
        await self.stream.send_all(data)
        return await self.read(method)

    async def read(self, method: bytes = b"GET") -> Answer:
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(self.buffer or bytes(await self.stream.receive_some(65536)))
        answer = Answer(0, {}, b"")
        while True:
            event = reader.next_event()
            if event is h11.NEED_DATA:
                reader.receive_data(bytes(await self.stream.receive_some(65536)))
            elif isinstance(event, h11.InformationalResponse):
                self.buffer = reader.trailing_data[0]
                return Answer(event.status_code, {}, b"")
            elif isinstance(event, h11.Response):
                answer.status = event.status_code
                answer.headers = {name.decode(): value.decode() for name, value in event.headers}
            elif isinstance(event, h11.Data):
                answer.body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self.buffer = reader.trailing_data[0]
                return answer


def upgrade(path: str = "/ws", extra: bytes = b"") -> bytes:
    return (
        b"GET " + path.encode() + b" HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + extra + b"\r\n"
    )


class Socket:
    """A WebSocket client past its handshake."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.head = b""
        self.wire = Connection(ConnectionType.CLIENT)

    async def open(self, path: str = "/ws", extra: bytes = b"", behind: bytes = b"") -> Socket:
        await self.stream.send_all(upgrade(path, extra) + behind)
        data = b""
        while b"\r\n\r\n" not in data:
            data += await self.stream.receive_some(65536)
        head, _, rest = data.partition(b"\r\n\r\n")
        self.head = head
        assert head.startswith(b"HTTP/1.1 101 ")
        self.wire.receive_data(rest)
        return self

    async def send(self, event: Event) -> None:
        await self.stream.send_all(self.wire.send(event))

    async def next(self) -> Event:
        """The next event; of a message all its pieces."""
        text = ""
        while True:
            for event in self.wire.events():
                if isinstance(event, Message):
                    text += str(event.data)
                    if not event.message_finished:
                        continue
                    return TextMessage(data=text)
                return event
            data = await self.stream.receive_some(65536)
            if not data:
                return CloseConnection(code=1006)
            self.wire.receive_data(data)
