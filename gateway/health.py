"""Signs of life: ``/health/live`` says that the process answers, ``/health/ready`` that the engine serves."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from engine.runtime import Engine
from gateway.call import Call, Endpoint
from gateway.endpoints import JSON, Page
from gateway.problems import NOT_READY, READY


def endpoints(engine: Engine) -> Mapping[str, Endpoint]:
    """Both pages, by path."""

    async def live(call: Call) -> Response:
        return Response(b'{"status":"live"}', media_type=JSON)

    async def ready(call: Call) -> Response:
        found = engine.ready()
        body = {"status": "ready" if found.ready else "not_ready", **found.detail}
        status = READY if found.ready else NOT_READY
        headers = {} if found.ready else {"Retry-After": "1"}
        return Response(msgspec.json.encode(body, enc_hook=str), status, headers, JSON)

    return {"/health/live": Page("/health/live", live), "/health/ready": Page("/health/ready", ready)}
