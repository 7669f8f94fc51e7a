"""Erasing for good: the keys of patients who were erased are destroyed, and their plain text leaves memory.

The log says who is erased; this makes it true. It begins once such an entry is durable, for a key cannot be brought
back, and whoever asked is answered when it is done. Where it was broken off, the next start does it before anything is
served. Knows no rules: who may be erased is the decision's concern (``engine.decisions.erase_patient``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Final

import msgspec
import trio

from engine.actors import KINDS
from engine.actors.patient import ERASED_PATIENTS, patient_key
from engine.decider import Decider, Private
from engine.errors import Unavailable
from engine.eventlog.keys import DESTROYED
from engine.eventlog.store import Store
from engine.partition import Partition
from engine.recovery import Book, Cell

_SLICE: Final = 50
"""States that are looked through before the others run: a few milliseconds."""

_AGAIN: Final = 5.0
"""Seconds until keys are tried again that could not be put into a new file: a full disk, mostly."""

_READ: Final = 10_000
"""Keys of erased patients that are looked for at once."""

_log = logging.getLogger("matron.engine")

Settle = Callable[[bool], None]


class Erasing:
    """One for an engine's life. ``partitions`` are those that serve now; ``spawn`` starts a task beside them."""

    def __init__(
        self, store: Store, partitions: Callable[[], Iterable[Partition]], spawn: Callable[..., None]
    ) -> None:  # fmt: skip
        self._store = store
        self._partitions = partitions
        self._spawn = spawn
        self._turn = trio.Lock()
        self._waiting: list[Settle] = []

    def before_told(self, settle: Settle) -> Settle:
        """What is called when an erasure is durable, or never will be: only then it is carried out, and then told."""

        def durable(applied: bool) -> None:
            if not applied:
                settle(False)
                return
            self._waiting.append(settle)
            try:
                self._spawn(self._carry_out)
            except Unavailable:  # the log is read again, and ``complete`` comes then
                return

        return durable

    async def done(self) -> None:
        """Return when every erasure that is durable by now has been carried out."""
        async with self._turn:
            pass

    async def complete(self) -> None:
        """Destroy the keys of all who are erased, and forget their text; ``Unavailable`` when it cannot be done now."""
        async with self._turn:
            waiting, self._waiting = self._waiting, []
            try:
                await self._complete(list(self._partitions()))
            except BaseException:
                self._waiting = waiting + self._waiting
                raise
            for settle in waiting:
                settle(True)

    async def recall(self, book: Book) -> None:
        """Learn from the store whose keys are destroyed already: of a hospital whose log was just read."""
        erased = book.directory.ids(ERASED_PATIENTS, None, book.directory.count(ERASED_PATIENTS))
        for first in range(0, len(erased), _READ):
            some = erased[first : first + _READ]
            found = await self._store.read_keys([book.keys.store_name(id) for id in some])
            there = [id for id in some if found.get(book.keys.store_name(id), DESTROYED) != DESTROYED]
            book.keys.destroy(set(some).difference(there))

    async def _carry_out(self) -> None:
        while True:
            try:
                await self.complete()
            except Unavailable as error:
                _log.error("an erasure is not carried out yet: %s", error)
                await trio.sleep(_AGAIN)
            else:
                return

    async def _complete(self, partitions: Sequence[Partition]) -> None:
        pending = {partition.book.hospital: (partition.book, _pending(partition)) for partition in partitions}
        names = {book.keys.store_name(id) for book, ids in pending.values() for id in ids}
        if not names:
            return
        await self._store.change_keys(lambda name, key: DESTROYED if name in names else key)
        for book, ids in pending.values():
            book.keys.destroy(ids)
            if ids:
                await forget(book, ids)
                _log.warning("%s: the keys of %d records were destroyed", book.hospital, len(ids))


async def forget(book: Book, subjects: Sequence[str]) -> None:
    """Put every state that has text of these subjects back to what is stored of it, a few at a time."""
    names = [bytes.fromhex(subject.replace("-", "")) for subject in subjects]
    looked = 0
    for key in list(book.cells):
        cell = book.cells.get(key)
        if type(cell) is not Cell or cell.quarantined or not _may_hold(cell.decider, key, subjects):
            continue
        frozen = book.freeze(cell)
        if any(name in frozen for name in names):
            thawed = book.thaw(key, frozen)
            thawed.noted = cell.noted
        looked += 1
        if looked % _SLICE == 0:
            await trio.lowlevel.checkpoint()


def _pending(partition: Partition) -> list[str]:
    """Who is erased for good, by what is durable, and has a key as far as is known."""
    book, durable = partition.book, partition.tail.durable
    erased = book.directory.ids(ERASED_PATIENTS, None, book.directory.count(ERASED_PATIENTS))
    left = [id for id in erased if not book.keys.is_destroyed(id)]
    return [id for id in left if (cell := book.cell(patient_key(id))) is not None and cell.position <= durable]


def _may_hold(decider: Decider[Any], key: str, subjects: Sequence[str]) -> bool:
    if decider.kind == "patient":  # the most numerous, and each has the text of one person only
        return key.partition(":")[2] in subjects
    return _has_text(decider.kind)


@cache
def _has_text(kind: str) -> bool:
    """Whether there is any text about persons in the states of this kind."""
    return _private_in(msgspec.inspect.type_info(KINDS[kind].state), set())


def _private_in(told: Any, seen: set[type[Any]]) -> bool:
    match told:
        case msgspec.inspect.CustomType(cls=cls):
            return issubclass(cls, Private)
        case msgspec.inspect.StructType(cls=cls, fields=fields):
            if cls in seen:
                return False
            seen.add(cls)
            return any(_private_in(field.type, seen) for field in fields)
        case msgspec.inspect.UnionType(types=types) | msgspec.inspect.TupleType(item_types=types):
            return any(_private_in(each, seen) for each in types)
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return _private_in(key, seen) or _private_in(value, seen)
        case (
            msgspec.inspect.ListType(item_type=item)
            | msgspec.inspect.SetType(item_type=item)
            | msgspec.inspect.FrozenSetType(item_type=item)
            | msgspec.inspect.VarTupleType(item_type=item)
        ):
            return _private_in(item, seen)
        case _:
            return False
