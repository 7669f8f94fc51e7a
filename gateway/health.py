"""Signs of life: ``/health/live`` says that the process answers, ``/health/ready`` that the engine serves.

``/health/notifications`` says who listens and how notices get on. It names destinations, so it needs a key, and it
shows those of the caller's own hospital.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from starlette.responses import Response

from engine.runtime import Engine
from gateway.call import Call, Endpoint
from gateway.endpoints import JSON, Page
from gateway.problems import NOT_READY, READY
from gateway.routes.row import READERS, Role


class Deliveries(Protocol):
    """Whoever sends notices."""

    def status(self, hospital: str) -> list[dict[str, Any]]:
        """A hospital's destinations, and how each is doing."""


def endpoints(engine: Engine, deliveries: Deliveries | None = None) -> Mapping[str, Endpoint]:
    """All three pages, by path."""

    async def live(call: Call) -> Response:
        return Response(b'{"status":"live"}', media_type=JSON)

    async def ready(call: Call) -> Response:
        found = engine.ready()
        body = {"status": "ready" if found.ready else "not_ready", **found.detail}
        status = READY if found.ready else NOT_READY
        headers = {} if found.ready else {"Retry-After": "1"}
        return Response(msgspec.json.encode(body, enc_hook=str), status, headers, JSON)

    return {
        "/health/live": Page("/health/live", live),
        "/health/ready": Page("/health/ready", ready),
        "/health/notifications": Notifications(engine, deliveries),
    }


class Notifications:
    """Who follows the stream, and what leaves the house."""

    writes = False
    label = "/health/notifications"
    roles: frozenset[Role] | None = READERS

    def __init__(self, engine: Engine, deliveries: Deliveries | None) -> None:
        self._engine = engine
        self._deliveries = deliveries

    async def answer(self, call: Call) -> Response:
        """Counts since the start; the stream's are of all hospitals."""
        destinations = [] if self._deliveries is None else self._deliveries.status(call.hospital)
        totals = {name: sum(each.get(name, 0) for each in destinations) for name in TOTALS}
        body = {"stream": self._engine.feed.counts, "notices": totals, "destinations": destinations}
        return Response(msgspec.json.encode(body), media_type=JSON)


TOTALS = ("lag", "depth", "delivered", "failed", "dead")
