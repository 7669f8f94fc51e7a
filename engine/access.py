"""Who looked at whom, and who was let in: the access logs, one beside each hospital's own, with a tree of its own.

A look is an entry named ``Look`` without changes: who, from where, when, by which query, for which purpose, at which
patients. It goes with whatever commit comes next, and whoever looked waits for that a little. Reads go on where
nothing can be written: what they were is kept aside then, so many of them, and written down once there is room.

What concerns the door itself (who was refused, who changed whose rights) stands there too, as an entry named
``SecurityNote``: the door says what it was, and has it written down in the same way.

It knows no query and no rule: whose text an answer carries says the codec, whom a query names its fields.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final, assert_never

import msgspec
import trio
from msgspec import UNSET, UnsetType

from engine.clock import Clock
from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.directory import BESIDE
from engine.eventlog.entry import FORMAT, RULEBOOK, Entry, Principal, checked
from engine.eventlog.log import Log, Tail
from engine.eventlog.store import Store
from engine.eventlog.tree import Tree
from engine.partition import OWN, Partition
from engine.tails import open_tail

LOOK: Final = "Look"
"""The name of the entry of somebody's look at patients."""

NOTE: Final = "SecurityNote"
"""The name of the entry of what happened at the door."""

USUAL: Final = "main"
"""The hospital in whose access log stands what happened before any hospital was named, where there are several."""

PATIENCE: Final = 2.0
"""Seconds that an answer waits until it is durable who looked; then it leaves."""

ASIDE: Final = 10_000
"""Looks and notes that are kept while nothing can be written."""

_AGAIN: Final = 0.25
"""Seconds between two tries to write down what was kept aside."""


_log = logging.getLogger("matron.engine")


class Look(msgspec.Struct, frozen=True):
    """Somebody looked. ``patients``: ids, in order; ``purpose``: a code of HL7's PurposeOfUse, or nothing.

    ``time``: when (µs); an entry that could only be written later has its own time besides.
    """

    hospital: str
    time: int
    who: Principal
    query: str
    patients: tuple[str, ...]
    purpose: str = ""


class Seen(msgspec.Struct, frozen=True):
    """A look as its entry tells it, under ``command``; ``count``: of patients. ``time``: of a look told of later."""

    query: str
    purpose: str
    patients: tuple[str, ...]
    count: int
    time: int | UnsetType = UNSET


class Note(msgspec.Struct, frozen=True):
    """Something happened at the door. ``what``: a word for it; ``facts``: what more is to be known, no secret and
    nobody's data among it. ``time``: when (µs)."""

    hospital: str
    time: int
    who: Principal
    what: str
    facts: Mapping[str, str]


class Noted(msgspec.Struct, frozen=True):
    """A note as its entry tells it, under ``command``. ``time``: of one that was written later."""

    what: str
    facts: Mapping[str, str]
    time: int | UnsetType = UNSET


class AccessCounts(msgspec.Struct):
    """Since the start: looks put in line, answers that left before theirs was durable, looks and notes that were
    lost, and notes put in line."""

    looks: int = 0
    late: int = 0
    dropped: int = 0
    notes: int = 0


