"""One query answered: from states as they are now, told once the log is durable up to what they rest on.

Who is shown a patient's text, or asks about a patient by name, has looked: that is written down before the answer goes.
Somebody may wait for the answer in a task, or be called back with it; both mean the same, as with commands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import trio

from engine.access import Accesses, patients_of
from engine.actor import Reply
from engine.answers import Answers
from engine.asking import Then
from engine.clock import Clock
from engine.deadlines import Deadlines
from engine.decider import NotInMemory
from engine.errors import DeadlinePassed, Rejected, read_again
from engine.eventlog.entry import Principal
from engine.eventlog.log import Log
from engine.gauges import Gauges
from engine.partition import Partition
from engine.reading import StateReader
from engine.timing import Outcome, Timing
from engine.views import QUERIES


class Viewing:
    """How queries are answered over one reading of the log."""

    def __init__(
        self, answers: Answers, log: Log, clock: Clock, gauges: Gauges, accesses: Accesses, timing: Timing,
        deadlines: Deadlines,
    ) -> None:  # fmt: skip
        self.log = log
        self.clock = clock
        self.gauges = gauges
        self.accesses = accesses
        self.timing = timing
        self.deadlines = deadlines
        self._answers = answers

    async def view(self, partition: Partition, query: Any, who: Principal, within: float, purpose: str = "") -> Reply:
        """Answer a query, and load first what is not in memory; see ``Engine.view``."""
        said: list[Reply | Exception] = []
        heard = trio.Event()

        def then(word: Reply | Exception) -> None:
            said.append(word)
            heard.set()

        partition.measures.requests += 1
        asked = _Asked(self, partition, query, who, within, then, purpose)
        missing: NotInMemory | None = None
        try:
            with trio.move_on_at(asked.until):
                while (missing := asked.look()) is not None:
                    await self._answers.load(partition, missing)
            if missing is not None:
                asked.wake()
            elif not said:
                await heard.wait()
        except Exception as error:
            asked.fail(error)
        finally:
            asked.withdraw()
        [word] = said
        if isinstance(word, Exception):
            raise word
        return word

    def show(
        self, partition: Partition, query: Any, who: Principal, within: float, then: Then, purpose: str = ""
    ) -> Callable[[], None] | None:
        """Answer a query and call back, which may be before this returns; gives what withdraws it.

        ``None``, and nothing has happened, where something must be loaded first: then ``view``.
        """
        asked = _Asked(self, partition, query, who, within, then, purpose)
        if asked.look() is not None:
            return None
        partition.measures.requests += 1
        return asked.withdraw

    async def note(
        self, partition: Partition, who: Principal, query: str, patients: Iterable[str], purpose: str
    ) -> None:
        """Write down a look; see ``Engine.note_access``."""
        await self.accesses.settled(partition, self.accesses.note(partition, who, query, patients, purpose))


class _Asked:
    """One query, until it is answered: what its answer rests on becomes durable, and then who looked.

    Its deadline is the engine's, as a command's is; the time that a look may take is a part of it.
    """

    __slots__ = (
        "_begun", "_found", "_note", "_over", "_partition", "_patience", "_purpose", "_query", "_reply", "_then",
        "_viewing", "_who", "until",
    )  # fmt: skip

    def __init__(
        self, viewing: Viewing, partition: Partition, query: Any, who: Principal, within: float, then: Then,
        purpose: str,
    ) -> None:  # fmt: skip
        self._viewing = viewing
        self._partition = partition
        self._query = query
        self._who = who
        self._then = then
        self._purpose = purpose
        self._begun = trio.current_time()
        self.until = self._begun + within
        self._found: float | None = None  # when that was
        self._reply: Reply | None = None
        self._note = 0  # where it is written down who looked
        self._patience: float | None = None  # until when the answer waits for that
        self._over = False

    def look(self) -> NotInMemory | None:
        """Find the answer, and have it told once it may be; gives what must be loaded first, if anything."""
        viewing, partition, query = self._viewing, self._partition, self._query
        position = partition.tail.head
        try:
            found = QUERIES[type(query)](StateReader(partition, viewing.clock.wall(), self._who), query)
            body, whose = partition.book.codec.told(found.body)
            self._found = trio.current_time()
            self._reply = Reply(body, "ok", position, found.version)
            patients = patients_of(query, whose)
            self._note = viewing.accesses.note(partition, self._who, type(query).__name__, patients, self._purpose)
        except NotInMemory as missing:
            return missing
        except Exception as error:
            self.fail(error)
            return None
        viewing.gauges.states.hits += 1
        viewing.log.when_durable(partition.tail, position, self._durable)
        if not self._over and self._patience is None:
            viewing.deadlines.watch(self, self.until)
        return None

    def _durable(self, durable: bool) -> None:
        """What the answer rests on is in the log, or never will be."""
        viewing, tail = self._viewing, self._partition.access
        if self._over:
            return
        if not durable:
            self.fail(read_again())
        elif not self._note or tail is None or self._note <= tail.durable:
            self._answer()
        elif (patience := viewing.accesses.patience()) > 0:
            self._patience = min(self.until, trio.current_time() + patience)
            viewing.deadlines.watch(self, self._patience)
            viewing.log.when_durable(tail, tail.head, lambda _: self._answer())
        else:
            self._leave()

    def _answer(self) -> None:
        assert self._reply is not None
        self._end("answered", self._reply)

    def fail(self, error: Exception) -> None:
        """There is no answer, and this is why."""
        refused = isinstance(error, Rejected)
        if not self._over:
            self._partition.measures.errors += not refused
        self._end("refused" if refused else "failed", error)

    def abandon(self) -> None:
        """Nothing was begun that could be taken back."""

    def wake(self) -> None:
        """The time is over. An answer that waits only until it is written down who looked leaves all the same."""
        if self._patience is None or trio.current_time() >= self.until:
            self.fail(DeadlinePassed("not_applied"))
        else:
            self._leave()

    def _leave(self) -> None:
        if not self._over:
            self._viewing.accesses.counts.late += 1
            self._answer()

    def withdraw(self) -> None:
        """Nobody will hear of it, if nobody has yet."""
        self._end("withdrawn", None)

    def _end(self, outcome: Outcome, word: Reply | Exception | None) -> None:
        if self._over:
            return
        self._over = True
        viewing = self._viewing
        viewing.deadlines.forget(self)
        hospital = self._partition.book.hospital
        viewing.timing.looked(hospital, type(self._query), self._who, self._begun, self._found, outcome)
        if word is not None:
            self._then(word)
