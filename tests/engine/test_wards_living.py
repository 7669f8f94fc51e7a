"""Wards over a living engine: what was kept is kept after a restart, lapses on time, and names nobody; many at once."""

from __future__ import annotations

from typing import Any

import trio
from trio.testing import MockClock

from engine.actors.patient import BirthDate, Gender
from engine.decider import PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.beds import AddBed, CleanBed, CloseBed, ReserveBed, WhyText
from engine.decisions.discharge import DischargePatient
from engine.decisions.patients import RegisterPatient
from engine.decisions.staff import AddStaff
from engine.decisions.wards import AddWard
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.ward_boards import GetWardBeds, GetWardBoard
from engine.views.wards import GetBed, GetWard, ListBeds
from tests.engine.living import CLERK, TrioClock, living, read

WHY = "the wall behind it is damp"


async def ask(engine: Engine, command: Any) -> Any:
    return read(await engine.ask("main", command, CLERK))


async def view(engine: Engine, query: Any) -> Any:
    return read(await engine.view("main", query, CLERK))


async def person(engine: Engine) -> str:
    new = RegisterPatient(name=PersonName("Asha Rao"), gender=Gender("female"), dob=BirthDate("1980-05-17"))
    id: str = (await ask(engine, new))["id"]
    return id


async def test_beds_are_after_a_restart_what_they_were_and_what_was_kept_lapses_on_time(autojump_clock: MockClock):
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, clock=clock) as engine:
        ward = (await ask(engine, AddWard(name="Medicine", cleaning_minutes=20)))["id"]
        beds = [(await ask(engine, AddBed(ward_id=ward, label=label, room="A")))["id"] for label in "123"]
        for role in ("doctor", "nurse"):
            await ask(engine, AddStaff(name=PersonName("Vera Cruz"), role=role))
        lies = (await ask(engine, AdmitPatient(patient_id=await person(engine), acuity="low")))["id"]
        await ask(engine, ReserveBed(bed_id=beds[1], patient_id=await person(engine), minutes=10))
        await ask(engine, CloseBed(bed_id=beds[2], reason=WhyText(WHY)))
        waits = (await ask(engine, AdmitPatient(patient_id=await person(engine), acuity="high")))["id"]
        queries: tuple[Any, ...] = (GetWard(ward_id=ward), ListBeds(), GetWardBeds(ward_id=ward))
        before = [await view(engine, query) for query in queries]
        assert [bed["state"] for bed in before[1]["items"]] == ["occupied", "reserved", "closed"]
    for secret in (WHY, "Asha Rao", "Vera Cruz"):
        assert not any(secret.encode() in entry for entry in disk.entries["main"])
    async with living(disk, clock=clock) as engine:
        after = [await view(engine, query) for query in queries]
        assert _without_times(after) == _without_times(before)
        assert after[1]["items"][2]["reason"] == WHY
        await trio.sleep(9 * 60)
        assert (await view(engine, GetBed(bed_id=beds[1])))["state"] == "reserved"
        await trio.sleep(2 * 60)
        bed = await view(engine, GetBed(bed_id=beds[1]))
        assert (bed["state"], bed["admission_id"]) == ("occupied", waits)
        board = await view(engine, GetWardBoard(ward_id=ward))
        assert (board["counts"], board["waiting"]) == ({"closed": 1, "occupied": 2}, [])
        assert lies not in str(board)


def _without_times(answers: list[Any]) -> list[Any]:
    """A board says when it was made."""
    return [{name: value for name, value in answer.items() if name != "updated_at"} for answer in answers]


async def test_fifty_who_come_at_one_instant_share_ten_beds_and_nobody_lies_beside_another(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        ward = (await ask(engine, AddWard(name="Medicine")))["id"]
        beds = [(await ask(engine, AddBed(ward_id=ward, label=f"{n}")))["id"] for n in range(10)]
        for role in ("doctor", "nurse"):
            await ask(engine, AddStaff(name=PersonName("Vera Cruz"), role=role, max_load=50))
        people = [await person(engine) for _ in range(50)]
        made: list[Any] = []

        async def come(patient_id: str) -> None:
            made.append(await ask(engine, AdmitPatient(patient_id=patient_id, acuity="high")))

        async with trio.open_nursery() as nursery:
            for patient_id in people:
                nursery.start_soon(come, patient_id)
        given = [one["bed_id"] for one in made if one["status"] == "assigned"]
        assert sorted(given) == sorted(beds)
        assert [one["reason"] for one in made if one["status"] == "waiting"] == ["no_bed"] * 40
        lying = [bed["admission_id"] for bed in (await view(engine, ListBeds()))["items"]]
        assert len(set(lying)) == 10
        cleaned = await ask(engine, DischargePatient(admission_id=lying[0]))
        bed = await ask(engine, CleanBed(bed_id=cleaned["history"][-1]["bed_id"]))
        first = next(one["id"] for one in sorted(made, key=lambda one: one["id"]) if one["status"] == "waiting")
        assert bed["admission_id"] == first
