"""Slots that will not take place: what becomes of each patient, first as a plan and then at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from engine import calendar
from engine.decider import HOUR, MINUTE
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_slot import CancelSlot, DoctorUnavailable
from engine.decisions.cancel_slot.plan import MOST, PlanTooLarge, Source, plan_for
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, StartConsult
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.hospital import ChangePolicy
from engine.decisions.open_slot import TierQuota
from engine.errors import Invalid, NotFound, Stale
from tests.engine.deciding import NINE, World, reason

UNKNOWN = "01900000-0000-7000-8000-000000000000"
DAY = 24 * HOUR


def actions(view: Any) -> dict[str, tuple[str, str | None]]:
    return {one.token_id: (one.action, one.to_slot_id) for one in view.tokens}


def cancel(world: World, slot: str, **more: Any) -> Any:
    return world.ask(CancelSlot(slot_id=slot, reason=reason("doctor ill"), **more))


def away(world: World, doctor: str, start: int, end: int, **more: Any) -> Any:
    return world.ask(
        DoctorUnavailable(
            doctor_id=doctor,
            from_time=calendar.moment(start),
            to_time=calendar.moment(end),
            reason=reason("ill"),
            **more,
        )
    )


def test_a_patient_goes_to_the_same_doctor_on_that_day_first():
    world = World()
    doctor = world.doctor()
    slot, later = world.slot(doctor=doctor), world.slot(doctor=doctor, start=NINE + 4 * HOUR)
    world.slot(doctor=world.doctor())
    token = world.book(slot)
    number = world.token(token).number
    assert actions(cancel(world, slot)) == {token: ("reschedule", later)}
    assert (world.state(slot).status, world.line(slot), world.line(later)) == ("CANCELLED", [], [token])
    assert world.tables["tokens"][token] == f"slot:{later}"
    assert world.token(token).number == number  # the same doctor's same day: the printed code stays


def test_then_to_a_colleague_on_that_day_the_nearest_start_first():
    world = World()
    slot = world.slot()
    far, near = world.slot(start=NINE + 3 * HOUR), world.slot(start=NINE + HOUR)
    world.slot(doctor=world.doctor("ENT"))
    token = world.book(slot)
    view = cancel(world, slot)
    assert actions(view) == {token: ("move", near)}
    (planned,) = view.tokens
    assert planned.to_doctor_id == world.state(near).doctor_id
    assert planned.start_time == calendar.moment(NINE + HOUR)
    assert world.line(far) == []


def test_of_equally_near_colleagues_the_least_loaded_gets_the_next():
    world = World()
    slot = world.slot(4)
    busy, idle = world.slot(4), world.slot(4)
    world.book(busy)
    world.book(busy)
    tokens = [world.book(slot) for _ in range(4)]
    cancel(world, slot)
    assert [len(world.line(one)) for one in (busy, idle)] == [3, 3]
    assert set(world.line(busy)[2:]) | set(world.line(idle)) == set(tokens)


def test_then_to_the_same_doctors_next_slot_within_seven_days():
    world = World()
    doctor = world.doctor()
    slot = world.slot(doctor=doctor)
    eighth, seventh = world.slot(doctor=doctor, start=NINE + 8 * DAY), world.slot(doctor=doctor, start=NINE + 7 * DAY)
    token = world.book(slot)
    patient = world.token(token).patient_id
    assert actions(cancel(world, slot)) == {token: ("reschedule", seventh)}
    assert world.state(eighth).regular == 0
    assert [one.state for one in world.patient_day(patient).commitments] == ["over"]
    assert [one.slot_id for one in world.patient_day(patient, "2026-02-08").commitments] == [seventh]


def test_for_whom_there_is_nothing_the_token_is_cancelled_and_listed():
    world = World()
    slot = world.slot()
    token = world.book(slot)
    view = cancel(world, slot)
    assert actions(view) == {token: ("manual", None)}
    assert (view.tokens[0].why, view.counts["manual"]) == ("no_alternative", 1)
    assert world.token(token).status == "CANCELLED"
    (event,) = world.named("TokenCancelled")
    assert (event.reason.text, event.reason.subject) == ("doctor ill", world.token(token).patient_id)
    (cancelled,) = world.named("SlotCancelled")
    assert cancelled.reason.subject == ""
    patient = world.token(token).patient_id
    world.book(world.slot(), patient)  # the day is free again


def test_who_is_in_consultation_stays_and_is_listed():
    world = World()
    slot = world.slot()
    world.slot()
    inside, called = world.book(slot), world.book(slot)
    for token in (inside, called):
        world.ask(CheckIn(token_id=token))
        world.ask(CallToken(token_id=token))
    world.ask(StartConsult(token_id=inside))
    view = cancel(world, slot)
    assert {one.token_id: (one.action, one.why) for one in view.tokens} == {
        inside: ("keep", "in_consult"), called: ("move", None),
    }  # fmt: skip
    assert world.line(slot) == [inside]
    assert world.token(called).phase == "ARRIVED"  # he is here still


def test_the_waiting_list_ends_with_its_slot():
    world = World()
    slot, _ = world.full_slot(1)
    patient = world.patient()
    entry = world.book(slot, patient)
    view = cancel(world, slot)
    assert [(one.entry_id, one.patient_id) for one in view.waiting_closed] == [(entry, patient)]
    assert world.token(entry).status == "SLOT_CLOSED"
    assert [one.state for one in world.patient_day(patient).commitments] == ["over"]
    assert world.refusal(BookToken(slot_id=slot, patient_id=patient, category="ONLINE")).code == "slot_cancelled"


def test_a_dry_run_changes_nothing_and_says_what_would_happen():
    world = World()
    slot, other = world.slot(), world.slot()
    token = world.book(slot)
    before = len(world.history)
    dry = cancel(world, slot, dry_run=True)
    assert (len(world.history), world.state(slot).status) == (before, "ACTIVE")
    assert (dry.applied, actions(dry)) == (False, {token: ("move", other)})
    applied = cancel(world, slot)
    assert applied.applied
    assert (applied.tokens, applied.notices, applied.counts) == (dry.tokens, dry.notices, dry.counts)


def test_what_a_dry_run_said_binds_nobody():
    world = World()
    slot, other = world.slot(1), world.slot(1)
    token = world.book(slot)
    assert actions(cancel(world, slot, dry_run=True)) == {token: ("move", other)}
    world.book(other)
    assert actions(cancel(world, slot)) == {token: ("manual", None)}


def test_seats_given_by_the_plan_are_not_given_twice():
    world = World()
    slot = world.slot(3)
    first, second = world.slot(1), world.slot(1, start=NINE + HOUR)
    tokens = [world.book(slot) for _ in range(3)]
    view = cancel(world, slot)
    assert actions(view) == dict(zip(tokens, (("move", first), ("move", second), ("manual", None)), strict=True))


def test_an_overbooked_seat_is_given_where_the_policy_allows_it():
    world = World(overbook_pct=100)
    slot = world.slot(2)
    tokens = [world.book(slot) for _ in range(2)]
    other = world.slot(1)
    assert actions(cancel(world, slot)) == dict.fromkeys(tokens, ("move", other))
    assert world.state(other).overbooked == 1


def test_a_tiers_quota_holds_for_who_is_moved():
    world = World()
    slot = world.slot()
    world.slot(start=NINE + HOUR, quotas={"ONLINE": TierQuota(max=0)})
    online, walkin = world.book(slot), world.book(slot, category="WALKIN")
    view = actions(cancel(world, slot))
    assert (view[online][0], view[walkin][0]) == ("manual", "move")


def test_an_emergency_is_moved_above_the_capacity():
    world = World()
    slot = world.slot()
    other, _ = world.full_slot(1)
    token = world.book(slot, category="EMERGENCY")
    assert actions(cancel(world, slot)) == {token: ("move", other)}
    assert (world.state(other).overrides, world.line(other)[0]) == (1, token)


def test_nobody_is_booked_twice_on_the_day_he_is_moved_to():
    world = World()
    doctor = world.doctor()
    slot, tomorrow = world.slot(doctor=doctor), world.slot(doctor=doctor, start=NINE + DAY)
    after = world.slot(doctor=doctor, start=NINE + 2 * DAY)
    patient = world.patient()
    token = world.book(slot, patient)
    world.book(world.slot(doctor=world.doctor("ENT"), start=NINE + DAY), patient)
    assert actions(cancel(world, slot)) == {token: ("reschedule", after)}
    assert world.state(tomorrow).regular == 0


def test_a_patient_with_two_tokens_gets_one_notice():
    world = World(double_booking="slot")
    doctor = world.doctor()
    slots = [world.slot(doctor=doctor, start=NINE + n * HOUR) for n in range(2)]
    patient = world.patient()
    tokens = [world.book(slot, patient) for slot in slots]
    waits, _ = world.full_slot(1, doctor=doctor, start=NINE + 2 * HOUR)
    entry = world.book(waits, patient)
    view = away(world, doctor, NINE, NINE + 3 * HOUR)
    (notice, other) = view.notices
    assert (notice.patient_id, notice.token_ids) == (patient, [*tokens, entry])
    assert other.patient_id != patient


def test_numbers_of_ticket_codes_come_from_the_day_that_the_token_goes_to():
    world = World()
    slot = world.slot(3)
    other = world.slot(3)
    here = [world.book(other, category="WALKIN")]
    tokens = [world.book(slot) for _ in range(2)]
    cancel(world, slot)
    codes = [(world.state(other).prefix, world.token(token).number) for token in (*here, *tokens)]
    assert codes == [("CA2", 1), ("CA2", 2), ("CA2", 3)]


def test_more_numbers_are_taken_when_a_slot_has_used_up_its_own():
    world = World(overbook_pct=100)
    other, _ = world.full_slot(1)
    slot = world.slot(1)
    token = world.book(slot)
    cancel(world, slot)
    assert world.token(token).number == 2
    assert len(world.named("TicketNumbersGiven")) == 1
    doctor = world.state(other).doctor_id
    assert world.states[f"doctor_day:{doctor}:2026-02-01"].next_number == 3


def test_a_cancelled_slot_pushes_the_later_ones_no_more():
    world = World()
    doctor = world.doctor()
    slot, pushed = world.slot(doctor=doctor), world.slot(doctor=doctor, start=NINE + HOUR)
    third = world.slot(doctor=doctor, start=NINE + 2 * HOUR)
    world.ask(DelaySlot(slot_id=slot, delay_minutes=30))
    token = world.book(slot)
    view = cancel(world, slot)
    assert actions(view) == {token: ("reschedule", pushed)}
    assert view.tokens[0].start_time == calendar.moment(NINE + HOUR)
    assert [world.state(one).delay for one in (pushed, third)] == [0, 0]
    assert (world.state(pushed).status, world.line(pushed)) == ("ACTIVE", [token])


def test_a_slot_is_cancelled_once_and_not_after_its_end():
    world = World()
    slot, over = world.slot(), world.slot()
    cancel(world, slot)
    assert world.refusal(CancelSlot(slot_id=slot)).code == "slot_cancelled"
    world.later(3 * 60)
    assert world.refusal(CancelSlot(slot_id=over)).code == "slot_closed"
    assert isinstance(world.refusal(CancelSlot(slot_id=UNKNOWN)), NotFound)


def test_a_slot_of_another_version_is_stale():
    world = World()
    slot = world.slot()
    world.book(slot)
    assert isinstance(world.refusal(CancelSlot(slot_id=slot, if_version=1)), Stale)


def test_a_plan_has_a_limit():
    world = World()
    slot, (token,) = world.full_slot(1)
    state = world.state(slot)
    crowd = Source(state, (state.tokens[token],) * (MOST + 1), ())
    with pytest.raises(PlanTooLarge) as refused:
        next(plan_for(world.states["hospital:self"], (crowd,), world.time))
    assert refused.value.facts == {"patients": MOST + 1, "most": MOST}


def test_an_absence_cancels_what_lies_within_it_and_leaves_what_it_does_not_touch():
    world = World()
    doctor = world.doctor()
    slots = [world.slot(doctor=doctor, start=NINE + n * HOUR) for n in range(4)]
    tokens = [world.book(slot) for slot in slots]
    view = away(world, doctor, NINE + HOUR, NINE + 3 * HOUR)
    assert view.cancelled_slots == slots[1:3]
    assert set(actions(view)) == set(tokens[1:3])
    assert [world.state(slot).status for slot in slots] == ["ACTIVE", "CANCELLED", "CANCELLED", "ACTIVE"]
    assert {target for _, target in actions(view).values()} == {slots[0], slots[3]}


def test_a_slot_that_an_absence_touches_goes_on_with_fewer_seats():
    world = World()
    doctor = world.doctor()
    slot = world.slot(6, doctor=doctor, minutes=180)  # half an hour each
    other = world.slot(6)
    tokens = [world.book(slot) for _ in range(6)]
    view = away(world, doctor, NINE + 2 * HOUR, NINE + 5 * HOUR)
    assert actions(view) == {
        **dict.fromkeys(tokens[:4], ("keep", None)), **dict.fromkeys(tokens[4:], ("move", other)),
    }  # fmt: skip
    assert {one.why for one in view.tokens[:4]} == {"outside_absence"}
    assert [(one.slot_id, one.max_capacity) for one in view.reduced_slots] == [(slot, 4)]
    assert (world.state(slot).max_capacity, world.line(slot), world.line(other)) == (4, tokens[:4], tokens[4:])
    assert world.state(slot).status == "ACTIVE"


def test_an_absence_that_begins_now_cancels_a_slot_that_runs():
    world = World()
    doctor = world.doctor()
    slot = world.slot(doctor=doctor)
    inside, waits = world.book(slot), world.book(slot)
    for token in (inside, waits):
        world.ask(CheckIn(token_id=token))
    world.later(70)
    world.ask(CallToken(token_id=inside))
    world.ask(StartConsult(token_id=inside))
    view = away(world, doctor, world.time, NINE + 8 * HOUR)
    assert (view.cancelled_slots, actions(view)[inside], actions(view)[waits]) == (
        [slot],
        ("keep", None),
        ("manual", None),
    )


def test_an_absence_sees_slots_of_the_night_before_and_late_ones():
    world = World()
    doctor = world.doctor()
    night = world.slot(doctor=doctor, start=NINE + 13 * HOUR, minutes=360)  # 22:00 to 04:00
    early = world.slot(doctor=doctor, start=NINE + 20 * HOUR)  # 05:00 to 06:00, an hour late
    world.ask(DelaySlot(slot_id=early, delay_minutes=60))
    view = away(world, doctor, NINE + 18 * HOUR, NINE + 22 * HOUR)
    assert (view.cancelled_slots, [one.slot_id for one in view.reduced_slots]) == ([early], [night])


def test_a_slot_that_falls_back_into_the_absence_is_cancelled_too():
    world = World()
    doctor = world.doctor()
    slots = [world.slot(doctor=doctor, start=NINE + n * HOUR) for n in range(3)]
    world.ask(DelaySlot(slot_id=slots[0], delay_minutes=60))  # now 10, 11 and 12 h
    world.book(slots[1])
    view = away(world, doctor, NINE, NINE + 150 * MINUTE)
    assert (view.cancelled_slots, [one.slot_id for one in view.reduced_slots]) == (slots[:2], [slots[2]])
    assert (world.state(slots[2]).delay, world.state(slots[2]).max_capacity) == (0, 1)


def test_several_days_are_one_decision():
    world = World()
    doctor, colleague = world.doctor(), world.doctor()
    slots = [world.slot(1, doctor=doctor, start=NINE + n * DAY) for n in range(4)]
    others = [world.slot(1, doctor=colleague, start=NINE + n * DAY) for n in (0, 2)]
    tokens = [world.book(slot) for slot in slots[:3]]
    view = away(world, doctor, NINE, NINE + 2 * DAY + 2 * HOUR)
    assert actions(view) == {
        tokens[0]: ("move", others[0]), tokens[1]: ("reschedule", slots[3]), tokens[2]: ("move", others[1]),
    }  # fmt: skip


def test_a_dry_run_of_an_absence_leaves_all_as_it_was():
    world = World()
    doctor = world.doctor()
    world.book(world.slot(doctor=doctor))
    before = len(world.history)
    assert not away(world, doctor, NINE, NINE + HOUR, dry_run=True).applied
    assert len(world.history) == before


@pytest.mark.parametrize(("start", "end"), [(0, 0), (HOUR, 0), (0, 31 * DAY + 1)])
def test_an_absence_without_meaning_is_invalid(start: int, end: int):
    world = World()
    command = DoctorUnavailable(
        doctor_id=world.doctor(), from_time=calendar.moment(NINE + start), to_time=calendar.moment(NINE + end)
    )
    refused = world.refusal(command)
    assert (type(refused), refused.facts["field"]) == (Invalid, "to_time")


def test_the_ends_of_time_are_invalid():
    world = World()
    first, last = (datetime(year, 1, 1, tzinfo=calendar.zone("UTC")) for year in (1, 9999))
    command = DoctorUnavailable(doctor_id=world.doctor(), from_time=first, to_time=last)
    assert world.refusal(command).facts["field"] == "from_time"


def test_an_absence_without_slots_is_an_empty_plan():
    world = World()
    view = away(world, world.doctor(), NINE, NINE + HOUR)
    assert (view.tokens, view.cancelled_slots, view.notices) == ([], [], [])


def test_a_stricter_policy_since_the_booking_lets_the_patient_stay_on_his_day():
    world = World(double_booking="off")
    doctor = world.doctor()
    slot, later = world.slot(doctor=doctor), world.slot(doctor=doctor, start=NINE + HOUR)
    patient = world.patient()
    token = world.book(slot, patient)
    world.ask(ChangePolicy(double_booking="day", no_show_grace_minutes=0))
    assert actions(cancel(world, slot)) == {token: ("reschedule", later)}
    assert world.token(token).mark_at == 0


def test_a_slot_whose_end_has_come_is_no_alternative_though_it_is_not_closed_yet():
    world = World()
    doctor = world.doctor()
    ended, slot = world.slot(doctor=doctor), world.slot(doctor=doctor, start=NINE + 2 * HOUR)
    token = world.book(slot)
    world.time = NINE + HOUR
    assert actions(cancel(world, slot)) == {token: ("manual", None)}
    assert world.state(ended).status == "ACTIVE"
