"""The auditors' tool finds every bed and every member of the staff that was given twice, in part or out of turn."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from engine.actors.admission.events import (
    AdmissionWaits,
    CarerLost,
    CarersChanged,
    PatientAdmitted,
    PatientAssigned,
    PatientDischarged,
)
from engine.actors.admission.state import Assigned, Choice
from engine.actors.intake.events import IntakeEnded, IntakeOpened, IntakeServed, IntakeWaits
from engine.actors.intake.state import Waiter
from engine.actors.roster.events import PatientReleased, PatientTaken, StaffListed
from engine.actors.ward import events as ward
from engine.actors.ward.state import Bed, BedProfile, Occupant, WardProfile
from engine.needs import Carers, Need
from replay.auditing.assignments import Assignments

NEED = Need(gender="female", age_group="adult", age=40)
ALL = Carers(doctor_id="d", nurse_id="n", ward_id="w", bed_id="b1")


class Audit:
    """A log as it grows: ward ``w`` with beds ``b1`` and ``b2``, doctor ``d`` and nurse ``n`` for two patients each."""

    def __init__(self) -> None:
        self.audit = Assignments()
        self._positions = count(1)
        self.beds: dict[str, Bed] = {}
        self.needs: defaultdict[str, Need] = defaultdict(lambda: NEED)
        self.tell(("ward:w", ward.WardOpened(id="w", profile=WardProfile(name="W"), time=0)))
        for id in ("b1", "b2"):
            self.tell(("ward:w", ward.BedAdded(bed=self.bed(id))))
        for id, role in (("d", "doctor"), ("n", "nurse")):
            listed = StaffListed(staff_id=id, role=role, max_load=2, available=True)  # type: ignore[arg-type]
            self.tell(("roster:self", listed))

    @property
    def found(self) -> list[str]:
        """Faults, without their positions."""
        return [fault.rpartition(", at position")[0] for fault in self.audit.found]

    def tell(self, *events: tuple[str, Any]) -> None:
        """An entry."""
        self.audit.entry(next(self._positions), [(key, (event,)) for key, event in events])

    def bed(self, id: str, state: Any = "unoccupied", who: str = "", **more: Any) -> Bed:
        """A bed as it is from now on."""
        admission = "" if state == "reserved" else who
        since = more.pop("since", 0)
        before = self.beds[id].profile if id in self.beds else BedProfile(label=id)
        need = self.needs[who]
        lying = Occupant(
            patient_id=f"patient {who}",
            admission_id=admission,
            gender=need.gender,
            age_group=need.age_group,
            isolation=need.isolation,
            since=since,
        )
        bed = Bed(id=id, profile=more.pop("profile", before), state=state, occupant=lying if who else None, **more)
        self.beds[id] = bed
        return bed

    def admit(self, id: str, need: Need = NEED, acuity: Any = "low", time: int = 1) -> list[tuple[str, Any]]:
        """Events of an admission that begins."""
        self.needs[id] = need
        admitted = PatientAdmitted(
            id=id, patient_id=f"patient {id}", acuity=acuity, need=need, admitted_at=time, time=time
        )
        opened = IntakeOpened(admission_id=id, patient_id=f"patient {id}")
        return [(f"admission:{id}", admitted), ("intake:self", opened)]

    def wait(self, id: str, need: Need = NEED, acuity: Any = "low", since: int = 1, **more: Any) -> None:
        """An entry of an admission that waits."""
        waiter = Waiter(
            admission_id=id, patient_id=f"patient {id}", acuity=acuity, since=since, need=need, reason="no_bed", **more
        )
        self.tell(
            *self.admit(id, need, acuity, since),
            (f"admission:{id}", AdmissionWaits(reason="no_bed", since=since)),
            ("intake:self", IntakeWaits(waiter=waiter)),
        )

    def assign(self, id: str, bed: str = "b1", *, how: Any = "automatic", at: int = 5) -> list[tuple[str, Any]]:
        """Events that give an admission all."""
        carers = Carers(doctor_id="d", nurse_id="n", ward_id="w", bed_id=bed)
        return [
            (f"admission:{id}", PatientAssigned(assigned=Assigned(at=at, how=how, carers=carers, choice=Choice()))),
            ("roster:self", PatientTaken(staff_id="d", admission_id=id, time=at)),
            ("roster:self", PatientTaken(staff_id="n", admission_id=id, time=at)),
            ("ward:w", ward.BedOccupied(bed=self.bed(bed, "occupied", id, since=at))),
        ]

    def discharge(self, id: str, bed: str = "b1", at: int = 9) -> list[tuple[str, Any]]:
        """Events that give all back."""
        return [
            (f"admission:{id}", PatientDischarged(at=at, time=at)),
            ("roster:self", PatientReleased(staff_id="d", admission_id=id)),
            ("roster:self", PatientReleased(staff_id="n", admission_id=id)),
            ("ward:w", ward.BedVacated(bed=self.bed(bed, "housekeeping"), admission_id=id, start=5, end=at)),
            ("intake:self", IntakeEnded(admission_id=id, patient_id=f"patient {id}")),
        ]

    def ready(self, bed: str = "b1") -> tuple[str, Any]:
        """It is clean."""
        return ("ward:w", ward.BedReady(bed=self.bed(bed), turnover=1))


@pytest.fixture
def log() -> Audit:
    return Audit()


def test_a_day_on_which_all_went_well_has_no_fault(log: Audit):
    log.tell(*log.admit("x"), *log.assign("x"))
    log.wait("y", since=2)
    log.wait("z", acuity="high", since=3)
    log.tell(*log.discharge("x"))
    log.tell(log.ready(), ("intake:self", IntakeServed(admission_id="z")), *log.assign("z", how="backlog", at=10))
    assert log.found == []
    assert (log.audit.admissions, log.audit.assigned) == (3, 2)


# -- beds -----------------------------------------------------------------------------------------------------------


def test_two_patients_in_a_bed(log: Audit):
    log.tell(*log.admit("x"), *log.assign("x"))
    log.tell(*log.admit("y"), *log.assign("y"))
    assert "bed b1 went from occupied to occupied by BedOccupied" in log.found


def test_a_patient_in_two_beds(log: Audit):
    log.tell(*log.admit("x"), *log.assign("x"))
    log.tell(("ward:w", ward.BedOccupied(bed=log.bed("b2", "occupied", "x"))))
    assert "patient patient x lies in 2 beds: b1, b2" in log.found


def test_a_bed_that_was_used_before_it_was_cleaned(log: Audit):
    log.tell(*log.admit("x"), *log.assign("x"))
    log.tell(*log.discharge("x"))
    log.tell(("ward:w", ward.BedClosed(bed=log.bed("b1", "closed"))))
    log.tell(("ward:w", ward.BedReopened(bed=log.bed("b1"))))
    assert log.found == ["bed b1 is unoccupied, and nobody has cleaned it"]


def test_a_bed_that_was_kept_for_somebody_else(log: Audit):
    log.tell(("ward:w", ward.BedReserved(bed=log.bed("b1", "reserved", "q"))))
    log.tell(*log.admit("x"), *log.assign("x"))
    assert log.found == ["bed b1 was kept for patient patient q, and patient x lies there"]


def test_a_stay_that_was_entered_over_another(log: Audit):
    log.tell(*log.admit("x"), *log.assign("x"))
    log.tell(*log.discharge("x", at=9))
    log.tell(log.ready())
    log.tell(*log.admit("y"), *log.assign("y", at=8))
    assert log.found == ["bed b1 has admission y while admission x lay there"]


def test_a_bed_that_was_removed_with_somebody_in_it(log: Audit):
    log.tell(*log.admit("x"), *log.assign("x"))
    log.tell(("ward:w", ward.BedRemoved(bed_id="b1")))
    assert log.found == ["bed b1 was removed while it was occupied"]


@pytest.mark.parametrize(
    ("need", "why"),
    [
        (Need(gender="male", age_group="adult"), "is in a room with women and men"),
        (Need(gender="female", age_group="child"), "is in a room with children and adults"),
        (Need(gender="female", age_group="adult", bed_type="intensive"), "is not of the type, or lacks equipment"),
        (Need(gender="female", age_group="adult", equipment=("lamp",)), "is not of the type, or lacks equipment"),
        (Need(gender="female", age_group="adult", isolation="measles"), "is not fit for isolation"),
        (NEED, ""),
    ],
)
@pytest.mark.parametrize("how", ["automatic", "manual"])
def test_a_bed_that_was_not_for_whom_it_was_given_to_but_by_hand(log: Audit, need: Need, why: str, how: str):
    in_one_room = BedProfile(label="b2", room="A")
    for id in ("b1", "b2"):
        log.tell(("ward:w", ward.BedChanged(bed=log.bed(id, profile=replace(in_one_room, label=id)))))
    log.tell(*log.admit("x"), *log.assign("x"))
    log.tell(*log.admit("y", need), *log.assign("y", "b2", how=how))
    assert log.found == ([f"admission y was given bed b2, which {why}"] if why and how != "manual" else [])


# -- staff ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forced", [False, True])
def test_a_patient_too_many_unless_somebody_forced_it(log: Audit, forced: bool):
    for number in range(3):
        log.tell(("roster:self", PatientTaken(staff_id="d", admission_id=f"{number}", time=1, forced=forced)))
    assert ("staff d was given patient 3 of at most 2" in log.found) is not forced


# -- all or nothing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", range(4))
def test_an_assignment_of_which_a_part_is_missing(log: Audit, left_out: int):
    events = log.assign("x")
    del events[left_out]
    log.tell(*log.admit("x"), *events)
    assert log.found


def test_somebody_who_neither_waits_nor_has_anything(log: Audit):
    log.tell(*log.admit("x"))
    assert log.found == ["admission x has not all that it needs, and does not wait"]


def test_somebody_who_waits_for_a_bed_and_has_a_doctor(log: Audit):
    log.wait("x")
    log.tell(
        ("roster:self", PatientTaken(staff_id="d", admission_id="x", time=3)),
        ("admission:x", CarersChanged(assigned=Assigned(at=3, how="manual", carers=Carers(doctor_id="d")))),
    )
    assert "admission x waits for a bed and has something already" in log.found


def test_who_has_left_has_nothing(log: Audit):
    log.tell(*log.admit("x"), *log.assign("x"))
    log.tell(("admission:x", PatientDischarged(at=9, time=9)))
    assert "admission x has staff none, and is had by d, n" in log.found
    assert "admission x has bed none, and lies in b1" in log.found


def test_who_lost_somebody_keeps_the_rest_and_waits_for_that(log: Audit):
    log.tell(*log.admit("x"), *log.assign("x"))
    left = Assigned(at=7, how="handover", carers=Carers(nurse_id="n", ward_id="w", bed_id="b1"))
    lost = [
        ("roster:self", PatientReleased(staff_id="d", admission_id="x")),
        ("admission:x", CarerLost(assigned=left, why="handover", reason="no_staff", since=7)),
    ]
    waits = Waiter(
        admission_id="x", patient_id="patient x", acuity="low", since=7, need=NEED, roles=("doctor",), bed=False,
        ward_id="w", reason="no_staff",
    )  # fmt: skip
    log.tell(*lost, ("intake:self", IntakeWaits(waiter=waits)))
    assert log.found == []
    other = Audit()
    other.tell(*other.admit("x"), *other.assign("x"))
    other.tell(*lost)
    assert other.found == ["admission x has not all that it needs, and does not wait"]


# -- in turn ----------------------------------------------------------------------------------------------------------


def test_who_waits_longer_and_is_as_urgent_comes_first(log: Audit):
    log.wait("y", since=2)
    log.wait("z", since=3)
    log.tell(("intake:self", IntakeServed(admission_id="z")), *log.assign("z", how="backlog"))
    assert log.found == ["admission z was served before y, which waited for the same"]


def test_somebody_who_keeps_a_bed_in_that_room_is_in_the_way_of_others_only(log: Audit):
    profile = BedProfile(label="b2", room="1")
    for id in ("b1", "b2"):
        log.tell(("ward:w", ward.BedChanged(bed=log.bed(id, profile=profile))))
    log.needs["z"] = replace(NEED, isolation="mrsa")  # as it was when the bed was kept
    log.tell(("ward:w", ward.BedReserved(bed=log.bed("b2", "reserved", "z"))))
    log.wait("y", since=2)
    log.wait("z", since=3)
    log.tell(("intake:self", IntakeServed(admission_id="z")), *log.assign("z", how="backlog"))
    assert log.found == []


def test_who_comes_new_takes_nothing_from_who_waits(log: Audit):
    log.wait("y", since=2)
    log.tell(*log.admit("z", time=4), *log.assign("z"))
    assert log.found == ["admission z was served before y, which waited for the same"]


@pytest.mark.parametrize(
    "need",
    [
        Need(gender="male", age_group="adult", age=40),
        Need(gender="female", age_group="adult", age=40, bed_type="intensive"),
        Need(gender="female", age_group="adult", age=40, doctor_skills=("heart",)),
        Need(gender="female", age_group="adult", age=40, ward_id="another"),
    ],
)
def test_who_waits_for_something_else_may_be_passed(log: Audit, need: Need):
    log.wait("y", need, since=2)
    log.wait("z", since=3)
    log.tell(("intake:self", IntakeServed(admission_id="z")), *log.assign("z", how="backlog"))
    assert log.found == []


def test_the_more_urgent_may_pass_and_so_may_whom_somebody_chose_by_hand(log: Audit):
    log.wait("y", since=2)
    log.tell(*log.admit("z", acuity="critical", time=4), *log.assign("z"))
    log.tell(*log.admit("q", time=6), *log.assign("q", "b2", how="manual"))
    assert log.found == []


def test_so_many_faults_are_named_and_all_are_counted(log: Audit):
    for number in range(30):
        log.tell(*log.admit(f"{number}"))
    assert (len(log.audit.found), log.audit.count) == (20, 30)
