"""Erasing on an engine in memory: the key goes, the texts go, everything else goes on, and nothing breaks it off."""

from __future__ import annotations

import gc
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import trio

from engine import calendar
from engine.actors.patient import Patient
from engine.decider import DAY, ERASED, Contact, FreeText, PersonName, Private
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.doctors import AddDoctor
from engine.decisions.erase_patient import ErasePatient, ErasureReason
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import RegisterPatient, UpdatePatient
from engine.errors import DeadlinePassed, Rejected, SubjectErased, Unavailable
from engine.eventlog.keys import DESTROYED, Keyring
from engine.eventlog.memory_store import MemoryDisk
from engine.recovery import Book, state_hash
from engine.runtime import Engine
from engine.views.people import GetPatient, ListPatients
from engine.views.tokens import GetToken
from tests.engine.living import CLERK, START, living, read

SECRET = "Zebulon Quixworth"
REASON = "because of the zygomatic arch"


async def register(engine: Engine, name: str = SECRET, key: str | None = None) -> str:
    command = RegisterPatient(name=PersonName(name), phone=Contact("+99 777 555"))
    return str(read(await engine.ask("main", command, CLERK, key=key))["id"])


async def book(engine: Engine, patient: str) -> str:
    doctor = read(await engine.ask("main", AddDoctor(name=PersonName("Dr. Who"), specialization="Time"), CLERK))["id"]
    start = calendar.moment(START + DAY)
    slot = OpenSlot(doctor=doctor, start_time=start, end_time=start + timedelta(hours=1), max_capacity=5)
    slot_id = read(await engine.ask("main", slot, CLERK))["id"]
    token = BookToken(slot_id=slot_id, patient_id=patient, category="ONLINE")
    return str(read(await engine.ask("main", token, CLERK))["id"])


async def erase(engine: Engine, patient: str, **more: Any) -> Any:
    return read(
        await engine.ask("main", ErasePatient(patient_id=patient, reason=ErasureReason("asked")), CLERK, **more)
    )


async def seen(engine: Engine, query: Any) -> Any:
    return read(await engine.view("main", query, CLERK))


def opened(state: Any) -> list[str]:
    """Every text of a state that lies open in memory."""
    texts: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, Private):
            if value._text is not None:
                texts.append(value._text)
        elif hasattr(value, "__struct_fields__"):
            for field in value.__struct_fields__:
                look(getattr(value, field))
        elif isinstance(value, dict):
            for each in value.values():
                look(each)
        elif isinstance(value, list | tuple):
            for each in value:
                look(each)

    look(state)
    return texts


def texts_in_memory(engine: Engine) -> list[str]:
    found: list[str] = []
    for cell in engine.partitions["main"].book.cells.values():
        found.extend(opened(getattr(cell, "state", None)))
    return found


async def test_who_was_erased_is_shown_as_erased_and_found_by_nobody(autojump_clock: trio.testing.MockClock) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        patient, other = await register(engine), await register(engine, "Somebody Else")
        token = await book(engine, patient)
        cancel = CancelToken(token_id=token, reason=FreeText(REASON))
        await engine.ask("main", cancel, CLERK)
        hash_before = engine.state_hash("main")
        position = (await engine.view("main", GetPatient(patient_id=other), CLERK)).position
        assert (await erase(engine, patient))["records"] == [patient]
        name = engine.partitions["main"].book.keys.store_name(patient)
        assert disk.keys[name] == DESTROYED
        assert not any(SECRET in text or REASON in text for text in texts_in_memory(engine))
        shown = await seen(engine, GetPatient(patient_id=patient))
        assert (shown["name"], shown["phone"], shown["erased"]) == (ERASED, None, True)
        listed = await seen(engine, ListPatients(retired=True))
        assert [row["name"] for row in listed["items"]] == [ERASED]
        for sought in (SECRET, ERASED, "e"):
            found = await seen(engine, ListPatients(retired=True, name=sought))
            assert found["items"] == []
        assert (await seen(engine, GetToken(token_id=token)))["patient_id"] == patient
        assert (await seen(engine, GetPatient(patient_id=other)))["name"] == "Somebody Else"
        assert engine.state_hash("main") != hash_before
        assert position < engine.partitions["main"].tail.head


async def test_a_start_and_a_replay_give_the_same_states(autojump_clock: trio.testing.MockClock) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        patient = await register(engine)
        await register(engine, "Somebody Else")
        await erase(engine, patient)
        live = engine.state_hash("main")
    book = Book("main", Keyring("main", bytes))
    for position, record in enumerate(disk.entries["main"], 1):
        book.fold(position, record)
    assert state_hash(book.frozen_states()) == live
    async with living(disk) as engine:
        assert engine.state_hash("main") == live
        assert (await seen(engine, GetPatient(patient_id=patient)))["name"] == ERASED
        with pytest.raises(Rejected) as refused:
            await engine.ask("main", UpdatePatient(patient_id=patient, name=PersonName("New")), CLERK)
        assert refused.value.code == SubjectErased.code


