"""Whatever is asked of a hospital in whatever order: staff, beds, admissions and the line agree after every command.

Nobody has more patients than the maximum unless somebody said so, a bed holds one patient and a patient lies in one
bed, and whoever could be served does not wait.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine import calendar
from engine.actors.admission.state import OPEN
from engine.actors.intake.state import Waiter, line_of, turn_of
from engine.decider import FreeText, PersonName
from engine.decisions.admissions import AcknowledgeHandover, AdmitPatient, CancelAdmission, ChangeAdmission
from engine.decisions.assign_admission import AssignAdmission, AssignManually, ReassignCarer
from engine.decisions.beds import (
    CleanBed,
    CloseBed,
    DecontaminateBed,
    IsolateBed,
    ReleaseBed,
    ReopenBed,
    ReserveBed,
    WhyText,
)
from engine.decisions.discharge import DischargePatient
from engine.decisions.note_timeout import NoteAssignmentTimeout
from engine.decisions.patients import MergePatients, RemovePatient
from engine.decisions.shifts import AddLeave, AddShift
from engine.decisions.staff import ActivateStaff, ChangeStaff, HandOver, RemoveStaff
from engine.decisions.transfer_bed import SwapBeds, TransferPatient
from engine.decisions.wards import ChangeWard
from engine.errors import Rejected
from engine.needs import Because
from tests.engine.house import House

ACUITIES = st.sampled_from(("critical", "high", "medium", "low"))
SKILLS = st.sampled_from(((), (), ("surgery",)))
ISOLATION = st.sampled_from((None, None, None, "flu", "mrsa"))
NUMBER = st.integers(0, 30)
WHY = "for the sake of a test"

NAMES_SOMETHING = (AssignManually, ReassignCarer, HandOver, TransferPatient, SwapBeds, ReserveBed)
NOT_TO_BE_HAD = (
    "over_maximum off_duty lacks_skill other_ward staff_unavailable already_theirs not_theirs "
    "room_mates bed_unfit bed_reserved already_in_bed not_the_occupant"
).split()
"""Refusals of staff and beds: nobody who names neither should ever meet one."""


class AnyAdmission(RuleBasedStateMachine):
    """A small hospital in which everything is scarce."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House(rest_hours=0)
        self.staff: list[tuple[str, str]] = []
        self.beds: list[str] = []
        self.wards: list[str] = []
        self.people: list[str] = []

    @initialize(mixed=st.booleans())
    def begin(self, mixed: bool) -> None:
        house = self.house
        self.wards = [house.ward(mixed_rooms=mixed, cleaning_minutes=5), house.ward(min_age=18, mixed_ages=True)]
        for number, ward in enumerate((0, 0, 0, 1, 1, 1)):
            isolation, type = number % 3 == 2, "icu" if number == 5 else "general"
            room = "" if number == 2 else f"room {number // 2}"
            self.beds.append(house.bed(self.wards[ward], room=room, isolation=isolation, type=type))
        for number in range(6):
            role = "doctor" if number % 2 else "nurse"
            wards = (self.wards[number % 4 // 2],) if number > 3 else ()
            skills = ("surgery",) if number in (1, 2) else ()
            self.staff.append((role, house.staff(role, max_load=1 + number // 2, skills=skills, ward_ids=wards)))
        for number in range(14):
            gender = ("female", "male", "", "f", "other")[number % 5]
            self.people.append(house.person(gender, ("1950-05-05", "2019-05-05", "", "1990-01-01")[number % 4]))
        for number in range(0, 14, 2):
            skills = ("surgery",) if number == 4 else ()
            house.admit(self.people[number], ("low", "high", "critical")[number % 3], doctor_skills=skills)

    def ask(self, command: Any) -> None:
        """A refusal is an answer, too."""
        before = dict(self.house.intake().waiting)
        try:
            self.house.ask(command)
        except Rejected as refused:
            if refused.code in NOT_TO_BE_HAD and not isinstance(command, NAMES_SOMETHING):
                raise
            return
        self.in_order(before)

    def in_order(self, before: dict[str, Waiter]) -> None:
        """Who was served had nobody before him who waits for the same still, unless a bed was kept for him."""
        still = self.house.intake().waiting
        kept = {event.bed.occupant.admission_id for event in self.house.named("BedOccupied") if event.kept}
        for event in self.house.named("IntakeServed"):
            served = before.get(event.admission_id)
            if served is None or served.admission_id in kept:
                continue
            for id, other in before.items():
                if still.get(id) == other and line_of(other) == line_of(served):
                    assert turn_of(other) > turn_of(served), "somebody was passed over"

    def open(self, number: int) -> str:
        """One of those who are admitted."""
        ids = [one.id for one in self.house.admissions() if one.status in OPEN]
        return ids[number % len(ids)] if ids else "018f0000-0000-7000-8000-000000000000"

    def person(self, number: int) -> str:
        return self.people[number % len(self.people)]

    def bed(self, number: int) -> str:
        return self.beds[number % len(self.beds)]

    def member(self, number: int) -> str:
        return self.staff[number % len(self.staff)][1]

    @rule(
        who=NUMBER, acuity=ACUITIES, doctor=SKILLS, nurse=SKILLS, bed=st.booleans(), isolation=ISOLATION,
        ward=st.sampled_from((None, None, 0, 1)), type=st.sampled_from((None, None, "icu")),
    )  # fmt: skip
    def admit(
        self, who: int, acuity: Any, doctor: Any, nurse: Any, bed: bool, isolation: Any, ward: Any, type: Any
    ) -> None:
        self.ask(
            AdmitPatient(
                patient_id=self.person(who),
                acuity=acuity,
                doctor_skills=doctor,
                nurse_skills=nurse,
                needs_bed=bed or who % 3 > 0,
                isolation=isolation,
                ward_id=None if ward is None else self.wards[ward],
                bed_type=type,
            )
        )

    @rule(first=NUMBER, acuity=ACUITIES, bed=st.booleans())
    def admit_several(self, first: int, acuity: Any, bed: bool) -> None:
        for number in range(first, first + 4):
            self.ask(AdmitPatient(patient_id=self.person(number), acuity=acuity, needs_bed=bed))

    @rule(which=NUMBER, contaminated=st.booleans())
    def discharge(self, which: int, contaminated: bool) -> None:
        self.ask(DischargePatient(admission_id=self.open(which), contaminated=contaminated))

    @rule(which=NUMBER)
    def cancel(self, which: int) -> None:
        self.ask(CancelAdmission(admission_id=self.open(which)))

    @rule()
    def clean_all(self) -> None:
        for bed in self.beds:
            self.ask(DecontaminateBed(bed_id=bed))
            self.ask(CleanBed(bed_id=bed))

    @rule(which=NUMBER, who=NUMBER)
    def reserve(self, which: int, who: int) -> None:
        self.ask(ReserveBed(bed_id=self.bed(which), patient_id=self.person(who)))

    @rule(which=NUMBER, what=st.sampled_from(("release", "close", "isolate", "reopen", "clean")))
    def change_bed(self, which: int, what: str) -> None:
        bed = self.bed(which)
        match what:
            case "release":
                self.ask(ReleaseBed(bed_id=bed))
            case "close":
                self.ask(CloseBed(bed_id=bed, reason=WhyText(WHY)))
            case "isolate":
                self.ask(IsolateBed(bed_id=bed, reason=WhyText(WHY)))
            case "reopen":
                self.ask(ReopenBed(bed_id=bed))
            case _:
                self.ask(CleanBed(bed_id=bed))

    @rule(which=NUMBER, active=st.booleans())
    def activate(self, which: int, active: bool) -> None:
        self.ask(ActivateStaff(staff_id=self.member(which), is_active=active))

    @rule(which=NUMBER, most=st.integers(1, 4), skilled=st.booleans())
    def change_staff(self, which: int, most: int, skilled: bool) -> None:
        role, id = self.staff[which % len(self.staff)]
        skills = ("surgery",) if skilled else ()
        name = PersonName("Sam Sample")
        self.ask(ChangeStaff(staff_id=id, name=name, role=role, max_load=most, skills=skills))  # type: ignore[arg-type]

    @rule(which=NUMBER, to=st.none() | NUMBER)
    def hand_over(self, which: int, to: int | None) -> None:
        self.ask(HandOver(staff_id=self.member(which), to_staff_id=None if to is None else self.member(to)))

    @rule(which=NUMBER)
    def remove_staff(self, which: int) -> None:
        if which < 2:
            self.ask(RemoveStaff(staff_id=self.member(which)))

    @rule(which=NUMBER, role=st.sampled_from(("doctor", "nurse")), to=st.none() | NUMBER)
    def reassign(self, which: int, role: Any, to: int | None) -> None:
        staff_id = None if to is None else self.member(to)
        self.ask(ReassignCarer(admission_id=self.open(which), role=role, staff_id=staff_id))
        self.ask(AcknowledgeHandover(admission_id=self.open(which)))

    @rule(which=NUMBER)
    def assign(self, which: int) -> None:
        self.ask(AssignAdmission(admission_id=self.open(which)))

    @rule(
        which=NUMBER, doctor=NUMBER | st.none(), nurse=NUMBER | st.none(), bed=NUMBER | st.none(), force=st.booleans()
    )
    def by_hand(self, which: int, doctor: Any, nurse: Any, bed: Any, force: bool) -> None:
        self.ask(
            AssignManually(
                admission_id=self.open(which),
                reason=Because(WHY),
                doctor_id=None if doctor is None else self.member(2 * doctor + 1),
                nurse_id=None if nurse is None else self.member(2 * nurse),
                bed_id=None if bed is None else self.bed(bed),
                force=force,
            )
        )

    @rule(which=NUMBER, ward=st.sampled_from((None, 0, 1)), bed=st.none() | NUMBER)
    def transfer(self, which: int, ward: int | None, bed: int | None) -> None:
        self.ask(
            TransferPatient(
                admission_id=self.open(which),
                ward_id=None if ward is None else self.wards[ward],
                bed_id=None if bed is None else self.bed(bed),
            )
        )

    @rule(which=NUMBER, other=NUMBER)
    def swap(self, which: int, other: int) -> None:
        self.ask(SwapBeds(admission_id=self.open(which), other_admission_id=self.open(other)))

    @rule(which=NUMBER, acuity=ACUITIES, bed=st.booleans(), isolation=ISOLATION, skills=SKILLS)
    def change(self, which: int, acuity: Any, bed: bool, isolation: Any, skills: Any) -> None:
        self.ask(
            ChangeAdmission(
                admission_id=self.open(which),
                acuity=acuity,
                needs_bed=bed or which % 3 > 0,
                isolation=isolation,
                doctor_skills=skills,
                reason=FreeText(WHY),
            )
        )

    @rule(which=NUMBER)
    def time_out(self, which: int) -> None:
        self.ask(NoteAssignmentTimeout(waited_us=10_000_000, admission_id=self.open(which)))

    @rule(one=NUMBER, other=NUMBER)
    def merge(self, one: int, other: int) -> None:
        if one % 8 == 7:
            self.ask(MergePatients(patient_id=self.person(one), into=self.person(other)))
            self.ask(RemovePatient(patient_id=self.person(one + 1)))

    @rule(which=st.integers(0, 1), mixed=st.booleans(), gender=st.sampled_from((None, None, "female")))
    def change_ward(self, which: int, mixed: bool, gender: Any) -> None:
        self.ask(ChangeWard(ward_id=self.wards[which], name="Ward", mixed_rooms=mixed, mixed_ages=mixed, gender=gender))

    @rule(which=NUMBER, begins=st.sampled_from((1, 30)), lasts=st.sampled_from((20, 90)), on_call=st.booleans())
    def add_shift(self, which: int, begins: int, lasts: int, on_call: bool) -> None:
        start = calendar.moment(self.house.time) + timedelta(minutes=begins)
        end = start + timedelta(minutes=lasts)
        self.ask(AddShift(staff_id=self.member(which), start_time=start, end_time=end, on_call=on_call))

    @rule(which=NUMBER, lasts=st.sampled_from((10, 60)))
    def add_leave(self, which: int, lasts: int) -> None:
        start = calendar.moment(self.house.time)
        self.ask(AddLeave(staff_id=self.member(which), start_time=start, end_time=start + timedelta(minutes=lasts)))

    @rule(minutes=st.sampled_from((1, 7, 65)))
    def time_passes(self, minutes: int) -> None:
        self.house.later(minutes)

    @invariant()
    def sound(self) -> None:
        if self.people:
            self.house.sound()


TestAnyAdmission = AnyAdmission.TestCase
TestAnyAdmission.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
