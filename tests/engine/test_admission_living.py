"""Admissions over a living engine: what stays over a restart, what its timers do, and what may be read on the disk."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.actors.patient import BirthDate, Gender
from engine.decider import FreeText, PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.assigning.plan import AT_ONCE
from engine.decisions.beds import AddBed
from engine.decisions.discharge import DischargePatient
from engine.decisions.note_timeout import NoteAssignmentTimeout
from engine.decisions.patients import RegisterPatient
from engine.decisions.staff import AddStaff
from engine.decisions.wards import AddWard
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine, EngineSettings
from engine.views.admissions import GetAdmission, GetBacklog, ListAdmissions
from tests.engine.living import CLERK, TrioClock, living, patient, read

NOTE = "found asleep on the stairs of the east wing"


class House:
    """One hospital of a living engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def ask(self, command: Any) -> Any:
        """The answer to a command."""
        reply = await self.engine.ask("main", command, CLERK)
        return read(reply) if reply.body else None

    async def view(self, query: Any) -> Any:
        """The answer to a query."""
        return read(await self.engine.view("main", query, CLERK))

    async def staff(self, role: Any, **more: Any) -> str:
        """A new member."""
        id: str = (await self.ask(AddStaff(name=PersonName("Sam Sample"), role=role, **more)))["id"]
        return id

    async def admit(self, acuity: Any = "high", **more: Any) -> Any:
        """A new patient, admitted."""
        who = (await self.ask(patient()))["id"]
        return await self.ask(AdmitPatient(patient_id=who, acuity=acuity, **more))


async def test_admissions_and_the_backlog_are_after_a_restart_what_they_were(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        house = House(engine)
        ward = (await house.ask(AddWard(name="North")))["id"]
        await house.ask(AddBed(ward_id=ward, label="1"))
        await house.staff("doctor"), await house.staff("nurse")
        lies = await house.admit(note=FreeText(NOTE))
        waits, low = await house.admit(), await house.admit("low")
        assert (lies["status"], waits["reason"]) == ("assigned", "no_bed")
        before = [await house.view(query) for query in (ListAdmissions(), GetBacklog())]
    assert not any(NOTE.encode() in entry for entry in disk.entries["main"])

    async with living(disk, clock=TrioClock()) as engine:
        again = House(engine)
        assert [await again.view(query) for query in (ListAdmissions(), GetBacklog())] == before
        assert [one["id"] for one in (await again.view(GetBacklog()))["items"]] == [waits["id"], low["id"]]
        left = await again.ask(DischargePatient(admission_id=lies["id"]))
        assert (left["status"], left["note"]) == ("discharged", NOTE)
        await again.ask(AddBed(ward_id=ward, label="2"))
        assert (await again.view(GetAdmission(admission_id=waits["id"])))["status"] == "assigned"


async def test_what_one_decision_could_not_serve_is_served_without_anybody_asking(autojump_clock: MockClock) -> None:
    async with living(MemoryDisk(), settings=EngineSettings()) as engine:
        house = House(engine)
        await house.staff("doctor", max_load=1_000)
        for _ in range(AT_ONCE + 30):
            await house.admit(needs_bed=False)
        await house.staff("nurse", max_load=1_000)
        await trio.sleep(0.1)
        assert (await house.view(GetBacklog()))["total"] == 0


async def test_a_timeout_is_tried_again_by_the_clock_as_long_as_the_patient_waits(autojump_clock: MockClock) -> None:
    async with living(MemoryDisk()) as engine:
        house = House(engine)
        one = await house.admit()
        await house.ask(NoteAssignmentTimeout(waited_us=10_000_000, admission_id=one["id"]))
        await trio.sleep(5 * 60 + 1)
        again = await house.view(GetAdmission(admission_id=one["id"]))
        assert (again["attempts"], again["reason"], again["status"]) == (1, "no_staff", "waiting")
        assert again["retry_at"] is not None
        await trio.sleep(10 * 60 + 1)
        again = await house.view(GetAdmission(admission_id=one["id"]))
        assert again["attempts"] == 2


@pytest.mark.parametrize("restart", [False, True])
async def test_a_surge_leaves_nobody_with_half_of_it(autojump_clock: MockClock, restart: bool) -> None:
    disk = MemoryDisk()
    answers: list[Any] = []
    async with living(disk) as engine:
        house = House(engine)
        ward = (await house.ask(AddWard(name="North")))["id"]
        for number in range(12):
            await house.ask(AddBed(ward_id=ward, label=str(number), room=str(number // 3)))
        for number in range(6):
            await house.staff("doctor" if number % 2 else "nurse", max_load=4)
        people = []
        for number in range(40):
            gender = Gender("f" if number % 2 else "m")
            born = BirthDate("1980-01-01")
            made = await house.ask(RegisterPatient(name=PersonName("Asha Rao"), gender=gender, dob=born))
            people.append(made["id"])

        async def one(who: str) -> None:
            answers.append(await house.ask(AdmitPatient(patient_id=who, acuity="critical")))

        async with trio.open_nursery() as nursery:
            for who in people:
                nursery.start_soon(one, who)
        if not restart:
            _all_or_none(answers)
    if restart:
        async with living(disk, clock=TrioClock()) as engine:
            again = await House(engine).view(ListAdmissions())
            _all_or_none(again["items"])
            assert sorted(again["items"], key=lambda one: one["id"]) == sorted(answers, key=lambda one: one["id"])


def _all_or_none(admissions: list[Any]) -> None:
    beds = [one["bed_id"] for one in admissions if one["bed_id"]]
    assert len(beds) == len(set(beds)) == 12
    for one in admissions:
        has = [bool(one[name]) for name in ("doctor_id", "nurse_id", "bed_id")]
        assert all(has) if one["status"] == "assigned" else not any(has)
    for role in ("doctor_id", "nurse_id"):
        loads = [one[role] for one in admissions if one[role]]
        assert max(map(loads.count, set(loads))) == 4
