"""What those ask for who look after wards: staff, beds, admissions and alerts, as chance will have it.

It knows what it was told and nothing else, so much of what it asks for is refused, as it should be. Beds and staff are
few, so that patients wait, and what frees up is given away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from engine.actors.patient import BirthDate, Gender
from engine.decider import PersonName
from engine.decisions.admissions import AcknowledgeHandover, AdmitPatient, CancelAdmission, ChangeAdmission
from engine.decisions.alerts import AcknowledgeAlert, CloseAlert
from engine.decisions.assign_admission import AssignAdmission, AssignManually, ReassignCarer
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
from engine.decisions.patients import RegisterPatient
from engine.decisions.staff import AddStaff
from engine.decisions.transfer_bed import SwapBeds, TransferPatient
from engine.decisions.wards import AddWard, ChangeWard, RemoveWard
from engine.needs import Acuity, Because
from engine.views.admissions import GetAdmission, GetBacklog, ListAdmissions
from engine.views.alerts import ListAlerts
from engine.views.staff import ListStaff
from engine.views.ward_boards import GetWardBeds, GetWardBoard
from engine.views.wards import GetBed, GetWard, ListBeds, ListWards
from tests.simulation.ward_staff import ROLES, WORDS, StaffWork

BECAUSE: Final = Because("as it has to be today")
WHY: Final = WhyText("as it has to be")
ACUITIES: Final[tuple[Acuity, ...]] = ("critical", "high", "medium", "medium", "low", "low")
GONE: Final = ("discharged", "cancelled")

Have = Callable[[Any], Awaitable[str]]
"""Have a command done; gives the id of what came of it, ``""`` where nothing did."""


class WardWork:
    """The wards of one hospital. ``patients`` may grow; ``now`` is the hospital's time."""

    def __init__(
        self, random: Random, now: Callable[[], datetime], patients: list[str], strikes: float = 0.004
    ) -> None:  # fmt: skip
        self.patients = patients
        self.wards: list[str] = []
        self.beds: list[str] = []
        self.people = StaffWork(random, now, self.wards, strikes)
        self._random = random
        self._now = now
        self._ward_of: dict[str, str] = {}
        self._open: dict[str, Any] = {}
        """What was last told of admissions that are not over, by id."""
        self._states: dict[str, str] = {}
        """Of beds, as far as it was told."""
        self._alerts: list[str] = []

    async def open(self, have: Have, *, wards: int, beds: int, doctors: int, nurses: int) -> None:
        """So many wards, of so many beds each, and who works there."""
        for _ in range(wards):
            if ward := await have(AddWard(**self._ward())):
                self.wards.append(ward)
                for number in range(beds):
                    asked = AddBed(ward_id=ward, **self._bed(f"{number}"))
                    self._keep_bed(await have(asked), ward)
        for role, count in (("doctor", doctors), ("nurse", nurses)):
            for _ in range(count):
                if member := await have(AddStaff(**self.people.member(role))):
                    self.people.staff[member] = role

    def next(self) -> Any:
        """The next command of somebody."""
        draw = self._random.random()
        if not self._open or draw < 0.2:
            return self._admission()
        if draw < 0.62:
            return self._of_an_admission(self._some_admission())
        if draw < 0.84:
            return self._of_a_bed()
        return self.people.next() if draw < 0.96 else self._of_a_ward()

    def query(self) -> Any:
        """What somebody looks at."""
        random = self._random
        ward = random.choice(self.wards)
        if random.random() < 0.3:
            return self.people.query()
        choices = [
            GetWardBoard(ward_id=ward),
            GetWardBeds(ward_id=ward),
            GetWard(ward_id=ward),
            ListWards(),
            GetBed(bed_id=random.choice(self.beds)),
            ListBeds(),
            ListBeds(ward_id=ward, available=True),
            GetBacklog(),
            ListAdmissions(status="waiting"),
            ListAdmissions(status="assigned"),
            ListAlerts(),
        ]
        if self._open:
            choices += [GetAdmission(admission_id=random.choice(list(self._open)))] * 3
        return random.choice(choices)

    def learn(self, command: Any, done: Any) -> None:
        """What was answered to a command; ``None``: nothing good."""
        match command:
            case AdmitPatient() | ChangeAdmission() | AssignAdmission() | AssignManually() | ReassignCarer() if done:
                self._keep(done)
            case TransferPatient() if done:
                self._left_bed(command.admission_id)
                self._keep(done)
            case DischargePatient() | CancelAdmission():
                if done:
                    self._left_bed(command.admission_id)
                if done or self._open.get(command.admission_id, {}).get("status") != "waiting":
                    self._open.pop(command.admission_id, None)
            case AddBed() if done:
                self._keep_bed(done["id"], command.ward_id)
            case RemoveBed() if done is not None:
                self.beds.remove(command.bed_id)
            case AddWard() if done:
                self.wards.append(done["id"])
            case RemoveWard() if done is not None:
                self.wards.remove(command.ward_id)
                self.beds[:] = [bed for bed in self.beds if self._ward_of[bed] != command.ward_id]
            case _ if done is not None:
                self.people.learn(command, done)

    def see(self, query: Any, found: Any) -> None:
        """What was answered to a query; ``None``: nothing."""
        match query:
            case GetAdmission() if found:
                self._keep(found)
            case ListAdmissions() if found:
                for one in found["items"]:
                    self._keep(one)
            case ListBeds() if found:
                self._states.update((one["id"], one["state"]) for one in found["items"])
            case ListAlerts() if found:
                self._alerts = [one["id"] for one in found["items"]]
            case ListStaff() if found:
                self.people.see(found["items"])
            case _:
                pass

    def _keep(self, told: Any) -> None:
        if told["status"] in GONE:
            self._open.pop(told["id"], None)
        else:
            self._open[told["id"]] = told

    def _left_bed(self, admission_id: str) -> None:
        """Nobody has cleaned it yet."""
        bed = self._open.get(admission_id, {}).get("bed_id")
        if bed:
            self._states[bed] = "housekeeping"

    def _keep_bed(self, bed: str, ward: str) -> None:
        if bed:
            self.beds.append(bed)
            self._ward_of[bed] = ward

    # Admissions

    def _admission(self) -> Any:
        random = self._random
        here = {one["patient_id"] for one in self._open.values()}
        away = [patient for patient in self.patients if patient not in here]
        if not self.patients or (not away and random.random() < 0.8):
            return self._of_a_bed()
        back = timedelta(seconds=random.choice((1, 20, 90)))
        return AdmitPatient(
            patient_id=random.choice(away if away and random.random() < 0.95 else self.patients),
            acuity=random.choice(ACUITIES),
            occurred_at=self._now() - back if random.random() < 0.1 else None,
            **self._needs(),
        )

    def _needs(self) -> dict[str, Any]:
        random = self._random
        return {
            "ward_id": random.choice(self.wards) if random.random() < 0.2 else None,
            "bed_type": random.choice((None, None, None, "general", "icu")),
            "equipment": random.choice(((), (), (), ("monitor",))),
            "isolation": "mrsa" if random.random() < 0.08 else None,
            "needs_bed": random.random() < 0.9,
            "doctor_skills": random.choice(((), (), (), ("surgery",))),
            "nurse_skills": random.choice(((), (), (), ("icu",))),
        }

    def _of_an_admission(self, id: str) -> Any:
        random = self._random
        in_beds = [each for each, one in self._open.items() if one["bed_id"]] or [id]
        match random.randrange(20):
            case 0 | 1 | 2 | 3 | 4 | 5:
                return DischargePatient(admission_id=id, contaminated=random.random() < 0.1, reason=WORDS)
            case 6:
                return CancelAdmission(admission_id=id, reason=WORDS)
            case 7 | 8:
                return AssignAdmission(admission_id=id)
            case 9 | 10:
                return self._by_hand(id)
            case 11 | 12:
                to = self.people.somebody() if random.random() < 0.5 else None
                return ReassignCarer(admission_id=id, role=random.choice(ROLES), staff_id=to, reason=WORDS)
            case 13 | 14 | 15:
                ward = random.choice(self.wards) if random.random() < 0.4 else None
                bed = self._some_bed() if ward is None and random.random() < 0.6 else None
                return TransferPatient(admission_id=random.choice(in_beds), ward_id=ward, bed_id=bed, reason=WORDS)
            case 16 | 17 if len(in_beds) > 1:
                one, other = random.sample(in_beds, 2)
                return SwapBeds(admission_id=one, other_admission_id=other, reason=WORDS)
            case 18:
                return AcknowledgeHandover(admission_id=id)
            case _:
                return ChangeAdmission(
                    admission_id=id,
                    acuity=random.choice(ACUITIES),
                    reason=WORDS,
                    **random.choice(({}, {"equipment": ("monitor",)}, {"nurse_skills": ()}, {"isolation": "mrsa"})),
                )

    def _some_admission(self) -> str:
        """Mostly of a patient who is being looked after."""
        here = [id for id, one in self._open.items() if one["status"] != "waiting"]
        return self._random.choice(here if here and self._random.random() < 0.7 else list(self._open))

    def _by_hand(self, id: str) -> AssignManually:
        random = self._random
        return AssignManually(
            admission_id=id,
            doctor_id=self.people.somebody("doctor") if random.random() < 0.5 else None,
            nurse_id=self.people.somebody("nurse") if random.random() < 0.5 else None,
            bed_id=self._some_bed() if random.random() < 0.5 else None,
            reason=BECAUSE,
            force=random.random() < 0.3,
        )

    # Beds and wards

    def _of_a_bed(self) -> Any:
        random, bed = self._random, self._some_bed()
        match random.randrange(20):
            case 0 | 1 | 14 | 15 if self.patients:
                patient = random.choice(self.patients)
                return ReserveBed(
                    bed_id=self._some_bed("unoccupied"), patient_id=patient, minutes=random.choice((None, 1, 1, 1))
                )
            case 2:
                return ReleaseBed(bed_id=self._some_bed("reserved"))
            case 3:
                return ContaminateBed(bed_id=self._some_bed("housekeeping"), reason=WHY)
            case 4 | 5 | 6:
                return DecontaminateBed(bed_id=self._some_bed("contaminated"))
            case 7 if random.random() < 0.5:
                return CloseBed(bed_id=bed, reason=WHY)
            case 8 if random.random() < 0.5:
                return IsolateBed(bed_id=bed, reason=WHY)
            case 9 | 10 | 11:
                return ReopenBed(bed_id=self._some_bed("closed", "isolated"))
            case 12 if random.random() < 0.5:
                return ChangeBed(bed_id=bed, **self._bed(f"{random.randrange(100)}"))
            case 13 if random.random() < 0.3:
                return RemoveBed(bed_id=bed) if random.random() < 0.5 else self._new_bed()
            case _:
                return CleanBed(bed_id=self._some_bed("housekeeping"))

    def _new_bed(self) -> AddBed:
        return AddBed(ward_id=self._random.choice(self.wards), **self._bed(f"{self._random.randrange(100)}"))

    def _some_bed(self, *states: str) -> str:
        """One of those that were in one of these states when last heard of, mostly; then it is another, it may be."""
        told = [bed for bed in self.beds if self._states.get(bed) in states] if self._random.random() < 0.9 else []
        bed = self._random.choice(told or self.beds)
        self._states.pop(bed, None)
        return bed

    def _bed(self, label: str) -> dict[str, Any]:
        random = self._random
        return {
            "label": label,
            "room": random.choice(("", "1", "1", "2")),
            "type": random.choice(("general", "general", "icu")),
            "equipment": random.choice(((), (), ("monitor",), ("monitor", "oxygen"))),
            "isolation": random.random() < 0.4,
        }

    def _of_a_ward(self) -> Any:
        random = self._random
        if self._alerts and random.random() < 0.5:
            close = random.random() < 0.3
            step: Any = CloseAlert if close else AcknowledgeAlert
            return step(alert_id=random.choice(self._alerts), note=WORDS)
        if random.random() < 0.1:
            return AddWard(**self._ward()) if len(self.wards) < 4 else RemoveWard(ward_id=self.wards[-1])
        return ChangeWard(ward_id=random.choice(self.wards), **self._ward())

    def _ward(self) -> dict[str, Any]:
        random = self._random
        return {
            "name": "Ward",
            "gender": random.choice((None, None, None, None, "female")),
            "mixed_rooms": random.random() < 0.6,
            "mixed_ages": random.random() < 0.7,
            "min_age": random.choice((None, None, None, None, 18)),
            "cleaning_minutes": random.choice((0, 1)),
        }


def someone(random: Random, name: str) -> RegisterPatient:
    """A patient of whom sometimes little is known."""
    return RegisterPatient(
        name=PersonName(name),
        gender=Gender(random.choice(("female", "male", "female", "male", "other"))) if random.random() < 0.9 else None,
        dob=BirthDate(random.choice(("1980-05-01", "1955-01-31", "2020-06-15"))) if random.random() < 0.9 else None,
    )
