"""``/health/access``: how what opens the door is doing in this gateway process. Names no key, nobody, no hospital."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.responses import Response

from gateway.call import Call
from gateway.endpoints import JSON
from gateway.observing.detail import MAY_SEE
from gateway.routes.row import Role


class AccessHealth:
    """The page, for those who look after the whole."""

    writes = False
    label = "/health/access"
    roles: frozenset[Role] | None = MAY_SEE

    def __init__(self, document: Callable[[], dict[str, Any]]) -> None:
        self._document = document

    async def answer(self, call: Call) -> Response:
        """What is known here; another process may know something else."""
        return Response(msgspec.json.encode(self._document()), media_type=JSON)