async def test_a_repeat_of_an_old_command_has_its_answer_without_the_text(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with living(MemoryDisk()) as engine:
        patient = await register(engine, key="once")
        await erase(engine, patient)
        command = RegisterPatient(name=PersonName(SECRET), phone=Contact("+99 777 555"))
        reply = await engine.ask("main", command, CLERK, key="once")
        assert (reply.replayed, read(reply)["id"], read(reply)["name"]) == (True, patient, ERASED)


async def test_nobody_is_told_before_the_key_is_gone(autojump_clock: trio.testing.MockClock) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        patient = await register(engine)
        let, change_keys = trio.Event(), engine._store.change_keys

        async def later(turn: Any) -> int:
            await let.wait()
            return await change_keys(turn)

        engine._store.change_keys = later  # type: ignore[method-assign]
        with pytest.raises(DeadlinePassed) as late:
            await erase(engine, patient, within=1.0, key="once")
        assert late.value.outcome == "unknown"
        async with trio.open_nursery() as nursery:
            told: list[Any] = []

            async def again(**more: Any) -> None:
                told.append(await erase(engine, patient, **more))

            nursery.start_soon(again)
            nursery.start_soon(lambda: again(key="once"))
            await trio.sleep(2)
            assert told == []
            let.set()
        assert told[0] == told[1]
        assert told[0]["records"] == [patient]
        assert disk.keys[engine.partitions["main"].book.keys.store_name(patient)] == DESTROYED


async def test_two_erasures_at_once_are_both_carried_out(autojump_clock: trio.testing.MockClock) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        patients = [await register(engine, f"Person {number}") for number in range(4)]
        async with trio.open_nursery() as nursery:
            for patient in patients:
                nursery.start_soon(erase, engine, patient)
        assert not any("Person" in text for text in texts_in_memory(engine))
        assert list(disk.keys.values()).count(DESTROYED) == 4


@pytest.mark.parametrize("step", ["keys", "after", "meta"])
async def test_a_disk_that_fails_in_the_middle_leaves_it_to_the_next_start(
    autojump_clock: trio.testing.MockClock, step: str
) -> None:
    disk = MemoryDisk()
    armed = False

    async def faults(at: str) -> None:
        nonlocal armed
        if armed and at == step:
            armed = False
            raise OSError(5, "Input/output error")

    async with living(disk, faults=faults) as engine:
        patient = await register(engine)
        armed = True
        with suppress(Exception):  # what it says is another test's; here only what is true in the end
            await erase(engine, patient)
        await engine.until_ready()
        book = engine.partitions["main"].book
        state: Patient = book.cell(f"patient:{patient}").state  # type: ignore[union-attr]
        assert (disk.keys[book.keys.store_name(patient)] == DESTROYED) == bool(state.erased_at)
        assert (await erase(engine, patient))["records"] == [patient]
        assert disk.keys[book.keys.store_name(patient)] == DESTROYED


async def test_an_erasure_that_only_the_log_knows_is_carried_out_before_anything_is_served(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        patient = await register(engine)
        name = engine.partitions["main"].book.keys.store_name(patient)
        key = disk.keys[name]
        await erase(engine, patient)
    disk.keys[name] = key  # as if it had been killed between the entry and the key
    async with living(disk) as engine:
        assert disk.keys[name] == DESTROYED
        assert (await seen(engine, GetPatient(patient_id=patient)))["name"] == ERASED


async def test_of_a_booking_and_an_erasure_at_once_one_is_refused(autojump_clock: trio.testing.MockClock) -> None:
    async with living(MemoryDisk()) as engine:
        for number in range(12):
            patient = await register(engine, f"Person {number}")
            outcomes: dict[str, str] = {}

            async def trying(what: str, work: Any, outcomes: dict[str, str] = outcomes) -> None:
                try:
                    await work
                    outcomes[what] = "done"
                except Rejected as refused:
                    outcomes[what] = refused.code

            async with trio.open_nursery() as nursery:
                pair = [("erase", erase(engine, patient)), ("book", book(engine, patient))]
                for what, work in pair if number % 2 else reversed(pair):
                    nursery.start_soon(trying, what, work)
            assert outcomes in (
                {"erase": "done", "book": "patient_erased"},
                {"erase": "has_active_tokens", "book": "done"},
            )
            shown = await seen(engine, GetPatient(patient_id=patient))
            assert (shown["name"] == ERASED) == (outcomes["erase"] == "done")


async def test_no_object_of_the_process_holds_a_text_of_who_was_erased(autojump_clock: trio.testing.MockClock) -> None:
    def held() -> list[str]:
        gc.collect()
        texts = (one._text for one in gc.get_objects() if isinstance(one, Private))
        return [text for text in texts if text and "Erasmus" in text]

    async with living(MemoryDisk()) as engine:
        patient = await register(engine, "Erasmus Anybody", key="k")
        token = await book(engine, patient)
        await engine.ask("main", CancelToken(token_id=token, reason=FreeText("Erasmus is ill")), CLERK)
        await seen(engine, GetPatient(patient_id=patient))
        assert held() == ["Erasmus Anybody"]
        await erase(engine, patient)
        assert held() == []
        # Nor does the ring of the keys.
        keys = engine.partitions["main"].book.keys
        assert bytes.fromhex(patient.replace("-", "")) not in keys._keys


async def test_without_room_for_a_second_key_file_it_is_tried_again_until_it_is_done(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        patient = await register(engine)
        change_keys, tries = engine._store.change_keys, 0

        async def full_at_first(turn: Any) -> int:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise Unavailable("keys_not_changed", "no space left", outcome="unknown")
            return await change_keys(turn)

        engine._store.change_keys = full_at_first  # type: ignore[method-assign]
        assert (await erase(engine, patient))["records"] == [patient]
        assert tries == 2
        assert disk.keys[engine.partitions["main"].book.keys.store_name(patient)] == DESTROYED
