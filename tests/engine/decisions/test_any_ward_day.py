"""Whatever is done on a day with too few beds: nothing given twice or in part, and nobody waits for what is free.

Held to the auditors' reading of the events, and to a look at every bed and everybody on duty after each step.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine import calendar
from engine.actors.admission.state import OPEN
from engine.decider import MINUTE
from engine.decisions.admissions import AdmitPatient, CancelAdmission, ChangeAdmission
from engine.decisions.assign_admission import AssignManually, ReassignCarer
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
from engine.decisions.shifts import AddShift
from engine.decisions.staff import ActivateStaff, HandOver
from engine.decisions.transfer_bed import SwapBeds, TransferPatient
from engine.decisions.wards import ChangeWard
from engine.errors import Rejected
from engine.needs import Because
from engine.recovery import Book
from perf.verify.wards import differing_beds, stranded
from replay.auditing.assignments import Assignments
from tests.engine.ward_world import Wards

STEPS = 250
WHY = WhyText("as it has to be")


class Audited(Wards):
    """Every decision is told to the auditors, the engine's own included."""

    def __init__(self, **more: Any) -> None:
        self.audit = Assignments()
        self.position = 0
        super().__init__(**more)

    def ask(self, command: Any) -> Any:
        """The answer; a refusal is an entry without events."""
        answer = super().ask(command)
        self.position += 1
        self.audit.entry(self.position, [(key, (event,)) for key, event in self.events])
        return answer


