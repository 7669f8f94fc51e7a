"""Weekly templates: kept, changed, and turned into slots for a range of days.

R1  One request makes slots for ``MAX_DAYS`` days at most; all that can be made are made in one decision.
R2  A day is left out, and listed with the reason, when it is a holiday or a day off, when its slot was made before
    or is over, when the clocks skip its start or end that day, and when the doctor has another slot or an
    appointment then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from engine import calendar
from engine.actors.agenda import Agenda, agenda_key, overlap
from engine.actors.doctor import Doctor, doctor_key, in_service
from engine.actors.doctor_day import DoctorDay, PlanSlot, PlanSlots, SlotsPlanned, doctor_day_key, overlapping
from engine.actors.hospital import HOSPITAL, Hospital, Id, known
from engine.actors.slot.commands import Open, SetDelay
from engine.actors.slot.state import Quota
from engine.actors.slot_template import (
    CreateTemplate,
    NoteGenerated,
    RetireTemplate,
    ReviseTemplate,
    Shift,
    SlotTemplate,
    WeeklyPlan,
    in_use,
    plan_of,
    shift_on,
    template_key,
    template_view,
)
from engine.decider import DAY, MINUTE, At, Deciding, Decision, Done, Look, Propose, Value
from engine.decisions import finding
from engine.errors import Invalid

MAX_DAYS = 62


class AddSlotTemplate(WeeklyPlan, frozen=True):
    """Add a weekly template of a doctor's slots."""

    doctor: Id


class ChangeSlotTemplate(WeeklyPlan, frozen=True):
    """Replace a template's plan; slots that were made stay as they are."""

    template_id: Id
    if_version: int | None = None


class RemoveSlotTemplate(Value, frozen=True):
    """Retire a template; slots that were made stay."""

    template_id: Id
    if_version: int | None = None


class GenerateSlots(Value, frozen=True):
    """Open the slots that a template asks for from one local date to another, both included."""

    template_id: Id
    from_date: date
    to_date: date


class GeneratedSlot(msgspec.Struct, frozen=True):
    """A slot that was opened; times in UTC."""

    date: str
    slot_id: str
    start_time: datetime
    end_time: datetime


class SkippedDay(msgspec.Struct, frozen=True):
    """Why a day got no slot; ``slot_id`` or ``appointment_id`` names what is there."""

    date: str
    reason: str
    slot_id: str | None = None
    appointment_id: str | None = None


class Generated(msgspec.Struct, frozen=True):
    """What was opened, and what was not."""

    template_id: str
    created: list[GeneratedSlot]
    skipped: list[SkippedDay]


def add(command: AddSlotTemplate, at: At) -> Deciding:
    """Of a doctor in service."""
    known((yield Look(HOSPITAL)))
    in_service((yield Look(doctor_key(command.doctor))))
    key = template_key(at.new_id(0))
    yield Propose(key, CreateTemplate(command.doctor, _plan(command)))
    return Done(lambda look: template_view(look(key)), "created")


def change(command: ChangeSlotTemplate, at: At) -> Deciding:
    """For days not yet made."""
    key = template_key(command.template_id)
    in_use((yield Look(key)))
    yield Propose(key, ReviseTemplate(_plan(command), command.if_version))
    return Done(lambda look: template_view(look(key)))


def remove(command: RemoveSlotTemplate, at: At) -> Deciding:
    """Nothing is made from it any more."""
    key = template_key(command.template_id)
    in_use((yield Look(key)))
    yield Propose(key, RetireTemplate(command.if_version))
    return Done(outcome="removed")


