"""How the rows of the table are answered: a command is asked of the engine, a query is viewed, a page is made.

Holds no rule: it turns a request into one value, and the engine's reply into a response.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Generic, NamedTuple, TypeVar

from starlette.responses import Response

from engine.actor import Reply
from gateway import wire
from gateway.auth import visitor
from gateway.call import Call
from gateway.engine import Engine
from gateway.headers import idempotency_key, if_match
from gateway.limits import Limits
from gateway.problems import LATE, LATE_CODES, NO_CONTENT, SUCCESS, invalid
from gateway.purposes import purpose_of_use
from gateway.report_csv import csv_of
from gateway.routes.row import BASE, Role, Row
from gateway.shapes import Shape, parameters

JSON = "application/json"
CSV = "text/csv"


class Asked(NamedTuple):
    """A command as the engine is asked it: of which hospital, and under which key."""

    hospital: str
    command: Any
    key: str | None


A = TypeVar("A")


class EngineEndpoint(ABC, Generic[A]):
    """A row that the engine answers, to somebody who waits in a task or at once to whoever calls ``submit``.

    ``A`` is what a request asks of the engine, as ``asked`` makes it.
    """

    writes: bool
    reads_body: bool

    def __init__(self, row: Row, shape: Shape, engine: Engine, limits: Limits) -> None:
        self.row = row
        self.shape = shape
        self.roles: frozenset[Role] | None = None if row.public else row.roles
        self.label = BASE + row.path
        self.late_code = LATE_CODES.get(row.name, LATE)
        self._engine = engine
        self._limits = limits

    async def answer(self, call: Call) -> Response:
        """Ask the engine, and say what came of it."""
        call.late_code = self.late_code
        body = await wire.read_body(call.receive, call.headers, self._limits.body_bytes) if self.reads_body else b""
        asked = self.asked(call, body)
        return self.response(await self.ask(call, asked), asked)

    @abstractmethod
    def asked(self, call: Call, body: bytes) -> A:
        """What this request asks of the engine."""

    @abstractmethod
    async def ask(self, call: Call, asked: A) -> Reply:
        """Wait for what the engine says."""

    @abstractmethod
    def submit(self, call: Call, asked: A, then: Callable[[Reply | Exception], None]) -> Callable[[], None] | None:
        """Have ``then`` hear it; gives what withdraws it, or ``None`` where only ``ask`` can answer it."""

    @abstractmethod
    def response(self, reply: Reply, asked: A) -> Response:
        """The answer to a request that the engine has answered."""


class CommandEndpoint(EngineEndpoint[Asked]):
    """A write: body and path are the command, its reply is the answer."""

    writes = True
    reads_body = True

    def asked(self, call: Call, body: bytes) -> Asked:
        value = value_of(body, call, self._limits)
        version = if_match(call.headers)
        if version is not None and not self.shape.versioned:
            raise invalid("If-Match", "there is no version here to compare with")
        command = self.shape.from_body(value, call.ids, version)
        key = idempotency_key(call.headers)
        # A new hospital names itself: its first entry is the first of its own log.
        hospital = command.hospital_id if self.row.name == "AddHospital" else call.hospital
        call.asked = True
        return Asked(hospital, command, key)

    async def ask(self, call: Call, asked: Asked) -> Reply:
        return await self._engine.ask(asked.hospital, asked.command, call.who, key=asked.key, within=call.within())

    def submit(self, call: Call, asked: Asked, then: Callable[[Reply | Exception], None]) -> Callable[[], None] | None:
        return self._engine.submit(asked.hospital, asked.command, call.who, then, key=asked.key, within=call.within())

    def response(self, reply: Reply, asked: Asked) -> Response:
        status = SUCCESS[reply.outcome]
        headers = [(b"event-sequence", b"%d" % reply.position)]
        if reply.version is not None:
            headers.append((b"etag", b'"%d"' % reply.version))
        if reply.replayed:
            headers.append((b"idempotent-replayed", b"true"))
        if not reply.body or status == NO_CONTENT:
            made = Response(None, status)
            made.raw_headers.extend(headers)
            return made
        value = wire.answer(reply.body)
        if self.row.location and reply.outcome == "created":
            headers.append((b"location", f"{BASE}{self.row.location.replace('{id}', value['id'])}".encode()))
        elif reply.outcome == "waiting":
            headers.append((b"location", f"{BASE}/waiting-list/{value['id']}/".encode()))
        return JsonResponse(wire.encode(value), status, headers)


class JsonResponse(Response):
    """An answer in JSON. Made without what a response of any kind has to look at: there is one for every booking."""

    def __init__(self, body: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
            *headers,
        ]


class Looked(NamedTuple):
    """A query as the engine is asked it: why anybody looks, and whether the answer is to be a table."""

    query: Any
    purpose: str
    as_csv: bool


class QueryEndpoint(EngineEndpoint[Looked]):
    """A read: the path and the query string, or the body of a row that asks, are the query."""

    writes = False

    def __init__(self, row: Row, shape: Shape, engine: Engine, limits: Limits) -> None:
        super().__init__(row, shape, engine, limits)
        self.reads_body = row.asks

    def asked(self, call: Call, body: bytes) -> Looked:
        as_csv, purpose = False, purpose_of_use(call.headers)
        if self.row.asks:
            query = self.shape.from_body(value_of(body, call, self._limits), call.ids)
        else:
            given = parameters(call.scope["query_string"])
            if self.row.public:
                call.caller = visitor(given.pop("hospital", None), call.headers)
            as_csv = self.row.csv and wants_csv(given, call.headers.get(b"accept", b""))
            query = self.shape.from_parameters(given, call.ids)
        return Looked(query, purpose, as_csv)

    async def ask(self, call: Call, asked: Looked) -> Reply:
        return await self._engine.view(
            call.hospital, asked.query, call.who, within=call.within(), purpose=asked.purpose
        )

    def submit(self, call: Call, asked: Looked, then: Callable[[Reply | Exception], None]) -> Callable[[], None] | None:
        return self._engine.show(
            call.hospital, asked.query, call.who, then, within=call.within(), purpose=asked.purpose
        )

    def response(self, reply: Reply, asked: Looked) -> Response:
        value = wire.answer(reply.body)
        if asked.as_csv:
            return Response(csv_of(value), media_type=CSV)
        # For If-Match alone: estimates and priorities move with the clock while the version stands, so that
        # nobody is told that nothing has changed.
        headers = [] if reply.version is None else [(b"etag", b'"%d"' % reply.version)]
        return JsonResponse(wire.encode(value), 200, headers)


async def body_of(call: Call, limits: Limits) -> object:
    """The JSON value of a request's body."""
    return value_of(await wire.read_body(call.receive, call.headers, limits.body_bytes), call, limits)


def value_of(body: bytes, call: Call, limits: Limits) -> object:
    """The JSON value of this body; none says no more than ``{}``."""
    if not body:
        return {}
    wire.check_media_type(call.headers)
    return wire.decode(body, limits.json_depth)


def wants_csv(given: dict[str, str], accept: bytes) -> bool:
    """Whether ``format=csv`` or the ``Accept`` header asks for CSV; takes ``format`` out of the parameters."""
    asked = given.pop("format", None)
    if asked is None:
        kinds = [kind.split(b";")[0].strip().lower() for kind in accept.split(b",")]
        return b"text/csv" in kinds and b"application/json" not in kinds
    if asked not in ("csv", "json"):
        raise invalid("format", "must be one of json, csv")
    return asked == "csv"


class Page:
    """Anything that is neither: a document, a file, a sign of life. Open to anybody."""

    writes = False
    roles: frozenset[Role] | None = None

    def __init__(self, label: str, make: Callable[[Call], Awaitable[Response]]) -> None:
        self.label = label
        self.answer = make
