"""A fourth story of version 1: a house of two wards, who works there, who is admitted and who must wait."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.actors.alerts.state import Slice
from engine.decider import DAY, FreeText, PersonName
from engine.decisions.admissions import AcknowledgeHandover, AdmitPatient, CancelAdmission, ChangeAdmission
from engine.decisions.alerts import AcknowledgeAlert, CloseAlert
from engine.decisions.assign_admission import AssignAdmission, AssignManually, ReassignCarer
from engine.decisions.assigning import plan
from engine.decisions.beds import (
    AddBed,
    ChangeBed,
    CleanBed,
    CloseBed,
    ContaminateBed,
    DecontaminateBed,
    IsolateBed,
    ReleaseBed,
    RemoveBed,
    ReopenBed,
    ReserveBed,
    WhyText,
)
from engine.decisions.discharge import DischargePatient
from engine.decisions.hospital import ChangePolicy
from engine.decisions.note_timeout import NoteAssignmentTimeout
from engine.decisions.observe import ObserveFigures
from engine.decisions.patients import MergePatients
from engine.decisions.shifts import AddLeave, AddShift, BreakTime, ChangeShift, RemoveLeave, RemoveShift
from engine.decisions.staff import ActivateStaff, AddStaff, ApproveStaff, ChangeStaff, HandOver, RemoveStaff
from engine.decisions.transfer_bed import SwapBeds, TransferPatient
from engine.decisions.wards import AddWard, ChangeWard, RemoveWard
from engine.errors import Rejected
from engine.eventlog.memory_store import MemoryDisk
from engine.needs import Because
from engine.runtime import Engine
from engine.views.alerts import ListAlerts
from tests.engine.living import CLERK, START, TrioClock, living, read
from tests.golden.story import MINUTE, TODAY, Corpus, Story

CORPUS = Path(__file__).with_name("version-1-wards.msgpack")
REASON = FreeText("as the ward asked")
BECAUSE = Because("as the family wished")
WHY = WhyText("a broken rail")


class House(Story):
    """The desk of a house with two wards."""

    wards: tuple[str, str]
    beds: list[str]
    doctors: list[str]
    nurses: list[str]

    def times(self, minutes: int, length: int) -> dict[str, Any]:
        """So many minutes from the start of the story."""
        begins = TODAY + dt.timedelta(minutes=minutes)
        return {"start_time": begins, "end_time": begins + dt.timedelta(minutes=length)}

    async def bed(self, ward: int, label: str, **more: Any) -> str:
        """A new bed's id."""
        return str((await self.say(AddBed(ward_id=self.wards[ward], label=label, **more)))["id"])

    async def member(self, role: Any, **more: Any) -> str:
        """A new member's id."""
        return str((await self.say(AddStaff(name=PersonName("Asha Rao"), role=role, **more)))["id"])

    async def try_to(self, command: Any) -> None:
        """Send a command that may be refused."""
        with suppress(Rejected):
            await self.say(command)

    async def admitted(self, patient: str | None = None, **more: Any) -> Any:
        """An admission, as it is answered."""
        asked: dict[str, Any] = {"patient_id": patient or await self.patient(), "acuity": "high", **more}
        return await self.say(AdmitPatient(**asked))


async def tell(engine: Engine, clock: TrioClock) -> None:
    """The story."""
    desk = House(engine)
    await desk.say(ChangePolicy(rest_hours=0, shift_end="handover", assignment_max_retries=1))
    north, south = [(await desk.say(AddWard(name=name)))["id"] for name in ("North", "South")]
    desk.wards = (north, south)
    await desk.say(ChangeWard(ward_id=north, name="North", mixed_rooms=True, mixed_ages=True, cleaning_minutes=20))
    desk.beds = [await desk.bed(0, f"{n}", isolation=n == 0) for n in range(3)] + [await desk.bed(1, "4")]
    desk.doctors = [await desk.member("doctor", max_load=4) for _ in range(2)]
    desk.nurses = [await desk.member("nurse", skills=("icu",), max_load=4) for _ in range(2)]
    await beds(desk)
    await staff(desk)
    await admissions(desk)
    await handed_over(desk)
    await in_vain(desk)
    await many(desk)
    await figures(desk)
    await plans(desk, clock)


