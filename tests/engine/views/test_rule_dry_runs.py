"""A dry run chooses again for the appointments of a day, as it stood when each was made."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.actors.clinic.refusals import NoDraft
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.closures import AddClosure
from engine.decisions.room_rules import AddRule
from engine.decisions.rooming.refusals import NoRoomAvailable
from engine.errors import NotFound
from engine.rules.kinds import (
    CleaningBuffer,
    Compactness,
    LeastBusy,
    MaximumDaily,
    MinimumCapacity,
    PreferredRoom,
    Scope,
)
from engine.views import rule_dry_runs
from engine.views.rule_dry_runs import DryRunRules, DryRunView
from tests.engine.booking import Booking, moment
from tests.engine.views.of_world import shown

TODAY = dt.date(2026, 2, 1)


def dry_run(house: Booking, **more: Any) -> DryRunView:
    found: DryRunView = shown(house, DryRunRules(clinic_id=house.clinic_id, date=TODAY, **more))
    return found


def drafted(house: Booking, *specs: Any) -> None:
    for spec in specs:
        house.ask(AddRule(clinic_id=house.clinic_id, rule=spec))


def test_choices_that_would_be_others_are_listed_with_both_scores():
    house = Booking()
    first, second = house.room("first"), house.room("second")
    one, two = house.booked(0), house.booked(60)
    drafted(house, PreferredRoom(name="the second", rooms=(second,), weight=20))
    run = dry_run(house)
    assert (run.appointments, run.unchanged, run.without_room, run.rule_version) == (2, 0, 0, None)
    assert [(row.appointment_id, row.room_id, row.would_be, row.score_then, row.score_now) for row in run.changed] == [
        (one, first, second, 50, 70),
        (two, first, second, 50, 70),
    ]


def test_the_rules_in_force_choose_what_they_chose():
    house = Booking()
    for number in range(3):
        house.room(f"{number}")
    house.rules(LeastBusy(name="least busy", full=4))
    for number in range(9):
        house.booked(number % 3 * 60)
    run = dry_run(house, version=1)
    assert (run.appointments, run.unchanged, run.changed, run.rule_version) == (9, 9, [], 1)


def test_an_appointment_is_chosen_for_on_the_day_as_it_stood_when_it_was_made():
    house = Booking()
    only = house.room()
    cancelled = house.booked()
    house.later(1)
    house.ask(CancelAppointment(appointment_id=cancelled))
    house.later(1)
    house.booked()
    waiting = house.booked(fallback="unassigned")
    drafted(house, LeastBusy(name="least busy"))
    run = dry_run(house)
    assert (run.appointments, run.unchanged, run.without_room) == (3, 3, 1)
    assert house.room_of(waiting) == ""
    assert only in house.states[f"clinic:{house.clinic_id}"].rooms


def test_a_draft_that_leaves_appointments_without_a_room_says_so():
    house = Booking()
    room = house.room()
    house.booked(0)
    second = house.booked(60)
    drafted(house, MaximumDaily(name="one a day", bookings=1))
    run = dry_run(house)
    assert (run.unchanged, run.without_room) == (1, 1)
    (row,) = run.changed
    assert (row.appointment_id, row.room_id, row.would_be, row.score_now) == (second, room, None, None)


def test_rooms_that_somebody_named_stay_and_take_their_place():
    house = Booking()
    first, second = house.room("first"), house.room("second")
    house.booked(room_id=second)
    beside = house.booked()
    drafted(house, PreferredRoom(name="the second", rooms=(second,)))
    run = dry_run(house)
    assert (run.appointments, run.unchanged, run.changed) == (1, 1, [])
    assert house.room_of(beside) == first


def test_a_closed_room_is_not_chosen():
    house = Booking()
    house.room("first")
    second = house.room("second")
    house.ask(AddClosure(room_id=second, kind="closed", start_time=moment(0), end_time=moment(600)))
    house.booked()
    drafted(house, PreferredRoom(name="the second", rooms=(second,)))
    assert dry_run(house).unchanged == 1


def test_a_day_too_long_for_one_answer_is_gone_through_in_several(monkeypatch: pytest.MonkeyPatch):
    house = Booking()
    first, large = house.room("first"), house.room("large", capacity=2)
    ids = [house.booked(number * 60) for number in range(5)]
    drafted(house, MinimumCapacity(name="large rooms", minimum=2))
    monkeypatch.setattr(rule_dry_runs, "MAX_LOOKS", 4)
    seen: list[tuple[str, str | None]] = []
    after, answers = None, 0
    while True:
        run = dry_run(house, after=after)
        seen += [(row.appointment_id, row.would_be) for row in run.changed]
        answers += 1
        after = run.next_after
        if after is None:
            break
    assert seen == [(id, large) for id in ids]
    assert answers == 3
    assert first not in {would_be for _, would_be in seen}


def test_a_day_without_appointments_has_nothing_to_change():
    house = Booking()
    house.room()
    with pytest.raises(NoDraft):
        dry_run(house)
    drafted(house, LeastBusy(name="least busy"))
    assert (dry_run(house).appointments, dry_run(house).next_after) == (0, None)
    with pytest.raises(NotFound):
        dry_run(house, after="ffffffff-0000-7000-8000-000000000000")


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 20).map(lambda number: number * 15), st.sampled_from((15, 30, 60)), st.integers(0, 9)),
        min_size=1,
        max_size=15,
    )
)
def test_whatever_was_booked_and_cancelled_the_rules_that_chose_would_choose_the_same(
    requests: list[tuple[int, int, int]],
):
    house = Booking()
    house.room("narrow", cleaning_minutes=10)
    house.room("wide", setup_minutes=20, max_daily=3)
    house.room("other")
    house.rules(
        LeastBusy(name="least busy", full=4),
        Compactness(name="no gaps", weight=30),
        CleaningBuffer(name="air", minutes=5, scope=Scope(room_types=("exam",))),
    )
    there: list[str] = []
    for start, minutes, cancel in requests:
        house.later(1)
        if cancel < len(there):
            house.ask(CancelAppointment(appointment_id=there.pop(cancel)))
            house.later(1)
        try:
            there.append(house.ask(house.asks(start, minutes)).id)
        except NoRoomAvailable:
            continue
    run = dry_run(house, version=1)
    assert run.changed == []
    assert run.without_room == 0
    assert run.appointments >= len(there)
