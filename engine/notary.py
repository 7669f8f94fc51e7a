"""Signs how long the log is: checkpoints over what is durable, now and then, and at the end.

It signs what the hash tree says and nothing else; which key that is, and where it lives, is the signer's concern. A
signer that cannot sign holds nothing up: the log goes on, and the next try comes later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

import msgspec
import trio
from msgspec import Meta

from engine.actors.origin import ORIGIN
from engine.errors import LogCorrupt
from engine.eventlog.checkpoint import BadNote, Head, Note, Signer, signed
from engine.eventlog.log import Log, Tail
from engine.eventlog.store import Store
from engine.eventlog.tree import root_at
from engine.partition import Partition

_LOOK: Final = 0.25
"""Seconds between two looks at how far the logs are."""

_PATIENCE: Final = 5.0
"""Seconds that a signature may take."""

_log = logging.getLogger("matron.engine")


class CheckpointSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When checkpoints are made of a log that has grown."""

    seconds: Annotated[float, Meta(gt=0)] = 10.0
    """Since the one before."""
    entries: Annotated[int, Meta(ge=1)] = 1_000
    """Since the one before."""


class Seal(msgspec.Struct, frozen=True):
    """What checkpoints are made with: whose name (``<name>/<hospital>`` is a log's origin), and what signs."""

    name: str
    signer: Signer
    settings: CheckpointSettings = CheckpointSettings()
    held: Callable[[], bool] = lambda: False
    """Whether nothing may be signed yet: under which names is not settled."""


class Notary:
    """Makes the checkpoints of all logs of one engine. ``faults`` counts those that could not be made."""

    def __init__(
        self, seal: Seal, store: Store, log: Log, partitions: Callable[[], list[Partition]],
        damaged: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.faults = 0
        self._seal = seal
        self._store = store
        self._log = log
        self._partitions = partitions
        self._damaged = damaged
        self._last: dict[str, float] = {}
        self._signed: dict[str, float] = {}

    async def run(self) -> None:
        """Make checkpoints for as long as the engine serves."""
        for partition in self._partitions():
            for tail in _tails(partition):
                await self._look_back(tail)
        every, entries = self._seal.settings.seconds, self._seal.settings.entries
        while True:
            await trio.sleep(_LOOK)
            if self._seal.held():
                continue
            now = trio.current_time()
            for partition in self._partitions():
                for tail in _tails(partition):
                    grown = tail.durable - tail.signed
                    last = self._last.setdefault(tail.hospital, now)
                    self._signed.setdefault(tail.hospital, now)
                    if not grown:
                        self._last[tail.hospital] = self._signed[tail.hospital] = now
                    elif grown >= entries or now - last >= every:
                        self._last[tail.hospital] = now
                        await self._sign(partition, tail)

    def unsigned(self) -> dict[str, float]:
        """For how long each log has had entries that no checkpoint speaks of (s), as far as that was looked at."""
        now = trio.current_time()
        return {name: round(now - at, 3) for name, at in self._signed.items()}

    async def finish(self) -> None:
        """One of each log that has grown since the last, for there will be no more."""
        if self._seal.held():
            return
        for partition in self._partitions():
            for tail in _tails(partition):
                if tail.durable > tail.signed:
                    await self._sign(partition, tail)

    async def _sign(self, partition: Partition, tail: Tail) -> None:
        tree = tail.tree
        head = Head(self.origin(partition, tail), tree.size, tree.root())
        try:
            with trio.fail_after(_PATIENCE):
                note = await signed(head, self._seal.signer)
        except (OSError, BadNote, trio.TooSlowError) as fault:
            self.faults += 1
            _log.error("no checkpoint of %s at %d: %s", tail.hospital, tree.size, str(fault) or "no signature in time")
            return
        self._log.keep(tail, tree.size, note.bytes())
        self._signed[tail.hospital] = trio.current_time()

    def origin(self, partition: Partition, tail: Tail) -> str:
        """Under which name a log is signed: its own, or the one that was begun after a restore."""
        begun = partition.state(ORIGIN)
        name = begun.name if begun is not None else f"{self._seal.name}/{partition.book.hospital}"
        return name if tail is partition.tail else f"{name}/access"

    async def _look_back(self, tail: Tail) -> None:
        """Whether the log is still the one that the last checkpoint spoke of."""
        last = await self._store.last_checkpoint(tail.hospital)
        if last is None:
            return
        hashes = partial(self._store.hashes, tail.hospital)
        try:
            head = Note.parse(last.note).head()
            is_so = head.size == last.size <= tail.durable and await root_at(last.size, hashes) == head.root
        except (BadNote, LogCorrupt):  # a damaged checkpoint stops no hospital either
            is_so = False
        if not is_so:
            self._damaged(f"the log of {tail.hospital} is not what its checkpoint at {last.size} says")


def _tails(partition: Partition) -> tuple[Tail, ...]:
    return (partition.tail,) if partition.access is None else (partition.tail, partition.access)
