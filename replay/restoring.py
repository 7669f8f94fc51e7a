"""Restoring: a log written anew from a backup and what was shipped since, whole or up to a moment.

Every entry's hash is looked at, the tree grows again, and whatever checkpoints are known must speak of it: a log that
differs from one is not restored. Where they speak of more entries than there are now, the log lost what was signed,
and must go on under a new name (``Restored.lost``). Whoever was erased, also later than that moment, stays erased. It
writes into the store it is given, knows no files, and needs no key.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from re import escape, fullmatch
from typing import Final, NamedTuple

import msgspec

from engine.actors.origin import OriginBegun
from engine.errors import CommitFailed, Invalid, LogCorrupt
from engine.eventlog.checkpoint import Head, Note
from engine.eventlog.directory import BESIDE
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import Keyring
from engine.eventlog.store import Batch, Store
from engine.eventlog.tree import Node, Tree
from engine.recovery import EVENTS, Book
from replay.erased import erased_subjects
from replay.joined import JoinedSource, NotOneLog
from replay.moments import position_at, time_at
from replay.walking import READ, Source

_ALL: Final = 1 << 40
_TOGETHER: Final = 4 * READ
"""Entries of one commit."""


class Until(msgspec.Struct, frozen=True):
    """How far to go: a position of the one hospital, or an instant (µs); neither: to the end."""

    position: int | None = None
    time: int | None = None


class RestoredLog(msgspec.Struct):
    """What became of one log. ``left_out``: entries behind the moment; ``signed``: the size of its last checkpoint."""

    log: str
    entries: int
    of_backup: int
    left_out: int
    root: str
    signed: int


class LostEntries(msgspec.Struct, frozen=True):
    """The last checkpoint that is known of a log which has fewer entries now; ``root`` in hexadecimal digits."""

    previous: str
    size: int
    root: str
    reason: str = "restored"


class Restored(msgspec.Struct):
    """What was restored; by hospital, who is ``erased``, and what was ``lost`` of what had been signed."""

    logs: list[RestoredLog] = []
    erased: dict[str, list[str]] = {}
    lost: dict[str, LostEntries] = {}


async def restore(
    source: JoinedSource, store: Store, hospitals: Mapping[str, Until], heads: Iterable[Head] = (), *,
    anew: bool = False, advance: Callable[[int], None] = lambda _: None,
) -> Restored:  # fmt: skip
    """Write these hospitals' logs, each up to its moment, and those beside them, into an empty store.

    ``heads`` are further checkpoints that are known, a witness's for one; ``anew``: the log goes on under a new name
    whatever they say. ``NotOneLog`` where a checkpoint does not speak of this log.
    """
    made, heads = Restored(), list(heads)
    for hospital, until in hospitals.items():
        end, after = await _end(source, hospital, until)
        beside = hospital + BESIDE
        ends = {hospital: end, beside: await source.head(beside)}
        if after is not None:
            ends[beside] = await position_at(source, beside, after - 1)
        known: dict[str, list[Head]] = {}
        branches = await _branches(source, hospital, end)
        for log, last in ends.items():
            kept = [Note.parse(each.note).head() for each in await source.checkpoints(log, 0, _ALL)]
            more = [head for head in heads if _is_of(head, log) and not any(each.lost(head) for each in branches)]
            known[log] = sorted([*kept, *more], key=lambda head: head.size)
            made.logs.append(await _copy(source, store, log, last, known[log], advance))
        made.erased[hospital] = await erased_subjects(source, hospital)
        newest = known[hospital][-1] if known[hospital] else None
        short = any(log and log[-1].size > ends[name] for name, log in known.items())
        if newest is not None and (short or anew):
            made.lost[hospital] = LostEntries(newest.origin, newest.size, newest.root.hex())
    return made


class _Branch(NamedTuple):
    """Where a new origin began, and the one that ended there: what that signed of later entries, the log tells of."""

    position: int
    previous: str

    def lost(self, head: Head) -> bool:
        """Whether a checkpoint is of entries that an earlier restore has lost already."""
        if head.origin == f"{self.previous}/access":  # where the other log then was is not told
            return True
        return head.origin == self.previous and head.size >= self.position


async def _branches(source: JoinedSource, hospital: str, end: int) -> list[_Branch]:
    codec, found, position = Codec(EVENTS, Keyring(hospital, _no_entropy)), list[_Branch](), 0
    while position < end and (records := await source.read(hospital, position + 1, min(READ, end - position))):
        position = records[-1][0]
        for at, record in records:
            if OriginBegun.__name__.encode() in record:
                for change in codec.decode(checked(record)).changes:
                    found += [_Branch(at, event.previous) for event in change.events if isinstance(event, OriginBegun)]
    return found


async def folded(source: Source, hospital: str, advance: Callable[[int], None] = lambda _: None) -> Book:
    """All states that a log gives: the proof that an engine can start from it. ``LogCorrupt`` where none can."""
    book = Book(hospital, Keyring(hospital, _no_entropy))
    while records := await source.read(hospital, book.head + 1, READ):
        for _ in book.folded(records):
            pass
        advance(len(records))
    return book


async def grown_again(
    source: Source, log: str, roots: Mapping[int, bytes], advance: Callable[[int], None] = lambda _: None
) -> Tree:
    """The tree over what a log holds, every record's hash looked at; ``roots``: what it must have been, by size."""
    tree = Tree()
    while records := await source.read(log, tree.size + 1, READ):
        for position, record in records:
            try:
                checked(record)
            except LogCorrupt as fault:
                raise LogCorrupt(f"position {position} of {log}: {fault}") from fault
            tree.extend([record])
            if position in roots and tree.root() != roots[position]:
                raise LogCorrupt(f"{log}: its first {position} entries are not those that were signed")
        advance(len(records))
    return tree


