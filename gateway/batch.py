"""Many commands in one message: each is read as if it had come alone, and all are asked of the engine at once.

An item that cannot be read, or that its sender may not send, gets its own problem and keeps nobody else from theirs.
What the items share (who sends them, the row and the roles of a path that comes again) is looked at once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from engine.actor import Reply
from engine.eventlog.entry import Principal
from gateway import wire
from gateway.access.guard import Guard
from gateway.call import Call, Endpoint
from gateway.endpoints import CommandEndpoint, JsonResponse
from gateway.engine import Engine
from gateway.headers import VISIBLE, idempotency_key
from gateway.limits import Limits
from gateway.problems import LATE, NO_CONTENT, SUCCESS, Fault, Problem, internal_error, invalid, invalid_all, problem_of
from gateway.router import Router
from gateway.routes.row import ADMIN, BASE, CLERK, CLINICIAN, INTEGRATION, NETWORK, Role
from gateway.shapes import clip

MEMBERS = frozenset({"method", "path", "body", "idempotency_key"})

log = logging.getLogger("matron.gateway")


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


class Sender(msgspec.Struct, frozen=True):
    """Whoever sends many commands: all that is the same for each of them."""

    call: Call
    hospital: str
    who: Principal
    request_id: str

    @classmethod
    def of(cls, call: Call, hospital: str) -> Sender:
        """Who made this request."""
        return cls(call, hospital, call.who, call.request_id)


Found = tuple[CommandEndpoint, dict[str, str]]
"""A row that the sender may use, and the ids in the path that led to it."""

Read = tuple[CommandEndpoint, Any, str | None]
"""An item that may be asked: its row, the command, and its idempotency key."""

Done = tuple[BatchResult, int | None]
"""What became of one command, and its place in the log if it has one."""


class BatchEndpoint:
    """``POST /batch``. Each item is checked against the roles of its own row, by the same guard as a request.

    For how often somebody may ask, each item is one: a batch is let in while there is room for a request, and who has
    sent many waits the longer for the next.
    """

    writes = True
    label = f"{BASE}/batch"
    roles: frozenset[Role] | None = frozenset({CLERK, CLINICIAN, ADMIN, INTEGRATION, NETWORK})

    def __init__(self, router: Router[Endpoint], engine: Engine, limits: Limits, guard: Guard) -> None:
        self._router = router
        self._engine = engine
        self._limits = limits
        self._guard = guard

    async def answer(self, call: Call) -> Response:
        """200 with one result per command, whatever became of each."""
        body = await wire.read_body(call.receive, call.headers, self._limits.batch_bytes)
        wire.check_media_type(call.headers)
        # Two levels are the batch's own: what it carries may be as deep as if it had come alone.
        items = self._items(wire.decode(body, self._limits.json_depth + 3))
        self._guard.count(call, max(0, len(items) - 1))
        common = idempotency_key(call.headers)
        sender = Sender.of(call, call.hospital)
        read = await self.read(items, sender, common)
        call.asked = True
        done = await self.ask(read, sender, call.within())
        return JsonResponse(msgspec.json.encode(BatchAnswer([result for result, _ in done]), enc_hook=str), 200, [])

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

    def count(self, sender: Sender, commands: int) -> None:
        """Count the commands of a message of the stream; a ``Problem`` where its sender has asked too much by now."""
        self._guard.count(sender.call, commands)

    # -- any message of many --------------------------------------------------------------------------------

    async def read(self, items: Sequence[Any], sender: Sender, common: str | None = None) -> list[Read | Problem]:
        """Each item as what may be asked, or as the problem that it is; what is a problem already stays one.

        With a key that is ``common`` to all, an item without a key of its own has that and its number.
        """
        found: dict[tuple[str, str], Found] = {}
        read: list[Read | Problem] = []
        for index, item in enumerate(items):
            key = None if common is None else f"{common}#{index}"
            try:
                read.append(item if isinstance(item, Problem) else self._read(item, sender, found, key))
            except Exception as error:  # a bug of ours costs its item too, and no other
                read.append(told_of(error, sender.request_id))
            await wire.breathe(index)
        return read

    async def ask(self, read: Sequence[Read | Problem], sender: Sender, within: float) -> list[Done]:
        """Have them decided in their order; one result for each."""
        asked = [(each[1], each[2]) for each in read if not isinstance(each, Problem)]
        answered = await self._engine.ask_batch(sender.hospital, asked, sender.who, within=within) if asked else ()
        replies = iter(answered)
        done: list[Done] = []
        for index, each in enumerate(read):
            if isinstance(each, Problem):
                done.append((refused(each, sender.request_id), None))
            else:
                done.append(told(next(replies), sender.request_id, each[0].late_code))
            await wire.breathe(index)
        return done

    def _read(
        self, item: Any, sender: Sender, found: dict[tuple[str, str], Found], derived: str | None
    ) -> Read:  # fmt: skip
        if type(item) is not dict:
            raise invalid("", "An item must be a JSON object.")
        if not MEMBERS.issuperset(item):
            raise invalid_all([Fault(clip(name), "unknown field") for name in item if name not in MEMBERS])
        method, path, key = item.get("method"), item.get("path"), item.get("idempotency_key", derived)
        if not isinstance(method, str) or not isinstance(path, str):
            raise invalid("path" if isinstance(method, str) else "method", "required: text")
        if key is not None and not (isinstance(key, str) and VISIBLE.fullmatch(key.encode())):
            raise invalid("idempotency_key", "must be 1 to 255 visible ASCII characters")
        if (row := found.get((method, path))) is None:
            row = found[method, path] = self._find(method, path, sender)
        endpoint, ids = row
        body = item.get("body", {})
        if wire.deeper(body, self._limits.json_depth):
            raise wire.too_deep(self._limits.json_depth)
        return endpoint, endpoint.shape.from_body(body, ids), key

    def _find(self, method: str, path: str, sender: Sender) -> Found:
        if method in ("GET", "HEAD"):
            raise invalid("method", "a batch holds commands, and this is a query")
        endpoint, ids = self._router.find(method, path if path.startswith(BASE) else BASE + path)
        if not isinstance(endpoint, CommandEndpoint):
            raise invalid("path", "this cannot be part of a batch")
        assert endpoint.roles is not None
        self._guard.check(sender.call, endpoint.roles, endpoint.label)
        if endpoint.row.name == "AddHospital":
            raise invalid("path", "a hospital is made by a request of its own: its log is not this one")
        return endpoint, ids


def refused(problem: Problem, request_id: str) -> BatchResult:
    """An item that was refused, as its own request would have been."""
    return BatchResult(problem.status, problem.document(request_id))


def told(reply: Reply | Exception, request_id: str, late: str = LATE) -> Done:
    """What the engine answered to an item."""
    if isinstance(reply, Exception):
        return refused(told_of(reply, request_id, late), request_id), None
    status = SUCCESS[reply.outcome]
    return BatchResult(status, wire.answer(reply.body) if reply.body and status != NO_CONTENT else None), reply.position


def told_of(error: Exception, request_id: str, late: str = LATE) -> Problem:
    """What a command is told of an error; one that is a bug of ours is in the log."""
    problem = problem_of(error, write=True, late=late)
    if problem is None:
        log.error("a command of %s failed", request_id, exc_info=error)
        return internal_error()
    return problem
