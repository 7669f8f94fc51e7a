"""The interface behind which a log is kept: LMDB in service, memory in tests, a replicated log one day.

Append only. A write of several hospitals is one atomic commit; a hospital whose expected head is not the
stored one is left out of it and reported, the others go on. What a position holds never changes.
All methods that may touch the disk are asynchronous; a store is used by one engine at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from engine.eventlog.tree import Node


class Batch(NamedTuple):
    """Entries to append to one hospital's log, the first at position ``head + 1``.

    ``records`` are the stored bytes: the RFC 6962 leaf hash (32 bytes) followed by the encoded entry. ``tree`` is what
    the hash tree then is (``Tree.encoded``), ``nodes`` what became whole in it.
    """

    hospital: str
    head: int
    records: Sequence[bytes]
    tree: bytes = b""
    nodes: Sequence[Node] = ()


class Signed(NamedTuple):
    """A checkpoint to keep: the note's bytes, by the size that it speaks of."""

    hospital: str
    size: int
    note: bytes


class Space(NamedTuple):
    """Bytes still free: on the file system, and in the map."""

    disk: int
    map: int


class Round(NamedTuple):
    """A complete snapshot round: with it, replay may begin at ``position + 1``."""

    number: int
    position: int
    pages: int


class Store(Protocol):
    """Where a log's bytes are. ``CommitFailed`` from ``write`` ends its use until ``open`` is called again."""

    async def open(self) -> None:
        """Lock the log for this engine and begin a new epoch; also after a failed commit. ``Unavailable`` if locked."""

    async def close(self) -> None:
        """Release all; waits for a write under way."""

    async def hospitals(self) -> list[str]:
        """All hospitals that have a log, in order of name."""

    async def head(self, hospital: str) -> int:
        """The last position, 0 when there is none."""

    async def read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to ``limit`` (position, stored bytes) from ``start`` on, in order."""

    async def read_at(self, hospital: str, positions: Sequence[int]) -> list[bytes]:
        """The stored bytes at these positions; ``LogCorrupt`` when one is missing."""

    async def write(
        self, batches: Sequence[Batch], keys: Sequence[tuple[bytes, bytes]] = (), checkpoints: Sequence[Signed] = ()
    ) -> list[int | None]:
        """Store subject keys durably, then append all batches, and keep checkpoints, in one durable commit.

        Returns for each batch its new head, or ``None`` where the expected head was not the stored one.
        ``CommitFailed``: whether it was applied is known only after ``open``.
        """

    async def tree(self, hospital: str) -> bytes:
        """The hash tree as the last batch left it; empty where no batch brought one."""

    async def hashes(self, hospital: str, level: int, first: int, count: int) -> list[bytes]:
        """Stored hashes of a level of the tree (0: the leaves), as many as there are; see ``engine.eventlog.tree``."""

    async def checkpoints(self, hospital: str, above: int, limit: int) -> list[Signed]:
        """Up to ``limit`` kept checkpoints of a size above this one, in order of size."""

    async def last_checkpoint(self, hospital: str) -> Signed | None:
        """That of the largest size."""

    async def change_keys(self, turn: Callable[[bytes, bytes], bytes | None]) -> int:
        """Put all subject keys into a new file, each as ``turn(name, value)`` gives it (``None``: left out).

        Nothing of the old file is kept; a key that is written meanwhile is turned too. Returns how many there are.
        ``Unavailable``: all is as it was; ``CommitFailed``: the log must be opened again.
        """

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """The sealing keys of these subjects, as far as they exist."""

    async def write_pages(self, hospital: str, number: int, first: int, pages: Sequence[bytes]) -> None:
        """Store pages ``first..`` of a snapshot round; of no effect until the round is sealed."""

    async def seal_round(self, hospital: str, made: Round, drop_older: bool) -> None:
        """Make a round count; with ``drop_older`` delete all rounds before it (unsealed pages too) in one commit."""

    async def rounds(self, hospital: str) -> list[Round]:
        """The sealed rounds, oldest first."""

    async def read_pages(self, hospital: str, number: int, first: int, limit: int) -> list[bytes]:
        """Up to ``limit`` pages of a sealed round, in order."""

    async def write_archive(self, hospital: str, items: Sequence[tuple[str, bytes]]) -> None:
        """Keep frozen states (actor key, bytes) that leave memory; a later one replaces an earlier."""

    async def read_archive(self, hospital: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Frozen states by actor key, as far as they exist."""

    def space(self) -> Space:
        """What is left now; cheap, never blocks on the log."""
