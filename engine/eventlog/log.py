"""Group commit: entries are appended now and durable later.

``append`` is a plain call that only puts bytes in line; one writer task takes all that is in line, for all
hospitals, and writes it as one commit. Who must not answer before a position is durable leaves a callback
with ``when_durable``. A commit that fails ends the log's use (``CommitFailed``): memory is then ahead of the
disk, and only reading the log again tells what is true.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from engine.errors import CommitFailed, Overloaded, Unavailable, read_again
from engine.eventlog.entry import MAX_ENTRY
from engine.eventlog.store import Batch, Signed, Space, Store
from engine.eventlog.tree import Node, Tree
from engine.gauges import Gauges

MIB = 1024 * 1024


Count = Annotated[int, Meta(ge=1)]


class LogLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be in line, and what must stay free. Over it a write is refused at once."""

    pending_entries: Count = 20_000
    """Entries that are decided and not yet durable."""
    pending_bytes: Annotated[int, Meta(ge=2 * MAX_ENTRY)] = 256 * MIB
    """Their bytes."""
    pending_seconds: Annotated[float, Meta(gt=0)] = 5.0
    """How long a commit may take before further writes are refused."""
    batch_entries: Count = 4_000
    """Entries of one commit."""
    gather_seconds: Annotated[float, Meta(ge=0, le=0.1)] = 0.004
    """From the beginning of a commit to that of the next, where several wait: what a commit costs, they share."""
    free_disk: Annotated[int, Meta(ge=0)] = 64 * MIB
    """Bytes that must stay free on the log's file system."""
    free_map: Annotated[int, Meta(ge=0)] = 256 * MIB
    """Bytes that must stay free in the store's map."""


@dataclass(slots=True)
class Tail:
    """The end of one hospital's log: what is in line behind ``durable``, and who waits for which position.

    ``tree`` is the hash tree over what is durable, ``signed`` the size of the last checkpoint that was made of it;
    ``nodes`` are whole nodes of the tree that the store has not got yet.
    """

    hospital: str
    durable: int
    head: int
    tree: Tree = field(default_factory=Tree)
    signed: int = 0
    nodes: list[Node] = field(default_factory=list)
    written: int = 0
    """Bytes of the records that were appended here since the log was opened."""
    records: deque[bytes] = field(default_factory=deque)
    waiting: deque[tuple[int, Callable[[bool], None]]] = field(default_factory=deque)
    fresh_keys: Callable[[], list[tuple[bytes, bytes]]] = list

    def settle(self) -> None:
        """Call all who wait for what is durable now."""
        waiting, durable = self.waiting, self.durable
        while waiting and waiting[0][0] <= durable:
            waiting.popleft()[1](True)


