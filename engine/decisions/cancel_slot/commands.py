"""A slot is cancelled, or a doctor is away from one time to another: first a plan, then all of it at once.

The plan is made anew when it is applied, from the states of that instant; what a client saw of a dry run binds
nobody. A dry run proposes nothing, so it leaves no trace but its answer.

R1  A slot that was cancelled or is over cannot be cancelled.
R2  An absence ends after it begins and lasts ``MAX_DAYS`` days at most.
R3  A slot whose remaining time lies within the absence is cancelled. One that it only touches goes on without
    those who are expected in it, and with seats in proportion to the time that is left, at least as many as are
    taken.
R4  Appointments in rooms within the absence are named, and stay: who sees them instead is for somebody to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.agenda import Engagement, agenda_key
from engine.actors.doctor import Doctor, doctor_key, in_service
from engine.actors.doctor_day import DoctorDay, delays_without, doctor_day_key
from engine.actors.hospital import HOSPITAL, Hospital, Id, known
from engine.actors.slot import slot_key
from engine.actors.slot.refusals import SlotNotOpen, SlotOver
from engine.actors.slot.state import Slot, Token, effective_end
from engine.actors.slot.view import estimate
from engine.decider import DAY, MINUTE, At, Deciding, Decision, Done, FreeText, Look, Value
from engine.decisions.cancel_slot.answer import plan_view
from engine.decisions.cancel_slot.carry_out import carry_out
from engine.decisions.cancel_slot.plan import Looking, Source, plan_for, whole
from engine.decisions.engagements import open_engagements
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
    slot: Slot | None = yield Look(slot_key(command.slot_id))
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
    """R2, R3, R4."""
    hospital: Hospital = known((yield Look(HOSPITAL)))
    start, end = calendar.instant(command.from_time, "from_time"), calendar.instant(command.to_time, "to_time")
    if end <= start:
        raise Invalid("an absence ends after it begins", field="to_time")
    if end - start > MAX_DAYS * DAY:
        raise Invalid(f"an absence lasts {MAX_DAYS} days at most", field="to_time")
    doctor: Doctor = in_service((yield Look(doctor_key(command.doctor_id))))
    sources: list[Source] = []
    engaged: list[Engagement] = []
    day = calendar.shift(calendar.local_day(start, hospital.time_zone), -_DAYS_BACK)
    last = calendar.local_day(end, hospital.time_zone)
    while day <= last:
        there: DoctorDay | None = yield Look(doctor_day_key(doctor.id, day))
        gone, delays = _gone(there, start, end, at.time) if there else (frozenset(), {})
        for planned in there.slots if there else ():
            if planned.id in gone:
                sources.append(whole((yield Look(slot_key(planned.id)))))
            elif planned.id in delays:
                slot: Slot = yield Look(slot_key(planned.id))
                begins = planned.start + delays[planned.id] * MINUTE
                ends = planned.end + delays[planned.id] * MINUTE
                if begins < end and start < ends and at.time < ends:
                    sources.append(_touched(slot, begins, start, end, at.time))
        in_rooms = yield from open_engagements(agenda_key("doctor", doctor.id, day))
        engaged.extend(one for one in in_rooms if one.start < end and max(start, at.time) < one.end)
        day = calendar.shift(day, 1)
    return (yield from _decide(hospital, tuple(sources), command, at, engaged))


def _decide(
    hospital: Hospital,
    sources: tuple[Source, ...],
    command: CancelSlot | DoctorUnavailable,
    at: At,
    engaged: Sequence[Engagement] = (),
) -> Looking[Done]:
    plan = yield from plan_for(hospital, sources, at.time)
    if not command.dry_run:
        yield from carry_out(plan, hospital, command.reason, at)
    return Done(lambda look: plan_view(plan, not command.dry_run, look, engaged))


def _gone(day: DoctorDay, start: int, end: int, now: int) -> tuple[frozenset[str], dict[str, int]]:
    """R3: the slots that lie within the absence, and the delays in minutes of those that remain.

    A slot that was pushed beyond the absence may fall back into it when the one that pushed it is cancelled.
    """
    gone: frozenset[str] = frozenset()
    while True:
        delays = delays_without(day, gone, now)
        within = frozenset(
            slot.id
            for slot in day.slots
            if slot.id in delays
            and now < slot.end + delays[slot.id] * MINUTE <= end
            and start <= max(slot.start + delays[slot.id] * MINUTE, now)
        )
        if not within:
            return gone, delays
        gone |= within


def _touched(slot: Slot, begins: int, start: int, end: int, now: int) -> Source:
    """R3: who is expected within the absence leaves; ``begins`` is when the slot then begins."""
    as_it_will_be = msgspec.structs.replace(slot, delay=begins - slot.start)
    leaving: list[Token] = []
    staying: list[tuple[Token, str]] = []
    for token in (*slot.pinned, *slot.line):
        expected = estimate(as_it_will_be, token, now)
        if token.phase == "IN_CONSULT":
            staying.append((token, "in_consult"))
        elif expected is not None and start <= expected.told < end:
            leaving.append(token)
        else:
            staying.append((token, "outside_absence"))
    length = slot.end - slot.start
    away = min(end, begins + length) - max(start, begins)
    in_proportion = slot.max_capacity * (length - away) // length
    freed = sum(not token.override for token in leaving)
    taken = slot.regular - freed + len(slot.holds) + len(slot.offers)
    capacity = min(slot.max_capacity, max(1, in_proportion, taken))
    return Source(slot, tuple(leaving), tuple(staying), cancelled=False, max_capacity=capacity)


CANCEL_SLOT = Decision(command=CancelSlot, run=cancel, home=lambda command, find: find("slots", command.slot_id))
DOCTOR_UNAVAILABLE = Decision(
    command=DoctorUnavailable, run=unavailable, home=lambda command, find: find("doctors", command.doctor_id)
)
