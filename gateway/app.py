"""The gateway as an ASGI application: the walk of one request, from its first byte to its answer.

Starlette's router carries it, so that other kinds of route (a stream, pages) stand beside the table; the table
itself is one route that looks its rows up, and where nothing else can be meant it is asked at once. Nothing is done in
the ASGI lifespan. An exception ends here, as an answer: the server never sees one.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from functools import cache
from typing import Any

import trio
from starlette.datastructures import URLPath
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.routing import Router as StarletteRouter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.actor import Reply
from engine.decisions import DECISIONS
from engine.views import QUERIES
from gateway import board, console, health, openapi, pages
from gateway.access.covers import Cover
from gateway.access.endpoint import AccessEndpoint, Handlers
from gateway.access.guard import Guard
from gateway.access.health import AccessHealth
from gateway.access.opening import Access
from gateway.access.requests import REQUESTS
from gateway.access.sign_in import Recognition
from gateway.auth import Authenticator
from gateway.batch import BatchEndpoint
from gateway.calendars import CalendarEndpoint, brings_token
from gateway.call import Call, Endpoint
from gateway.door.desk import Asker
from gateway.endpoints import CommandEndpoint, EngineEndpoint, QueryEndpoint
from gateway.engine import Engine
from gateway.explorer.endpoint import ExplorerEndpoint, Looks
from gateway.explorer.process import Explorer, NoExplorer
from gateway.explorer.queries import QUESTIONS
from gateway.feed import PATH as STREAM
from gateway.feed import Stream
from gateway.headers import FreshIds
from gateway.limits import Limits
from gateway.metrics import PATH as METRICS
from gateway.metrics import MetricsPage, MetricsSettings
from gateway.observing.trace import current
from gateway.observing.tracing import Tracing
from gateway.problems import CLIENT_GONE, Problem, internal_error, problem_of
from gateway.request_log import RequestLog
from gateway.router import Router
from gateway.routes import BASE, TABLE, Row
from gateway.shapes import Shape
from gateway.tally import Tally

log = logging.getLogger("matron.gateway")

Table = Router[Endpoint]


def create_app(
    engine: Engine, guard: Guard | Authenticator, pages_of_health: health.Pages, *, limits: Limits = Limits(),  # noqa: B008
    request_log: RequestLog | None = None, routes: Sequence[BaseRoute] = (), tally: Tally | None = None,
    metrics: MetricsSettings = MetricsSettings(), explorer: Explorer = NoExplorer(),  # noqa: B008
    tracing: Tracing | None = None, access: Access | None = None, hsts_seconds: int = 0,
) -> ASGIApp:  # fmt: skip
    """The application over an engine; ``routes`` of other kinds go before the table; ``tally`` counts requests."""
    if not isinstance(guard, Guard):
        guard = Guard(guard)
    if tracing is not None:
        engine = tracing.around(engine)
    handlers = Recognition(guard).handlers() if access is None else access.handlers_of(guard)
    table = table_over(engine, limits, pages_of_health, explorer, handlers)
    table.add("GET", METRICS, MetricsPage(pages_of_health, open=metrics.open))
    if access is not None:
        table.add("GET", AccessHealth.label, AccessHealth(access.document))
        for path, page in access.pages_of(guard).items():
            table.add("GET", path, page)
    batch = BatchEndpoint(table, engine, limits, guard)
    table.add("POST", f"{BASE}/batch", batch)
    tally = tally or Tally()
    cover = Cover(hsts_seconds)
    stream = Stream(engine, guard, batch, limits, request_log, tally, cover)
    return Front(routes, stream, Gateway(table, guard, limits, request_log, tally, tracing, cover))


def table_over(
    engine: Engine,
    limits: Limits,
    pages_of_health: health.Pages,
    explorer: Explorer = NoExplorer(),  # noqa: B008
    handlers: Handlers = {},  # noqa: B006 - nobody changes it
) -> Table:
    """All endpoints under their methods and paths, but for those that need a guard of their own."""
    types = command_and_query_types()
    table: Table = Router()
    looks = Looks()
    for row, shape in shapes().items():
        endpoint: Endpoint
        if shape.kind in QUESTIONS:
            endpoint = ExplorerEndpoint(row, shape, engine, explorer, looks)
        elif shape.kind in REQUESTS:
            endpoint = AccessEndpoint(row, shape, handlers.get(shape.kind), limits)
        else:
            endpoint = _endpoint(row, shape, engine, limits)
        table.add(row.method, BASE + row.path, endpoint)
    others = {
        **health.endpoints(pages_of_health),
        **openapi.endpoints(types),
        **pages.endpoints(),
        **board.endpoints(),
        **console.endpoints(),
    }
    for path, page in others.items():
        table.add("GET", path, page)
    return table


@cache
def shapes() -> Mapping[Row, Shape]:
    """How each row's request is read. Making them takes 50 ms, and tests make hundreds of applications."""
    types = command_and_query_types()
    return {row: Shape(types[row.name], row.ids) for row in TABLE}


