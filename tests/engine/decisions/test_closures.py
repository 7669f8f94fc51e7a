"""Closures of rooms and the appointments that they meet."""

from __future__ import annotations

from typing import Any

import pytest

from engine import calendar
from engine.actors.room import closing
from engine.actors.room.refusals import ClosureOver
from engine.actors.room.state import Room
from engine.decider import DAY, HOUR, MINUTE, FreeText
from engine.decisions import closures
from engine.decisions.attend_appointment import CheckInAppointment, StartAppointment
from engine.decisions.closures import AddClosure, ChangeClosure, RemoveClosure, TooManyAffected
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom
from engine.decisions.rooms import RemoveRoom
from engine.errors import Invalid, NotFound, Rejected
from tests.engine.attending import House
from tests.engine.deciding import NINE


def times(start: int, minutes: int = 60) -> dict[str, Any]:
    return {
        "start_time": calendar.moment(NINE + start * MINUTE),
        "end_time": calendar.moment(NINE + (start + minutes) * MINUTE),
    }


def shut(room: str, start: int, minutes: int = 60, **more: Any) -> AddClosure:
    return AddClosure(room_id=room, **({"kind": "maintenance"} | times(start, minutes) | more))


def fates(answer: Any) -> list[tuple[str, str]]:
    return [(one.appointment_id, one.outcome) for one in answer.outcomes]


def refused_at(house: House, room: str, start: int = 0, **more: Any) -> str:
    """The code with which the room is refused then; ``""``: it can be had."""
    try:
        house.booked(start, room_id=room, **more)
    except Rejected as refused:
        return refused.code
    return ""


# -- one closure ------------------------------------------------------------------------------------------------


def test_a_closed_room_is_not_to_be_had_then():
    house = House()
    room = house.room()
    answer = house.ask(shut(room, 0, reason=FreeText("the lamp is mended")))
    assert house.outcome == "created"
    assert (answer.status, answer.kind, answer.rrule, answer.affected_count) == ("planned", "maintenance", None, 0)
    assert answer.reason.subject == ""
    assert refused_at(house, room, 30) == "room_closed"
    assert refused_at(house, room, 60) == ""


def test_what_it_meets_stays_by_default_and_is_listed():
    house = House()
    room = house.room(cleaning_minutes=30)
    before, met, after = house.booked(-60, 60), house.booked(30), house.booked(90)
    answer = house.ask(shut(room, 0, 90))
    assert fates(answer) == [(met, "kept")]
    assert [one.id for one in answer.affected] == [met]
    assert answer.affected_count == 1
    assert {one for one, _, _ in house.held(room)} == {before, met, after}
    assert [type(event).__name__ for _, event in house.events] == ["RoomClosureAdded"]


def test_what_it_meets_moves_to_another_room_of_the_rules():
    house = House()
    room = house.room()
    first, second = house.booked(0), house.booked(30)
    other = house.room()
    answer = house.ask(shut(room, 0, affected="move"))
    assert fates(answer) == [(first, "moved"), (second, "moved")]
    assert {one.room_id for one in answer.affected} == {other}
    assert house.held(room) == []
    one = house.appointment(first)
    assert one.assignment is not None
    assert one.assignment.failed == {"closed": 1}


def test_what_finds_no_other_room_waits_with_an_escalation():
    house = House()
    room = house.room()
    met = house.booked(0)
    answer = house.ask(shut(room, 0, affected="move"))
    assert fates(answer) == [(met, "waiting")]
    one = house.appointment(met)
    assert one.room_id == ""
    assert one.escalation is not None
    assert (one.escalation.status, one.escalation.reason) == ("open", "closure")
    assert house.day().waiting != []
    assert answer.affected[0].escalation.reason == "closure"


def test_two_that_meet_one_closure_do_not_get_one_room():
    house = House()
    one_room, two_room = house.room(), house.room()
    first = house.booked(0, room_id=one_room)
    house.booked(0, room_id=two_room)
    third = house.booked(30, room_id=one_room)
    answer = house.ask(shut(one_room, 0, affected="move"))
    assert fates(answer) == [(first, "waiting"), (third, "moved")]


