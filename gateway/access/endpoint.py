"""How rows are answered that are not the engine's: sessions, people, keys. The request is read, a desk answers it.

Holds no rule: which desk answers what, each says itself (``handlers``), and the composition puts them together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from starlette.responses import Response

from gateway.call import Call
from gateway.endpoints import JsonResponse, body_of
from gateway.limits import KIB, Limits
from gateway.problems import LATE, Problem
from gateway.routes.row import BASE, Role, Row
from gateway.shapes import Shape, parameters

LARGEST_BODY: Final = 64 * KIB
"""Bytes of a request here: anybody may send one."""


class Done(NamedTuple):
    """What came of a request; without a value it is answered with a head alone."""

    value: Any = None
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


Handler = Callable[[Any, Call], Awaitable[Done]]
"""Answers one kind of request, or raises a ``Problem``."""

Handlers = Mapping[type[Any], Handler]


class AccessEndpoint:
    """A row about who may come in."""

    late_code = LATE

    def __init__(self, row: Row, shape: Shape, handler: Handler | None, limits: Limits) -> None:
        self.row = row
        self.shape = shape
        self.roles: frozenset[Role] | None = None if row.public else row.roles
        self.label = BASE + row.path
        self.writes = row.writes
        self._handler = handler or not_set_up
        self._limits = msgspec.structs.replace(limits, body_bytes=min(limits.body_bytes, LARGEST_BODY))

    async def answer(self, call: Call) -> Response:
        """Read the request and have it answered."""
        if self.writes:
            asked = self.shape.from_body(await body_of(call, self._limits), call.ids)
            call.asked = True
        else:
            asked = self.shape.from_parameters(parameters(call.scope["query_string"]), call.ids)
        done = await self._handler(asked, call)
        headers = [(b"cache-control", b"no-store"), *done.headers]
        if done.value is None:
            made = Response(None, done.status)
            made.raw_headers.extend(headers)
            return made
        return JsonResponse(msgspec.json.encode(done.value), done.status, headers)


async def not_set_up(asked: Any, call: Call) -> Done:
    """Nobody answers this, as configured."""
    raise Problem("not_set_up", "This server is not set up for that: see docs/access.md.")