def _endpoint(row: Row, shape: Shape, engine: Engine, limits: Limits) -> Endpoint:
    if row.writes:
        return CommandEndpoint(row, shape, engine, limits)
    if row.calendar:
        return CalendarEndpoint(row, shape, engine)
    return QueryEndpoint(row, shape, engine, limits)


def command_and_query_types() -> Mapping[str, type[Any]]:
    """The types behind the names in the table: what is asked of the engine, of its log, and of those at the door."""
    return {kind.__name__: kind for kind in (*DECISIONS, *QUERIES, *QUESTIONS, *REQUESTS)}


class Front:
    """Starlette's router, with what is the table's let past it: most requests are, and asking each route costs 3 µs."""

    def __init__(self, routes: Sequence[BaseRoute], stream: Stream, gateway: Gateway) -> None:
        self._router = StarletteRouter([*routes, stream, gateway], redirect_slashes=False)
        self._gateway = gateway
        self._past = not routes  # a route from elsewhere may stand anywhere, also before the table

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if self._past and scope["type"] == "http" and not scope["path"].startswith(STREAM):
            return self._gateway.handle(scope, receive, send)
        return self._router(scope, receive, send)

    def at_once(self, scope: Scope, body: bytes, asker: Asker) -> bool:
        """Take a request of the table in without a task, where that can be; see ``gateway.door.desk``."""
        return self._past and self._gateway.at_once(scope, body, asker)


