"""A slot is cancelled, or a doctor is away from one time to another: first a plan, then all of it at once.

The plan is made anew when it is applied, from the states of that instant; what a client saw of a dry run binds
nobody. A dry run proposes nothing, so it leaves no trace but its answer.

R1  A slot that was cancelled or is over cannot be cancelled.
R2  An absence ends after it begins and lasts ``MAX_DAYS`` days at most.
R3  A slot whose remaining time lies within the absence is cancelled. One that it only touches goes on without
    those who are expected in it, and with seats in proportion to the time that is left, at least as many as are
    taken.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from engine import calendar
from engine.actors.doctor import Doctor, doctor_key, in_service
from engine.actors.doctor_day import DoctorDay, doctor_day_key
from engine.actors.hospital import HOSPITAL, Hospital, Id, known
from engine.actors.slot.refusals import SlotNotOpen, SlotOver
from engine.actors.slot.state import Slot, Token, effective_end
from engine.actors.slot.view import estimate
from engine.decider import DAY, At, Deciding, Decision, Done, FreeText, Look, Value
from engine.decisions.cancel_slot.answer import plan_view
from engine.decisions.cancel_slot.carry_out import carry_out
from engine.decisions.cancel_slot.plan import Looking, Source, plan_for, whole
from engine.errors import Invalid, NotFound, Stale

MAX_DAYS = 31
Moment = Annotated[datetime, Meta(tz=True)]

# A slot lasts 24 hours at most and runs late by less than another day: it starts two local days before at most.
_DAYS_BACK = 2


class CancelSlot(Value, frozen=True):
    """Cancel a slot; with ``dry_run`` only say what would become of its patients."""

    slot_id: Id
    reason: FreeText | None = None
    dry_run: bool = False
    if_version: int | None = None


class DoctorUnavailable(Value, frozen=True):
    """The doctor is away; with ``dry_run`` only say what would become of the patients."""

    doctor_id: Id
    from_time: Moment
    to_time: Moment
    reason: FreeText | None = None
    dry_run: bool = False


def cancel(command: CancelSlot, at: At) -> Deciding:
    """R1."""
    hospital: Hospital = known((yield Look(HOSPITAL)))
    slot: Slot | None = yield Look(f"slot:{command.slot_id}")
    if slot is None:
        raise NotFound("there is no such slot", slot_id=command.slot_id)
    if command.if_version is not None and command.if_version != slot.version:
        raise Stale("the slot has changed", version=slot.version)
    if slot.status == "CANCELLED":
        raise SlotNotOpen("the slot was cancelled", slot_id=slot.id)
    if slot.status == "CLOSED" or effective_end(slot) <= at.time:
        raise SlotOver("the slot has ended", slot_id=slot.id)
    return (yield from _decide(hospital, (whole(slot),), command, at))


def unavailable(command: DoctorUnavailable, at: At) -> Deciding:
    """R2, R3."""
    hospital: Hospital = known((yield Look(HOSPITAL)))
    start, end = calendar.instant(command.from_time, "from_time"), calendar.instant(command.to_time, "to_time")
    if end <= start:
        raise Invalid("an absence ends after it begins", field="to_time")
    if end - start > MAX_DAYS * DAY:
        raise Invalid(f"an absence lasts {MAX_DAYS} days at most", field="to_time")
    doctor: Doctor = in_service((yield Look(doctor_key(command.doctor_id))))
    sources: list[Source] = []
    day = calendar.shift(calendar.local_day(start, hospital.time_zone), -_DAYS_BACK)
    last = calendar.local_day(end, hospital.time_zone)
    while day <= last:
        there: DoctorDay | None = yield Look(doctor_day_key(doctor.id, day))
        for planned in there.slots if there else ():
            if planned.status == "OPEN" and planned.effective_end > at.time:
                slot: Slot = yield Look(f"slot:{planned.id}")
                if slot.start + slot.delay < end and start < effective_end(slot):
                    sources.append(_source(slot, start, end, at.time))
        day = calendar.shift(day, 1)
    return (yield from _decide(hospital, tuple(sources), command, at))


def _decide(
    hospital: Hospital, sources: tuple[Source, ...], command: CancelSlot | DoctorUnavailable, at: At
) -> Looking[Done]:
    plan = yield from plan_for(hospital, sources, at.time)
    if not command.dry_run:
        yield from carry_out(plan, hospital.policy, command.reason)
    answer = plan_view(plan, not command.dry_run)
    return Done(lambda look: answer)


def _source(slot: Slot, start: int, end: int, now: int) -> Source:
    """R3."""
    begins, ends = max(slot.start + slot.delay, now), effective_end(slot)
    if start <= begins and ends <= end:
        return whole(slot)
    leaving: list[Token] = []
    staying: list[tuple[Token, str]] = []
    for token in (*slot.pinned, *slot.line):
        expected = estimate(slot, token, now)
        if token.phase == "IN_CONSULT":
            staying.append((token, "in_consult"))
        elif expected is not None and start <= expected.told < end:
            leaving.append(token)
        else:
            staying.append((token, "outside_absence"))
    away = min(end, slot.end + slot.delay) - max(start, slot.start + slot.delay)
    length = slot.end - slot.start
    in_proportion = slot.max_capacity * (length - away) // length
    freed = sum(not token.override for token in leaving)
    taken = slot.regular - freed + len(slot.holds) + len(slot.offers)
    capacity = min(slot.max_capacity, max(1, in_proportion, taken))
    return Source(slot, tuple(leaving), tuple(staying), cancelled=False, max_capacity=capacity)


CANCEL_SLOT = Decision(command=CancelSlot, run=cancel, home=lambda command, find: find("slots", command.slot_id))
DOCTOR_UNAVAILABLE = Decision(
    command=DoctorUnavailable, run=unavailable, home=lambda command, find: find("doctors", command.doctor_id)
)
