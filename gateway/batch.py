"""Many commands in one request: each is read as if it had come alone, and all are asked of the engine at once.

An item that cannot be read, or that its sender may not send, gets its own problem and keeps nobody else from theirs.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from engine.actor import Reply
from gateway import wire
from gateway.auth import check_role
from gateway.call import Call, Endpoint
from gateway.endpoints import JSON, CommandEndpoint
from gateway.engine import Engine
from gateway.headers import VISIBLE, idempotency_key
from gateway.limits import Limits
from gateway.problems import NO_CONTENT, SUCCESS, Fault, Problem, internal_error, invalid, invalid_all, problem_of
from gateway.router import Router
from gateway.routes.row import ADMIN, BASE, CLERK, CLINICIAN, INTEGRATION, NETWORK, Role
from gateway.shapes import clip

MEMBERS = {"method", "path", "body", "idempotency_key"}


class BatchItem(msgspec.Struct, frozen=True):
    """One command of a batch; ``body`` and ``idempotency_key`` may be left out."""

    method: str
    path: str
    body: dict[str, Any] = {}
    idempotency_key: str | None = None


class BatchRequest(msgspec.Struct, frozen=True):
    """Commands in the order in which they are to be decided."""

    commands: list[BatchItem]


class BatchResult(msgspec.Struct, frozen=True):
    """What became of one command: what its own request would have been answered."""

    status: int
    body: Any


class BatchAnswer(msgspec.Struct, frozen=True):
    """One result per command, in order."""

    results: list[BatchResult]


class BatchEndpoint:
    """``POST /batch``. Each item is checked against the roles of its own row."""

    writes = True
    label = f"{BASE}/batch"
    roles: frozenset[Role] | None = frozenset({CLERK, CLINICIAN, ADMIN, INTEGRATION, NETWORK})

    def __init__(self, router: Router[Endpoint], engine: Engine, limits: Limits) -> None:
        self._router = router
        self._engine = engine
        self._limits = limits

    async def answer(self, call: Call) -> Response:
        """200 with one result per command, whatever became of each."""
        body = await wire.read_body(call.receive, call.headers, self._limits.batch_bytes)
        wire.check_media_type(call.headers)
        # Two levels are the batch's own: what it carries may be as deep as if it had come alone.
        items = self._items(wire.decode(body, self._limits.json_depth + 3))
        common = idempotency_key(call.headers)
        read: list[tuple[CommandEndpoint, Any, str | None] | Problem] = []
        for index, item in enumerate(items):
            try:
                read.append(self.read(item, call, f"{common}#{index}" if common is not None else None))
            except Problem as problem:
                read.append(problem)
            await wire.breathe(index)
        asked = [(each[1], each[2]) for each in read if not isinstance(each, Problem)]
        hospital, who = call.hospital, call.who
        call.asked = True
        replies = iter(await self._engine.ask_batch(hospital, asked, who, within=call.within()) if asked else ())
        results: list[BatchResult] = []
        for index, each in enumerate(read):
            if isinstance(each, Problem):
                results.append(refused(each, call))
            else:
                results.append(told(each[0], next(replies), call))
            await wire.breathe(index)
        return Response(msgspec.json.encode(BatchAnswer(results), enc_hook=str), media_type=JSON)

    def _items(self, value: Any) -> list[Any]:
        if not isinstance(value, dict):
            raise invalid("", "The body must be a JSON object.")
        unknown = [Fault(clip(name), "unknown field") for name in value if name != "commands"]
        if unknown:
            raise invalid_all(unknown)
        items = value.get("commands")
        if not isinstance(items, list):
            raise invalid("commands", "required: an array of commands")
        if len(items) > self._limits.batch_commands:
            raise Problem("too_many_commands", f"A batch has at most {self._limits.batch_commands} commands.")
        return items

    def read(self, item: Any, call: Call, derived: str | None) -> tuple[CommandEndpoint, Any, str | None]:
        """The item's endpoint, command and key; a ``Problem`` when it is not a command that this caller may send."""
        if not isinstance(item, dict):
            raise invalid("", "An item must be a JSON object.")
        if unknown := [Fault(clip(name), "unknown field") for name in item if name not in MEMBERS]:
            raise invalid_all(unknown)
        method, path, key = item.get("method"), item.get("path"), item.get("idempotency_key", derived)
        if not isinstance(method, str) or not isinstance(path, str):
            raise invalid("path" if isinstance(method, str) else "method", "required: text")
        if key is not None and not (isinstance(key, str) and VISIBLE.fullmatch(key.encode())):
            raise invalid("idempotency_key", "must be 1 to 255 visible ASCII characters")
        if method in ("GET", "HEAD"):
            raise invalid("method", "a batch holds commands, and this is a query")
        endpoint, ids = self._router.find(method, path if path.startswith(BASE) else BASE + path)
        if not isinstance(endpoint, CommandEndpoint):
            raise invalid("path", "this cannot be part of a batch")
        assert endpoint.roles is not None
        assert call.caller is not None
        check_role(call.caller, endpoint.roles)
        if endpoint.row.name == "AddHospital":
            raise invalid("path", "a hospital is made by a request of its own: its log is not this one")
        if wire.deeper(item.get("body", {}), self._limits.json_depth):
            raise wire.too_deep(self._limits.json_depth)
        return endpoint, endpoint.shape.from_body(item.get("body", {}), ids), key


def refused(problem: Problem, call: Call) -> BatchResult:
    """An item that was refused, as its own request would have been."""
    return BatchResult(problem.status, problem.document(call.request_id))


def told(endpoint: CommandEndpoint, reply: Reply | Exception, call: Call) -> BatchResult:
    """What the engine answered to an item."""
    if isinstance(reply, Exception):
        return refused(problem_of(reply, write=True) or internal_error(), call)
    status = SUCCESS[reply.outcome]
    return BatchResult(status, wire.answer(reply.body) if reply.body and status != NO_CONTENT else None)
