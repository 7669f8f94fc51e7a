"""A hospital with wards, staff and patients, in a few words: a ``World`` in which people are admitted.

``sound`` says what must hold of all actors together after every command, found by looking at everything.
"""

from __future__ import annotations

from typing import Any

from engine.actors.admission.state import OPEN, Admission, admission_key
from engine.actors.admission.view import AdmissionView
from engine.actors.alerts.state import ALERTS, Alert
from engine.actors.hospital import HOSPITAL
from engine.actors.intake.state import INTAKE, Intake, turn_of
from engine.actors.patient import BirthDate, Gender
from engine.actors.roster.state import ROSTER, Listed
from engine.actors.ward.state import Bed, Ward
from engine.decider import At, PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.assigning.changes import Changes
from engine.decisions.assigning.choosing import Missing, Search, Wish
from engine.decisions.beds import AddBed, CleanBed
from engine.decisions.discharge import DischargePatient
from engine.decisions.patients import RegisterPatient
from engine.decisions.staff import AddStaff
from engine.decisions.wards import AddWard
from tests.engine.deciding import World


class House(World):
    """One hospital with whoever is put into it."""

    # -- what a test says --------------------------------------------------------------------------------------

    def staff(self, role: Any, **more: Any) -> str:
        """A new member's id; on duty, since no shift was ever entered."""
        id: str = self.ask(AddStaff(name=PersonName("Sam Sample"), role=role, **more)).id
        return id

    def doctor(self, *skills: str, **more: Any) -> str:
        """A doctor of the staff."""
        return self.staff("doctor", skills=skills, **more)

    def nurse(self, *skills: str, **more: Any) -> str:
        """A nurse."""
        return self.staff("nurse", skills=skills, **more)

    def ward(self, beds: int = 0, **more: Any) -> str:
        """A new ward's id, with so many beds that stand alone."""
        id: str = self.ask(AddWard(name="Ward", **more)).id
        for _ in range(beds):
            self.bed(id)
        return id

    def bed(self, ward: str, **more: Any) -> str:
        """A new bed's id."""
        label = more.pop("label", f"B{self._ordinal}")
        id: str = self.ask(AddBed(ward_id=ward, label=label, **more)).id
        return id

    def person(self, gender: str = "", dob: str = "") -> str:
        """A patient of whom this is known."""
        new = RegisterPatient(
            name=PersonName("Jane Doe"),
            gender=Gender(gender) if gender else None,
            dob=BirthDate(dob) if dob else None,
        )
        id: str = self.ask(new).id
        return id

    def admit(self, patient: str = "", acuity: Any = "high", **more: Any) -> AdmissionView:
        """An admission, as answered."""
        view: AdmissionView = self.ask(AdmitPatient(patient_id=patient or self.person(), acuity=acuity, **more))
        return view

    def discharge(self, admission: str, **more: Any) -> None:
        """The patient leaves."""
        self.ask(DischargePatient(admission_id=admission, **more))

    def clean(self, bed: str) -> None:
        """Housekeeping is done."""
        self.ask(CleanBed(bed_id=bed))

    # -- what a test sees --------------------------------------------------------------------------------------

    def admission(self, id: str) -> Admission:
        """An admission."""
        state: Admission = self.states[admission_key(id)]
        return state

    def admissions(self) -> list[Admission]:
        """All of them."""
        return [state for key, state in self.states.items() if key.startswith("admission:")]

    def wards(self) -> list[Ward]:
        """All of them."""
        return [state for key, state in self.states.items() if key.startswith("ward:")]

    def the_bed(self, id: str) -> Bed:
        """A bed, wherever it stands."""
        return next(ward.beds[id] for ward in self.wards() if id in ward.beds)

    def listed(self, staff: str) -> Listed:
        """A member as the roster sees him or her."""
        one: Listed = self.states[ROSTER].members[staff]
        return one

    def load(self, staff: str) -> int:
        """How many patients somebody has."""
        return len(self.listed(staff).patients)

    def intake(self) -> Intake:
        """Who is admitted, and who waits."""
        state: Intake = self.states[INTAKE]
        return state

    def backlog(self) -> list[str]:
        """Who waits, in order."""
        return [id for _, _, id in sorted(map(turn_of, self.intake().waiting.values()))]

    def alerts(self) -> list[Alert]:
        """Those that are open."""
        state = self.states.get(ALERTS)
        return list(state.open.values()) if state is not None else []

    # -- what always holds -------------------------------------------------------------------------------------

    def sound(self) -> None:
        """Staff, beds, admissions and the intake agree, and nobody waits who could be served."""
        intake: Intake = self.states.get(INTAKE, Intake())
        open_ones = {one.id: one for one in self.admissions() if one.status in OPEN}
        assert {one.patient_id: one.id for one in open_ones.values()} == intake.open
        waiting = {one.id for one in open_ones.values() if one.status in ("waiting", "handed_over")}
        assert waiting == set(intake.waiting)
        self._staff_agrees(open_ones)
        self._beds_agree(open_ones)
        if not intake.due:
            self._nobody_could_be_served(intake)

    def _staff_agrees(self, open_ones: dict[str, Admission]) -> None:
        roster = self.states.get(ROSTER)
        for staff_id, listed in roster.members.items() if roster is not None else ():
            theirs = {one.id for one in open_ones.values() if staff_id in (one.carers.doctor_id, one.carers.nurse_id)}
            assert theirs == set(listed.patients), "a member has other patients than those who have the member"
            assert len(listed.patients) <= listed.max_load + listed.over, "more patients than the maximum"

    def _beds_agree(self, open_ones: dict[str, Admission]) -> None:
        lying: dict[str, tuple[str, str, str]] = {}
        for ward in self.wards():
            for bed in ward.beds.values():
                if bed.state == "occupied" and bed.occupant is not None:
                    assert bed.occupant.admission_id not in lying, "a patient lies in two beds"
                    lying[bed.occupant.admission_id] = (ward.id, bed.id, bed.occupant.patient_id)
        having = {
            one.id: (one.carers.ward_id, one.carers.bed_id, one.patient_id)
            for one in open_ones.values()
            if one.carers.bed_id
        }
        assert lying == having, "who lies in a bed has another one, or none"

    def _nobody_could_be_served(self, intake: Intake) -> None:
        """Each looked at for himself, whoever stands before: no line, and no memory of what was not found."""
        for waiter in intake.waiting.values():
            changes = Changes(self.states[HOSPITAL], At(self.time, bytes(16), lambda: bytes(16)))
            wish = Wish(
                waiter.admission_id,
                waiter.patient_id,
                waiter.acuity,
                waiter.need,
                waiter.roles,
                waiter.bed,
                waiter.ward_id,
            )
            steps: Any = Search(changes).look(wish)
            found = self._run(steps, changes.at, {})
            assert isinstance(found, Missing), f"{waiter.admission_id} waits for nothing: {found}"