class Gateway(BaseRoute):
    """The one route that answers every HTTP request, unknown paths included."""

    def __init__(
        self, table: Table, guard: Guard, limits: Limits, request_log: RequestLog | None, tally: Tally,
        tracing: Tracing | None = None, cover: Cover = Cover(),  # noqa: B008
    ) -> None:  # fmt: skip
        self._table = table
        self._guard = guard
        self._limits = limits
        self._request_log = request_log
        self._tally = tally
        self._tracing = tracing
        self._cover = cover
        self._fresh = FreshIds()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Everything that is HTTP."""
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Routes here have no names for Starlette."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, count it, and say so in the request log."""
        call = Call(scope, receive, self._limits.deadline_seconds, self._fresh)
        current.set(call)
        span = None if self._tracing is None else self._tracing.begin(call)
        label, response = await self._answer(call)
        if span is not None:
            span.end(call, label, CLIENT_GONE if response is None else response.status_code)
        self._note(call, label, response)
        current.set(None)
        if response is None:
            return
        if scope["method"] == "HEAD":
            response.body = b""  # its length stays in the headers
        await response(scope, receive, send)

    def at_once(self, scope: Scope, body: bytes, asker: Asker) -> bool:
        """Take a command or a query in, and answer it when the engine has: by whoever brings its word, in no task."""
        if self._tracing is not None:  # its spans belong to tasks
            return False
        try:
            endpoint, ids = self._table.find(scope["method"], scope["path"])
        except Problem:
            return False
        if not isinstance(endpoint, EngineEndpoint) or len(body) > self._limits.body_bytes:
            return False
        call = Call(scope, _nothing, self._limits.deadline_seconds, self._fresh)
        call.ids, call.writes, call.late_code = ids, endpoint.writes, endpoint.late_code

        def heard(word: Reply | Exception) -> None:
            current.set(call)
            try:
                response = self._response(call, endpoint, word, asked)
                self._note(call, endpoint.label, response)
                asker.answer(response.status_code, response.raw_headers, bytes(response.body))
            except Exception as error:  # whoever brought the word is not to suffer for what became of it here
                asker.fail(error)
            current.set(None)

        async def ask() -> None:
            word: Reply | Exception = call.late()
            with trio.move_on_at(call.until):
                try:
                    word = await endpoint.ask(call, asked)
                except Exception as error:
                    word = error
            heard(word)

        current.set(call)
        asked = None
        try:
            self._guard.admit(call, endpoint.roles, endpoint.label)
            asked = endpoint.asked(call, body)
            withdraw = endpoint.submit(call, asked, heard)
        except Exception as error:
            heard(error)
        else:
            if withdraw is None:
                asker.in_task(ask)
            else:
                asker.may_withdraw(withdraw)
        current.set(None)
        return True

    def _note(self, call: Call, label: str, response: Response | None) -> None:
        """Count an answer, say so in the request log, and give it the headers that every answer has."""
        status = CLIENT_GONE if response is None else response.status_code
        seconds = trio.current_time() - call.began
        self._tally.note(label, call.scope["method"], status, seconds)
        if self._request_log is not None:
            self._request_log.write(call, label, status, seconds, 0 if response is None else len(response.body))
        if response is None:
            return
        headers = response.raw_headers
        if b"traceparent" in call.headers:  # whoever keeps a trace is told which span of it this was
            headers.append((b"traceparent", call.trace.header))
        headers.append((b"x-request-id", call.request_id.encode("ascii")))
        if call.waited is not None:
            headers.append((b"preference-applied", b"wait=%d" % call.waited))
        self._cover.put_on(headers, call)

    async def _answer(self, call: Call) -> tuple[str, Response | None]:
        """The label of what was found and the response; ``None`` when the client has gone."""
        label = ""
        try:
            method = call.scope["method"]
            endpoint, call.ids = self._table.find("GET" if method == "HEAD" else method, call.scope["path"])
            label, call.writes = endpoint.label, endpoint.writes
            by_link = isinstance(endpoint, CalendarEndpoint) and brings_token(call)
            self._guard.admit(call, None if by_link else endpoint.roles, label)
            with trio.move_on_at(call.until):
                return label, await endpoint.answer(call)
            raise call.late()
        except ClientDisconnect:
            return label, None
        except Exception as error:
            return label, self._refusal(call, label, error)

    def _response(self, call: Call, endpoint: EngineEndpoint[Any], word: Reply | Exception, asked: Any) -> Response:
        try:
            if not isinstance(word, Exception):
                return endpoint.response(word, asked)
        except Exception as error:
            word = error
        return self._refusal(call, endpoint.label, word)

    def _refusal(self, call: Call, label: str, error: Exception) -> Response:
        problem = self._problem(call, label, error)
        call.code = problem.code
        return problem.response(call.request_id)

    def _problem(self, call: Call, label: str, error: Exception) -> Problem:
        problem = problem_of(error, write=call.writes, late=call.late_code)
        if problem is None:
            log.error("request %s to %s failed", call.request_id, label or "an unknown path", exc_info=error)
            return internal_error()
        return problem


async def _nothing() -> Message:
    """What a request that is here whole has still to come."""
    return {"type": "http.disconnect"}


__all__ = ["Gateway", "Row", "create_app"]
