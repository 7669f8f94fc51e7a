"""One query answered: from states as they are now, told once the log is durable up to what they rest on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import trio

from engine.actor import Reply
from engine.answers import Answers
from engine.clock import Clock
from engine.decider import NotInMemory
from engine.errors import DeadlinePassed, Rejected
from engine.eventlog.entry import Principal
from engine.eventlog.log import Log
from engine.gauges import Gauges
from engine.partition import Partition
from engine.reading import StateReader
from engine.views import QUERIES
from engine.views.reader import Found


class Viewing:
    """How queries are answered over one reading of the log."""

    def __init__(self, answers: Answers, log: Log, clock: Clock, gauges: Gauges) -> None:
        self._answers = answers
        self._log = log
        self._clock = clock
        self._gauges = gauges

    async def view(self, partition: Partition, query: Any, who: Principal, within: float) -> Reply:
        """Answer a query; see ``Engine.view``."""
        answer = QUERIES[type(query)]
        measures = partition.measures
        measures.requests += 1
        try:
            with trio.move_on_after(within):
                found, body, position = await self._found(partition, answer, query, who)
                await self._log.durable(partition.tail, position)
                return Reply(body, "ok", position, found.version)
            raise DeadlinePassed("not_applied")
        except Rejected:
            raise
        except Exception:
            measures.errors += 1
            raise

    async def _found(
        self, partition: Partition, answer: Callable[..., Found], query: Any, who: Principal
    ) -> tuple[Found, bytes, int]:
        while True:
            position = partition.tail.head
            try:
                found = answer(StateReader(partition, self._clock.wall(), who), query)
                body = partition.book.codec.plain(found.body)
                self._gauges.states.hits += 1
                return found, body, position
            except NotInMemory as missing:
                await self._answers.load(partition, missing)
