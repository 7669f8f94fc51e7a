"""The engine: address book, ``ask`` and ``view``, and the life of it all inside one ``async with``.

Nothing leaves before the log is durable up to what it rests on: that rule is kept here and nowhere else. After a
commit that failed nothing is resumed: the engine stops serving, reads its log again, tells each waiter what the log
says, and goes on; when that fails too, it ends.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Final

import trio

from engine.access import Accesses
from engine.actor import Mailbox, Message, Reply
from engine.answers import Answers
from engine.asking import Asking, Then
from engine.batch import Batch
from engine.clock import Clock, SystemClock
from engine.deadlines import Deadlines
from engine.decider import NotInMemory
from engine.decisions import DECISIONS
from engine.decisions.hospital import AddHospital
from engine.erasing import Erasing
from engine.errors import CommitFailed, NotFound, Unavailable, first_of, read_again
from engine.eventlog.entry import Principal
from engine.eventlog.keys import Keyring
from engine.eventlog.log import Log, Tail
from engine.eventlog.store import Store
from engine.eventlog.tree import Tree
from engine.feed import Feed
from engine.gauges import Gauges
from engine.loading import load_of, standing_of, waiting_longest
from engine.notary import Notary
from engine.partition import Partition
from engine.process import Collector, settle_memory
from engine.recovery import Book, state_hash
from engine.repair import heal
from engine.scheduler import Scheduler
from engine.settings import EngineSettings, Readiness
from engine.snapshots import Snapshots, load_book
from engine.subscription import Subscription
from engine.tails import open_tail
from engine.timing import Timing
from engine.upkeep import collect_when_quiet, verify_trusted, write_snapshots
from engine.viewing import Viewing
from engine.watching import Watching

__all__ = ["DEADLINE", "Engine", "EngineSettings", "Readiness", "open_engine"]

DEADLINE: Final = 10.0
"""Seconds that a request may take unless it asks for less."""

_STOP: Final = 8.0
"""Seconds that stopping may take; what is not durable by then was not answered either."""

_log = logging.getLogger("matron.engine")


class Engine:
    """All hospitals of one log. Use ``open_engine``; from outside ``ask``, ``ask_batch``, ``view``, ``follow``,
    ``ready``, and what ``feed`` counts."""

    def __init__(self, store: Store, clock: Clock, settings: EngineSettings) -> None:
        self.settings = settings
        self.partitions: dict[str, Partition] = {}
        self._store = store
        self._clock = clock
        self._gauges = Gauges()
        self._log = Log(store, settings.log, self._gauges)
        self._answers = Answers(store, self._log, self._gauges)
        self._deadlines = Deadlines(self._gauges.lag)
        self._timing = Timing(self._gauges, settings.slow, lambda: self._log.pending)
        self.accesses = Accesses(clock)
        self._begin_to_serve()
        self._erasing = Erasing(store, self._partitions_now, self._spawn)
        self.collector = Collector()
        self._snapshots = Snapshots(store, self._log)
        self._notary = self._new_notary()
        self._scheduler = Scheduler(clock, self._partitions_now)
        self._watching = Watching(clock, lambda: () if self._ending else self._partitions_now())
        self.feed = Feed(store, clock, lambda hospital: self._partition(hospital, None))
        self._begun = trio.current_time()
        self._nursery: trio.Nursery | None = None
        self._state = "recovering"
        self._damage = ""
        self._ending = False
        self._progress: dict[str, Any] = {}
        self._serving = trio.Event()

    # -- asking ---------------------------------------------------------------------------------------------

    async def ask(
        self, hospital: str, command: Any, who: Principal, *, key: str | None = None, within: float = DEADLINE
    ) -> Reply:
        """Have a command decided and made durable.

        ``key`` is the caller's idempotency key, ``within`` the seconds left. Raises ``Rejected`` when the rules say
        no, ``Unavailable`` when it cannot be taken now, ``DeadlinePassed`` when the time is over; an accepted
        command's repeat with the same key gives the first reply, with ``replayed``.
        """
        return await self._asking.ask(self._partition(hospital, command), command, who, key, within)

    def submit(
        self, hospital: str, command: Any, who: Principal, then: Then, *, key: str | None = None,
        within: float = DEADLINE,
    ) -> Callable[[], None] | None:  # fmt: skip
        """The same, without waiting: ``then`` hears the reply or why there is none. Gives what withdraws the command.

        ``None``, and nothing has happened, where only ``ask`` can answer it.
        """
        return self._asking.submit(self._partition(hospital, command), command, who, key, within, then)

    async def ask_batch(
        self, hospital: str, items: Sequence[tuple[Any, str | None]], who: Principal, *, within: float = DEADLINE
    ) -> list[Reply | Exception]:
        """Have many commands decided in order, each on its own, in as few commits as it goes; one result for each."""
        batch = Batch(self._partition(hospital, None), self._answers, self._unkeyed, who, self._timing)
        return await batch.ask(items, within)

    async def view(
        self, hospital: str, query: Any, who: Principal, *, within: float = DEADLINE, purpose: str = ""
    ) -> Reply:
        """Answer a query from states that are durable when the answer leaves; ``purpose``: why anybody looks."""
        return await self._viewing.view(self._partition(hospital, None), query, who, within, purpose)

    def show(
        self, hospital: str, query: Any, who: Principal, then: Then, *, within: float = DEADLINE, purpose: str = ""
    ) -> Callable[[], None] | None:  # fmt: skip
        """The same without waiting: ``then`` hears the answer or why there is none, at once where it can.

        Gives what withdraws the query; ``None``, and nothing has happened, where only ``view`` can answer it.
        """
        return self._viewing.show(self._partition(hospital, None), query, who, within, then, purpose)

    async def note_access(
        self, hospital: str, who: Principal, query: str, patients: Iterable[str], purpose: str = ""
    ) -> None:
        """Write down that somebody was shown these patients elsewhere; waits until that is durable, 2 s at most."""
        await self._viewing.note(self._partition(hospital, None), who, query, patients, purpose)

    async def note_security(self, hospital: str, who: Principal, what: str, facts: Mapping[str, str]) -> None:
        """Write down what happened at the door; ``hospital`` ``""``: none was named. Waits as ``note_access`` does."""
        partition = self._partition(hospital or self.accesses.usual(), None)
        await self.accesses.settled(partition, self.accesses.note_security(partition, who, what, facts))

    def follow(
        self, hospital: str, topics: Sequence[str], *, after: int | None = None, who: Principal | None = None,
        purpose: str = "",
    ) -> AbstractAsyncContextManager[Subscription]:  # fmt: skip
        """Follow topics, with a snapshot first or from behind a position on; see ``Feed.follow``. ``who`` looks."""
        look = partial(self.note_access, hospital, who, purpose=purpose) if who is not None else None
        return self.feed.follow(hospital, topics, after=after, look=look)

    def ready(self) -> Readiness:
        """Whether commands and queries are taken, with what an operator wants to know."""
        detail: dict[str, Any] = {"state": self._state, **self._progress}
        if self._state == "serving":
            detail |= standing_of(len(self.partitions), self._log, self._scheduler, self.accesses, self._damage)
        return Readiness(self._state == "serving", detail)

    def load(self) -> dict[str, Any]:
        """How hard the engine and its process work: counters and histograms since the start, as plain maps."""
        self._deadlines.always()
        return load_of(
            self._begun, self._partitions_now(), self._log, self._gauges, collector=self.collector,
            feed=self.feed, accesses=self.accesses, scheduler=self._scheduler, notary=self._notary,
            snapshots=self._snapshots,
        )  # fmt: skip

    def standing(self) -> tuple[float, float]:
        """How long (s) a command has waited for its actor, and an entry for the disk: of each the longest now."""
        return waiting_longest(self._partitions_now(), trio.current_time()), self._log.pending_age

    def now(self) -> int:
        """Wall time (µs), as the engine's clock has it."""
        return self._clock.wall()

    async def until_ready(self) -> None:
        """Return once the engine serves."""
        await self._serving.wait()

    def keep_checkpoint(self, name: str, size: int, note: bytes) -> None:
        """Keep a checkpoint with further signatures in place of the one that was made of log ``name`` at this size."""
        tail = self._log.tails.get(name)
        if tail is not None and size <= tail.signed:
            self._log.keep(tail, size, note)

    def state_hash(self, hospital: str) -> str:
        """SHA-256 over all states of a hospital, as ``matron-replay check`` computes it from the log."""
        return state_hash(self.partitions[hospital].book.frozen_states())

    # -- the parts of asking --------------------------------------------------------------------------------

    def _partitions_now(self) -> list[Partition]:
        return list(self.partitions.values())

    def _partition(self, hospital: str, command: Any) -> Partition:
        if self._state != "serving":
            self._watching.turned_away(hospital)
            raise Unavailable(self._state, f"the engine is {self._state}; try again shortly")
        found = self.partitions.get(hospital)
        if found is not None:
            return found
        if type(command) is AddHospital and command.hospital_id == hospital:
            return self._new_hospital(hospital)
        raise NotFound(f"there is no hospital {hospital!r}")

    def _new_hospital(self, hospital: str) -> Partition:
        book = Book(hospital, Keyring(hospital, self._clock.entropy))
        book.keys.create("")
        return self.accesses.open_new(self._admit(book, self._log.open_tail(hospital, Tree(), book.keys.take_fresh)))

    def _begin_to_serve(self) -> None:
        self._asking = Asking(self._answers, self._deadlines, self._unkeyed, self._spawn, self._timing)
        self._viewing = Viewing(
            self._answers, self._log, self._clock, self._gauges, self.accesses, self._timing, self._deadlines
        )

    def _new_notary(self) -> Notary | None:
        seal = self.settings.seal
        return None if seal is None else Notary(seal, self._store, self._log, self._partitions_now, self._damaged)

    def _admit(self, book: Book, tail: Tail) -> Partition:
        partition = self.partitions[book.hospital] = Partition(
            book,
            self._log,
            tail,
            self._clock,
            spawn=self._start_actor,
            on_due=self._scheduler.changed,
            heal=self._start_healing,
            mailbox=self.settings.mailbox,
            checking=self.settings.checking,
            gauges=self._gauges,
            measures=self._watching.measures(book.hospital),
        )
        book.keys.used = self._gauges.keys
        partition.eraser = self._erasing
        return partition

    def _unkeyed(self, command: Any, who: Principal) -> Message:
        return Message(command, DECISIONS[type(command)], who, self._clock.entropy(16))

    # -- living ---------------------------------------------------------------------------------------------

    def _start_actor(self, partition: Partition, mailbox: Mailbox, missing: NotInMemory) -> None:
        async def load(missing: NotInMemory) -> None:
            await self._answers.load(partition, missing)

        async def live() -> None:
            await mailbox.live(missing, partition.handle, load)
            del partition.mailboxes[mailbox.key]  # nothing ran since it was empty

        self._spawn(live)

    def _spawn(self, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        """A task that lives as long as this serves; ``Unavailable`` while it does not."""
        try:
            if self._nursery is not None:
                self._nursery.start_soon(work, *args)
                return
        except RuntimeError:  # a commit has just failed, and the nursery closes
            pass
        raise read_again()

    def _start_healing(self, partition: Partition, keys: list[str]) -> None:
        assert self._nursery is not None
        self._nursery.start_soon(heal, self._store, self._log, partition, keys)

    async def live(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Recover, serve, and after a failed commit do both again; ends by cancellation or when recovery fails."""
        task_status.started()
        while True:
            await self._recover()
            failure = await self._serve()
            _log.error("a commit failed, the log is read again: %s", failure)

    async def watch_deadlines(self) -> None:
        """Release those whose time is over, also while the log is read again."""
        await self._deadlines.run()

    async def _serve(self) -> CommitFailed:
        failure: CommitFailed | None = None
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._log.write_forever)
                nursery.start_soon(self._scheduler.run)
                nursery.start_soon(self._watching.run)
                nursery.start_soon(self.accesses.run)
                every = self.settings.snapshot_entries
                nursery.start_soon(write_snapshots, self._snapshots, self._partitions_now, every)
                nursery.start_soon(collect_when_quiet, self.collector, self._gauges.asked)
                nursery.start_soon(verify_trusted, self._store, self._partitions_now(), self._damaged)
                if self._notary is not None:
                    nursery.start_soon(self._notary.run)
                self._state = "stopping" if self._ending else "serving"
                self.feed.open(self._log, self._answers)
                nursery.start_soon(self.feed.run)
                nursery.start_soon(self.feed.beat)
                self._serving.set()
        except* CommitFailed as group:
            failure = first_of(group)
        finally:
            self._nursery = None
            for partition in self.partitions.values():
                partition.superseded = True
            if self._state == "serving":
                self._state = "recovering"
            self._serving = trio.Event()
        assert failure is not None
        return failure

    async def _recover(self) -> None:
        failed = list(self.partitions.values())
        for partition in failed:
            for mailbox in partition.mailboxes.values():
                for message in mailbox.drain():
                    message.fail(read_again())
        self._log = Log(self._store, self.settings.log, self._gauges)
        self._answers = Answers(self._store, self._log, self._gauges)
        self._begin_to_serve()
        self._snapshots = Snapshots(self._store, self._log)
        self._notary = self._new_notary()
        self.partitions = {}
        await self._store.open()
        self._log.measure_space()
        self.accesses.begin(self._log, failed)
        for hospital in await self._store.hospitals():
            book = await load_book(self._store, hospital, self._clock.entropy, self._progress)
            await self._erasing.recall(book)
            tail = await open_tail(self._store, self._log, hospital, book.keys.take_fresh)
            await self.accesses.open(self._store, self._admit(book, tail))
        self._progress.clear()
        settle_memory(rubbish=bool(failed))
        for partition in failed:
            now = self.partitions.get(partition.book.hospital)
            head = 0 if now is None else now.book.head
            for position, call in partition.tail.waiting:
                call(position <= head)
            partition.tail.waiting.clear()
        await self._erasing.complete()

    def _damaged(self, damage: str) -> None:
        self._damage = damage

    async def stop(self) -> None:
        """Take nothing more, decide what was queued, make it durable, write a snapshot."""
        if self._state != "serving":
            return
        self._state, self._ending = "stopping", True
        self.feed.end()
        with trio.move_on_after(_STOP):
            try:
                await self._finish()
            except (CommitFailed, Unavailable) as failure:  # all is in the log; only the next start takes longer
                _log.warning("stopped without a snapshot: %s", failure)

    async def _finish(self) -> None:
        for partition in self._partitions_now():
            for mailbox in list(partition.mailboxes.values()):
                await mailbox.ended.wait()
        self.accesses.end()
        await self._log.flushed()
        await self._erasing.complete()
        self._snapshots.hurry = True
        for partition in self._partitions_now():
            await self._snapshots.write(partition)
        if self._notary is not None:
            await self._notary.finish()
            await self._log.flushed()


@asynccontextmanager
async def open_engine(
    store: Store, *, clock: Clock | None = None, settings: EngineSettings | None = None
) -> AsyncGenerator[Engine, None]:
    """An engine on this store, living as long as the block; recovering begins at once, ``ready`` says when it is over.

    Leaving the block stops it: what was accepted is answered and durable, and the store is closed.
    """
    engine = Engine(store, clock or SystemClock(), settings or EngineSettings())
    try:
        with engine.collector:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(engine.watch_deadlines)
                await nursery.start(engine.live)
                try:
                    yield engine
                    await engine.stop()
                finally:
                    nursery.cancel_scope.cancel()
    finally:
        with trio.CancelScope(shield=True):
            await store.close()