def test_who_is_in_the_room_stays_and_what_is_over_is_not_met():
    house = House()
    room = house.room()
    over = house.booked(-50, 30)
    now = house.booked(0)
    house.room()
    house.later(60)
    house.ask(CheckInAppointment(appointment_id=now))
    house.ask(StartAppointment(appointment_id=now))
    answer = house.ask(shut(room, -60, 120, affected="move"))
    assert fates(answer) == [(now, "kept")]
    assert over not in str(answer.outcomes)
    assert house.appointment(now).room_id == room


def test_a_hold_for_which_there_is_no_other_room_ends():
    house = House()
    room = house.room()
    hold = house.ask(HoldRoom(**house.wanted(0))).id
    answer = house.ask(shut(room, 0, affected="move"))
    assert fates(answer) == [(hold, "released")]
    assert answer.affected == []
    assert house.held(room) == []
    assert house.refusal(ConfirmAppointment(appointment_id=hold)).code == "hold_expired"


def test_a_dry_run_says_the_same_and_changes_nothing():
    house = House()
    room = house.room()
    met = house.booked(0)
    command = shut(room, 0, affected="move", dry_run=True)
    answer = house.ask(command)
    assert (answer.dry_run, fates(answer), house.events) == (True, [(met, "waiting")], [])
    assert answer.affected[0].room_id == room
    state: Room = house.states[f"room:{room}"]
    assert state.closures == {}
    invalid = shut(room, 0, rrule="FREQ=SECONDLY", affected="move", dry_run=True)
    assert isinstance(house.refusal(invalid), Invalid)


def test_more_than_one_decision_moves_is_refused_whole(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(closures, "MAX_AFFECTED", 2)
    house = House()
    room = house.room()
    for start in (0, 30, 60):
        house.booked(start)
    refused = house.refusal(shut(room, 0, 120, affected="move"))
    assert isinstance(refused, TooManyAffected)
    assert refused.facts == {"affected": 3, "limit": 2}
    assert house.ask(shut(room, 0, 120)).affected_count == 3


# -- again and again --------------------------------------------------------------------------------------------


def test_every_time_of_a_rule_meets_what_is_booked_then():
    house = House()
    room = house.room()
    same_day, next_week = house.booked(0), house.booked(7 * 24 * 60)
    between = house.booked(24 * 60)
    answer = house.ask(shut(room, 0, rrule="FREQ=WEEKLY"))
    assert fates(answer) == [(same_day, "kept"), (next_week, "kept")]
    assert house.appointment(between).room_id == room
    assert refused_at(house, room, 14 * 24 * 60) == "room_closed"
    assert answer.rrule == "FREQ=WEEKLY"


def test_a_rule_that_began_in_the_past_closes_nothing_of_the_past():
    house = House()
    room = house.room()
    house.later(3 * 24 * 60 + 90)  # three days on, 09:30
    answer = house.ask(shut(room, 0, rrule="FREQ=DAILY"))
    assert (answer.since, answer.status) == (calendar.moment(house.time), "active")
    state: Room = house.states[f"room:{room}"]
    counted = list(closing.times(state.closures[answer.id], "UTC", NINE, NINE + 5 * DAY))
    assert counted[0] == (house.time, NINE + 3 * DAY + 60 * MINUTE)
    begun = house.ask(shut(room, 3 * 24 * 60))
    assert begun.since is None, "what was noted late counts from when it was"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"rrule": "FREQ=SECONDLY"}, "rrule"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO"}, "rrule"),  # 2026-02-01 is a Sunday
        ({"rrule": "FREQ=DAILY;COUNT=1000000"}, "rrule"),
        (times(0, 0), "end_time"),
        (times(-24 * 60, 60), "end_time"),
    ],
)
def test_a_closure_that_means_nothing_is_refused_with_its_field(fields: dict[str, Any], field: str):
    house = House()
    room = house.room()
    refused = house.refusal(shut(room, 0, **fields))
    assert isinstance(refused, Invalid)
    assert refused.facts["field"] == field


