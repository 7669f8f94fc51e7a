"""Folding: how entries become states. The engine recovers with it, the auditors' tool replays with it.

Knows states, where they are filed and when they want to be woken; decides nothing, writes nothing.
A state may be live, or frozen (its stored bytes, thawed when somebody looks), or archived on disk.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from engine.actors import KINDS
from engine.decider import Decider, NotInMemory, never, nothing
from engine.errors import LogCorrupt
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import Keyring

EVENTS: Final = tuple(event for decider in KINDS.values() for event in decider.events)
"""Every event of every kind: what a log may hold."""


class Cell(msgspec.Struct, eq=False, gc=False):
    """One live actor: its state, how many entries changed it, the last one's position, and when it wants waking.

    ``noted`` is the book's ``era`` in which it was last put among the changed ones. There are millions; a state knows
    nothing of its cell, so that the collector need not look for a way round.
    """

    key: str
    decider: Decider[Any]
    state: Any
    version: int
    position: int
    due: int | None = None
    noted: int = 0
    quarantined: bool = False


class Archived:
    """Stands in the table for a state that is on disk only."""

    __slots__ = ()


ARCHIVED: Final = Archived()


_FIGURES: Final = 1_000
"""Actors of a kind that are asked for figures."""

_NEAR: Final = 64
"""How far from the end of its list an id is first looked for when it is not the last."""


class Directory:
    """Which actor has which id: for finding, and for lists in order of id (which is order of creation)."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, str]] = {}
        self._order: dict[str, list[str]] = {}
        self._groups: dict[str, list[str]] = {}

    def file(self, table: str, id: str, key: str) -> None:
        """This id is at this actor now."""
        rows = self._tables.get(table)
        if rows is None:
            rows = self._tables[table] = {}
            self._order[table] = []
        before = len(rows)
        rows[id] = key
        if len(rows) == before:
            return
        order = self._order[table]
        if not order or id > order[-1]:
            order.append(id)
        else:  # ids of one instant come in any order: look near the end before looking through a million
            near = len(order) - _NEAR
            insort(order, id, near if near > 0 and order[near] < id else 0)

    def strike(self, table: str, id: str, key: str) -> None:
        """This actor gives the id up; without effect when another has it by now."""
        rows = self._tables.get(table, {})
        if rows.get(id) == key:
            del rows[id]
            order = self._order[table]
            del order[bisect_left(order, id)]

    def load(self, table: str, ids: list[str], keys: list[str]) -> None:
        """File many at once (a snapshot); ``finish_loading`` must follow."""
        self._tables.setdefault(table, {}).update(zip(ids, keys, strict=True))

    def finish_loading(self) -> None:
        """Put loaded ids in order."""
        self._order = {table: sorted(rows) for table, rows in self._tables.items()}

    def find(self, table: str, id: str) -> str | None:
        """The actor's key, or ``None``."""
        rows = self._tables.get(table)
        return None if rows is None else rows.get(id)

    def ids(self, table: str, after: str | None, limit: int, *, descending: bool = False) -> list[str]:
        """Up to ``limit`` ids behind ``after`` in order."""
        order = self._order.get(table, [])
        if descending:
            end = len(order) if after is None else bisect_left(order, after)
            return order[max(0, end - limit) : end][::-1]
        start = 0
        if after is not None:
            start = bisect_left(order, after)
            start += start < len(order) and order[start] == after
        return order[start : start + limit]

    def count(self, table: str, low: str = "", high: str = "") -> int:
        """How many ids a table has, from ``low`` up to before ``high`` where they are given; none is looked at."""
        order = self._order.get(table, ())
        end = bisect_left(order, high) if high else len(order)
        return max(0, end - bisect_left(order, low)) if low else end

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Every (table, id, key)."""
        for table, rows in self._tables.items():
            for id, key in rows.items():
                yield table, id, key

    def join(self, group: str, key: str) -> None:
        """A new actor belongs to this group."""
        members = self._groups.get(group)
        if members is None:
            self._groups[group] = [key]
        else:
            members.append(key)

    def members(self, group: str) -> list[str]:
        """The keys of a group's actors, in order of key: the same after a recovery as before it."""
        return sorted(self._groups.get(group, ()))


