"""What must hold: of everything a client was told, and of the log, whatever the machine and its disk did.

The witness folds the log as the disk holds it, entry by entry, into a book of its own, and looks at each entry, at
each answer at the instant it is given, and at the live engine whenever that has nothing in line.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from random import Random
from typing import Any

import msgspec
import trio
from msgspec.structs import replace

from engine.actor import Reply
from engine.actors.admission.events import AssignmentTimedOut, CarerLost
from engine.actors.alerts.events import AlertClosed, AlertOpened
from engine.actors.clinic_day.events import RoomAssigned
from engine.actors.intake.events import IntakeServed
from engine.decider import MINUTE
from engine.errors import DeadlinePassed, KeyReused, LogCorrupt, Rejected, Unavailable
from engine.eventlog.entry import checked
from engine.eventlog.keys import Keyring
from engine.eventlog.memory_store import MemoryDisk
from engine.recovery import Book, Cell
from engine.runtime import Engine
from engine.views import QUERIES
from replay.auditing.assignments import Assignments
from replay.auditing.overlaps import Overlaps
from tests.simulation.client import HOSPITAL_ID, WATCHING, Try, Wish
from tests.simulation.clockwork import SimulatedClock
from tests.simulation.hospital_rules import codes_given_twice, rules_broken, tokens_kept_twice
from tests.simulation.queue_rules import tickets_kept_twice
from tests.simulation.room_rules import appointments_kept_twice

Mark = tuple[str, bytes]
"""What tells one try in the log: its request's id and, where it has a key, its command's id."""

WAKES = {
    "WakeSlot": "slot",
    "WakeService": "service",
    "WakeClinicDay": "clinic_day",
    "WakeStaff": "staff",
    "WakeWard": "ward",
    "WakeAdmission": "admission",
    "WakeIntake": "intake",
    "WakeAlerts": "alerts",
    "WakeReferral": "referral",
}
"""Whom a timer's command wakes."""

GIVEN: dict[type[Any], str] = {
    RoomAssigned: "rooms given to who waited",
    IntakeServed: "served who waited",
    CarerLost: "carers lost",
    AssignmentTimedOut: "assignments timed out",
    AlertOpened: "alerts opened",
    AlertClosed: "alerts closed",
}
"""What is counted of all that happens."""

PATIENCE = MINUTE
"""How late a timer may be (µs) while the engine serves: its disk may have stalled."""


class Violation(Exception):
    """Something that must never be was seen."""


class Reader:
    """The ``Reader`` of ``engine.views`` over a book."""

    def __init__(self, book: Book, time: int) -> None:
        self.time = max(time, book.time)
        self.who = WATCHING
        self.find = book.directory.find
        self.ids = book.directory.ids
        self.count = book.directory.count
        self.members = book.directory.members
        self._book = book

    def look(self, key: str) -> Any:
        """An actor's state, ``None`` when it never had an event."""
        cell = self._book.cell(key)
        return None if cell is None else cell.state


