"""The gateway without sockets: a client of the application, over a real engine or over one that does as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
import msgspec
import trio

from engine.actor import Reply
from engine.decisions.hospital import AddHospital
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import Engine, Readiness, open_engine
from engine.views.calendars import DoctorCalendar, RoomCalendar
from gateway.access.guard import Guard
from gateway.app import create_app
from gateway.auth import DEVELOPER, Authenticator, Caller, Nobody
from gateway.call import Call
from gateway.health import Pages, Vitals
from gateway.limits import Limits
from gateway.link.far_engine import FarEngine
from gateway.request_log import RequestLog
from tests.gateway.as_the_door import AsTheDoor
from tests.gateway.ways import reached

UNKNOWN = "01890000-0000-7000-8000-000000000000"
EMPTY = {"name": "Nothing", "time_zone": "UTC", "events": []}
"""A calendar; its page is made of what is in the answer."""
SYSTEM = Principal("test", "system")


class ScriptedEngine:
    """Answers every command and query with what ``does`` gives or raises, and keeps what it was asked."""

    def __init__(self, does: Callable[[Any], Reply | Awaitable[Reply]] | None = None, ready: bool = True) -> None:
        self.asked: list[tuple[str, Any, Principal, str | None, float]] = []
        self.is_ready = ready
        self._does = does

    async def ask(
        self, hospital: str, command: Any, who: Principal, *, key: str | None = None, within: float = 10.0
    ) -> Reply:
        self.asked.append((hospital, command, who, key, within))
        if self._does is None:
            shown = EMPTY if isinstance(command, (RoomCalendar, DoctorCalendar)) else {"id": UNKNOWN}
            return Reply(msgspec.msgpack.encode(shown), "ok", len(self.asked))
        done = self._does(command)
        return done if isinstance(done, Reply) else await done

    def submit(self, *asked: Any, **more: Any) -> None:
        """Only ``ask`` can answer."""

    def show(self, *asked: Any, **more: Any) -> None:
        """Only ``view`` can answer."""

    async def view(
        self, hospital: str, query: Any, who: Principal, *, within: float = 10.0, purpose: str = ""
    ) -> Reply:
        return await self.ask(hospital, query, who, within=within)

    async def ask_batch(
        self, hospital: str, items: Sequence[tuple[Any, str | None]], who: Principal, *, within: float = 10.0
    ) -> list[Reply | Exception]:
        made: list[Reply | Exception] = []
        for command, key in items:
            try:
                made.append(await self.ask(hospital, command, who, key=key, within=within))
            except Exception as error:
                made.append(error)
        return made

    def ready(self) -> Readiness:
        return Readiness(self.is_ready, {"state": "serving" if self.is_ready else "recovering"})

    async def page(self, name: str, hospital: str) -> tuple[int, bytes]:
        """A page about its health."""
        return await Vitals(cast("Engine", self)).page(name, hospital)


class As:
    """Everybody is this caller."""

    def __init__(self, *roles: Any, hospital: str = "main", name: str = "somebody") -> None:
        self._caller = Caller(name, frozenset(roles), hospital)

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        return self._caller


def developers_call() -> Call:
    """A request of whoever may do everything."""

    async def nothing() -> Any:
        await trio.sleep_forever()

    call = Call({"type": "http", "method": "POST", "headers": []}, nothing, 10.0)
    call.caller = DEVELOPER
    return call


class Spoken:
    """One request spoken in ASGI's own words, where a client library would be too polite."""

    def __init__(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        pieces: Sequence[bytes] = (),
        *,
        engine: ScriptedEngine | None = None,
        limits: Limits | None = None,
        then: str = "silence",
        request_log: RequestLog | None = None,
    ) -> None:
        over = engine or ScriptedEngine()
        self._app = create_app(
            cast("Engine", over), Nobody(), over.page, limits=limits or Limits(), request_log=request_log
        )
        self._pieces = pieces
        self._then = then
        self._scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("10.0.0.7", 5000),
        }
        self.received = 0
        self.sent: list[Any] = []

    async def run(self) -> None:
        """Have it answered."""
        await self._app(self._scope, self._receive, self._send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def problem(self) -> Any:
        return msgspec.json.decode(b"".join(message.get("body", b"") for message in self.sent[1:]))

    async def _receive(self) -> Any:
        if self.received < len(self._pieces):
            self.received += 1
            return {"type": "http.request", "body": self._pieces[self.received - 1], "more_body": True}
        if self._then == "silence":
            await trio.sleep_forever()
        return {"type": self._then, "body": b"", "more_body": False}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)


def client_of(
    engine: ScriptedEngine | FarEngine | Engine,
    auth: Guard | Authenticator | None = None,
    limits: Limits | None = None,
    request_log: RequestLog | None = None,
) -> httpx2.AsyncClient:
    """A client of the application over this engine: as the front door asks it, or, over a link, as any server does.

    Real sockets, where each of both is asked at once, are for ``tests.gateway.live``.
    """
    app = create_app(
        cast("Engine", engine), auth or Nobody(), pages_of(engine), limits=limits or Limits(), request_log=request_log
    )
    transport = httpx2.ASGITransport(app=AsTheDoor(app) if isinstance(engine, Engine) else app)
    return httpx2.AsyncClient(transport=transport, base_url="http://matron")


def pages_of(engine: ScriptedEngine | FarEngine | Engine) -> Pages:
    """What is known of an engine's health."""
    if isinstance(engine, FarEngine):
        return engine.look
    return engine.page if isinstance(engine, ScriptedEngine) else Vitals(engine).page


@asynccontextmanager
async def hospital(
    auth: Authenticator | None = None, limits: Limits | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client over a real engine in memory, with the hospital ``main`` in it."""
    async with open_engine(MemoryStore()) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), SYSTEM)
        async with reached(engine) as reach, client_of(reach, auth, limits) as client:
            yield client
