"""A new slot: its doctor's days are asked first, so that no two of his slots overlap, whatever midnight lies between,
and no slot overlaps an appointment of his.

R1  A slot begins before it ends and lasts 24 hours at most. Its day is the local day on which it starts.
R2  Its doctor is in service. A slot in the past is allowed (back-entry), and one on a holiday too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.agenda import agenda_key, conflict, overlap
from engine.actors.doctor import Doctor, doctor_key, in_service
from engine.actors.doctor_day import PlanSlot, PlanSlots, SlotsPlanned, doctor_day_key, overlapping, slot_overlap
from engine.actors.hospital import HOSPITAL, Category, Hospital, Id, known
from engine.actors.slot.commands import Open, SetDelay
from engine.actors.slot.state import Quota
from engine.actors.slot.view import slot_view
from engine.decider import DAY, MINUTE, At, Deciding, Decision, Done, Look, Propose, Value
from engine.errors import Invalid

Moment = Annotated[datetime, Meta(tz=True)]
Capacity = Annotated[int, Meta(ge=1, le=10_000)]


class TierQuota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many regular tokens a tier may have in the slot, and until when they are given; ``null``: no limit."""

    max: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    last_issue_at: Moment | None = None


class OpenSlot(Value, frozen=True):
    """Open a slot of a doctor."""

    doctor: Id
    start_time: Moment
    end_time: Moment
    max_capacity: Capacity
    quotas: dict[Category, TierQuota] = msgspec.field(default_factory=dict)


def open_slot(command: OpenSlot, at: At) -> Deciding:
    """Plan it in the doctor's day, open it, and pass on what it pushes where it opens behind a late one."""
    hospital: Hospital = known((yield Look(HOSPITAL)))
    start, end = calendar.instant(command.start_time, "start_time"), calendar.instant(command.end_time, "end_time")
    if end <= start:
        raise Invalid("a slot ends after it starts", field="end_time")
    if end - start > DAY:
        raise Invalid("a slot lasts 24 hours at most", field="end_time")
    quotas = {tier: _quota(tier, quota) for tier, quota in command.quotas.items()}
    doctor: Doctor = in_service((yield Look(doctor_key(command.doctor))))
    day = calendar.local_day(start, hospital.time_zone)
    for other in (calendar.shift(day, -1), calendar.shift(day, 1)):
        if there := overlapping((yield Look(doctor_day_key(doctor.id, other))), start, end):
            raise slot_overlap(there)
    for other in (calendar.shift(day, -1), day, calendar.shift(day, 1)):
        if engaged := overlap((yield Look(agenda_key("doctor", doctor.id, other))), start, end):
            raise conflict("doctor", engaged)
    slot_id = at.new_id(0)
    day_end = calendar.day_bounds(day, hospital.time_zone).end
    plan = PlanSlots((PlanSlot(slot_id, start, end, command.max_capacity),), day_end)
    event: SlotsPlanned
    (event,) = yield Propose(doctor_day_key(doctor.id, day), plan)
    (planned,) = event.slots
    delay = 0
    for late in event.delays:
        if late.slot_id == slot_id:
            delay = late.delay * MINUTE
        else:
            yield Propose(f"slot:{late.slot_id}", SetDelay(late.own_delay * MINUTE, late.delay * MINUTE))
    key = f"slot:{slot_id}"
    yield Propose(
        key,
        Open(
            doctor_id=doctor.id,
            day=day,
            start=start,
            end=end,
            max_capacity=command.max_capacity,
            prefix=doctor.prefix,
            first_number=planned.first_number,
            numbers=planned.count,
            quotas=quotas,
            delay=delay,
        ),
    )
    return Done(lambda look: slot_view(look(key), at.time), "created")


def _quota(tier: str, quota: TierQuota) -> Quota:
    until = quota.last_issue_at
    field = f"quotas.{tier}.last_issue_at"
    return Quota(max=quota.max, last_issue_at=None if until is None else calendar.instant(until, field))


OPEN_SLOT = Decision(command=OpenSlot, run=open_slot, home=lambda command, find: find("doctors", command.doctor))