class Witness:
    """One simulation's. Raises ``Violation`` in whoever it is told by; ``seen`` counts what happened."""

    def __init__(self, disk: MemoryDisk, clock: SimulatedClock) -> None:
        self.seen: Counter[str] = Counter()
        self._disk = disk
        self._clock = clock
        self._book = Book(HOSPITAL_ID, Keyring(HOSPITAL_ID, Random(0).randbytes))
        self._records: list[bytes] = []
        self._accepted: dict[bytes, int] = {}
        self._keys = 0
        self._dues: dict[str, int | None] = {}
        self._made: dict[Mark, int] = {}
        self._never: dict[Mark, str] = {}
        self._unsure: list[Mark] = []
        self._first: dict[int, Reply] = {}
        self._overlaps = Overlaps()
        self._assignments = Assignments()
        self._refused: dict[str, int] = {}
        self._offers: list[tuple[str, str]] = []

    # What clients see

    def answered(self, wish: Wish, tried: Try) -> None:
        """A try has ended: what it was told must be true now, and stay so."""
        error = tried.error
        self._count(wish, tried)
        if isinstance(error, KeyReused) or getattr(error, "code", "") == "internal_error":
            raise Violation(f"{wish.name} met a fault of the engine: {error!r}")
        mark = (tried.request_id, command_id(wish))
        if tried.fate == "accepted":
            assert tried.reply is not None
            self._accepted_now(wish, tried.reply)
        elif tried.fate == "unknown":
            self._unsure.append(mark)
        else:
            if tried.fate == "refused" and wish.number in self._first:
                raise Violation(f"{wish.name} was accepted, and its repeat with the same key refused: {error}")
            self._never[mark] = tried.fate
            self.fold()
            if mark in self._made:
                raise Violation(f"{wish.name} was answered {tried.fate}; position {self._made[mark]} holds it")

    def offered(self, refused: Try, taken: Try) -> None:
        """What a refusal offered was asked for: it can be had, unless something came between."""
        self.seen[f"offers {taken.fate}"] += 1
        self._offers.append((refused.request_id, taken.request_id))

    def viewed(self, query: Any, reply: Reply, floor: int) -> None:
        """A query was answered: only what is durable, nothing older than what was told before, and the truth."""
        name = type(query).__name__
        self.seen["views"] += 1
        if reply.position > self._durable():
            raise Violation(f"{name} shows position {reply.position}; durable is {self._durable()}")
        if reply.position < floor:
            raise Violation(f"{name} shows position {reply.position}, after {floor} had been told")
        if reply.position < self._book.head:
            return  # there is no way back
        self.fold(reply.position)
        time = self._clock.read_by[trio.lowlevel.current_task()]
        found = QUERIES[type(query)](Reader(self._book, time), query)
        if self._book.codec.plain(found.body) != reply.body:
            raise Violation(f"{name} at position {reply.position} is not what the log says")
        self.seen["views compared"] += 1

    def _count(self, wish: Wish, tried: Try) -> None:
        again = tried.reply is not None and tried.reply.replayed
        self.seen[tried.fate + (", again" if again else "")] += 1
        if tried.fate == "accepted":
            self.seen[wish.name] += 1
        elif isinstance(tried.error, DeadlinePassed):
            self.seen[f"deadline: {tried.error.outcome}"] += 1
        elif isinstance(tried.error, Rejected):
            self.seen[f"{wish.name}: {tried.error.code}"] += 1
        elif isinstance(tried.error, Unavailable):
            self.seen[tried.error.code] += 1

    def _accepted_now(self, wish: Wish, reply: Reply) -> None:
        if reply.position > self._durable():
            raise Violation(f"{wish.name} was answered with position {reply.position}; durable is {self._durable()}")
        if wish.key is None:
            return
        first = self._first.setdefault(wish.number, reply)
        if replace(reply, replayed=False) != replace(first, replayed=False):
            raise Violation(f"{wish.name} with one key was answered with {first} and then with {reply}")
        self.fold()
        place = self._accepted.get(command_id(wish))
        if place != reply.position:
            raise Violation(f"{wish.name} was answered with position {reply.position}; the log has it at {place}")
        data = checked(self._records[place - 1])
        entry = self._book.codec.decode(data)
        if (entry.name, entry.outcome) != (wish.name, reply.outcome):
            raise Violation(f"{wish.name} ({reply.outcome}): the log has {entry.name} ({entry.outcome})")
        if self._book.codec.kept_answer(data) != reply.body:
            raise Violation(f"the answer to {wish.name} is not the one that is kept")

    # What the disk holds

    def fold(self, upto: int | None = None) -> None:
        """Look at each entry that is new on the disk."""
        head = self._durable() if upto is None else upto
        while self._book.head < head:
            self._fold_next()

    def _durable(self) -> int:
        return len(self._disk.entries.get(HOSPITAL_ID, ()))

    def _fold_next(self) -> None:
        book, before = self._book, self._book.time
        position = book.head + 1
        if len(self._disk.keys) > self._keys:
            book.keys.adopt(self._disk.keys)
            self._keys = len(self._disk.keys)
        record = self._disk.entries[HOSPITAL_ID][position - 1]
        try:
            entry = book.fold(position, record)
        except LogCorrupt as damage:
            raise Violation(f"the log does not fold: {damage}") from damage
        self._records.append(record)
        if entry.time <= before:
            raise Violation(f"position {position} is not later than the one before it")
        if entry.refusal is None:
            self._note(position, entry)
        else:
            self._refused[msgspec.msgpack.decode(entry.who)["request_id"]] = position
        changes = [(change.actor, change.events) for change in entry.changes]
        self._overlaps.entry(position, changes)
        self._assignments.entry(position, changes)
        if self._assignments.found:
            raise Violation(f"after position {position} ({entry.name}): {self._assignments.found[0]}")
        touched = [actor for actor, _ in changes]
        for _, events in changes:
            for event in events:
                if name := GIVEN.get(type(event)):
                    self.seen[name] += 1
        for key in touched:
            self._dues[key] = self._check_actor(key)
        broken = list(rules_broken(self._state, self._book.directory.members, touched, entry.time))
        if broken:
            raise Violation(f"after position {position} ({entry.name}): " + "; ".join(broken))

    def _note(self, position: int, entry: Any) -> None:
        """Whose entry it is, and whether it may be there."""
        who = msgspec.msgpack.decode(entry.who)
        if who["name"] == "timer":
            self._note_timer(entry)
            return
        if entry.command_id in self._accepted:
            first = self._accepted[entry.command_id]
            raise Violation(f"{entry.name} was decided at position {first} and again at {position}")
        self._accepted[entry.command_id] = position
        mark = (who["request_id"], entry.command_id if entry.fingerprint else b"")
        self._made[mark] = position
        if mark in self._never:
            raise Violation(f"{entry.name} was answered {self._never[mark]}; position {position} holds it")

    def _note_timer(self, entry: Any) -> None:
        if not entry.changes:
            return
        command = msgspec.msgpack.decode(entry.command)
        key = _woken(entry.name, command)
        self.seen["timers"] += 1
        self.seen[f"woken: {key.partition(':')[0]}"] += 1
        due = self._dues.get(key)
        if due is None or due > entry.time:
            raise Violation(f"a timer of {key} acted at {entry.time}, though the next is due at {due}")
        cell = self._book.cell(key)
        assert cell is not None
        left = cell.due
        if left is not None and left <= entry.time:
            raise Violation(f"a timer of {key} acted at {entry.time} and left what was due at {left}")

    def _check_actor(self, key: str) -> int | None:
        """The rule book's own invariants; gives when the actor wants waking."""
        cell = self._book.cell(key)
        assert cell is not None
        try:
            cell.decider.check(cell.state)
        except AssertionError as broken:
            raise Violation(f"{key} at position {self._book.head}: {broken}") from broken
        return cell.due

    def _state(self, key: str) -> Any:
        cell = self._book.cell(key)
        return None if cell is None else cell.state

    # What the engine holds

    def recovered(self, engine: Engine) -> None:
        """An engine serves again: nothing durable is gone, what was under way is settled, and all states are right."""
        self.seen["recoveries"] += 1
        self.fold()
        if self._disk.entries.get(HOSPITAL_ID, [])[: len(self._records)] != self._records:
            raise Violation("the log does not begin with what was durable before")
        for mark in self._unsure:
            if mark not in self._made:
                self._never[mark] = "lost with the power"
        self._unsure.clear()
        self.compare(engine)

    def compare(self, engine: Engine) -> bool:
        """Hold the live engine against the fold from the first entry, if all that it decided is durable."""
        partition = engine.partitions.get(HOSPITAL_ID)
        if partition is None or not partition.tail.head == partition.tail.durable == self._durable():
            return False
        self.fold()
        self.seen["comparisons"] += 1
        book = partition.book
        if "log_damage" in engine.ready().detail:
            raise Violation("the engine says that its log is damaged")
        live, told = frozen_states(book, self._disk), dict(self._book.frozen_states())
        if live != told:
            differing = [key for key in sorted({*live, *told}) if live.get(key) != told.get(key)]
            raise Violation(f"live states differ from the log: {', '.join(differing[:5])}")
        if _filing(book) != _filing(self._book):
            raise Violation("the live directory differs from the one that the log gives")
        overdue = self._clock.wall() - PATIENCE
        late = [cell.key for cell in book.cells.values() if type(cell) is Cell and (cell.due or overdue) < overdue]
        if late:
            raise Violation(f"no timer woke {', '.join(late)}")
        for id, position in self._book.commands.items():
            if book.position_of(id) != position:
                raise Violation(f"the engine does not know the command at position {position} any more")
        return True

    def finish(self) -> None:
        """Look at the whole log once more, at the end."""
        self.fold()
        slots = [self._state(key) for key in self._book.cells if key.startswith("slot:")]
        holders = [(key, self._state(key)) for key in self._book.cells if key.startswith("service")]
        days = [self._state(key) for key in self._book.cells if key.startswith("clinic_day:")]
        wrong = [*codes_given_twice(slots), *tokens_kept_twice(slots), *tickets_kept_twice(holders)]
        wrong += [*appointments_kept_twice(days), *self._overlaps.found]
        wrong += rules_broken(self._state, self._book.directory.members, self._book.cells, self._book.time)
        refused = [[self._refused.get(id) for id in offer] for offer in self._offers]
        wrong += [
            f"what the refusal at {first} offered was refused at {then}, and nothing came between"
            for first, then in refused
            if first and then == first + 1
        ]
        if wrong:
            raise Violation("; ".join(wrong))


