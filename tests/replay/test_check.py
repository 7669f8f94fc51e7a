"""``matron-replay check`` over a real log: rooms that were booked as they should, and a room that was booked twice."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from engine.clock import SystemClock
from engine.decider import PersonName
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.clinics import AddClinic
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.rooms import AddRoom
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from tests.engine.living import CLERK, patient, read
from tests.serving import replay_check
from tests.simulation.planted import room_without_memory

TOMORROW = dt.datetime.fromtimestamp(SystemClock().wall() // 1_000_000, dt.UTC) + dt.timedelta(days=1)


async def book_one_room_for_two(data: Path) -> None:
    """Two patients of two doctors at one time in a clinic with one room; who finds none waits."""
    store = LmdbStore(data, allow_any_filesystem=True)
    async with open_engine(store, clock=SystemClock()) as engine:
        await engine.until_ready()

        async def say(command: Any) -> str:
            return str(read(await engine.ask("main", command, CLERK))["id"])

        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        clinic = await say(AddClinic(name="Day clinic"))
        await say(AddRoom(clinic_id=clinic, name="Room 1", type="treatment"))
        for _ in range(2):
            wanted = BookAppointment(
                clinic_id=clinic,
                patient_id=await say(patient()),
                doctor_id=await say(AddDoctor(name=PersonName("Dr. Rao"), specialization="Surgery")),
                start_time=TOMORROW,
                end_time=TOMORROW + dt.timedelta(minutes=20),
                fallback="unassigned",
            )
            await say(wanted)


@pytest.mark.parametrize("sound", [True, False])
async def test_a_room_that_was_booked_twice_is_found_though_the_log_and_the_states_agree(tmp_path: Path, sound: bool):
    with nullcontext() if sound else room_without_memory():
        await book_one_room_for_two(tmp_path / "data")
    checked = replay_check(tmp_path / "data")
    (found,) = json.loads(checked.stdout)["hospitals"]
    assert (found["equal"], found["appointments"]) == (True, 2)
    assert (found["sound"], checked.returncode) == (sound, 0 if sound else 1)
    assert found["overlapping"] == (0 if sound else 1)
    assert all(fault.startswith("room ") for fault in found["overlaps"])
