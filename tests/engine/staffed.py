"""A hospital with staff, in which tests plan shifts and admit patients who need no bed. Hours count from midnight."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine import calendar
from engine.actors.admission.state import Admission, admission_key
from engine.actors.alerts.state import ALERTS, Alerts
from engine.actors.roster.state import ROSTER, Listed, Roster
from engine.actors.staff.state import Staff, staff_key
from engine.decider import HOUR, MINUTE, PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.shifts import AddLeave, AddShift
from engine.decisions.staff import AddStaff
from tests.engine.deciding import EIGHT, World

MIDNIGHT = EIGHT - 8 * HOUR


class Staffed(World):
    """One doctor is there from the beginning, with room for everybody."""

    def __init__(self, **policy: Any) -> None:
        super().__init__(**policy)
        self.doctor_id = self.staff("doctor", max_load=1_000)

    def staff(self, role: Any = "nurse", **more: Any) -> str:
        """A new member's id."""
        id: str = self.ask(AddStaff(name=PersonName("Nina Okafor"), role=role, **more)).id
        return id

    def when(self, hour: float) -> datetime:
        """A moment of the day."""
        return calendar.moment(MIDNIGHT + round(hour * HOUR))

    def plan(self, staff_id: str, start: float, end: float, **more: Any) -> str:
        """A new shift's id."""
        id: str = self.ask(self.planned(staff_id, start, end, **more)).id
        return id

    def planned(self, staff_id: str, start: float, end: float, **more: Any) -> AddShift:
        """A request for a shift."""
        return AddShift(staff_id=staff_id, start_time=self.when(start), end_time=self.when(end), **more)

    def away(self, staff_id: str, start: float, end: float) -> str:
        """A new leave's id."""
        id: str = self.ask(AddLeave(staff_id=staff_id, start_time=self.when(start), end_time=self.when(end))).id
        return id

    def until(self, hour: float) -> None:
        """Time passes until then, with all that is due on the way."""
        self.later((MIDNIGHT + hour * HOUR - self.time) / MINUTE + 1e-6)

    def admit(self, acuity: Any = "medium", **more: Any) -> str:
        """A new admission's id."""
        id: str = self.ask(AdmitPatient(patient_id=self.patient(), acuity=acuity, needs_bed=False, **more)).id
        return id

    # -- what a test sees --------------------------------------------------------------------------------------

    def admission(self, admission_id: str) -> Admission:
        """An admission as it is."""
        state: Admission = self.states[admission_key(admission_id)]
        return state

    def nurse_of(self, admission_id: str) -> str:
        """Who has the patient; ``""``: nobody."""
        return self.admission(admission_id).carers.nurse_id

    def member(self, staff_id: str) -> Staff:
        """A member as he or she is."""
        state: Staff = self.states[staff_key(staff_id)]
        return state

    def listed(self, staff_id: str) -> Listed:
        """The same as the roster sees it."""
        roster: Roster = self.states[ROSTER]
        return roster.members[staff_id]

    def alerts(self) -> list[tuple[str, str]]:
        """Kind and subject of what is open."""
        state: Alerts | None = self.states.get(ALERTS)
        return [(one.kind, one.subject) for one in state.open.values()] if state is not None else []
