"""Staff: added, changed, approved, put to work and taken off it, gone; and patients handed from one to another.

R1  The member and the roster change together; whoever can be had then takes who waits, in the same decision.
R2  Who is not approved or not active any more hands all patients over, each to the least loaded; the answer says who
    has them now, and for whom nobody was free. Why somebody is sent away stands in no patient's record.
R3  Who has patients does not leave.
R4  Patients are handed to somebody named, who must be able to take all of them, or each to the least loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

from msgspec import Meta

from engine.actors.hospital import Id
from engine.actors.roster.commands import DelistStaff, ListStaff
from engine.actors.roster.state import ROSTER, Roster
from engine.actors.staff.commands import Activate, Approve, Create, Retire, Revise
from engine.actors.staff.decide import in_service
from engine.actors.staff.events import StaffEvent
from engine.actors.staff.state import Profile, Role, Staff, staff_key
from engine.actors.staff.view import HandoverView, MovedView, StaffOutcome, StaffView, staff_outcome, staff_view
from engine.decider import At, Deciding, Decision, Done, Find, FreeText, Look, PersonName, Propose, Value
from engine.decisions import finding
from engine.decisions.assigning.outcomes import HandedOver, Moved
from engine.decisions.assigning.plan import Plan
from engine.decisions.duties import duty_changed, duty_told, settled
from engine.errors import Invalid, NotFound
from engine.rules.subject import Word

MAX_SKILLS: Final = 50
MAX_WARDS: Final = 100
MAX_LOAD: Final = 1_000

Skills = Annotated[tuple[Word, ...], Meta(max_length=MAX_SKILLS)]


class StaffFields(Value, frozen=True, kw_only=True):
    """Who a member is. Without wards he or she works everywhere."""

    name: PersonName
    role: Role
    skills: Skills = ()
    max_load: Annotated[int, Meta(ge=1, le=MAX_LOAD)] = 10
    """Patients at a time, at most."""
    ward_ids: Annotated[tuple[Id, ...], Meta(max_length=MAX_WARDS)] = ()
    doctor_id: Id | None = None
    """The same person's record as a doctor with slots."""


class AddStaff(StaffFields, frozen=True, kw_only=True):
    """Add a member of the staff."""

    is_approved: bool = True
    is_active: bool = True


class ChangeStaff(StaffFields, frozen=True, kw_only=True):
    """Replace what is entered of a member; patients stay."""

    staff_id: Id
    if_version: int | None = None


class RemoveStaff(Value, frozen=True):
    """A member without patients leaves; the record stays readable."""

    staff_id: Id
    if_version: int | None = None


class ApproveStaff(Value, frozen=True):
    """Vouch for a member, or do not any more."""

    staff_id: Id
    is_approved: bool
    reason: FreeText | None = None


class ActivateStaff(Value, frozen=True):
    """Let a member work, or stop it for now: then all patients are handed over."""

    staff_id: Id
    is_active: bool
    reason: FreeText | None = None


class HandOver(Value, frozen=True):
    """Give a member's patients to somebody, or each to the least loaded; ``admission_ids`` null: all of them."""

    staff_id: Id
    to_staff_id: Id | None = None
    admission_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_LOAD)] | None = None
    reason: FreeText | None = None
    note: FreeText | None = None