class Book:
    """All actors of one hospital as of position ``head``.

    ``timers`` is a heap of (due, key); an item counts only while the cell's own ``due`` says the same.
    ``commands`` are the ids of keyed commands and their positions, ``older_commands`` those of the day before.
    ``dirty`` are the keys that changed in this ``era``: since the snapshot round at position ``snapshot`` was begun;
    ``snapshot_kept`` counts the states in all rounds, superseded ones included. ``snapshot_bytes`` is what the last
    round of changes took, ``snapshot_written`` how much had been appended to the log when it was begun.
    """

    def __init__(self, hospital: str, keys: Keyring) -> None:
        self.hospital = hospital
        self.keys = keys
        self.codec = Codec(EVENTS, keys)
        self.cells: dict[str, Cell | bytes | Archived] = {}
        self.directory = Directory()
        self.head = 0
        self.time = 0
        self.timers: list[tuple[int, str]] = []
        self.commands: dict[bytes, int] = {}
        self.older_commands: dict[bytes, int] = {}
        self.commands_since = 0
        self.dirty: list[str] = []
        self.era = 1
        self.snapshot = 0
        self.snapshot_kept = 0
        self.snapshot_bytes = 0
        self.snapshot_written = 0
        self._thawers = {kind: self.codec.decoder((int, int, decider.state)) for kind, decider in KINDS.items()}

    def cell(self, key: str) -> Cell | None:
        """The live actor of this key; ``None`` when it never had an event; ``NotInMemory`` when it is archived."""
        found = self.cells.get(key)
        return found if found is None or type(found) is Cell else self.live(key, found)

    def live(self, key: str, found: Cell | bytes | Archived) -> Cell:
        """The live actor of what the table holds for it."""
        if type(found) is Cell:
            return found
        if type(found) is bytes:
            return self.thaw(key, found)
        raise NotInMemory("state", key)

    def thaw(self, key: str, frozen: bytes) -> Cell:
        """Make a stored state live."""
        kind = key.partition(":")[0]
        decider = KINDS[kind]
        version, position, state = self._thawers[kind].decode(frozen)
        cell = Cell(key, decider, decider.thaw(state), version, position)
        cell.due = decider.due(cell.state)
        self.cells[key] = cell
        return cell

    def in_hand(self, kind: str) -> list[Any]:
        """The states of a kind's actors that have been touched since they were read; for figures about caches."""
        cells = [self.cells.get(f"{kind}:{id}") for id in self.directory.ids(f"{kind}s", None, _FIGURES)]
        return [cell.state for cell in cells if isinstance(cell, Cell)]

    def freeze(self, cell: Cell) -> bytes:
        """The bytes of a state: ``[version, position, state]``; the same state always gives the same bytes."""
        return self.codec.freeze((cell.version, cell.position, cell.decider.freeze(cell.state)))

    def new_cell(self, key: str) -> Cell:
        """A fresh actor, not yet in the table; ``LogCorrupt`` for a kind that is not known."""
        kind, _, id = key.partition(":")
        decider = KINDS.get(kind)
        if decider is None:
            raise LogCorrupt(f"there is no kind of actor {kind!r}")
        return Cell(key, decider, decider.initial(id), 0, 0)

    def evolved(self, cell: Cell, events: Iterable[Any], position: int) -> None:
        """Book-keeping after a cell has evolved: version, directory, groups, timer."""
        decider, key = cell.decider, cell.key
        if not cell.version and decider.groups is not nothing:
            join = self.directory.join
            for group in decider.groups(key.partition(":")[2]):
                join(group, key)
        if cell.noted != self.era:  # once for each, without a set of a million to look into
            cell.noted = self.era
            self.dirty.append(key)
        cell.version += 1
        cell.position = position
        if decider.filed is not nothing:
            self._file(decider, key, events)
        if decider.due is not never:
            due = decider.due(cell.state)
            if due != cell.due:
                cell.due = due
                if due is not None:
                    heapq.heappush(self.timers, (due, key))

    def _file(self, decider: Decider[Any], key: str, events: Iterable[Any]) -> None:
        filed, directory = decider.filed, self.directory
        for event in events:
            for table, id, present in filed(event):
                if present:
                    directory.file(table, id, key)
                else:
                    directory.strike(table, id, key)

    def join_groups(self, keys: Iterable[str]) -> None:
        """Make new actors members of the groups that their keys name."""
        for key in keys:
            kind, _, id = key.partition(":")
            for group in KINDS[kind].groups(id):
                self.directory.join(group, key)

    def arm_all(self) -> None:
        """Order the timers after many were added at once."""
        heapq.heapify(self.timers)

    def rearm(self, cell: Cell) -> None:
        """Put a cell's waking into the heap again."""
        if cell.due is not None:
            heapq.heappush(self.timers, (cell.due, cell.key))

    def restore(self, key: str, frozen: bytes) -> None:
        """An archived state is in memory again, still frozen."""
        if self.cells.get(key) is ARCHIVED:
            self.cells[key] = frozen

    def remember(self, command_id: bytes, position: int, time: int) -> None:
        """Keep a keyed command's place, for 24 hours at least."""
        if time - self.commands_since > 86_400_000_000:
            self.older_commands, self.commands, self.commands_since = self.commands, {}, time
        self.commands[command_id] = position

    def position_of(self, command_id: bytes) -> int | None:
        """Where a keyed command was accepted, if it was."""
        found = self.commands.get(command_id)
        return self.older_commands.get(command_id) if found is None else found

    def fold(self, position: int, record: bytes) -> Any:
        """Apply a stored record at the next position and return its entry; ``LogCorrupt`` when it does not fit."""
        [entry] = self.folded(((position, record),))
        return entry

    def folded(self, records: Iterable[tuple[int, bytes]]) -> Iterator[Any]:
        """Apply stored records (position, bytes) one by one, each entry given when it has been applied.

        ``NotInMemory`` leaves the entry behind ``head`` applied in part: load that state and come again with this
        record, what was applied already is then skipped.
        """
        # One frame for all: a log of millions passes through here, and looking anything up costs as often.
        hospital, decode, cells, evolved = self.hospital, self.codec.decode, self.cells, self.evolved
        for position, record in records:
            try:
                entry = decode(checked(record))
            except LogCorrupt as fault:
                raise LogCorrupt(f"position {position} of {hospital}: {fault}") from fault
            if position != self.head + 1 or entry.position != position or entry.hospital != hospital:
                raise LogCorrupt(
                    f"position {position} of {hospital} holds position {entry.position} of {entry.hospital}"
                )
            for change in entry.changes:
                key, events = change.actor, change.events
                cell = cells.get(key)
                if cell is None:
                    cell = cells[key] = self.new_cell(key)
                elif type(cell) is not Cell:
                    cell = self.live(key, cell)
                before = cell.position
                if before >= position:  # from a snapshot made after this entry: only where ids are filed is new
                    self._file(cell.decider, cell.key, events)
                    continue
                if change.version != cell.version + 1 or change.previous != before:
                    raise LogCorrupt(f"position {position}: {key} is at version {cell.version}, not before it")
                evolve, state = cell.decider.evolve, cell.state
                for event in events:
                    evolve(state, event)
                evolved(cell, events, position)
            self.head = position
            self.time = entry.time
            if entry.fingerprint and entry.refusal is None:  # a refusal is not kept: its repeat is decided anew
                self.remember(entry.command_id, position, entry.time)
            yield entry

    def frozen_states(self) -> Iterator[tuple[str, bytes]]:
        """Every actor's key and bytes in order of key; ``NotInMemory`` where one is archived."""
        for key in sorted(self.cells):
            found = self.cells[key]
            if type(found) is Cell:
                yield key, self.freeze(found)
            elif type(found) is bytes:
                yield key, found
            else:
                raise NotInMemory("state", key)


def verify_record(codec: Codec, hospital: str, position: int, record: bytes) -> None:
    """Raise ``LogCorrupt``, naming the position, unless a record is what was written there."""
    try:
        entry = codec.decode(checked(record))
    except LogCorrupt as fault:
        raise LogCorrupt(f"position {position} of {hospital}: {fault}") from fault
    if entry.position != position or entry.hospital != hospital:
        raise LogCorrupt(f"position {position} of {hospital} holds position {entry.position} of {entry.hospital}")


def state_hash(frozen: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> str:
    """One SHA-256 (hex) over all (key, bytes), in order of key."""
    total = sha256()
    for key, data in frozen.items() if isinstance(frozen, Mapping) else frozen:
        total.update(sha256(key.encode() + b"\x00" + data).digest())
    return total.hexdigest()
