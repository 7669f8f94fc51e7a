"""A hospital with wards, beds and staff, without an engine: what a test of decisions about them says in few words."""

from __future__ import annotations

from typing import Any

from engine.actors.admission.state import Admission
from engine.actors.intake.state import INTAKE, Intake
from engine.actors.patient import BirthDate, Gender
from engine.actors.ward.state import Bed, Ward
from engine.decider import PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.beds import AddBed, CleanBed
from engine.decisions.discharge import DischargePatient
from engine.decisions.patients import RegisterPatient
from engine.decisions.staff import AddStaff
from engine.decisions.wards import AddWard
from tests.engine.deciding import World


class Wards(World):
    """A world with one ward, one doctor and one nurse, for ten patients each."""

    def __init__(self, *, ward: dict[str, Any] | None = None, load: int = 10, **more: Any) -> None:
        super().__init__(**more)
        self.ward_id = self.ward(**(ward or {}))
        self.doctor_id = self.staff("doctor", load)
        self.nurse_id = self.staff("nurse", load)

    def ward(self, **more: Any) -> str:
        """A new ward's id."""
        id: str = self.ask(AddWard(**{"name": "Medicine", **more})).id
        return id

    def staff(self, role: Any, load: int = 10, **more: Any) -> str:
        """A new member's id, on duty."""
        id: str = self.ask(AddStaff(name=PersonName(f"Somebody, {role}"), role=role, max_load=load, **more)).id
        return id

    def new_bed(self, label: str = "1", ward_id: str = "", **more: Any) -> str:
        """A new bed's id."""
        id: str = self.ask(AddBed(ward_id=ward_id or self.ward_id, label=label, **more)).id
        return id

    def person(self, gender: str = "female", born: str = "1980-05-17") -> str:
        """A new patient's id."""
        new = RegisterPatient(
            name=PersonName("Jane Doe"),
            gender=Gender(gender) if gender else None,
            dob=BirthDate(born) if born else None,
        )
        id: str = self.ask(new).id
        return id

    def admit(self, patient: str = "", acuity: Any = "low", **more: Any) -> str:
        """A new admission's id."""
        admitted = self.ask(AdmitPatient(patient_id=patient or self.person(), acuity=acuity, **more))
        id: str = admitted.id
        return id

    def discharge(self, admission: str, **more: Any) -> None:
        """The patient leaves."""
        self.ask(DischargePatient(admission_id=admission, **more))

    def clean(self, bed: str) -> Any:
        """The bed is clean."""
        return self.ask(CleanBed(bed_id=bed))

    # -- what a test sees --------------------------------------------------------------------------------------

    def bed(self, id: str) -> Bed:
        """A bed as it is."""
        ward: Ward = self.states[self.tables["beds"][id]]
        return ward.beds[id]

    def admission(self, id: str) -> Admission:
        """An admission as it is."""
        state: Admission = self.states[f"admission:{id}"]
        return state

    def lies_in(self, admission: str) -> str:
        """The bed of an admission; ``""``: none."""
        return self.admission(admission).carers.bed_id

    @property
    def waiting(self) -> set[str]:
        """Who waits."""
        intake: Intake | None = self.states.get(INTAKE)
        return set(intake.waiting) if intake is not None else set()
