"""How the rows of the audit explorer are answered: the question goes to the reading process, its answer to the caller.

Whoever is shown patients here is written down as every reader is: the engine is told whom the answer names, once for
each patient and caller in a while, because a slider asks a hundred times for the same queue.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec
import trio
from starlette.responses import Response

from engine.eventlog.entry import Principal
from gateway.call import Call
from gateway.endpoints import JSON
from gateway.engine import Engine
from gateway.explorer.process import Explorer
from gateway.explorer.queries import QUESTIONS
from gateway.purposes import purpose_of_use
from gateway.routes.row import BASE, Role, Row
from gateway.shapes import Shape, parameters

AGAIN: Final = 300.0
"""Seconds after which another look at the same patient is written down anew."""

REMEMBERED: Final = 50_000
"""Looks that are remembered for that."""


class Looks:
    """Whom each caller was shown lately."""

    def __init__(self) -> None:
        self._since: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def new(self, hospital: str, who: str, patients: list[str]) -> list[str]:
        """Those of these patients whom the caller was not shown lately."""
        now, found = trio.current_time(), []
        for patient in patients:
            key = (hospital, who, patient)
            since = self._since.get(key)
            if since is None or now - since >= AGAIN:
                found.append(patient)
                self._since[key] = now
                self._since.move_to_end(key)
        while len(self._since) > REMEMBERED:
            self._since.popitem(last=False)
        return found

    def forget(self, hospital: str, who: str, patients: list[str]) -> None:
        """These looks were not written down after all."""
        for patient in patients:
            self._since.pop((hospital, who, patient), None)


class ExplorerEndpoint:
    """A read of the log."""

    writes = False

    def __init__(self, row: Row, shape: Shape, engine: Engine, explorer: Explorer, looks: Looks) -> None:
        self.row = row
        self.shape = shape
        self.roles: frozenset[Role] | None = row.roles
        self.label = BASE + row.path
        self._engine = engine
        self._explorer = explorer
        self._looks = looks
        self._answer = msgspec.msgpack.Decoder(QUESTIONS[shape.kind])

    async def answer(self, call: Call) -> Response:
        """Ask the reading process, have the look written down, and send what there is."""
        purpose = purpose_of_use(call.headers)
        query = self.shape.from_parameters(parameters(call.scope["query_string"]), call.ids)
        hospital, who = call.hospital, call.who
        told = await self._explorer.ask(hospital, self.row.name, msgspec.to_builtins(query), call.within())
        value = self._answer.decode(told.result)
        await self._note(hospital, who, told.patients, purpose)
        return Response(msgspec.json.encode(value), media_type=JSON)

    async def _note(self, hospital: str, who: Principal, patients: list[str], purpose: str) -> None:
        seen = self._looks.new(hospital, who.name, patients)
        if not seen:
            return
        try:
            await self._engine.note_access(hospital, who, self.row.name, seen, purpose=purpose)
        except BaseException:
            self._looks.forget(hospital, who.name, seen)
            raise