class Day:
    """A small hospital, and somebody who does anything."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = Audited(load=6)
        self.staff = [
            self.world.doctor_id,
            self.world.nurse_id,
            self.world.staff("doctor", 3, skills=["icu"]),
            self.world.staff("nurse", 4, skills=["icu"]),
        ]
        self.other = self.world.ward(
            gender=self.random.choice((None, "female")), max_age=self.random.choice((None, 15))
        )
        self.staff.append(self.world.staff("nurse", 3, ward_ids=[self.other]))
        self.people = [
            self.world.person(
                self.random.choice(("female", "male", "", "x")), self.random.choice(("1980-05-17", "2020-01-01"))
            )
            for _ in range(14)
        ]
        self.beds = [self.world.new_bed(f"{n}", self._ward(), **self._fields()) for n in range(9)]
        self.labels = len(self.beds)
        self.admitted: list[str] = []
        self.done: set[str] = set()

    def step(self) -> None:
        """Anything, and then all is held to the rules."""
        world, command = self.world, self._any()
        try:
            answer = world.ask(command)
        except Rejected:
            return
        finally:
            world.later(self.random.choice((0, 1, 20)))
        self.done.add(type(command).__name__)
        if isinstance(command, AdmitPatient):
            self.admitted.append(answer.id)
        if isinstance(command, AddBed):
            self.beds.append(answer.id)

    def hold(self) -> None:
        """What must be true now."""
        assert self.world.audit.found == []
        seen = cast(Book, SimpleNamespace(
            hospital="main", time=self.world.time, cells=self.world.states,
            cell=lambda key: SimpleNamespace(state=self.world.states[key]) if key in self.world.states else None,
        ))  # fmt: skip
        assert differing_beds(seen)[1] == []
        assert stranded(seen)[1] == []

    def _ward(self) -> str:
        return self.random.choice((self.world.ward_id, self.world.ward_id, self.other))

    def _fields(self) -> dict[str, Any]:
        random = self.random
        return {
            "room": random.choice(("", "A", "A", "B")),
            "type": random.choice(("general", "general", "intensive")),
            "equipment": random.choice(((), ("lamp",))),
            "isolation": random.random() < 0.4,
        }

    def _any(self) -> Any:
        random, bed = self.random, self.random.choice(self.beds)
        chance = random.random()
        if chance < 0.3 or not self.admitted:
            return AdmitPatient(
                patient_id=random.choice(self.people),
                acuity=random.choice(("critical", "high", "medium", "low")),
                ward_id=random.choice((None, None, None, self.world.ward_id, self.other)),
                bed_type=random.choice((None, None, "general", "intensive")),
                equipment=random.choice(((), (), ("lamp",))),
                isolation=random.choice((None, None, None, "measles")),
                needs_bed=random.random() < 0.85,
                nurse_skills=random.choice(((), (), ("icu",))),
                doctor_skills=random.choice(((), (), ("icu",))),
            )
        if chance < 0.45:
            return DischargePatient(admission_id=self._one(), contaminated=random.random() < 0.2)
        if chance < 0.65:
            return CleanBed(bed_id=self._in("housekeeping"))
        if chance < 0.7:
            return TransferPatient(admission_id=self._one())
        if chance < 0.73:
            return CancelAdmission(admission_id=self._one())
        if chance < 0.78:
            return ReserveBed(bed_id=bed, patient_id=random.choice(self.people), minutes=random.choice((1, 30)))
        if chance < 0.8:
            self.labels += 1
            return AddBed(ward_id=self._ward(), label=f"{self.labels}", **self._fields())
        if chance < 0.92:
            return random.choice((self._of_staff, self._by_hand))()
        if chance < 0.94:
            mixed: Any = {"mixed_rooms": random.random() < 0.5, "mixed_ages": random.random() < 0.5}
            return ChangeWard(ward_id=self.world.ward_id, name="Medicine", **mixed)
        other: list[Any] = [
            self._changed(bed),
            CloseBed(bed_id=self._in("unoccupied", "housekeeping"), reason=WHY),
            IsolateBed(bed_id=bed, reason=WHY),
            ReopenBed(bed_id=self._in("closed", "isolated")),
            ReopenBed(bed_id=self._in("closed", "isolated")),
            ContaminateBed(bed_id=self._in("housekeeping"), reason=WHY),
            DecontaminateBed(bed_id=self._in("contaminated")),
            ReleaseBed(bed_id=self._in("reserved")),
            RemoveBed(bed_id=bed) if random.random() < 0.2 else None,
        ]
        return random.choice([one for one in other if one is not None])

    def _of_staff(self) -> Any:
        """Somebody goes or comes, or gives patients away."""
        random, member = self.random, self.random.choice(self.staff)
        match random.randrange(9):
            case 0:
                return ActivateStaff(staff_id=member, is_active=False)
            case 1 | 2 | 3 | 4:
                return ActivateStaff(staff_id=member, is_active=True)
            case 5 | 6 | 7:
                return HandOver(staff_id=member)
            case _:
                starts = calendar.moment(self.world.time + random.choice((-60, 30)) * MINUTE)
                ends = starts + timedelta(hours=random.choice((1, 4)))
                return AddShift(staff_id=member, start_time=starts, end_time=ends, on_call=random.random() < 0.3)

    def _by_hand(self) -> Any:
        """Somebody decides otherwise than would be done by itself."""
        random = self.random
        match random.randrange(4):
            case 0:
                return SwapBeds(admission_id=self._one(), other_admission_id=self._one())
            case 1:
                isolation = random.choice((None, "measles"))
                acuity: Any = random.choice(("critical", "low"))
                return ChangeAdmission(admission_id=self._one(), acuity=acuity, isolation=isolation)
            case 2:
                return ReassignCarer(admission_id=self._one(), role=random.choice(("doctor", "nurse")))
            case _:
                return AssignManually(
                    admission_id=self._one(),
                    reason=Because("nobody else can do it"),
                    bed_id=random.choice((None, self._in("unoccupied"))),
                    nurse_id=random.choice((None, random.choice(self.staff))),
                    force=random.random() < 0.7,
                )

    def _in(self, *states: str) -> str:
        """Mostly a bed in one of these states, where there is one."""
        there = [bed for bed in self.beds if bed in self.world.tables["beds"]]
        fitting = [bed for bed in there if self.world.bed(bed).state in states]
        return self.random.choice(fitting if fitting and self.random.random() < 0.8 else self.beds)

    def _one(self) -> str:
        """Mostly an admission that is not over, where there is one."""
        open = [id for id in self.admitted if self.world.admission(id).status in OPEN]
        return self.random.choice(open if open and self.random.random() < 0.9 else self.admitted)

    def _changed(self, bed: str) -> ChangeBed | None:
        if bed not in self.world.tables["beds"]:
            return None
        return ChangeBed(bed_id=bed, label=self.world.bed(bed).profile.label, **self._fields())


@pytest.mark.parametrize("seed", range(4))
def test_any_day_gives_nothing_twice_or_in_part_and_lets_nobody_wait_for_what_is_free(seed: int):
    day = Day(seed)
    for _ in range(STEPS):
        day.step()
        day.hold()
    assert day.world.audit.assigned > STEPS / 20
    assert {"AdmitPatient", "DischargePatient", "CleanBed", "ReserveBed", "HandOver"} <= day.done
