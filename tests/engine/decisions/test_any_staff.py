"""Any sequence of plans, hand-overs, admissions and hours keeps staff, roster and admissions in agreement.

After each step: the roster's duty of each member is what the member's plan says now; nobody has more patients than the
maximum; each patient is with whom the admission says; nobody waits whom somebody could take; and an alert of a shift
that is over is about somebody who is away.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.actors.admission.state import OPEN, Admission
from engine.actors.roster.choosing import Pick, choose
from engine.actors.roster.state import ROSTER, Roster
from engine.actors.staff.duty import held_at
from engine.decider import PersonName
from engine.decisions.admissions import CancelAdmission
from engine.decisions.discharge import DischargePatient
from engine.decisions.shifts import BreakTime, ChangeShift, RemoveLeave, RemoveShift
from engine.decisions.staff import ActivateStaff, ApproveStaff, ChangeStaff, HandOver, RemoveStaff
from engine.errors import Rejected
from tests.engine.staffed import Staffed

WHO = st.integers(0, 4)
HOURS = st.integers(0, 36)
LENGTHS = st.integers(1, 12)
SKILLS = st.sampled_from(((), (), ("icu",)))


class AnyStaff(RuleBasedStateMachine):
    """Four nurses and a doctor over a day and a half."""

    @initialize(
        handover=st.booleans(),
        rest=st.sampled_from((0, 4)),
        ends=st.lists(st.integers(9, 20), min_size=4, max_size=4),
    )
    def begin(self, handover: bool, rest: int, ends: list[int]) -> None:
        """A hospital of either policy, with a morning's shifts and patients."""
        self.world = Staffed(shift_end="handover" if handover else "warn", rest_hours=rest)
        self.nurses = [self.world.staff(max_load=1 + n % 2, skills=("icu",) if n > 1 else ()) for n in range(4)]
        self.everybody = [*self.nurses, self.world.doctor_id]
        for nurse, end in zip(self.nurses, ends, strict=True):
            lunch = BreakTime(start_time=self.world.when(end - 1), end_time=self.world.when(end - 0.5))
            self.world.plan(nurse, 6, end, breaks=(lunch,))
        self.admitted = [self.world.admit() for _ in range(3)]

    def ask(self, command: Any) -> None:
        """What a rule refuses is no fault."""
        try:
            self.world.ask(command)
        except Rejected:
            return

    def filed(self, table: str, n: int) -> str:
        """One of what is filed there."""
        ids = sorted(self.world.tables.get(table, ()))
        return ids[n % len(ids)] if ids else self.everybody[0]

    @rule(who=WHO, start=HOURS, length=LENGTHS, on_call=st.booleans(), pause=st.integers(0, 3))
    def plan(self, who: int, start: int, length: int, on_call: bool, pause: int) -> None:
        """A shift, perhaps with a break of an hour."""
        out = BreakTime(
            start_time=self.world.when(start + length - 1 - pause % length),
            end_time=self.world.when(start + length - pause % length),
        )
        breaks = (out,) if pause else ()
        self.ask(self.world.planned(self.everybody[who], start, start + length, on_call=on_call, breaks=breaks))

    @rule(n=st.integers(0, 9), start=HOURS, length=LENGTHS)
    def shift_otherwise(self, n: int, start: int, length: int) -> None:
        """A shift at another time."""
        times = {"start_time": self.world.when(start), "end_time": self.world.when(start + length)}
        self.ask(ChangeShift(shift_id=self.filed("shifts", n), **times))  # type: ignore[arg-type]

    @rule(n=st.integers(0, 9), leave=st.booleans())
    def take_out(self, n: int, leave: bool) -> None:
        """A shift or a leave less."""
        self.ask(
            RemoveLeave(leave_id=self.filed("leaves", n)) if leave else RemoveShift(shift_id=self.filed("shifts", n))
        )

    @rule(who=WHO, start=HOURS, length=LENGTHS)
    def leave(self, who: int, start: int, length: int) -> None:
        """Away for a while."""
        try:
            self.world.away(self.everybody[who], start, start + length)
        except Rejected:
            return

    @rule(who=WHO, on=st.booleans(), approval=st.booleans())
    def stop_or_start(self, who: int, on: bool, approval: bool) -> None:
        """Active or approved, or not."""
        id = self.everybody[who]
        self.ask(ApproveStaff(staff_id=id, is_approved=on) if approval else ActivateStaff(staff_id=id, is_active=on))

    @rule(who=st.integers(0, 3), most=st.integers(1, 3), skills=SKILLS)
    def change(self, who: int, most: int, skills: tuple[str, ...]) -> None:
        """Another maximum and other skills."""
        id = self.nurses[who]
        self.ask(ChangeStaff(staff_id=id, name=PersonName("Nina"), role="nurse", max_load=most, skills=skills))

    @rule(who=st.integers(0, 3), to=st.one_of(st.none(), st.integers(0, 3)))
    def hand_over(self, who: int, to: int | None) -> None:
        """To somebody, or to whoever has fewest."""
        self.ask(HandOver(staff_id=self.nurses[who], to_staff_id=None if to is None else self.nurses[to]))

    @rule(who=st.integers(0, 3))
    def retire(self, who: int) -> None:
        """Somebody leaves, and somebody new comes."""
        try:
            self.world.ask(RemoveStaff(staff_id=self.nurses[who]))
        except Rejected:
            return
        self.nurses[who] = self.everybody[who] = self.world.staff(max_load=2)

    @rule(acuity=st.sampled_from(("critical", "high", "low")), skills=SKILLS)
    def admit(self, acuity: str, skills: tuple[str, ...]) -> None:
        """A new patient."""
        self.admitted.append(self.world.admit(acuity, nurse_skills=skills))

    @rule(n=st.integers(0, 9))
    def discharge(self, n: int) -> None:
        """Somebody leaves, or gives up."""
        if self.admitted:
            one = self.admitted.pop(n % len(self.admitted))
            waits = self.world.admission(one).status == "waiting"
            self.ask(CancelAdmission(admission_id=one) if waits else DischargePatient(admission_id=one))

    @rule(minutes=st.sampled_from((30, 45, 60, 240, 600)))
    def later(self, minutes: int) -> None:
        """Time passes."""
        self.world.later(minutes)

    @invariant()
    def the_roster_knows_what_the_plans_say(self) -> None:
        """Duty, and until when."""
        for id in self.everybody if hasattr(self, "world") else ():
            member, listed = self.world.member(id), self.world.listed(id)
            held = held_at(member, self.world.time)
            assert (listed.duty, listed.until) == (held.duty, held.until)
            assert listed.available == (member.approved and member.active)

    @invariant()
    def each_patient_is_with_whom_the_admission_says(self) -> None:
        """And with nobody else; nobody has too many."""
        if not hasattr(self, "world"):
            return
        roster: Roster = self.world.states[ROSTER]
        for one in roster.members.values():
            assert len(one.patients) <= one.max_load + one.over
            assert one.available or not one.patients
            for id in one.patients:
                carers = self.world.admission(id).carers
                assert one.staff_id in (carers.doctor_id, carers.nurse_id)
        held = {(id, one.staff_id) for one in roster.members.values() for id in one.patients}
        for id in self.admitted:
            carers = self.world.admission(id).carers
            assert {(id, who) for who in (carers.doctor_id, carers.nurse_id) if who} <= held

    @invariant()
    def nobody_waits_whom_somebody_could_take(self) -> None:
        """Whatever frees something serves who waits."""
        if not hasattr(self, "world"):
            return
        roster: Roster = self.world.states[ROSTER]
        for id in self.admitted:
            one: Admission = self.world.admission(id)
            assert one.status in OPEN
            if one.status == "assigned":
                continue
            missing = [role for role in ("doctor", "nurse") if not getattr(one.carers, f"{role}_id")]
            skills = {"doctor": one.need.doctor_skills, "nurse": one.need.nurse_skills}
            found = [choose(roster, role, skills[role], "", self.world.time) for role in missing]  # type: ignore[arg-type]
            assert not all(isinstance(pick, Pick) for pick in found)

    @invariant()
    def who_is_in_an_alert_is_away(self) -> None:
        """It is closed when the member is back."""
        for kind, subject in self.world.alerts() if hasattr(self, "world") else ():
            if kind == "shift_over":
                held = held_at(self.world.member(subject), self.world.time)
                assert held.duty == "off"
                assert not held.on_break


TestAnyStaff = AnyStaff.TestCase
TestAnyStaff.settings = settings(max_examples=30, stateful_step_count=40)
