"""A log in memory, held to the same contract as the one on disk, for tests and for simulation.

Knows no threads and no clock of its own, so that a run under trio's deterministic scheduling repeats exactly.
A ``MemoryDisk`` outlives its stores: a crash is a new store on the same disk, while the old one may still hang
in a write (which then fails, for its epoch is over). Where a disk would fail or stall, ``faults`` says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import trio

from engine.errors import CommitFailed, LogCorrupt, Unavailable
from engine.eventlog.directory import check_log, is_beside
from engine.eventlog.store import Batch, Round, Signed, Space
from engine.eventlog.tree import HASH

Step = Literal["before", "data", "meta", "after", "pages", "seal", "archive", "keys"]
Faults = Callable[[Step], Awaitable[None]]
"""Called at each step of a write ("before" anything, "data": the keys are durable, "meta", "after" all is) and of
the other commits. It may sleep: a stall. It may raise ``OSError`` or ``CommitFailed``: before "after" nothing was
applied, unless it raises ``CommitTorn(applied=True)`` at "meta"; at "after" all was."""


class CommitTorn(CommitFailed):
    """The commit failed while its meta page was written; ``applied`` says which of the two pages a reader finds."""

    def __init__(self, detail: str = "the meta page was torn", *, applied: bool) -> None:
        super().__init__(detail)
        self.applied = applied


class MemoryDisk:
    """What a crash leaves."""

    def __init__(self) -> None:
        self.epoch = 0
        self.entries: dict[str, list[bytes]] = {}
        self.keys: dict[bytes, bytes] = {}
        self.pages: dict[tuple[str, int, int], bytes] = {}
        self.rounds: dict[str, dict[int, Round]] = {}
        self.archive: dict[tuple[str, str], bytes] = {}
        self.trees: dict[str, bytes] = {}
        self.nodes: dict[tuple[str, int, int], bytes] = {}
        self.checkpoints: dict[str, dict[int, bytes]] = {}


class MemoryStore:
    """A log on ``disk``; see ``Store``. ``free`` is what ``space`` answers and may be set at any time."""

    def __init__(
        self,
        disk: MemoryDisk | None = None,
        *,
        faults: Faults | None = None,
        free: Space = Space(disk=1 << 40, map=1 << 36),  # noqa: B008  an immutable value
    ) -> None:
        self.disk = disk if disk is not None else MemoryDisk()
        self.faults = faults
        self.free = free
        self._epoch = 0
        self._open = False
        self._failed = False
        self._turn = trio.Lock()

    async def open(self) -> None:
        """Begin a new epoch, which ends that of any other store on this disk."""
        with trio.CancelScope(shield=True):
            async with self._turn:
                self.disk.epoch += 1
                self._epoch = self.disk.epoch
                self._open, self._failed = True, False

    async def close(self) -> None:
        """Take no more calls; waits for a write under way."""
        with trio.CancelScope(shield=True):
            async with self._turn:
                self._open = False

    async def hospitals(self) -> list[str]:
        """All hospitals that have a log, in order of name."""
        return sorted(name for name in (await self._reading()).entries if not is_beside(name))

    async def head(self, hospital: str) -> int:
        """The last position, 0 when there is none."""
        return len((await self._reading(hospital)).entries.get(hospital, ()))

    async def read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to ``limit`` (position, stored bytes) from ``start`` on, in order."""
        records = (await self._reading(hospital)).entries.get(hospital, [])
        start = max(start, 1)
        return list(enumerate(records[start - 1 : start - 1 + max(limit, 0)], start))

    async def read_at(self, hospital: str, positions: Sequence[int]) -> list[bytes]:
        """The stored bytes at these positions; ``LogCorrupt`` when one is missing."""
        records = (await self._reading(hospital)).entries.get(hospital, [])
        for position in positions:
            if not 1 <= position <= len(records):
                raise LogCorrupt(f"{hospital}: position {position} is missing")
        return [records[position - 1] for position in positions]

    async def write(
        self, batches: Sequence[Batch], keys: Sequence[tuple[bytes, bytes]] = (), checkpoints: Sequence[Signed] = ()
    ) -> list[int | None]:
        """Store subject keys durably, then append all batches in one commit; a caller's cancellation waits."""
        for batch in batches:
            check_log(batch.hospital)
        with trio.CancelScope(shield=True):
            async with self._turn:
                await self._step("before")
                self.disk.keys.update(keys)
                await self._step("data")
                try:
                    await self._step("meta")
                except CommitTorn as torn:
                    if torn.applied:
                        self._append(batches, checkpoints)
                    raise
                heads = self._append(batches, checkpoints)
                await self._step("after")
        return heads

    async def tree(self, hospital: str) -> bytes:
        """The hash tree as the last batch left it; empty where no batch brought one."""
        return (await self._reading(hospital)).trees.get(hospital, b"")

    async def hashes(self, hospital: str, level: int, first: int, count: int) -> list[bytes]:
        """Stored hashes of a level of the tree (0: the leaves), as many as there are."""
        disk = await self._reading(hospital)
        if not level:
            return [record[:HASH] for record in disk.entries.get(hospital, [])[first : first + count]]
        wanted = ((hospital, level, index) for index in range(first, first + count))
        return [disk.nodes[name] for name in wanted if name in disk.nodes]

    async def checkpoints(self, hospital: str, above: int, limit: int) -> list[Signed]:
        """Up to ``limit`` kept checkpoints of a size above this one, in order of size."""
        kept = (await self._reading(hospital)).checkpoints.get(hospital, {})
        return [Signed(hospital, size, kept[size]) for size in sorted(kept) if size > above][:limit]

    async def last_checkpoint(self, hospital: str) -> Signed | None:
        """That of the largest size."""
        kept = (await self._reading(hospital)).checkpoints.get(hospital, {})
        return Signed(hospital, max(kept), kept[max(kept)]) if kept else None

    async def change_keys(self, turn: Callable[[bytes, bytes], bytes | None]) -> int:
        """Each subject key as ``turn(name, value)`` gives it (``None``: left out)."""
        with trio.CancelScope(shield=True):
            async with self._turn:
                await self._step("keys")
                turned = ((name, turn(name, value)) for name, value in self.disk.keys.items())
                self.disk.keys = {name: value for name, value in turned if value is not None}
        return len(self.disk.keys)

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """The sealing keys of these subjects, as far as they exist."""
        kept = (await self._reading()).keys
        return {subject: kept[subject] for subject in subjects if subject in kept}

    async def write_pages(self, hospital: str, number: int, first: int, pages: Sequence[bytes]) -> None:
        """Store pages ``first..`` of a snapshot round; of no effect until the round is sealed."""
        check_log(hospital)
        with trio.CancelScope(shield=True):
            async with self._turn:
                await self._step("pages")
                self.disk.pages.update({(hospital, number, page): value for page, value in enumerate(pages, first)})

    async def seal_round(self, hospital: str, made: Round, drop_older: bool) -> None:
        """Make a round count, see ``Store.seal_round``; ``ValueError`` when it lacks a page."""
        check_log(hospital)
        with trio.CancelScope(shield=True):
            async with self._turn:
                await self._step("seal")
                self._seal(hospital, made, drop_older)

    async def rounds(self, hospital: str) -> list[Round]:
        """The sealed rounds, oldest first."""
        sealed = (await self._reading(hospital)).rounds.get(hospital, {})
        return [sealed[number] for number in sorted(sealed)]

    async def read_pages(self, hospital: str, number: int, first: int, limit: int) -> list[bytes]:
        """Up to ``limit`` pages of a sealed round, in order; none when it is not sealed (any more)."""
        disk = await self._reading(hospital)
        sealed = disk.rounds.get(hospital, {}).get(number)
        pages = range(first, min(first + limit, sealed.pages if sealed else 0))
        return [disk.pages[hospital, number, page] for page in pages]

    async def write_archive(self, hospital: str, items: Sequence[tuple[str, bytes]]) -> None:
        """Keep frozen states (actor key, bytes) that leave memory; a later one replaces an earlier."""
        check_log(hospital)
        with trio.CancelScope(shield=True):
            async with self._turn:
                await self._step("archive")
                self.disk.archive.update({(hospital, key): value for key, value in items})

    async def read_archive(self, hospital: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Frozen states by actor key, as far as they exist."""
        kept = (await self._reading(hospital)).archive
        return {key: kept[hospital, key] for key in keys if (hospital, key) in kept}

    def space(self) -> Space:
        """What ``free`` says."""
        self._check_open()
        return self.free

    def _check_open(self) -> None:
        if not self._open:
            raise Unavailable("log_closed", "the log is not open")

    async def _reading(self, hospital: str | None = None) -> MemoryDisk:
        if hospital is not None:
            check_log(hospital)
        self._check_open()
        await trio.lowlevel.checkpoint()
        self._check_open()
        return self.disk

    async def _step(self, step: Step) -> None:
        """One point at which a commit may stall or fail, and at which another store may have taken over the disk."""
        self._check_open()
        if self._failed:
            raise CommitFailed("an earlier commit failed: the log must be opened again")
        try:
            await trio.lowlevel.checkpoint()
            if self.faults is not None:
                await self.faults(step)
            if self._epoch != self.disk.epoch:
                raise CommitFailed(f"another store has opened the disk: epoch {self.disk.epoch}, ours is {self._epoch}")
        except CommitFailed:
            self._failed = True
            raise
        except OSError as error:
            self._failed = True
            raise CommitFailed(f"the log did not commit: {error}") from error

    def _append(self, batches: Sequence[Batch], checkpoints: Sequence[Signed]) -> list[int | None]:
        heads: list[int | None] = []
        for signed in checkpoints:
            self.disk.checkpoints.setdefault(signed.hospital, {})[signed.size] = signed.note
        for hospital, head, records, tree, nodes in batches:
            if head != len(self.disk.entries.get(hospital, ())):
                heads.append(None)
                continue
            if records:
                self.disk.entries.setdefault(hospital, []).extend(records)
            if tree:
                self.disk.trees[hospital] = tree
            self.disk.nodes.update({(hospital, node.level, node.number): node.hash for node in nodes})
            heads.append(head + len(records))
        return heads

    def _seal(self, hospital: str, made: Round, drop_older: bool) -> None:
        disk = self.disk
        for page in range(made.pages):
            if (hospital, made.number, page) not in disk.pages:
                raise ValueError(f"{hospital}: round {made.number} has no page {page}")
        sealed = disk.rounds.setdefault(hospital, {})
        sealed[made.number] = made
        if not drop_older:
            return
        for number in [number for number in sealed if number < made.number]:
            del sealed[number]
        for owner, number, page in list(disk.pages):
            if owner == hospital and (number not in sealed or page >= sealed[number].pages):
                del disk.pages[owner, number, page]
