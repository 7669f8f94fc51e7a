"""Faults that the simulation has found, each told once more as the shortest story that shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.actor import MAILBOX, Message
from engine.decider import PersonName
from engine.decisions import DECISIONS
from engine.decisions.book_token import BookToken
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.doctors import AddDoctor
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import RegisterPatient, UpdatePatient
from engine.errors import DeadlinePassed, NotFound, Overloaded
from engine.eventlog.memory_store import MemoryDisk, Step
from tests.engine.living import CLERK, START, living, patient, read

NOBODY = "01900000-0000-7000-8000-000000000000"


async def test_a_refusal_is_not_taken_for_an_answer_after_a_restart(autojump_clock: MockClock):
    disk = MemoryDisk()
    command = UpdatePatient(patient_id=NOBODY, name=PersonName("X"))
    for _ in range(2):
        async with living(disk) as engine:
            with pytest.raises(NotFound):
                await engine.ask("main", command, CLERK, key="k")


async def test_a_slot_that_is_enlarged_takes_in_those_who_wait(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:

        async def ask(command: Any) -> Any:
            return read(await engine.ask("main", command, CLERK))

        doctor = await ask(AddDoctor(name=PersonName("Rao"), specialization="Cardiology"))
        nine = datetime.fromtimestamp(START // 1_000_000, UTC) + timedelta(hours=1)
        slot = await ask(
            OpenSlot(doctor=doctor["id"], start_time=nine, end_time=nine + timedelta(hours=1), max_capacity=1)
        )
        statuses = []
        for _ in range(3):
            patient_id = (await ask(patient()))["id"]
            token = await ask(BookToken(slot_id=slot["id"], patient_id=patient_id, category="WALKIN"))
            statuses.append(token["status"])
        assert statuses == ["CONFIRMED", "WAITING", "WAITING"]
        larger = await ask(ChangeSlot(slot_id=slot["id"], max_capacity=2))
        assert (larger["current_capacity"], larger["waiting_count"]) == (2, 1)


async def test_a_batch_tells_the_truth_about_what_its_deadline_cut_off(autojump_clock: MockClock):
    disk = MemoryDisk()

    async def slow(step: Step) -> None:
        await trio.sleep(1)

    async with living(disk, faults=slow) as engine:
        for number in range(60):  # the deadline passes a little later each time, amid the batch
            before = len(disk.entries["main"])
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
            assert len(disk.entries["main"]) - before == sum(result.outcome == "unknown" for result in results)


async def test_a_key_whose_batch_found_no_room_is_free_again(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        partition = engine.partitions["main"]
        with pytest.raises(Overloaded):
            for number in range(2 * MAILBOX):
                partition.post(Message(patient(), DECISIONS[RegisterPatient], CLERK, number.to_bytes(16, "big")))
        [full] = await engine.ask_batch("main", [(patient("Late"), "k")], CLERK)
        assert isinstance(full, Overloaded)
        await trio.sleep(1)
        assert not (await engine.ask("main", patient("Late"), CLERK, key="k", within=1)).replayed