async def _end(source: JoinedSource, hospital: str, until: Until) -> tuple[int, int | None]:
    """The last position that is restored, and the time (µs) from which on everything is left out."""
    head = await source.head(hospital)
    if until.position is not None:
        if not 1 <= until.position <= head:
            raise Invalid(f"the log of {hospital} has the positions 1 to {head}", field="to_position")
        following = until.position + 1
        return until.position, await time_at(source, hospital, following) if following <= head else None
    if until.time is not None:
        end = await position_at(source, hospital, until.time)
        if not end:
            raise Invalid(f"the log of {hospital} begins later than that", field="to_time")
        return end, until.time + 1
    return head, None


async def _copy(
    source: JoinedSource, store: Store, log: str, end: int, known: list[Head], advance: Callable[[int], None]
) -> RestoredLog:
    tree = Tree()
    roots = {head.size: head for head in known if head.size <= end}
    if any(_different(known, end)):
        raise NotOneLog(f"{log}: two checkpoints of one size have different roots")
    notes = {each.size: each for each in await source.checkpoints(log, 0, _ALL) if each.size <= end}
    stops = sorted({*roots, end})
    while tree.size < end:
        before, nodes = tree.size, list[Node]()
        records = [record for _, record in await source.read(log, before + 1, min(_TOGETHER, end - before))]
        if not records:
            raise LogCorrupt(f"{log}: position {before + 1} is missing")
        for position, record in enumerate(records, before + 1):
            try:
                checked(record)
            except LogCorrupt as fault:
                raise LogCorrupt(f"position {position} of {log}: {fault}") from fault
        for stop in stops[bisect_right(stops, before) : bisect_left(stops, before + len(records))]:
            nodes += tree.extend(records[tree.size - before : stop - before])
            _hold(log, tree, roots.get(stop))
        nodes += tree.extend(records[tree.size - before :])
        _hold(log, tree, roots.get(tree.size))
        here = [notes[size] for size in range(before + 1, tree.size + 1) if size in notes]
        [written] = await store.write([Batch(log, before, records, tree.encoded(), nodes)], (), here)
        if written != tree.size:
            raise CommitFailed(f"{log}: somebody else writes here")
        advance(len(records))
    head = await source.head(log)
    of_backup = min(end, await source.of_backup(log))
    return RestoredLog(log, end, of_backup, head - end, tree.root().hex(), max(notes, default=0))


def _hold(log: str, tree: Tree, head: Head | None) -> None:
    if head is not None and tree.root() != head.root:
        raise NotOneLog(f"{log}: what is here is not what {head.origin} signed as its first {tree.size} entries")


def _different(known: list[Head], end: int) -> Iterator[int]:
    roots: dict[int, bytes] = {}
    for head in known:
        if head.size <= end and roots.setdefault(head.size, head.root) != head.root:
            yield head.size


def _is_of(head: Head, log: str) -> bool:
    """Whether a checkpoint speaks of this log: its origin ends in the hospital's name, and perhaps in a later name."""
    hospital = log.removesuffix(BESIDE)
    beside = "/access" if log != hospital else ""
    return fullmatch(rf"(.*/)?{escape(hospital)}(/[0-9a-f]{{16}})?{beside}", head.origin) is not None


def _no_entropy(count: int) -> bytes:
    raise AssertionError("restoring draws nothing")