class Accesses:
    """The access logs of one engine. ``counts`` is for anybody to read, ``aside`` how many looks wait for room."""

    def __init__(self, clock: Clock) -> None:
        self.counts = AccessCounts()
        self._clock = clock
        self._log: Log
        self._partitions: dict[str, Partition] = {}
        self._times: dict[str, int] = {}
        self._lost: dict[str, Tail] = {}
        self._aside: deque[Look | Note] = deque()
        self._some = trio.Event()
        self._damage = ""

    @property
    def aside(self) -> int:
        """Looks and notes that nobody could write down yet."""
        return len(self._aside)

    def document(self) -> dict[str, int]:
        """What an operator wants to know."""
        return {**msgspec.structs.asdict(self.counts), "aside": self.aside}

    def trouble(self) -> dict[str, int | str]:
        """The same, of what is wrong: nothing where every look is written down."""
        found: dict[str, int | str] = {
            "accesses_aside": self.aside,
            "accesses_dropped": self.counts.dropped,
            "access_log": self._damage,
        }
        return {name: count for name, count in found.items() if count}

    # -- reading and losing a log ---------------------------------------------------------------------------

    def begin(self, log: Log, failed: Iterable[Partition]) -> None:
        """The log is read anew. What was in line is taken back, to be written unless the log turns out to have it."""
        self._log, self._partitions, self._times = log, {}, {}
        self._lost = {one.book.hospital: one.access for one in failed if one.access is not None}

    async def open(self, store: Store, partition: Partition) -> None:
        """Begin at the end of a hospital's access log."""
        hospital = partition.book.hospital
        tail = partition.access = await open_tail(store, self._log, hospital + BESIDE)
        self._partitions[hospital] = partition
        for _, record in await store.read(tail.hospital, tail.head, 1):
            try:
                self._times[hospital] = partition.book.codec.decode(checked(record)).time
            except LogCorrupt as damage:  # who looked is no reason for a ward to stand still
                self._damage = f"the last entry of {tail.hospital} is damaged"
                _log.critical("%s: %s", self._damage, damage)
        lost = self._lost.pop(hospital, None)
        if lost is not None:
            self._take_back(partition, lost, tail.head)

    def open_new(self, partition: Partition) -> Partition:
        """The same for a hospital that has none yet."""
        hospital = partition.book.hospital
        partition.access = self._log.open_tail(hospital + BESIDE, Tree())
        self._partitions[hospital] = partition
        return partition

    def _take_back(self, partition: Partition, lost: Tail, head: int) -> None:
        for position, record in enumerate(lost.records, lost.durable + 1):
            if position > head:
                self._keep(_told_again(partition.book.hospital, partition.book.codec.decode(checked(record))))
        for _, call in lost.waiting:  # what they wait for is as good as it can be
            call(True)
        lost.waiting.clear()

    def usual(self) -> str:
        """Where what belongs to no hospital stands: with the only one, else with ``USUAL``; ``""``: nowhere."""
        if len(self._partitions) == 1:
            return next(iter(self._partitions))
        return USUAL if USUAL in self._partitions else ""

    # -- looking --------------------------------------------------------------------------------------------

    def note(self, partition: Partition, who: Principal, query: str, patients: Iterable[str], purpose: str = "") -> int:
        """Write down that somebody looked, or keep it aside; gives the position to wait for, 0: there is none."""
        named = tuple(sorted(patients))
        if not named or who.role == OWN.role:  # what the engine and its own parts ask is for nobody's eyes
            return 0
        return self._take(partition, Look(partition.book.hospital, self._clock.wall(), who, query, named, purpose))

    def note_security(self, partition: Partition, who: Principal, what: str, facts: Mapping[str, str]) -> int:
        """Write down what happened at the door, or keep it aside; gives the position to wait for, 0: there is none."""
        return self._take(partition, Note(partition.book.hospital, self._clock.wall(), who, what, dict(facts)))

    async def settled(self, partition: Partition, position: int) -> None:
        """Return once a look is durable, or when whoever looked has waited for it long enough."""
        tail = partition.access
        if not position or tail is None or position <= tail.durable:
            return
        with trio.move_on_after(self.patience()) as patience, suppress(Unavailable):
            await self._log.durable(tail, position)
        if patience.cancelled_caught:
            self.counts.late += 1

    def patience(self) -> float:
        """For how long (s) an answer waits from now on until it is written down who looked."""
        return max(0.0, PATIENCE - self._log.pending_seconds)

    def end(self) -> None:
        """Nothing more comes: write down what was kept aside, or say that it is lost."""
        self._write_aside()
        if self._aside:
            _log.error("%d looks at patients could not be written down, and are lost", len(self._aside))

    async def run(self) -> None:
        """Write down what was kept aside, once there is room; asleep while there is nothing."""
        while True:
            if not self._aside:
                self._some = trio.Event()
                await self._some.wait()
            self._write_aside()
            await trio.sleep(_AGAIN)

    def _write_aside(self) -> None:
        while self._aside and self._room():
            one = self._aside.popleft()
            partition = self._partitions.get(one.hospital)
            if partition is None:  # its first entry never became durable: there is no such hospital
                self.counts.dropped += 1
            else:
                self._append(partition, one, late=True)

    def _room(self) -> bool:
        try:
            self._log.reserve()
        except Unavailable:
            return False
        return True

    def _take(self, partition: Partition, one: Look | Note) -> int:
        if self._aside or partition.superseded or not self._room():
            self._keep(one)
            return 0
        return self._append(partition, one, late=False)

    def _keep(self, one: Look | Note) -> None:
        if len(self._aside) >= ASIDE:  # the oldest are told by now, if anything is
            self.counts.dropped += 1
            return
        self._aside.append(one)
        self._some.set()

    def _append(self, partition: Partition, one: Look | Note, *, late: bool) -> int:
        tail, codec, wall = partition.access, partition.book.codec, self._clock.wall()
        assert tail is not None
        time = self._times[one.hospital] = max(wall, self._times.get(one.hospital, 0) + 1)
        position = tail.head + 1
        name, told = _told(one, one.time if late else UNSET)
        entry = Entry(
            format=FORMAT,
            hospital=tail.hospital,
            position=position,
            time=time,
            wall=wall,
            monotonic=self._clock.monotonic(),
            command_id=sha256(b"%b|%d|%d" % (tail.hospital.encode(), position, time)).digest()[:16],
            name=name,
            who=one.who,
            rulebook=RULEBOOK,
            command=told,
        )
        if name == LOOK:
            self.counts.looks += 1
        else:
            self.counts.notes += 1
        return self._log.append(tail, codec.record(codec.encode_head(entry), b""))


def _told(one: Look | Note, time: int | UnsetType) -> tuple[str, Seen | Noted]:
    """The name of an entry, and what stands in it."""
    match one:
        case Look():
            return LOOK, Seen(one.query, one.purpose, one.patients, len(one.patients), time)
        case Note():
            return NOTE, Noted(one.what, one.facts, time)
        case _:
            assert_never(one)


def _told_again(hospital: str, entry: Any) -> Look | Note:
    """What an entry told of that never became durable."""
    who = msgspec.msgpack.decode(entry.who, type=Principal)
    if entry.name == NOTE:
        noted = msgspec.msgpack.decode(entry.command, type=Noted)
        return Note(hospital, noted.time or entry.time, who, noted.what, noted.facts)
    seen = msgspec.msgpack.decode(entry.command, type=Seen)
    return Look(hospital, seen.time or entry.time, who, seen.query, seen.patients, seen.purpose)


def patients_of(query: Any, whose: set[str]) -> set[str]:
    """Whom an answer is about: those whose text it carries, and whom the question names."""
    named = getattr(query, "patient_id", None)
    return whose | {named} if named else whose
