"""Reads of patients leave a trace: what is written, when an answer waits for it, and what a bad disk may cost."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import cast

import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine import access
from engine.decider import FreeText, PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import RegisterPatient
from engine.errors import Unavailable
from engine.eventlog.checkpoint import LocalSigner, Note
from engine.eventlog.entry import Principal, checked
from engine.eventlog.memory_store import CommitTorn, MemoryDisk, MemoryStore
from engine.eventlog.store import Space
from engine.eventlog.tree import Tree
from engine.notary import Seal
from engine.runtime import Engine, EngineSettings
from engine.views import QUERIES
from engine.views.people import GetDoctor, GetPatient, ListDoctors, ListPatients
from engine.views.tokens import ListTokens
from tests.engine.living import CLERK, TrioClock, living, patient, read

NURSE = Principal("ward-3", "clinician", "10.0.0.7", "req-1")


def looks(disk: MemoryDisk, hospital: str = "main"):
    """What the access log holds: each entry as a plain map."""
    records = disk.entries.get(f"{hospital}.access", [])
    return [msgspec.msgpack.decode(checked(record))[0] for record in records]


def store_of(engine: Engine) -> MemoryStore:
    return cast("MemoryStore", engine._store)


def told(disk: MemoryDisk):
    return [(one["command"]["query"], set(one["command"]["patients"])) for one in looks(disk)]


async def registered(engine, *names: str):
    return [read(await engine.ask("main", RegisterPatient(name=PersonName(name)), CLERK))["id"] for name in names]


async def test_an_answer_with_a_patients_text_names_exactly_whose_it_is(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        asha, bela = await registered(engine, "Asha Rao", "Bela Sen")
        await engine.view("main", GetPatient(patient_id=asha), NURSE, purpose="TREAT")
        await engine.view("main", ListPatients(), NURSE)
        await engine.view("main", ListPatients(name="bela"), NURSE)
        await engine.view("main", ListTokens(patient_id=bela), NURSE)
        assert told(disk) == [
            ("GetPatient", {asha}),
            ("ListPatients", {asha, bela}),
            ("ListPatients", {bela}),
            ("ListTokens", {bela}),
        ]
        first, page, *_ = looks(disk)
    assert first["command"] == {"query": "GetPatient", "purpose": "TREAT", "patients": [asha], "count": 1}
    assert first["who"] == msgspec.to_builtins(NURSE)
    assert (first["name"], first["hospital"], first["position"]) == ("Look", "main.access", 1)
    assert page["command"]["count"] == 2
    assert page["command"]["patients"] == sorted([asha, bela])


async def test_an_answer_without_anybodys_text_writes_nothing(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        doctor = read(await engine.ask("main", AddDoctor(name=PersonName("Dr Bose"), specialization="ENT"), CLERK))
        await registered(engine, "Asha Rao")
        await engine.view("main", GetDoctor(doctor_id=doctor["id"]), NURSE)
        await engine.view("main", ListDoctors(), NURSE)
        await engine.view("main", ListTokens(), NURSE)
        await engine.view("main", ListPatients(name="nobody"), NURSE)
        assert not looks(disk)


async def test_what_the_engine_and_its_parts_ask_is_no_look(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        [asha] = await registered(engine, "Asha Rao")
        await engine.view("main", GetPatient(patient_id=asha), Principal("notices", "system"))
        assert not looks(disk)


async def test_an_answer_leaves_when_its_look_is_durable(autojump_clock: MockClock):
    disk, slow = MemoryDisk(), trio.Event()

    async def faults(step):
        if step == "before" and slow.is_set():
            await trio.sleep(0.7)

    async with living(disk, faults=faults) as engine:
        [asha] = await registered(engine, "Asha Rao")
        slow.set()
        begun = trio.current_time()
        await engine.view("main", GetPatient(patient_id=asha), NURSE)
        assert trio.current_time() - begun >= 0.7
        assert len(looks(disk)) == 1


async def test_an_answer_waits_two_seconds_at_most_and_its_look_stays_in_line(autojump_clock: MockClock):
    disk, stalled = MemoryDisk(), trio.Event()

    async def faults(step):
        if step == "before" and stalled.is_set():
            await trio.sleep(4)

    async with living(disk, faults=faults) as engine:
        [asha] = await registered(engine, "Asha Rao")
        stalled.set()
        begun = trio.current_time()
        await engine.view("main", GetPatient(patient_id=asha), NURSE)
        assert access.PATIENCE <= trio.current_time() - begun < access.PATIENCE + 0.5
        assert engine.accesses.document() == {"looks": 1, "late": 1, "dropped": 0, "notes": 0, "aside": 0}
        # A second reader does not wait two seconds more for the same commit.
        begun = trio.current_time()
        await engine.view("main", GetPatient(patient_id=asha), NURSE)
        assert trio.current_time() - begun < 0.5
        await trio.sleep(9)
        assert len(looks(disk)) == 2


async def test_reads_go_on_while_the_disk_is_full_and_are_written_down_when_there_is_room(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        [asha] = await registered(engine, "Asha Rao")
        store = store_of(engine)
        room, store.free = store.free, Space(disk=0, map=1 << 36)
        engine._log.measure_space()
        before = engine.now()
        for _ in range(3):
            begun = trio.current_time()
            await engine.view("main", GetPatient(patient_id=asha), NURSE)
            assert trio.current_time() - begun < 0.1
        assert not looks(disk)
        assert engine.ready().detail["accesses_aside"] == 3
        await trio.sleep(60)
        assert not looks(disk)
        store.free = room
        await trio.sleep(1)
        assert [one["command"]["patients"] for one in looks(disk)] == [[asha]] * 3
        assert all(before <= one["command"]["time"] < before + 1_000_000 for one in looks(disk))
        assert "accesses_aside" not in engine.ready().detail


async def test_what_finds_no_place_beside_a_full_disk_is_counted(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(access, "ASIDE", 5)
    disk = MemoryDisk()
    async with living(disk) as engine:
        [asha] = await registered(engine, "Asha Rao")
        store_of(engine).free = Space(disk=0, map=1 << 36)
        engine._log.measure_space()
        for _ in range(8):
            await engine.view("main", GetPatient(patient_id=asha), NURSE)
        assert engine.ready().detail["accesses_dropped"] == 3
        assert engine.load()["accesses"] == {"looks": 0, "late": 0, "dropped": 3, "notes": 0, "aside": 5}
        store_of(engine).free = Space(disk=1 << 40, map=1 << 36)
        await trio.sleep(1)
        assert len(looks(disk)) == 5


@pytest.mark.parametrize("applied", [True, False])
async def test_a_failed_commit_loses_no_look_and_writes_none_twice(autojump_clock: MockClock, applied: bool):
    disk = MemoryDisk()
    torn: list[bool] = []

    async def faults(step):
        if step == "meta" and torn:
            torn.clear()
            raise CommitTorn(applied=applied)

    async with living(disk, faults=faults) as engine:
        [asha] = await registered(engine, "Asha Rao")
        torn.append(True)
        await engine.view("main", GetPatient(patient_id=asha), NURSE, purpose="ETREAT")
        await engine.until_ready()
        await trio.sleep(1)
        assert [one["command"]["purpose"] for one in looks(disk)] == ["ETREAT"]


async def test_the_log_goes_on_after_a_restart_with_times_that_rise(autojump_clock: MockClock):
    disk = MemoryDisk()
    for _ in range(3):
        clock = TrioClock()
        async with living(disk, clock=clock) as engine:
            [asha] = await registered(engine, "Asha Rao")
            clock.step -= 3_600_000_000
            for _ in range(2):
                await engine.view("main", GetPatient(patient_id=asha), NURSE)
    found = looks(disk)
    assert [one["position"] for one in found] == list(range(1, 7))
    times = [one["time"] for one in found]
    assert times == sorted(set(times))
    assert len({one["command_id"] for one in found}) == 6


async def test_it_has_a_tree_and_checkpoints_of_its_own(autojump_clock: MockClock):
    disk = MemoryDisk()
    settings = EngineSettings(checking=True, seal=Seal("hospital.example", LocalSigner(bytes(range(32)))))
    async with living(disk, settings=settings) as engine:
        [asha] = await registered(engine, "Asha Rao")
        for _ in range(300):
            await engine.view("main", GetPatient(patient_id=asha), NURSE)
    tree = Tree()
    tree.extend(disk.entries["main.access"])
    head = Note.parse(disk.checkpoints["main.access"][300]).head()
    assert (head.origin, head.size, head.root) == ("hospital.example/main/access", 300, tree.root())


async def test_a_new_hospital_has_one_from_the_start(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("north", AddHospital(hospital_id="north", name="North", time_zone="UTC"), CLERK)
        made = read(await engine.ask("north", patient(), CLERK))
        await engine.view("north", GetPatient(patient_id=made["id"]), NURSE)
        assert len(looks(disk, "north")) == 1
        assert not looks(disk)


async def test_who_is_shown_patients_elsewhere_is_noted_too(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        [asha] = await registered(engine, "Asha Rao")
        await engine.note_access("main", NURSE, "AuditHistory", [asha], "HCOMPL")
        await engine.note_access("main", NURSE, "AuditDays", [])
        assert told(disk) == [("AuditHistory", {asha})]


async def test_following_what_shows_a_patients_text_is_a_look(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        asha, bela = await registered(engine, "Asha Rao", "Bela Sen")
        quiet = AdmitPatient(patient_id=bela, acuity="high")
        for command in (AdmitPatient(patient_id=asha, acuity="high", note=FreeText("asleep on the stairs")), quiet):
            await engine.ask("main", command, CLERK)
        async with engine.follow("main", ["admissions", "alerts"], who=NURSE, purpose="TREAT") as followed:
            await followed.receive()
        async with engine.follow("main", ["admissions"], who=Principal("notices", "system")) as followed:
            await followed.receive()
        async with engine.follow("main", ["alerts"], who=NURSE) as followed:
            await followed.receive()
        assert told(disk) == [("follow:admissions", {asha})]
        assert looks(disk)[0]["command"]["purpose"] == "TREAT"


def test_a_query_that_names_a_patient_calls_the_patient_by_one_name():
    fields = {name for query in QUERIES for name in query.__struct_fields__ if "patient" in name}
    assert fields <= {"patient_id", "patient"}


async def test_a_damaged_end_of_the_access_log_is_said_and_stops_nobody(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        [asha] = await registered(engine, "Asha Rao")
        await engine.view("main", GetPatient(patient_id=asha), NURSE)
    record = bytearray(disk.entries["main.access"][-1])
    record[-5] ^= 1
    disk.entries["main.access"][-1] = bytes(record)
    async with living(disk) as engine:
        assert "main.access" in engine.ready().detail["access_log"]
        await engine.view("main", GetPatient(patient_id=asha), NURSE)
        assert len(disk.entries["main.access"]) == 2


async def test_what_is_kept_aside_at_the_end_is_written_when_there_is_room(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
):
    for room, kept in ((True, 1), (False, 0)):
        disk = MemoryDisk()
        async with living(disk) as engine:
            [asha] = await registered(engine, "Asha Rao")
            free = store_of(engine).free
            store_of(engine).free = Space(disk=0, map=1 << 36)
            engine._log.measure_space()
            await engine.view("main", GetPatient(patient_id=asha), NURSE)
            if room:
                store_of(engine).free = free
        assert len(looks(disk)) == kept
    assert "1 looks at patients could not be written down" in caplog.text


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_the_disk_does_every_answered_look_is_there_once_and_in_order(
    autojump_clock: MockClock, seed: int
):
    chance, disk, calm = Random(seed), MemoryDisk(), trio.Event()
    answered: list[str] = []

    async def faults(step):
        if calm.is_set():
            return
        await trio.sleep(chance.choice((0.0, 0.0, 0.01, 0.3, 3.0)))
        if step == "meta" and chance.random() < 0.1:
            raise CommitTorn(applied=chance.random() < 0.5)

    async def reader(engine: Engine, name: str, ids: list[str]) -> None:
        for number in range(8):
            who = Principal(name, "clinician", "10.0.0.7", f"{name}-{number}")
            query = chance.choice((GetPatient(patient_id=chance.choice(ids)), ListPatients()))
            try:
                await engine.view("main", query, who)
            except Unavailable:
                await engine.until_ready()
            else:
                answered.append(who.request_id)
            await trio.sleep(chance.uniform(0, 0.2))

    calm.set()
    async with living(disk, faults=faults) as engine:
        ids = await registered(engine, "Asha Rao", "Bela Sen")
        calm = trio.Event()
        async with trio.open_nursery() as nursery:
            for number in range(6):
                nursery.start_soon(reader, engine, f"r{number}", ids)
        calm.set()
        await engine.until_ready()
        await trio.sleep(1)
        assert engine.accesses.aside == engine.accesses.counts.dropped == 0
    found = looks(disk)
    told = [one["who"]["request_id"] for one in found]
    assert len(answered) > 10
    assert set(answered) <= set(told)
    assert len(set(told)) == len(told)
    assert [one["position"] for one in found] == list(range(1, len(found) + 1))
    assert all(one["time"] < other["time"] for one, other in pairwise(found))