def test_maintenance_at_night_keeps_its_wall_time_across_the_change_of_clocks():
    zone = "Europe/Berlin"
    night = calendar.day_bounds("2026-03-27", zone).start + 22 * HOUR
    house = House(zone=zone, time=night - DAY)
    room = house.room()
    span: dict[str, Any] = {"start_time": calendar.moment(night), "end_time": calendar.moment(night + 8 * HOUR)}
    house.ask(shut(room, 0, rrule="FREQ=DAILY", **span))
    for day, opens in (("2026-03-28", 6), ("2026-03-29", 5), ("2026-03-30", 6)):
        six = calendar.day_bounds(day, zone).start + opens * HOUR  # 06:00 on the wall
        assert refused_at(house, room, at=six - 30 * MINUTE) == "room_closed", day
        assert refused_at(house, room, at=six) == "", day


# -- changed and taken back -------------------------------------------------------------------------------------


def test_a_closure_that_is_taken_back_gives_the_room_to_who_waits():
    house = House()
    room = house.room()
    met = house.booked(0)
    closure = house.ask(shut(room, 0, affected="move")).id
    answer = house.ask(RemoveClosure(closure_id=closure))
    assert answer.status == "removed"
    assert house.appointment(met).room_id == room


def test_a_closure_that_ends_early_frees_the_rest_and_keeps_its_past():
    house = House()
    room = house.room()
    closure = house.ask(shut(room, -30, 120)).id
    waiting = house.booked(45, fallback="unassigned")
    house.later(60)
    answer = house.ask(RemoveClosure(closure_id=closure))
    assert (answer.status, answer.start_time) == ("ended", calendar.moment(NINE - 30 * MINUTE))
    assert answer.until == calendar.moment(house.time)
    assert house.appointment(waiting).room_id == room
    assert isinstance(house.refusal(RemoveClosure(closure_id=closure)), ClosureOver)


def test_a_changed_closure_is_another_from_now_on():
    house = House()
    room = house.room()
    first = house.ask(shut(room, 0, rrule="FREQ=DAILY")).id
    house.later(2 * 24 * 60 + 90)  # two days on, 09:30
    second = house.ask(ChangeClosure(closure_id=first, kind="closed", **times(0, 120), rrule="FREQ=DAILY"))
    assert house.outcome == "ok"
    assert second.id != first
    assert second.since == calendar.moment(house.time)
    state: Room = house.states[f"room:{room}"]
    assert state.closures[first].until == house.time
    assert refused_at(house, room, 3 * 24 * 60 + 90) == "room_closed"
    assert isinstance(house.refusal(ChangeClosure(closure_id=first, kind="closed", **times(9 * 24 * 60))), ClosureOver)


def test_a_change_lets_back_in_whom_the_old_one_sent_away():
    house = House()
    room = house.room()
    met, other = house.booked(0), house.booked(120)
    closure = house.ask(shut(room, 0, affected="move")).id
    answer = house.ask(ChangeClosure(closure_id=closure, kind="maintenance", **times(120), affected="move"))
    assert fates(answer) == [(other, "waiting")]
    assert house.appointment(met).room_id == room


def test_an_unknown_room_or_closure_is_not_found_and_a_retired_room_is_not_closed():
    house = House()
    room = house.room()
    unknown = "0190aaaa-0000-7000-8000-000000000000"
    assert isinstance(house.refusal(shut(unknown, 0)), NotFound)
    assert isinstance(house.refusal(RemoveClosure(closure_id=unknown)), NotFound)
    assert isinstance(house.refusal(ChangeClosure(closure_id=unknown, kind="closed", **times(0))), NotFound)
    house.ask(RemoveRoom(room_id=room))
    assert house.refusal(shut(room, 0)).code == "room_retired"


def test_a_kept_appointment_still_has_the_room_to_itself():
    house = House()
    room = house.room()
    house.booked(0)
    house.ask(shut(room, 0))
    house.ask(RemoveClosure(closure_id=next(iter(house.states[f"room:{room}"].closures))))
    assert refused_at(house, room, 0) == "room_conflict"
