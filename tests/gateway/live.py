"""A gateway on a real socket over an engine in memory, with a slot to follow, and clients of the stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from engine.clock import SystemClock
from engine.decisions.hospital import AddHospital
from engine.eventlog.memory_store import Faults, MemoryDisk, MemoryStore
from engine.runtime import Engine, open_engine
from gateway.app import create_app
from gateway.auth import Authenticator, Nobody
from gateway.request_log import RequestLog
from gateway.server import Door, DoorSettings, serve
from tests.engine.following import Ward, ward
from tests.engine.living import CLERK, patient, read
from tests.gateway.surface import pages_of
from tests.gateway.ways import reached

JSON = dict[str, Any]


class Place:
    """What tests of the stream talk to. ``failures`` is what escaped an app or a connection: nothing, mostly."""

    def __init__(
        self, engine: Engine, door: Door, here: Ward, shutdown: trio.Event, failures: list[Exception],
        nursery: trio.Nursery,
    ) -> None:  # fmt: skip
        self.engine = engine
        self.door = door
        self.here = here
        self.shutdown = shutdown
        self.failures = failures
        self.url = door.binds[0]
        self.port = int(self.url.rpartition(":")[2])
        self._nursery = nursery

    def stream(self, *topics: str, **more: Any) -> str:
        """The stream's address; of the slot where no topic is named."""
        query = httpx2.QueryParams({"topics": ",".join(topics or (self.here.topic,)), **more})
        return f"{self.url}/api/v1/stream?{query}"

    @asynccontextmanager
    async def socket(self, *topics: str, **more: Any) -> AsyncIterator[Talk]:
        """A WebSocket that follows; ``headers`` and ``protocols`` go into its handshake."""
        headers = [(name, value.encode()) for name, value in more.pop("headers", {}).items()]
        protocols = more.pop("protocols", None)
        stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        tasks: trio.Nursery = await self._nursery.start(_nursery_for_itself)
        try:
            yield Talk(
                await wrap_client_stream(
                    tasks, stream, "127.0.0.1", self.stream(*topics, **more).removeprefix(self.url),
                    extra_headers=headers, subprotocols=protocols,
                ),
                stream,
            )  # fmt: skip
        finally:
            await trio.aclose_forcefully(stream)
            tasks.cancel_scope.cancel()

    async def handshake(self, *topics: str, headers: Any = None, **more: Any) -> tuple[int, JSON]:
        """How a WebSocket's handshake is answered: the status and, where it is refused, the problem."""
        asking = {
            "connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", **(headers or {}),
        }  # fmt: skip
        async with (
            httpx2.AsyncClient() as client,
            client.stream("GET", self.stream(*topics, **more), headers=asking) as answer,
        ):
            return answer.status_code, {} if answer.status_code == 101 else json.loads(await answer.aread())

    async def events(self, url: str, seconds: float, **headers: str) -> list[JSON]:
        """The events that come within so many seconds: their names and ids, and what their data says."""
        text = b""
        async with httpx2.AsyncClient(timeout=None) as client:
            with trio.move_on_after(seconds):
                async with client.stream("GET", url, headers=headers) as answer:
                    assert answer.status_code == 200, await answer.aread()
                    assert answer.headers["content-type"] == "text/event-stream"
                    async for piece in answer.aiter_bytes():
                        text += piece
        found = []
        for block in text.decode().split("\n\n")[1:-1]:
            lines = dict(line.split(": ", 1) for line in block.split("\n"))
            found.append({**lines, "data": json.loads(lines["data"])})
        return found


async def _nursery_for_itself(task_status: trio.TaskStatus[trio.Nursery]) -> None:
    """So that what a test raises is not wrapped in a group."""
    async with trio.open_nursery() as nursery:
        task_status.started(nursery)
        await trio.sleep_forever()


class Talk:
    """One WebSocket, spoken to in JSON."""

    def __init__(self, socket: WebSocketConnection, stream: trio.abc.Stream) -> None:
        self.socket = socket
        self._stream = stream

    async def vanish(self) -> None:
        """Leave without a word."""
        await trio.aclose_forcefully(self._stream)

    async def hear(self) -> JSON:
        """The next message."""
        with trio.fail_after(10):
            found: JSON = json.loads(await self.socket.get_message())
            return found

    async def hear_all(self, seconds: float = 0.3) -> list[JSON]:
        """All messages until so long is silence, or the end."""
        found = []
        with suppress(ConnectionClosed):
            while True:
                with trio.move_on_after(seconds) as scope:
                    found.append(json.loads(await self.socket.get_message()))
                if scope.cancelled_caught:
                    break
        return found

    async def hear_result(self, id: str | None) -> JSON:
        """The result of a command, whatever comes before it."""
        while (said := await self.hear()).get("type") != "result" or said["id"] != id:
            pass
        return said

    async def say(self, value: Any) -> None:
        """One message."""
        await self.socket.send_message(json.dumps(value))

    async def end(self) -> int:
        """The code with which the server ends it, once it has."""
        with trio.fail_after(10), suppress(ConnectionClosed):
            while True:
                await self.socket.get_message()
        assert self.socket.closed is not None
        return int(self.socket.closed.code)


@asynccontextmanager
async def living_gateway(
    disk: MemoryDisk | None = None,
    *,
    auth: Authenticator | None = None,
    door: DoorSettings = DoorSettings(graceful_timeout=2.0),  # noqa: B008 - frozen
    faults: Faults | None = None,
    request_log: RequestLog | None = None,
) -> AsyncIterator[Place]:
    """An engine, its gateway, and hospital ``main`` with one slot."""
    disk = disk or MemoryDisk()
    failures: list[Exception] = []
    shutdown = trio.Event()
    async with open_engine(MemoryStore(disk, faults=faults), clock=SystemClock()) as engine:
        await engine.until_ready()
        if "main" not in disk.entries:
            await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        here = await ward(engine)
        async with reached(engine) as reach, trio.open_nursery() as nursery:
            app = create_app(reach, auth or Nobody(), pages_of(reach), request_log=request_log)

            async def run(task_status: trio.TaskStatus[Door]) -> None:
                await serve(
                    app, bind="127.0.0.1:0", settings=door, shutdown=shutdown, on_failure=failures.append,
                    task_status=task_status,
                )  # fmt: skip

            started: Door = await nursery.start(run)
            yield Place(engine, started, here, shutdown, failures, nursery)
            engine.feed.end()
            shutdown.set()


async def until(true: Callable[[], object]) -> None:
    """Wait for something that comes true in its own time, ten seconds at most."""
    with trio.fail_after(10):
        while not true():  # noqa: ASYNC110 - a real socket's other end tells nobody
            await trio.sleep(0.01)


def booking(here: Ward, patient: str, id: str = "c1", **more: Any) -> JSON:
    """The command that books a seat."""
    body = {"slot_id": here.slot, "patient_id": patient, "category": "WALKIN"}
    return {"id": id, "method": "POST", "path": "/tokens/", "body": body, **more}


async def registered(engine: Engine) -> str:
    """A new patient's id."""
    id: str = read(await engine.ask("main", patient(), CLERK))["id"]
    return id