def command_id(wish: Wish) -> bytes:
    """The id that a keyed command has in the log; empty where the engine draws one."""
    if wish.key is None:
        return b""
    return sha256(f"{HOSPITAL_ID}|{wish.account}|{wish.key}".encode()).digest()[:16]


def _woken(name: str, command: dict[str, Any]) -> str:
    """Whose timer it was."""
    kind = WAKES[name]
    if kind == "clinic_day":
        return f"clinic_day:{command['clinic_id']}:{command['day']}"
    return f"{kind}:{command.get(f'{kind}_id', 'self')}"


def frozen_states(book: Book, disk: MemoryDisk) -> dict[str, bytes]:
    """All states of a book as they are stored, those that have left memory included."""
    states: dict[str, bytes] = {}
    for key, found in book.cells.items():
        if type(found) is Cell:
            states[key] = book.freeze(found)
        else:
            states[key] = found if isinstance(found, bytes) else disk.archive[HOSPITAL_ID, key]
    return states


def _filing(book: Book) -> Any:
    """Tables and groups; the order of a group's members is not held against it."""
    directory = vars(book.directory)
    tables = {table: rows for table, rows in directory["_tables"].items() if rows}
    order = {table: ids for table, ids in directory["_order"].items() if ids}
    return tables, order, {group: sorted(keys) for group, keys in directory["_groups"].items()}
