"""Faults that the simulation has found, each told once more as the shortest story that shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from trio.testing import MockClock

from engine.decider import PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.doctors import AddDoctor
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import UpdatePatient
from engine.errors import NotFound
from engine.eventlog.memory_store import MemoryDisk
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