def generate(command: GenerateSlots, at: At) -> Deciding:
    """R1, R2."""
    hospital: Hospital = known((yield Look(HOSPITAL)))
    key = template_key(command.template_id)
    template: SlotTemplate = in_use((yield Look(key)))
    doctor: Doctor = in_service((yield Look(doctor_key(template.doctor_id))))
    created: list[GeneratedSlot] = []
    skipped: list[SkippedDay] = []
    holidays = frozenset(hospital.policy.holidays)
    plan = plan_of(template)
    latest = 0
    for day in _days(command):
        shift = shift_on(plan, day, holidays, hospital.time_zone)
        if shift is None:
            continue
        name = day.isoformat()
        before: DoctorDay | None = yield Look(doctor_day_key(doctor.id, calendar.shift(name, -1)))
        present: DoctorDay | None = yield Look(doctor_day_key(doctor.id, name))
        after: DoctorDay | None = yield Look(doctor_day_key(doctor.id, calendar.shift(name, 1)))
        left_out = _left_out(name, shift, template, (before, present, after), at.time)
        if left_out is None and shift.start < latest:  # the slot made just before reaches over midnight
            left_out = SkippedDay(name, "slot_overlap", created[-1].slot_id)
        if left_out is None:
            left_out = yield from _engaged(doctor.id, name, shift)
        if left_out is not None:
            skipped.append(left_out)
            continue
        slot_id = at.new_id(len(created))
        yield from _open(hospital, doctor, template, name, shift, slot_id)
        latest = shift.end
        created.append(GeneratedSlot(name, slot_id, calendar.moment(shift.start), calendar.moment(shift.end)))
    yield Propose(key, NoteGenerated({slot.date: slot.slot_id for slot in created}))
    answer = Generated(template.id, created, skipped)
    return Done(lambda look: answer, "created" if created else "ok")


def _left_out(
    name: str, shift: Shift, template: SlotTemplate, days: tuple[DoctorDay | None, ...], now: int
) -> SkippedDay | None:
    """R2, but for the slots that this same request makes."""
    if made := template.generated.get(name):
        return SkippedDay(name, "made_before", made)
    if shift.skipped:
        return SkippedDay(name, shift.skipped)
    if shift.end <= now:
        return SkippedDay(name, "over")
    if shift.end - shift.start > DAY:  # midnight to midnight, on the day on which the clocks go back
        return SkippedDay(name, "longer_than_24_hours")
    for day in days:
        if there := overlapping(day, shift.start, shift.end):
            return SkippedDay(name, "slot_overlap", there.id)
    return None


def _engaged(doctor_id: str, name: str, shift: Shift) -> finding.Deciding[SkippedDay | None]:
    """R2: the doctor's appointments then; one may begin the day before, or the slot reach over midnight."""
    for day in (calendar.shift(name, -1), name, calendar.shift(name, 1)):
        agenda: Agenda | None = yield Look(agenda_key("doctor", doctor_id, day))
        if there := overlap(agenda, shift.start, shift.end):
            return SkippedDay(name, "doctor_conflict", appointment_id=there.appointment_id)
    return None


def _open(hospital: Hospital, doctor: Doctor, template: SlotTemplate, day: str, shift: Shift, slot_id: str) -> Deciding:
    day_end = calendar.day_bounds(day, hospital.time_zone).end
    plan = PlanSlots((PlanSlot(slot_id, shift.start, shift.end, shift.max_capacity),), day_end)
    event: SlotsPlanned
    (event,) = yield Propose(doctor_day_key(doctor.id, day), plan)
    (planned,) = event.slots
    delays = {late.slot_id: late for late in event.delays}
    own = delays.pop(slot_id, None)
    yield Propose(
        f"slot:{slot_id}",
        Open(
            doctor_id=doctor.id,
            day=day,
            start=shift.start,
            end=shift.end,
            max_capacity=shift.max_capacity,
            prefix=doctor.prefix,
            first_number=planned.first_number,
            numbers=planned.count,
            quotas={tier: Quota(max=most) for tier, most in plan_of(template).quotas.items()},
            delay=own.delay * MINUTE if own else 0,
            template_id=template.id,
        ),
    )
    for late in delays.values():
        yield Propose(f"slot:{late.slot_id}", SetDelay(late.own_delay * MINUTE, late.delay * MINUTE))
    return Done()


def _days(command: GenerateSlots) -> list[date]:
    first, last = calendar.checked(command.from_date, "from_date"), calendar.checked(command.to_date, "to_date")
    if last < first:
        raise Invalid("to_date is not before from_date", field="to_date")
    if (last - first).days >= MAX_DAYS:
        raise Invalid(f"{MAX_DAYS} days at most at once", field="to_date")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _plan(command: WeeklyPlan) -> WeeklyPlan:
    return WeeklyPlan(**{name: getattr(command, name) for name in WeeklyPlan.__struct_fields__})


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("templates", command.template_id)


ADD_SLOT_TEMPLATE = Decision(command=AddSlotTemplate, run=add)
CHANGE_SLOT_TEMPLATE = Decision(command=ChangeSlotTemplate, run=change, home=_home)
REMOVE_SLOT_TEMPLATE = Decision(command=RemoveSlotTemplate, run=remove, home=_home)
GENERATE_SLOTS = Decision(command=GenerateSlots, run=generate, home=_home)