async def beds(desk: House) -> None:
    """Everything that becomes of a bed in which nobody lies."""
    bed = await desk.bed(1, "5", room="2")
    await desk.say(ChangeBed(bed_id=bed, label="5b", room="2", type="icu", equipment=("monitor",)))
    await desk.say(CloseBed(bed_id=bed, reason=WHY))
    await desk.say(ReopenBed(bed_id=bed))
    await desk.say(IsolateBed(bed_id=bed, reason=WHY))
    await desk.say(ReopenBed(bed_id=bed))
    for _ in range(2):
        await desk.say(ReserveBed(bed_id=bed, patient_id=await desk.patient(), minutes=1))
        await desk.say(ReleaseBed(bed_id=bed))
    await desk.say(ReserveBed(bed_id=bed, patient_id=await desk.patient(), minutes=1))
    await trio.sleep(2 * MINUTE)
    await desk.say(RemoveBed(bed_id=bed))
    annex = (await desk.say(AddWard(name="Annex")))["id"]
    await desk.say(RemoveWard(ward_id=annex))


async def staff(desk: House) -> None:
    """Somebody who comes, changes and leaves, and whose shifts do."""
    member = await desk.member("nurse", is_approved=False, is_active=False)
    await desk.say(ApproveStaff(staff_id=member, is_approved=True, reason=REASON))
    await desk.say(ActivateStaff(staff_id=member, is_active=True))
    changed: dict[str, Any] = {"name": PersonName("Asha R. Rao"), "role": "nurse", "ward_ids": (desk.wards[1],)}
    await desk.say(ChangeStaff(staff_id=member, **changed))
    hours = desk.times(10, 60)
    breaks = (BreakTime(**desk.times(20, 5)),)
    shift = (await desk.say(AddShift(staff_id=member, **hours, breaks=breaks)))["id"]
    await desk.say(ChangeShift(shift_id=shift, **desk.times(10, 90), on_call=True))
    leave = (await desk.say(AddLeave(staff_id=member, **desk.times(30, 10), reason=REASON)))["id"]
    await desk.say(RemoveLeave(leave_id=leave))
    later = (await desk.say(AddShift(staff_id=member, **desk.times(200, 60))))["id"]
    await desk.say(RemoveShift(shift_id=later))
    await trio.sleep(15 * MINUTE)
    await desk.say(RemoveShift(shift_id=shift))
    await desk.say(RemoveStaff(staff_id=member))


async def admissions(desk: House) -> None:
    """Into a bed, into another, into somebody else's, and home; two records of one patient; one who was never here."""
    one, other = await desk.admitted(note=REASON), await desk.admitted(doctor_skills=())
    await desk.say(SwapBeds(admission_id=one["id"], other_admission_id=other["id"], reason=REASON))
    await desk.say(TransferPatient(admission_id=one["id"], ward_id=desk.wards[1], reason=REASON))
    left = {one["bed_id"], other["bed_id"]}
    twin, person = await desk.patient("A. Rao"), await desk.patient("Asha Rao")
    kept = await desk.admitted(twin, acuity="low", needs_bed=True)
    await desk.say(MergePatients(patient_id=twin, into=person))
    await desk.say(DischargePatient(admission_id=kept["id"], contaminated=True, reason=REASON))
    await desk.say(DecontaminateBed(bed_id=kept["bed_id"]))
    await desk.say(ContaminateBed(bed_id=kept["bed_id"], reason=WHY))
    await desk.say(DecontaminateBed(bed_id=kept["bed_id"]))
    await desk.say(CleanBed(bed_id=kept["bed_id"]))
    await desk.say(ChangeAdmission(admission_id=other["id"], acuity="medium", reason=REASON))
    await desk.say(CancelAdmission(admission_id=other["id"], reason=REASON))
    await desk.say(DischargePatient(admission_id=one["id"]))
    for bed in sorted({*left, desk.beds[3]} - {kept["bed_id"]}):
        await desk.try_to(CleanBed(bed_id=bed))


