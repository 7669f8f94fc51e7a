"""Faults of wards that the storm has found, each told once more as the shortest story that shows it."""

from __future__ import annotations

from typing import Any

import pytest
from trio.testing import MockClock

from engine.decider import PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.assign_admission import ReassignCarer
from engine.decisions.beds import AddBed
from engine.decisions.staff import AddStaff
from engine.decisions.transfer_bed import TransferPatient
from engine.decisions.wards import AddWard
from engine.errors import Rejected
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from tests.engine.living import CLERK, living, patient, read


async def ask(engine: Engine, command: Any) -> Any:
    """The answer."""
    return read(await engine.ask("main", command, CLERK))


async def admitted(engine: Engine) -> Any:
    """Somebody who needs no bed."""
    one = (await ask(engine, patient()))["id"]
    return await ask(engine, AdmitPatient(patient_id=one, acuity="low", needs_bed=False))


async def test_who_waits_for_everything_is_not_given_a_part_by_reassignment(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        waits = await admitted(engine)
        nurse = await ask(engine, AddStaff(name=PersonName("Lee"), role="nurse"))
        again = ReassignCarer(admission_id=waits["id"], role="nurse", staff_id=nurse["id"])
        with pytest.raises(Rejected) as refused:
            await ask(engine, again)
        assert (waits["status"], refused.value.code) == ("waiting", "invalid_transition")


async def test_who_needs_no_bed_is_not_transferred_into_one(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        ward = (await ask(engine, AddWard(name="North")))["id"]
        bed = (await ask(engine, AddBed(ward_id=ward, label="1")))["id"]
        for role in ("doctor", "nurse"):
            await ask(engine, AddStaff(name=PersonName("Lee"), role=role))
        one = await admitted(engine)
        assert one["status"] == "assigned"
        with pytest.raises(Rejected) as refused:
            await ask(engine, TransferPatient(admission_id=one["id"], bed_id=bed))
        assert refused.value.code == "not_in_bed"
