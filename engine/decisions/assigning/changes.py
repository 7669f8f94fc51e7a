"""What a plan has for each actor so far, and each actor as it will be then: nothing is proposed here.

Members of the staff and beds are replaced whole, so what will be is the state with a few of them laid over it; the
functions of roster and ward that choose take both. Where a decision changes many members, a roster of its own is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from engine.actors.admission.commands import AdmissionStep
from engine.actors.admission.decide import step as admission_step
from engine.actors.admission.evolve import evolve as admission_evolve
from engine.actors.admission.state import Admission, admission_key
from engine.actors.alerts.commands import AlertsStep
from engine.actors.alerts.state import ALERTS, Alerts
from engine.actors.hospital import Hospital
from engine.actors.intake.commands import IntakeStep
from engine.actors.intake.state import INTAKE, Intake, Waiter
from engine.actors.roster import ROSTER_DECIDER
from engine.actors.roster.choosing import after, objection
from engine.actors.roster.commands import ReleasePatient, RosterStep, TakePatient
from engine.actors.roster.state import ROSTER, Listed, Roster
from engine.actors.ward.commands import Occupy, WardStep
from engine.actors.ward.decide import take
from engine.actors.ward.draft import Draft
from engine.actors.ward.state import Ward, ward_key
from engine.decider import At, Look
from engine.decisions.finding import Deciding
from engine.errors import NotFound

OVERLAID: Final = 32
"""Members of the staff that are laid over the roster as it is; with more of them it is cheaper to make another."""


class WardChange:
    """What a ward is to do in its one compound, and the ward as it will be."""

    __slots__ = ("draft", "steps")

    def __init__(self, state: Ward, time: int) -> None:
        self.draft = Draft(state, time)
        self.steps: list[WardStep] = []


class AdmissionChange:
    """What an admission is to do in its one compound, and the admission as it will be."""

    __slots__ = ("state", "steps")

    def __init__(self, state: Admission) -> None:
        self.state = replace(state)
        self.steps: list[AdmissionStep] = []


class Changes:
    """All changes of one decision, by actor."""

    def __init__(self, hospital: Hospital, at: At) -> None:
        self.policy = hospital.policy
        self.at = at
        self.time = at.time
        self.roster: list[RosterStep] = []
        self.wards: dict[str, WardChange] = {}
        self.admissions: dict[str, AdmissionChange] = {}
        self.intake: list[IntakeStep] = []
        self.alerts: list[AlertsStep] = []
        self.waiting: dict[str, Waiter | None] = {}
        """Admissions that wait otherwise than before; ``None``: not any more."""
        self.given = 0
        """How often something was given back, or is otherwise than it was: then who waited in vain may be served."""
        self.more = False
        """Whether more can be served than this decision serves."""
        self.bed_steps = 0
        """How often something changed in a ward."""
        self._members: dict[str, Listed | None] = {}
        self._overlay: dict[str, Listed | None] = {}
        self._roster: Roster | None = None

    # -- what will be ------------------------------------------------------------------------------------------

    def staff(self) -> Deciding[tuple[Roster | None, Mapping[str, Listed | None]]]:
        """The roster, and its members that will be otherwise."""
        state: Roster | None = self._roster
        if state is None:
            state = yield Look(ROSTER)
        if len(self._overlay) > OVERLAID:
            members = {**(state.members if state is not None else {}), **self._overlay}
            kept = {id: one for id, one in members.items() if one is not None}
            state = self._roster = ROSTER_DECIDER.thaw(Roster(members=kept))
            self._overlay = {}
        return state, self._overlay

    def member(self, staff_id: str) -> Deciding[Listed | None]:
        """Somebody as the roster will see him or her."""
        if staff_id in self._members:
            return self._members[staff_id]
        state: Roster | None = yield Look(ROSTER)
        return state.members.get(staff_id) if state is not None else None

    def ward(self, ward_id: str) -> Deciding[WardChange | Ward | None]:
        """A ward as it is, where nothing of it changes; else the change."""
        change = self.wards.get(ward_id)
        if change is not None:
            return change
        state: Ward | None = yield Look(ward_key(ward_id))
        return state

    def drafted(self, ward_id: str) -> Deciding[Draft]:
        """A ward as it will be; one that is not there has no version."""
        there = yield from self.ward(ward_id)
        if isinstance(there, WardChange):
            return there.draft
        return Draft(there if there is not None else Ward(ward_id), self.time)

    def admission(self, admission_id: str) -> Deciding[Admission]:
        """An admission as it will be, or ``NotFound``."""
        change = self.admissions.get(admission_id)
        if change is not None:
            return change.state
        state: Admission | None = yield Look(admission_key(admission_id))
        if state is None or not state.version:
            raise NotFound("there is no such admission", field="admission_id", admission_id=admission_id)
        return state

    def the_intake(self) -> Deciding[Intake]:
        """The intake as it is."""
        state: Intake | None = yield Look(INTAKE)
        return state if state is not None else Intake()

    def alert_open(self, kind: str, subject: str) -> Deciding[bool]:
        """Whether such an alert is open now."""
        state: Alerts | None = yield Look(ALERTS)
        return state is not None and (kind, subject) in state.by_subject

    def emptied(self) -> list[str]:
        """Members of the staff who give patients back in this plan, and have none after it."""
        gave = dict.fromkeys(step.staff_id for step in self.roster if isinstance(step, ReleasePatient))
        return [id for id in gave if (one := self._members[id]) is not None and not one.patients]

    # -- what is to change -------------------------------------------------------------------------------------

    def on_roster(self, step: RosterStep) -> Deciding[None]:
        """One step more of the roster, or its refusal."""
        before = yield from self.member(step.staff_id)
        refused = objection(before, step, self.time)
        if refused is not None:
            raise refused
        then = after(before, step, self.time)
        self._members[step.staff_id] = self._overlay[step.staff_id] = then
        self.roster.append(step)
        self.given += not isinstance(step, TakePatient)

    def in_ward(self, ward_id: str, step: WardStep) -> Deciding[None]:
        """One step more of a ward, or its refusal."""
        change = yield from self.ward(ward_id)
        if not isinstance(change, WardChange):
            change = WardChange(change if change is not None else Ward(ward_id), self.time)
        take(change.draft, step)
        self.wards[ward_id] = change
        change.steps.append(step)
        self.bed_steps += 1
        self.given += not isinstance(step, Occupy)

    def of_admission(self, admission_id: str, step: AdmissionStep) -> Deciding[Admission]:
        """One step more of an admission that is there, or its refusal; the admission after it."""
        state = yield from self.admission(admission_id)
        change = self.admissions.get(admission_id) or AdmissionChange(state)
        for event in admission_step(change.state, step, self.time):
            admission_evolve(change.state, event)
        self.admissions[admission_id] = change
        change.steps.append(step)
        return change.state

    def new_admission(self, admission_id: str, step: AdmissionStep) -> None:
        """An admission that begins with this plan."""
        change = self.admissions[admission_id] = AdmissionChange(Admission(admission_id))
        for event in admission_step(change.state, step, self.time):
            admission_evolve(change.state, event)
        change.steps.append(step)
