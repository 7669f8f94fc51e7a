"""Notes on their way into the audit log: at once, counted when they come again, few in a flood, and none is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine.decisions.hospital import AddHospital
from engine.errors import NotFound, Unavailable
from engine.eventlog.entry import Principal, checked
from engine.eventlog.memory_store import CommitTorn, MemoryDisk
from engine.eventlog.store import Space
from gateway.access import notes as noting
from gateway.access.notes import Notes
from tests.engine.living import CLERK, living
from tests.engine.test_access import looks, store_of
from tests.gateway.ways import reached

NURSE = Principal("user:asha", "clinician", "10.0.0.7", "r-1")
STRANGER = Principal("", "", "203.0.113.9", "r-2")
Written = tuple[str, str, str, dict[str, str]]


class Book:
    """Stands where an engine does, and keeps what it is told."""

    def __init__(self) -> None:
        self.written: list[Written] = []
        self.trouble: list[Exception] = []
        self.known = {"main", ""}

    async def note_security(self, hospital: str, who: Principal, what: str, facts: Mapping[str, str]) -> None:
        await trio.lowlevel.checkpoint()
        if self.trouble:
            raise self.trouble.pop()
        if hospital not in self.known:
            raise NotFound(f"there is no hospital {hospital!r}")
        self.written.append((hospital, who.name, what, dict(facts)))


def told(disk: MemoryDisk) -> list[tuple[str, str, dict[str, Any]]]:
    """The notes of the access log."""
    return [
        (one["who"]["name"], one["command"]["what"], one["command"]["facts"])
        for one in looks(disk)
        if one["name"] == "SecurityNote"
    ]


async def settle() -> None:
    """Let the writer have its turn."""
    await trio.testing.wait_all_tasks_blocked()


async def test_a_note_stands_in_the_access_log_with_who_and_what_and_when(autojump_clock: MockClock) -> None:
    disk, notes = MemoryDisk(), Notes()
    async with living(disk) as engine, reached(engine) as reach, notes.writing(reach):
        before = engine.now()
        notes.say("main", NURSE, "signed_in", way="password")
        await trio.sleep(1)
        [entry] = looks(disk)
    assert (entry["name"], entry["hospital"], entry["position"]) == ("SecurityNote", "main.access", 1)
    assert entry["who"] == msgspec.to_builtins(NURSE)
    assert entry["command"] == {"what": "signed_in", "facts": {"way": "password"}}
    assert before <= entry["time"] < before + 1_000_000


async def test_what_comes_again_within_a_minute_is_counted_and_written_as_one(autojump_clock: MockClock) -> None:
    book, notes = Book(), Notes()
    async with notes.writing(book):  # type: ignore[arg-type]
        for _ in range(500):
            notes.say("main", STRANGER, "unauthenticated", path="/api/v1/patients")
        await settle()
        assert book.written == [("main", "", "unauthenticated", {"path": "/api/v1/patients"})]
        notes.say("main", STRANGER, "unauthenticated", path="/api/v1/doctors")
        notes.say("main", NURSE, "denied", path="/api/v1/patients")
        await trio.sleep(62)
        counted = {"path": "/api/v1/patients", "times": "499", "within_seconds": "60"}
        assert [facts for _, _, _, facts in book.written[3:]] == [counted]
        notes.say("main", STRANGER, "unauthenticated", path="/api/v1/patients")
        await settle()
        assert book.written[-1][3] == {"path": "/api/v1/patients"}


async def test_what_was_counted_is_written_at_the_end(autojump_clock: MockClock) -> None:
    book, notes = Book(), Notes()
    async with notes.writing(book):  # type: ignore[arg-type]
        for _ in range(3):
            notes.say("main", STRANGER, "denied")
    assert [facts for *_, facts in book.written] == [{}, {"times": "2", "within_seconds": "60"}]


async def test_a_flood_of_ever_new_addresses_writes_little_and_forgets_no_number(autojump_clock: MockClock) -> None:
    book, notes = Book(), Notes()
    async with notes.writing(book):  # type: ignore[arg-type]
        for second in range(120):
            for number in range(250):
                who = Principal("", "", f"10.{second}.{number}.1", "r")
                notes.say(f"h{number}", who, "unauthenticated", path="/api/v1/patients")
            assert len(notes._counted) <= noting.KINDS
            assert len(notes._others) <= noting.OTHERS + 1
            assert len(notes._waiting) <= noting.WAITING
            await trio.sleep(1)
    assert sum(int(facts.get("times", "1")) for *_, facts in book.written) == 120 * 250
    assert len(book.written) < 1_000
    assert any(facts.get("of") == "many" for *_, facts in book.written)
    assert notes.dropped == 0


async def test_what_those_did_who_were_let_in_is_written_each_time(autojump_clock: MockClock) -> None:
    book, notes = Book(), Notes()
    async with notes.writing(book):  # type: ignore[arg-type]
        for number in range(400):
            notes.say("main", NURSE, "key_added", key=f"desk-{number % 2}")
    assert len(book.written) == 400


async def test_an_engine_that_takes_nothing_now_gets_it_later_in_order(autojump_clock: MockClock) -> None:
    book, notes = Book(), Notes()
    book.trouble = [Unavailable("recovering", "not now")] * 3
    async with notes.writing(book):  # type: ignore[arg-type]
        for what in ("user_added", "user_changed", "user_removed"):
            notes.say("main", NURSE, what)
        await trio.sleep(10)
        assert [what for _, _, what, _ in book.written] == ["user_added", "user_changed", "user_removed"]


async def test_more_than_can_wait_is_lost_and_said(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    notes = Notes()
    for _ in range(noting.WAITING + 3):
        notes.say("main", NURSE, "key_added")
    assert notes.dropped == 3
    assert "lost" in caplog.text


async def test_what_names_no_hospital_of_ours_stands_with_the_usual_one(autojump_clock: MockClock) -> None:
    book, notes = Book(), Notes()
    async with notes.writing(book):  # type: ignore[arg-type]
        notes.say("", STRANGER, "unauthenticated")
        notes.say("nowhere", STRANGER, "denied")
        notes.say("../etc", STRANGER, "rate_limited")
    found = [(hospital, facts) for hospital, _, _, facts in book.written]
    assert found == [("", {}), ("", {"named": "nowhere"}), ("", {})]


async def test_the_usual_hospital_is_the_only_one_or_main_or_none(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        assert engine.accesses.usual() == "main"
        await engine.ask("north", AddHospital(hospital_id="north", name="North", time_zone="UTC"), CLERK)
        await engine.note_security("", STRANGER, "unauthenticated", {})
        assert told(disk) == [("", "unauthenticated", {})]
        del engine.accesses._partitions["main"]
        assert engine.accesses.usual() == "north"
        engine.accesses._partitions["south"] = engine.partitions["north"]
        assert engine.accesses.usual() == ""
        notes = Notes()
        async with notes.writing(engine):
            notes.say("", STRANGER, "unauthenticated", path="/api/v1/patients")
    assert "unauthenticated by '' from 203.0.113.9: path='/api/v1/patients'" in caplog.text


async def test_a_full_disk_keeps_notes_aside_and_a_torn_commit_writes_each_once(autojump_clock: MockClock) -> None:
    disk, torn, notes = MemoryDisk(), [True], Notes()

    async def faults(step: str) -> None:
        if step == "meta" and torn and looks(disk):
            torn.clear()
            raise CommitTorn(applied=False)

    async with living(disk, faults=faults) as engine:
        store = store_of(engine)
        room, store.free = store.free, Space(disk=0, map=1 << 36)
        engine._log.measure_space()
        await engine.note_security("main", NURSE, "signed_in", {"way": "password"})
        assert told(disk) == []
        assert engine.accesses.aside == 1
        store.free = room
        await trio.sleep(1)
        async with notes.writing(engine):
            for what in ("signed_out", "unlocked", "denied"):
                notes.say("main", NURSE, what)
                await trio.sleep(0.5)
            await trio.sleep(5)
        assert [what for _, what, _ in told(disk)] == ["signed_in", "signed_out", "unlocked", "denied"]
        assert "time" in looks(disk)[0]["command"]
        assert engine.accesses.document()["notes"] >= 4
    positions = [msgspec.msgpack.decode(checked(record))[0]["position"] for record in disk.entries["main.access"]]
    assert positions == [1, 2, 3, 4]


async def test_a_fact_and_a_name_are_no_longer_than_allowed() -> None:
    notes = Notes()
    facts = {f"f{number}": "x" * 5_000 for number in range(50)}
    notes.say("main", Principal("n" * 5_000, "", "", ""), "key_added", **facts)
    [noted] = notes._waiting
    assert isinstance(noted, noting.Noted)
    assert (len(noted.who.name), len(noted.facts), len(noted.facts["f0"])) == (200, 12, 200)