async def handed_over(desk: House) -> None:
    """By hand, over the maximum, to a colleague, to nobody at all, and back."""
    one = await desk.admitted(needs_bed=False)
    mine, others = one["doctor_id"], [id for id in desk.doctors if id != one["doctor_id"]]
    await desk.say(ReassignCarer(admission_id=one["id"], role="doctor", staff_id=others[0], reason=REASON))
    await desk.say(AcknowledgeHandover(admission_id=one["id"]))
    await desk.say(HandOver(staff_id=others[0], to_staff_id=mine, note=REASON))
    for doctor in (others[0], mine):
        await desk.say(ActivateStaff(staff_id=doctor, is_active=False, reason=REASON))
    for doctor in desk.doctors:
        await desk.say(ActivateStaff(staff_id=doctor, is_active=True))
    by_hand = AssignManually(admission_id=one["id"], doctor_id=mine, reason=BECAUSE, force=True)
    await desk.try_to(by_hand)
    await desk.say(DischargePatient(admission_id=one["id"]))


async def in_vain(desk: House) -> None:
    """Nobody knows how to; it is tried too late, and again, until somebody is told."""
    one = await desk.admitted(doctor_skills=("neurosurgery",), needs_bed=False)
    await desk.say(AssignAdmission(admission_id=one["id"]))
    noted = NoteAssignmentTimeout(patient_id=one["patient_id"], admission_id=one["id"], waited_us=10_000_000)
    for _ in range(3):
        await desk.say(noted)
        await trio.sleep(90 * MINUTE)
    alerts = read(await desk.engine.view("main", ListAlerts(), CLERK))["items"]
    for step in (AcknowledgeAlert, CloseAlert):
        await desk.say(step(alert_id=alerts[0]["id"], note=REASON))
    by_hand = AssignManually(admission_id=one["id"], doctor_id=desk.doctors[0], reason=BECAUSE, force=True)
    await desk.say(by_hand)
    await desk.say(DischargePatient(admission_id=one["id"]))


async def many(desk: House) -> None:
    """More are served at once than one decision serves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "AT_ONCE", 2)
        for nurse in desk.nurses:
            await desk.say(ActivateStaff(staff_id=nurse, is_active=False))
        waiting = [await desk.admitted(needs_bed=False) for _ in range(4)]
        await desk.say(ActivateStaff(staff_id=desk.nurses[0], is_active=True))
        await trio.sleep(MINUTE)
    for one in waiting:
        await desk.say(DischargePatient(admission_id=one["id"]))
    await desk.say(ActivateStaff(staff_id=desk.nurses[1], is_active=True))


async def figures(desk: House) -> None:
    """An assignment was slow, and it is told once."""
    now = START + int(trio.current_time() * 1_000_000)
    slow = Slice(at=now, assignments=1, assigning_total=6_000_000, assigning_slowest=6_000_000, requests=1)
    for _ in range(2):
        await desk.say(ObserveFigures(slices=(slow,)))
        await trio.sleep(1)
    await trio.sleep(10 * MINUTE)


async def plans(desk: House, clock: TrioClock) -> None:
    """A month of shifts; those long over are forgotten."""
    member = await desk.member("nurse")
    for day in range(20):
        await desk.say(AddShift(staff_id=member, **desk.times((day + 1) * 24 * 60, 8 * 60)))
    clock.step += 40 * DAY
    await trio.sleep(MINUTE)
    await desk.say(AddShift(staff_id=member, **desk.times(60 * 24 * 60, 8 * 60)))


async def corpus() -> Corpus:
    """Tell the story and keep what it wrote."""
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, clock=clock) as engine:
        await tell(engine, clock)
    return Corpus(disk.entries["main"], disk.keys)


def written() -> Corpus:
    """The corpus as told now."""
    return trio.run(corpus, clock=MockClock(autojump_threshold=0))
