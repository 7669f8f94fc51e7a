"""``GET /api/v1/stream``: what happens, as it happens; a WebSocket, or Server-Sent Events for whoever asks in HTTP.

The way in: what is asked for is read and checked here, and refused as a problem document before anything streams.
What is followed and how the engine says; how it is carried stands in ``gateway.streaming``.
"""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import Any, Final

import trio
from starlette.datastructures import URLPath
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from gateway.access.covers import Cover
from gateway.access.guard import Guard
from gateway.auth import credential
from gateway.batch import BatchEndpoint
from gateway.call import Call
from gateway.engine import Engine, Subscription
from gateway.limits import Limits
from gateway.observing.trace import current
from gateway.problems import Problem, deadline_passed, internal_error, problem_of
from gateway.purposes import purpose_of_use
from gateway.request_log import RequestLog
from gateway.routes.row import BASE
from gateway.streaming.asked import PROTOCOL, Asked, asked, key_among, still_known
from gateway.streaming.counted import Counted
from gateway.streaming.sse import EventStream
from gateway.streaming.websocket import WebSocketStream
from gateway.tally import Tally

PATH: Final = f"{BASE}/stream"
UPGRADED, STREAMED = 101, 200

log = logging.getLogger("matron.gateway")


class Stream(BaseRoute):
    """The one path of the stream, whatever speaks to it."""

    def __init__(
        self, engine: Engine, guard: Guard, batch: BatchEndpoint, limits: Limits,
        request_log: RequestLog | None, tally: Tally, cover: Cover = Cover(),  # noqa: B008
    ) -> None:  # fmt: skip
        self._engine = engine
        self._guard = guard
        self._batch = batch
        self._limits = limits
        self._request_log = request_log
        self._tally = tally
        self._cover = cover

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """This path, in HTTP and as a WebSocket."""
        ours = scope["type"] in ("http", "websocket") and scope["path"].rstrip("/") == PATH
        return (Match.FULL if ours else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Routes here have no names for Starlette."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until either side ends it, and say so in the request log."""
        started = trio.current_time()
        upgraded = scope["type"] == "websocket"
        call = Call({"method": "GET", **scope}, receive, self._limits.deadline_seconds)
        if upgraded and credential(call.headers) is None and (key := key_among(scope["subprotocols"])) is not None:
            call.headers[b"x-api-key"] = key
        status, send = UPGRADED if upgraded else STREAMED, Counted(send)
        current.set(call)
        try:
            async with AsyncExitStack() as stack:
                try:
                    wanted = self._wanted(call)
                    subscription = await self._followed(wanted, call, stack)
                except Exception as error:
                    response = self._problem(error, call).response(call.request_id)
                    status = response.status_code
                    self._cover.put_on(response.raw_headers, call)
                    self._tally.note(PATH, "GET", status, trio.current_time() - started)
                    await (refuse(response, send) if upgraded else response(scope, receive, send))
                    return
                self._tally.mark("stream_opened")
                await self._stream(wanted, subscription, call, send, upgraded=upgraded)
        finally:
            if self._request_log is not None:
                self._request_log.write(call, PATH, status, trio.current_time() - started, send.bytes)
            current.set(None)

    def _wanted(self, call: Call) -> Asked:
        if call.scope["method"] != "GET":
            raise Problem("method_not_allowed", "Here is only GET.", headers={"Allow": "GET"})
        wanted = asked(call, self._guard)
        call.caller = wanted.caller
        return wanted

    async def _followed(self, wanted: Asked, call: Call, stack: AsyncExitStack) -> Subscription:
        with trio.move_on_at(call.until):
            purpose = purpose_of_use(call.headers)
            return await stack.enter_async_context(
                self._engine.follow(wanted.hospital, wanted.topics, after=wanted.after, who=call.who, purpose=purpose)
            )
        raise deadline_passed(None)

    async def _stream(
        self, wanted: Asked, subscription: Subscription, call: Call, send: Send, *, upgraded: bool
    ) -> None:
        def known() -> bool:
            return still_known(wanted, call, self._guard)

        if not upgraded:
            await EventStream(subscription, call, send, known).run()
            return
        protocol = PROTOCOL if PROTOCOL in call.scope["subprotocols"] else None
        await call.receive()  # the connecting itself
        await send({"type": "websocket.accept", "subprotocol": protocol})
        await WebSocketStream(subscription, call, wanted.hospital, send, self._batch, self._limits, known).run()

    def _problem(self, error: Exception, call: Call) -> Problem:
        problem = problem_of(error, write=False)
        if problem is None:
            log.error("stream %s failed", call.request_id, exc_info=error)
            problem = internal_error()
        call.code = problem.code
        return problem


async def refuse(response: Response, send: Send) -> None:
    """Answer a handshake with a problem document instead of a WebSocket."""
    start = {"type": "websocket.http.response.start", "status": response.status_code, "headers": response.raw_headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": response.body})
