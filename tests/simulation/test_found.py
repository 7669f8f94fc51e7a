"""Faults that the simulation has found, each told once more as the shortest story that shows it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.actor import MAILBOX, Message
from engine.decider import PersonName
from engine.decisions import DECISIONS
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital, ChangePolicy
from engine.decisions.insert_emergency import InsertEmergency
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import UpdatePatient
from engine.errors import CommitFailed, DeadlinePassed, NotFound, Overloaded
from engine.eventlog.memory_store import MemoryDisk, MemoryStore, Step
from engine.eventlog.store import Space
from engine.runtime import Engine, EngineSettings, open_engine
from tests.engine.living import CLERK, START, TrioClock, hold_keys, living, patient, read

NOBODY = "01900000-0000-7000-8000-000000000000"


async def test_a_refusal_is_not_taken_for_an_answer_after_a_restart(autojump_clock: MockClock):
    disk = MemoryDisk()
    command = UpdatePatient(patient_id=NOBODY, name=PersonName("X"))
    for _ in range(2):
        async with living(disk) as engine:
            with pytest.raises(NotFound):
                await engine.ask("main", command, CLERK, key="k")


async def open_slot(engine: Engine, capacity: int, specialization: str = "Cardiology") -> str:
    """A slot of one hour that begins in an hour, of a new doctor; gives its id."""
    doctor = read(await engine.ask("main", AddDoctor(name=PersonName("Rao"), specialization=specialization), CLERK))
    begin = datetime.fromtimestamp(START // 1_000_000, UTC) + timedelta(hours=1)
    command = OpenSlot(
        doctor=doctor["id"], start_time=begin, end_time=begin + timedelta(hours=1), max_capacity=capacity
    )
    slot_id: str = read(await engine.ask("main", command, CLERK))["id"]
    return slot_id


async def test_a_slot_that_is_enlarged_takes_in_those_who_wait(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:

        async def ask(command: Any) -> Any:
            return read(await engine.ask("main", command, CLERK))

        slot_id = await open_slot(engine, capacity=1)
        statuses = []
        for _ in range(3):
            patient_id = (await ask(patient()))["id"]
            token = await ask(BookToken(slot_id=slot_id, patient_id=patient_id, category="WALKIN"))
            statuses.append(token["status"])
        assert statuses == ["CONFIRMED", "WAITING", "WAITING"]
        larger = await ask(ChangeSlot(slot_id=slot_id, max_capacity=2))
        assert (larger["current_capacity"], larger["waiting_count"]) == (2, 1)


async def test_a_batch_tells_the_truth_about_what_its_deadline_cut_off(autojump_clock: MockClock):
    disk = MemoryDisk()

    async def slow(step: Step) -> None:
        await trio.sleep(1)

    async with living(disk, faults=slow) as engine:
        for number in range(60):  # the deadline passes a little later each time, amid the batch
            before = registered(disk)
            results: list[Any] = []

            async def ask(number: int, results: list[Any]) -> None:
                items = [(patient(), f"{number}.{item}") for item in range(4)]
                results += await engine.ask_batch("main", items, CLERK, within=0.5)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask, number, results)
                for _ in range(number % 15):
                    await trio.lowlevel.checkpoint()
                autojump_clock.jump(0.5)
            assert all(isinstance(result, DeadlinePassed) for result in results)
            await trio.sleep(20)
            assert registered(disk) - before == sum(result.outcome == "unknown" for result in results)


def registered(disk: MemoryDisk) -> int:
    """Patients in the log; the engine writes into it, too, how many commands it has kept waiting too long."""
    return sum(b"PatientRegistered" in record for record in disk.entries["main"])


async def test_a_key_whose_batch_found_no_room_is_free_again(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        one = read(await engine.ask("main", patient(), CLERK))["id"]
    async with living(disk) as engine:
        partition, keys = engine.partitions["main"], hold_keys(engine)
        rename = UpdatePatient(patient_id=one, name=PersonName("New"))
        with suppress(Overloaded):
            for number in range(2 * MAILBOX):
                partition.post(Message(rename, DECISIONS[UpdatePatient], CLERK, number.to_bytes(16, "big")))
        late = UpdatePatient(patient_id=one, name=PersonName("Late"))
        [full] = await engine.ask_batch("main", [(late, "k")], CLERK)
        assert isinstance(full, Overloaded)
        keys.set()
        await trio.sleep(1)
        assert not (await engine.ask("main", late, CLERK, key="k", within=1)).replayed


async def test_stopping_while_a_snapshot_is_written_loses_nothing(autojump_clock: MockClock):
    disk = MemoryDisk()

    async def slow(step: Step) -> None:
        if step == "pages":
            await trio.sleep(3)

    async with living(disk, faults=slow, settings=EngineSettings(snapshot_entries=5)) as engine:
        for number in range(10):
            await engine.ask("main", patient(f"Patient {number}"), CLERK)
        await trio.sleep(1.5)
        told = engine.state_hash("main")
    async with living(disk) as engine:
        assert engine.state_hash("main") == told


async def test_stopping_goes_well_without_the_snapshot_that_cannot_be_written(autojump_clock: MockClock):
    disk = MemoryDisk()

    async def full(step: Step) -> None:
        if step == "seal":
            raise OSError("no space left on device")

    async with living(disk, faults=full) as engine:
        await engine.ask("main", patient(), CLERK)
    assert len(disk.entries["main"]) == 2


async def test_a_timer_that_found_the_disk_full_acts_once_there_is_room(autojump_clock: MockClock):
    disk = MemoryDisk()
    store = MemoryStore(disk)
    async with open_engine(store, clock=TrioClock()) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        slot_id = await open_slot(engine, capacity=1)
        room = store.free
        store.free = Space(disk=0, map=0)
        await engine.ask("main", patient(), CLERK)
        await trio.sleep(3 * 3600)
        slot = engine.partitions["main"].state(f"slot:{slot_id}")
        assert slot.status == "ACTIVE"
        store.free = room
        await trio.sleep(60)
        assert slot.status == "CLOSED"


async def test_a_batch_that_a_failed_commit_interrupts_is_answered_at_once(autojump_clock: MockClock):
    disk = MemoryDisk()
    broken: list[Step] = []

    async def fails_once(step: Step) -> None:
        if step == "data" and len(disk.entries.get("main", ())) == 2 and not broken:
            broken.append(step)
            await trio.sleep(1)
            raise OSError("input/output error")

    async with living(disk, faults=fails_once) as engine:
        known = read(await engine.ask("main", patient(), CLERK))["id"]
        with pytest.raises(DeadlinePassed):
            await engine.ask("main", patient(), CLERK, key="k", within=0.1)
        begun = trio.current_time()
        rename = UpdatePatient(patient_id=known, name=PersonName("Other"))
        items = [(patient(), "k"), (rename, None)]  # the first waits for the commit that fails
        results = await engine.ask_batch("main", items, CLERK, within=8)
        assert [getattr(result, "outcome", "") for result in results] == ["not_applied", "not_applied"]
        assert trio.current_time() - begun < 2
    assert len(disk.entries["main"]) == 2


async def test_an_emergency_who_was_offered_a_seat_leaves_it_to_the_next(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:

        async def ask(command: Any) -> Any:
            return read(await engine.ask("main", command, CLERK))

        await ask(ChangePolicy(promotion="offer", overbook_pct=50))
        slot_id = await open_slot(engine, capacity=2)
        patients = [(await ask(patient()))["id"] for _ in range(5)]
        tokens = [(await ask(BookToken(slot_id=slot_id, patient_id=one, category="WALKIN")))["id"] for one in patients]
        await ask(CancelToken(token_id=tokens[0]))
        slot = engine.partitions["main"].state(f"slot:{slot_id}")
        assert [entry.id for entry in slot.offers] == [tokens[3]]
        await ask(InsertEmergency(slot_id=slot_id, patient_id=patients[3]))
        assert [entry.id for entry in slot.offers] == [tokens[4]]


async def test_whoever_loses_his_token_with_its_slot_gets_the_seat_he_waits_for(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:

        async def ask(command: Any) -> Any:
            return read(await engine.ask("main", command, CLERK))

        async def book(slot_id: str, patient_id: str) -> Any:
            return await ask(BookToken(slot_id=slot_id, patient_id=patient_id, category="WALKIN"))

        first, second = await open_slot(engine, 1), await open_slot(engine, 1, "Dermatology")
        torn, other = (await ask(patient()))["id"], (await ask(patient()))["id"]
        kept = await book(second, other)
        waits = await book(second, torn)
        assert waits["status"] == "WAITING"
        await book(first, torn)
        await ask(CancelToken(token_id=kept["id"]))  # the seat goes past him: he has a token
        assert engine.partitions["main"].state(f"slot:{second}").tokens[waits["id"]].status == "WAITING"
        await ask(CancelSlot(slot_id=first))
        assert engine.partitions["main"].state(f"slot:{second}").tokens[waits["id"]].status == "CONFIRMED"


async def test_a_round_that_failed_is_made_up_for_by_the_next(autojump_clock: MockClock):
    disk = MemoryDisk()
    broken: list[Step] = []

    async def torn(step: Step) -> None:
        if step == "pages" and not broken:
            broken.append(step)
            raise OSError(5, "EIO")

    with suppress(CommitFailed):
        async with living(disk, faults=torn, settings=EngineSettings(snapshot_entries=0)) as engine:
            made = read(await engine.ask("main", patient("Before"), CLERK))
            partition = engine.partitions["main"]
            with pytest.raises(CommitFailed):
                await engine._snapshots.write(partition)
            assert set(partition.book.dirty) >= {f"patient:{made['id']}"}
            await engine._store.open()
            await engine._snapshots.write(partition)
            live = engine.state_hash("main")
    async with living(disk) as engine:
        assert engine.partitions["main"].book.snapshot == 2
        assert engine.state_hash("main") == live


async def test_no_round_is_written_without_an_actor_that_is_being_rebuilt(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=EngineSettings(snapshot_entries=0)) as engine:
        made = read(await engine.ask("main", patient(), CLERK))
        partition = engine.partitions["main"]
        cell = partition.book.cell(f"patient:{made['id']}")
        assert cell is not None
        cell.quarantined = True
        await engine._snapshots.write(partition)
        assert (disk.rounds, partition.book.snapshot) == ({}, 0)
        cell.quarantined = False
        await engine._snapshots.write(partition)
        assert partition.book.snapshot == 2