class Log:
    """All hospitals' tails in front of one store. How long commits take is noted in ``gauges``."""

    def __init__(self, store: Store, limits: LogLimits, gauges: Gauges | None = None) -> None:
        self.store = store
        self.limits = limits
        self.gauges = gauges or Gauges()
        self.tails: dict[str, Tail] = {}
        self.full = False
        self.space = Space(0, 0)
        """What was free when that was looked at last."""
        self._oldest = 0.0
        self._entries = 0
        self._bytes = 0
        self._begun: float | None = None
        self._signed: list[Signed] = []
        self._work = trio.Event()
        self._committed = trio.Event()

    def open_tail(
        self, hospital: str, tree: Tree, fresh_keys: Callable[[], list[tuple[bytes, bytes]]] = list, *, signed: int = 0,
        nodes: Sequence[Node] = (),
    ) -> Tail:  # fmt: skip
        """Begin at the end of a hospital's durable log."""
        tail = Tail(hospital, tree.size, tree.size, tree, signed, list(nodes), fresh_keys=fresh_keys)
        self.tails[hospital] = tail
        return tail

    @property
    def pending(self) -> int:
        """Entries in line, those of the commit under way included."""
        return self._entries

    @property
    def pending_bytes(self) -> int:
        """Their bytes."""
        return self._bytes

    @property
    def pending_seconds(self) -> float:
        """How long the commit under way has taken; 0 while there is none."""
        return 0.0 if self._begun is None else trio.current_time() - self._begun

    @property
    def pending_age(self) -> float:
        """How long the oldest entry in line has stood there, also while nobody commits; 0 where there is none."""
        return trio.current_time() - self._oldest if self._entries else 0.0

    def reserve(self) -> None:
        """Refuse now what could not be appended later: too much in line, or no space."""
        if self._entries >= self.limits.pending_entries or self._bytes + MAX_ENTRY > self.limits.pending_bytes:
            raise Overloaded("overloaded", "too many decisions wait for the disk; try again shortly")
        if self._begun is not None and trio.current_time() - self._begun > self.limits.pending_seconds:
            raise Overloaded("disk_stalled", "the disk has not answered for seconds; try again shortly")
        if self.full:
            self.measure_space()
            if self.full:
                raise Unavailable("storage_full", "the log has no space left for writes; reads go on", retry_after=10)

    def measure_space(self) -> None:
        """Look at the free space; done before each commit, and at each write while there was too little."""
        space = self.space = self.store.space()
        self.full = space.disk < self.limits.free_disk or space.map < self.limits.free_map

    def append(self, tail: Tail, record: bytes) -> int:
        """Put one stored record in line and return its position."""
        tail.head += 1
        tail.records.append(record)
        if not self._entries:
            self._oldest = trio.current_time()
        self._entries += 1
        self._bytes += len(record)
        tail.written += len(record)
        self._work.set()
        return tail.head

    def keep(self, tail: Tail, size: int, note: bytes) -> None:
        """Keep a checkpoint of what is durable; it goes with the next commit."""
        tail.signed = max(tail.signed, size)
        self._signed.append(Signed(tail.hospital, size, note))
        self._work.set()

    def when_durable(self, tail: Tail, position: int, call: Callable[[bool], None]) -> None:
        """Call back with ``True``, in order of position, once the log is durable up to there; at once if it is.

        Positions must come in rising order, as decisions do. After a failed commit whoever recovers calls with
        what the log says then.
        """
        if position <= tail.durable:
            call(True)
        else:
            tail.waiting.append((position, call))

    async def durable(self, tail: Tail, position: int) -> None:
        """Return once the log is durable up to there; ``Unavailable`` when a commit failed first."""
        if position <= tail.durable:
            return
        done = trio.Event()
        outcome = [False]

        def settle(durable: bool) -> None:
            outcome[0] = durable
            done.set()

        self.when_durable(tail, tail.head, settle)
        await done.wait()
        if not outcome[0]:
            raise read_again()

    async def flushed(self) -> None:
        """Return when nothing is in line."""
        while self._entries or self._signed:
            await self._committed.wait()

    async def write_forever(self) -> None:
        """The one writer. Ends only by ``CommitFailed`` or cancellation."""
        while True:
            await self._work.wait()
            self._work = trio.Event()
            while self._entries or self._signed:
                began = trio.current_time()
                several = await self._commit() > 1
                # Who finds more in line waits for the next commit; an event that stays set would never let him rest.
                done, self._committed = self._committed, trio.Event()
                done.set()
                if several:
                    await trio.sleep_until(began + self.limits.gather_seconds)

    async def _commit(self) -> int:
        batches, keys, tails, signed = [], [], [], list(self._signed)
        room = self.limits.batch_entries
        for tail in self.tails.values():
            if (tail.records or tail.nodes) and room > 0:
                count = min(len(tail.records), room)
                room -= count
                records = [tail.records[i] for i in range(count)] if count < len(tail.records) else list(tail.records)
                tree = tail.tree.copy()
                nodes = tail.nodes + tree.extend(records)
                batches.append(Batch(tail.hospital, tail.durable, records, tree.encoded(), nodes))
                tails.append((tail, count, tree))
            keys.extend(tail.fresh_keys())
        self.measure_space()
        begun = self._begun = trio.current_time()
        heads = await self.store.write(batches, keys, signed)
        self.gauges.commits.note(trio.current_time() - begun)
        self._begun = None
        del self._signed[: len(signed)]
        for (tail, count, tree), batch, head in zip(tails, batches, heads, strict=True):
            if head != tail.durable + count:
                raise CommitFailed(f"another writer appended to the log of hospital {tail.hospital}")
            for _ in range(count):
                tail.records.popleft()
            self._entries -= count
            self._bytes -= sum(map(len, batch.records))
            self.gauges.entries += count
            tail.durable, tail.tree, tail.nodes = head, tree, []
        self._oldest = begun  # what is left came since
        for tail, _, _ in tails:
            tail.settle()
        together = sum(count for _, count, _ in tails)
        self.gauges.sizes.note(together)
        return together
