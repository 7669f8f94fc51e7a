"""One query answered: from states as they are now, told once the log is durable up to what they rest on.

Who is shown a patient's text, or asks about a patient by name, has looked: that is written down before the answer goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import trio

from engine.access import Accesses, patients_of
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
from engine.timing import Outcome, Timing
from engine.views import QUERIES
from engine.views.reader import Found


class Viewing:
    """How queries are answered over one reading of the log."""

    def __init__(
        self, answers: Answers, log: Log, clock: Clock, gauges: Gauges, accesses: Accesses, timing: Timing
    ) -> None:
        self._answers = answers
        self._log = log
        self._clock = clock
        self._gauges = gauges
        self._accesses = accesses
        self._timing = timing

    async def view(self, partition: Partition, query: Any, who: Principal, within: float, purpose: str = "") -> Reply:
        """Answer a query; see ``Engine.view``."""
        answer = QUERIES[type(query)]
        measures = partition.measures
        measures.requests += 1
        begun, at = trio.current_time(), None
        outcome: Outcome = "withdrawn"
        try:
            with trio.move_on_after(within):
                found, body, position, whose = await self._found(partition, answer, query, who)
                at = trio.current_time()
                patients = patients_of(query, whose)
                look = self._accesses.note(partition, who, type(query).__name__, patients, purpose)
                await self._log.durable(partition.tail, position)
                await self._accesses.settled(partition, look)
                outcome = "answered"
                return Reply(body, "ok", position, found.version)
            raise DeadlinePassed("not_applied")
        except Rejected:
            outcome = "refused"
            raise
        except Exception:
            measures.errors += 1
            outcome = "failed"
            raise
        finally:
            self._timing.looked(partition.book.hospital, type(query), who, begun, at, outcome)

    async def note(
        self, partition: Partition, who: Principal, query: str, patients: Iterable[str], purpose: str
    ) -> None:
        """Write down a look; see ``Engine.note_access``."""
        await self._accesses.settled(partition, self._accesses.note(partition, who, query, patients, purpose))

    async def _found(
        self, partition: Partition, answer: Callable[..., Found], query: Any, who: Principal
    ) -> tuple[Found, bytes, int, set[str]]:
        while True:
            position = partition.tail.head
            try:
                found = answer(StateReader(partition, self._clock.wall(), who), query)
                body, whose = partition.book.codec.told(found.body)
                self._gauges.states.hits += 1
                return found, body, position, whose
            except NotInMemory as missing:
                await self._answers.load(partition, missing)
