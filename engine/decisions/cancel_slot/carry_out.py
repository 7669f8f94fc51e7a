"""A plan made true: every slot, doctor's day and patient's day in it is asked once, all in one decision.

Seats that are then free, and patients who then stand in nobody's way any more, are as after any cancellation: who
waits and may have a seat gets it, in the same decision.
"""

from __future__ import annotations

from typing import Any

from engine.actors.doctor_day import DaySlotsEnded, ReworkDay, TakeNumbers, TicketNumbersGiven, doctor_day_key
from engine.actors.hospital import Hospital
from engine.actors.slot.commands import AddNumbers, Adopt, EmptySlot, Resize, SetDelay
from engine.actors.slot.state import Slot, numbers_left
from engine.decider import MINUTE, At, FreeText, Propose
from engine.decisions.cancel_slot.plan import Looking, Placement, Plan, commit_of
from engine.decisions.finding import the_slot
from engine.decisions.promotion import SPARE_NUMBERS
from engine.decisions.promotion import Plan as Filling


def carry_out(plan: Plan, hospital: Hospital, reason: FreeText | None, at: At) -> Looking[None]:
    """Doctors' days first, for they give ticket numbers and say whose delay changes; then slots and patients."""
    policy = hospital.policy
    filling = Filling(hospital, at)
    targets = _targets(plan)
    steps: dict[str, list[Any]] = {source.slot.id: [] for source in plan.sources}
    yield from _change_days(plan, filling)
    filling.work.extend(source.slot.id for source in plan.sources if not source.cancelled)
    for day in filling.days.values():
        filling.work.extend(one.slot_id for one in day.commitments if one.state == "waiting")
    yield from _ask_days(plan, filling, targets, steps)
    for slot, arriving in targets.values():
        adopts = [
            Adopt(
                token=one.token,
                from_slot=one.source.id,
                policy=policy,
                keeps_code=_keeps_code(one.source, slot),
                keeps_booking=one.source.day == slot.day,
                emergency=one.token.category == "EMERGENCY",
            )
            for one in arriving
        ]
        steps.setdefault(slot.id, []).extend(adopts)
    for source in plan.sources:
        mine = [one for one in plan.placements if one.source.id == source.slot.id]
        empty = EmptySlot(
            moves=tuple((one.token.id, one.target.id) for one in mine if one.target is not None),
            cancels=tuple(one.token.id for one in mine if one.action == "manual"),
            reason=reason,
            cancel_slot=source.cancelled,
        )
        resize = [] if source.cancelled or source.max_capacity == source.slot.max_capacity else [
            Resize(source.max_capacity)
        ]  # fmt: skip
        steps[source.slot.id] += [empty, *resize]
    for slot_id, do in steps.items():
        slot_plan = filling.of((yield from the_slot(slot_id)))
        for one in do:
            slot_plan.ask(one)
    yield from filling.fill()
    yield from filling.propose()


def _ask_days(
    plan: Plan, filling: Filling, targets: dict[str, tuple[Slot, list[Placement]]], steps: dict[str, list[Any]]
) -> Looking[None]:
    short = yield from _short_of_numbers(filling)
    for key, rework in _days(plan, targets).items():
        # A day is asked once: what the slots that are filled may need of it is asked for with the rest.
        spare = (TakeNumbers(short[key], SPARE_NUMBERS + len(plan.placements)),) if key in short else ()
        filling.numbers[key] = None
        given: list[TicketNumbersGiven] = []
        for event in (yield Propose(key, ReworkDay(rework.cancelled, (*rework.take, *spare)))):
            if isinstance(event, TicketNumbersGiven):
                given.append(event)
            elif isinstance(event, DaySlotsEnded):
                for late in event.delays:
                    delay = SetDelay(late.own_delay * MINUTE, late.delay * MINUTE)
                    steps.setdefault(late.slot_id, []).append(delay)
        if spare:
            extra = given.pop()
            filling.numbers[key] = (extra.slot_id, extra.first_number, extra.count)
        for numbers in given:
            steps.setdefault(numbers.slot_id, []).append(AddNumbers(numbers.first_number, numbers.count))


def _short_of_numbers(filling: Filling) -> Looking[dict[str, str]]:
    """By doctor's day: a slot that may be filled and may have too few ticket numbers for it."""
    short: dict[str, str] = {}
    for slot_id in filling.work:
        slot = yield from the_slot(slot_id)
        if slot.waiting and numbers_left(slot) < min(len(slot.waiting), slot.max_capacity):
            short[doctor_day_key(slot.doctor_id, slot.day)] = slot_id
            filling.of(slot)
    return short


def _targets(plan: Plan) -> dict[str, tuple[Slot, list[Placement]]]:
    targets: dict[str, tuple[Slot, list[Placement]]] = {}
    for one in plan.placements:
        if one.target is not None:
            targets.setdefault(one.target.id, (one.target, []))[1].append(one)
    return targets


def _keeps_code(source: Slot, target: Slot) -> bool:
    # A code is of a doctor's day: on another day, or with another doctor, the same one may be somebody else's.
    return (source.doctor_id, source.day) == (target.doctor_id, target.day)


def _days(plan: Plan, targets: dict[str, tuple[Slot, list[Placement]]]) -> dict[str, ReworkDay]:
    cancelled: dict[str, list[str]] = {}
    take: dict[str, list[TakeNumbers]] = {}
    for source in plan.sources:
        if source.cancelled:
            cancelled.setdefault(doctor_day_key(source.slot.doctor_id, source.slot.day), []).append(source.slot.id)
    for slot, arriving in targets.values():
        lacking = sum(not _keeps_code(one.source, slot) for one in arriving) - numbers_left(slot)
        if lacking > 0:
            take.setdefault(doctor_day_key(slot.doctor_id, slot.day), []).append(TakeNumbers(slot.id, lacking))
    return {key: ReworkDay(tuple(cancelled.get(key, ())), tuple(take.get(key, ()))) for key in {**cancelled, **take}}


def _change_days(plan: Plan, filling: Filling) -> Looking[None]:
    for entry, slot in plan.entries:
        (yield from filling.day(entry.patient_id, slot.day)).set(entry.id, "over")
    for one in plan.placements:
        token, target = one.token, one.target
        if one.action != "keep" and (target is None or target.day != one.source.day):
            (yield from filling.day(token.patient_id, one.source.day)).set(token.id, "over")
        if target is not None:
            (yield from filling.day(token.patient_id, target.day)).commit(commit_of(token, target))