def add(command: AddStaff, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    profile = yield from _profile(command)
    staff_id = at.new_id(0)
    events = yield Propose(staff_key(staff_id), Create(profile, command.is_approved, command.is_active))
    plan = Plan(hospital, at)
    yield from plan.roster(_listing(staff_id, profile, command.is_approved and command.is_active))
    yield from duty_told(plan, staff_id, events)
    yield from plan.drain()
    yield from plan.propose()
    return _as_it_is(staff_id, at, "created")


def change(command: ChangeStaff, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    staff = yield from the_staff(command.staff_id)
    profile = yield from _profile(command)
    events = yield Propose(staff_key(staff.id), Revise(profile, command.if_version))
    if events:
        plan = Plan(hospital, at)
        yield from plan.roster(_listing(staff.id, profile, staff.approved and staff.active))
        yield from plan.drain()
        yield from plan.propose()
    return _as_it_is(staff.id, at)


def remove(command: RemoveStaff, at: At) -> Deciding:
    """R3."""
    hospital = yield from finding.the_hospital()
    staff = yield from the_staff(command.staff_id)
    yield Propose(staff_key(staff.id), Retire(command.if_version))
    plan = Plan(hospital, at)
    yield from plan.roster(DelistStaff(staff.id))
    yield from settled(plan, staff.id)
    yield from plan.drain()
    yield from plan.propose()
    return Done(outcome="removed")


def approve(command: ApproveStaff, at: At) -> Deciding:
    """R1, R2."""
    staff = yield from the_staff(command.staff_id)
    events = yield Propose(staff_key(staff.id), Approve(command.is_approved, command.reason))
    return (yield from _settle(staff, command.is_approved and staff.active, events, at))


def activate(command: ActivateStaff, at: At) -> Deciding:
    """R1, R2."""
    staff = yield from the_staff(command.staff_id)
    events = yield Propose(staff_key(staff.id), Activate(command.is_active, command.reason))
    return (yield from _settle(staff, staff.approved and command.is_active, events, at))


def hand_over(command: HandOver, at: At) -> Deciding:
    """R4."""
    hospital = yield from finding.the_hospital()
    staff = yield from the_staff(command.staff_id)
    if command.to_staff_id is not None:
        if command.to_staff_id == staff.id:
            raise Invalid("patients are handed to somebody else", field="to_staff_id")
        in_service((yield from the_staff(command.to_staff_id, "to_staff_id")))
    plan = Plan(hospital, at)
    handed = yield from plan.hand_over(
        staff.id, command.to_staff_id, command.admission_ids, "handover", command.reason, command.note, at.who
    )
    if not (yield from plan.patients_of(staff.id)):
        yield from settled(plan, staff.id)
    yield from plan.drain()
    yield from plan.propose()

    def answer(look: Callable[[str], Any]) -> HandoverView:
        return HandoverView(staff.id, _moved(handed.moved), list(handed.left), load_of(look(ROSTER), staff.id))

    return Done(answer)


def the_staff(staff_id: str, field: str = "staff_id") -> finding.Deciding[Staff]:
    """The member of this id, also one who has left."""
    staff: Staff | None = yield Look(staff_key(staff_id))
    if staff is None or not staff.version:
        raise NotFound("there is no such member of the staff", field=field, staff_id=staff_id)
    return staff


def load_of(roster: Roster | None, staff_id: str) -> int:
    """How many patients somebody has."""
    listed = roster.members.get(staff_id) if roster is not None else None
    return len(listed.patients) if listed is not None else 0


def _settle(staff: Staff, works: bool, events: Iterable[StaffEvent], at: At) -> Deciding:
    """R1, R2: the roster knows whether the member works here, and nobody stays with who does not."""
    handed = HandedOver()
    if events:
        hospital = yield from finding.the_hospital()
        plan = Plan(hospital, at)
        yield from plan.roster(_listing(staff.id, staff.profile, works))
        if works:
            yield from duty_changed(plan, hospital.policy, staff.id, events, at.who)
        else:
            yield from duty_told(plan, staff.id, events)
            if (yield from plan.patients_of(staff.id)):
                handed = yield from plan.hand_over(staff.id, None, None, "deactivated", by=at.who)
            yield from settled(plan, staff.id)
        yield from plan.drain()
        yield from plan.propose()

    def answer(look: Callable[[str], Any]) -> StaffOutcome:
        return staff_outcome(_shown(look, staff.id, at.time), _moved(handed.moved), handed.left)

    return Done(answer)


def _profile(fields: StaffFields) -> finding.Deciding[Profile]:
    for ward_id in fields.ward_ids:
        if (yield Find("wards", ward_id)) is None:
            raise NotFound("there is no such ward", field="ward_ids", ward_id=ward_id)
    if fields.doctor_id is not None and (yield Find("doctors", fields.doctor_id)) is None:
        raise NotFound("there is no such doctor", field="doctor_id", doctor_id=fields.doctor_id)
    return Profile(
        name=fields.name,
        role=fields.role,
        skills=tuple(sorted({_tidy(word) for word in fields.skills})),
        max_load=fields.max_load,
        ward_ids=tuple(sorted(set(fields.ward_ids))),
        doctor_id=fields.doctor_id or "",
    )


def _tidy(word: str) -> str:
    tidy = " ".join(word.split())
    if not tidy:
        raise Invalid("skills must not be blank", field="skills")
    return tidy


def _listing(staff_id: str, profile: Profile, works: bool) -> ListStaff:
    return ListStaff(staff_id, profile.role, profile.max_load, works, profile.skills, profile.ward_ids)


def _shown(look: Callable[[str], Any], staff_id: str, time: int) -> StaffView:
    return staff_view(look(staff_key(staff_id)), load_of(look(ROSTER), staff_id), time)


def _as_it_is(staff_id: str, at: At, outcome: str = "ok") -> Done:
    """The member as the decision leaves him or her."""
    return Done(lambda look: _shown(look, staff_id, at.time), outcome)


def _moved(moved: Iterable[Moved]) -> list[MovedView]:
    return [MovedView(one.admission_id, one.role, one.staff_id) for one in moved]


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("staff", command.staff_id)


ADD_STAFF = Decision(command=AddStaff, run=add)
CHANGE_STAFF = Decision(command=ChangeStaff, run=change, home=_home)
REMOVE_STAFF = Decision(command=RemoveStaff, run=remove, home=_home)
APPROVE_STAFF = Decision(command=ApproveStaff, run=approve, home=_home)
ACTIVATE_STAFF = Decision(command=ActivateStaff, run=activate, home=_home)
HAND_OVER = Decision(command=HandOver, run=hand_over, home=_home)
