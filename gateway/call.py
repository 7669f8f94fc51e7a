"""One request on its way through the gateway: what came, who asks, and how long there is."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Protocol

import trio
from starlette.responses import Response
from starlette.types import Receive, Scope

from engine.eventlog.entry import Principal
from gateway.auth import Caller
from gateway.headers import FreshIds, Headers, preferred_wait, request_id
from gateway.observing.trace import Trace, trace_of
from gateway.problems import LATE, Problem, deadline_passed
from gateway.routes.row import Role

# The engine's deadline is a little before the request's, so that it is the engine who says what became of a command.
MARGIN_SHARE, MARGIN_SECONDS = 0.05, 0.2


class Meter(Protocol):
    """A limit that a request was counted by."""

    def headers(self, level: float) -> Iterable[tuple[bytes, bytes]]:
        """What an answer says of it."""


Rate = tuple[Meter, float]
"""What a request was counted by, and how full that is."""


class Call:
    """A request, as the endpoints see it."""

    __slots__ = (
        "_fresh",
        "_trace",
        "asked",
        "began",
        "caller",
        "code",
        "headers",
        "ids",
        "late_code",
        "rate",
        "reason",
        "receive",
        "request_id",
        "scope",
        "source",
        "until",
        "waited",
        "writes",
    )

    def __init__(self, scope: Scope, receive: Receive, seconds: float, fresh: FreshIds | None = None) -> None:
        self.scope = scope
        self.receive = receive
        self.headers: Headers = dict(scope["headers"])
        self._fresh = fresh or FreshIds()
        self._trace: Trace | None = None
        self.request_id = request_id(self.headers, self._fresh)
        self.code = ""  # of the problem that it was answered with
        self.ids: dict[str, str] = {}
        self.caller: Caller | None = None
        client = scope.get("client")
        self.source: str = client[0] if client else ""  # the address, or what a proxy that is trusted says of it
        self.rate: Rate | None = None  # what the answer says of how often one may ask
        self.reason = ""  # why the glass was broken
        self.writes = False
        self.asked = False
        self.late_code = LATE
        self.waited = preferred_wait(self.headers)
        if self.waited is not None and self.waited < seconds:
            seconds = self.waited
        else:
            self.waited = None
        self.began = trio.current_time()
        self.until = self.began + seconds

    @property
    def trace(self) -> Trace:
        """Its place in a trace; drawn when somebody wants to know."""
        if self._trace is None:
            self._trace = trace_of(self.headers, self._fresh)
        return self._trace

    @trace.setter
    def trace(self, trace: Trace) -> None:
        self._trace = trace

    @property
    def hospital(self) -> str:
        """The hospital that this request is about."""
        assert self.caller is not None
        return self.caller.hospital_of(self.headers)

    @property
    def who(self) -> Principal:
        """The principal as the engine writes it into the log."""
        assert self.caller is not None
        return Principal(self.caller.name, self.caller.role, self.source, self.request_id)

    def within(self) -> float:
        """The seconds that are left for the engine."""
        left = self.until - trio.current_time()
        return max(0.0, left - min(left * MARGIN_SHARE, MARGIN_SECONDS))

    def late(self) -> Problem:
        """The request's own deadline passed: before the engine was asked nothing can have happened."""
        if not self.writes:
            return deadline_passed(None)
        return deadline_passed("unknown" if self.asked else "not_applied", self.late_code)


class Endpoint(Protocol):
    """What answers one row: who may ask (``None``: anybody), and the answer."""

    @property
    def roles(self) -> frozenset[Role] | None:
        """The roles that may ask."""

    @property
    def label(self) -> str:
        """The path with the names of its ids, for logs: no id of anybody in it."""

    @property
    def writes(self) -> bool:
        """Whether it can change anything."""

    def answer(self, call: Call) -> Awaitable[Response]:
        """The response, or a ``Problem``, or a refusal of the engine."""
