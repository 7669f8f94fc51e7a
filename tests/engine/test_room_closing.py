"""Closures of a room: once, again and again, across nights and the days on which the clocks change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import calendar
from engine.actors.room import ROOM, objection
from engine.actors.room.closing import NEVER, closed, closed_times, next_time, times
from engine.actors.room.commands import AddClosure, ChangeCalendar, EndClosure, ReplaceClosure
from engine.actors.room.decide import MAX_CLOSURES
from engine.actors.room.events import RoomClosureAdded, RoomClosureCut, RoomClosureRemoved
from engine.actors.room.refusals import ClosureOver, RoomClosed, TooManyClosures
from engine.actors.room.state import Closure, Taken
from engine.actors.room.view import closure_view, room_view, standing_at
from engine.decider import DAY, HOUR, MINUTE
from engine.errors import Invalid, NotFound, Rejected
from tests.engine.actors.asked import NOW
from tests.engine.rooms_asked import MIDNIGHT, opened, taken


def at(text: str, zone: str = "UTC") -> int:
    return calendar.instant(datetime.fromisoformat(text).replace(tzinfo=calendar.zone(zone)), "t")


def shut(start: str, end: str, rrule: str = "", zone: str = "UTC", **more: Any) -> Closure:
    given: dict[str, Any] = {"id": "c", "kind": "maintenance", **more}
    return Closure(start=at(start, zone), end=at(end, zone), rrule=rrule, **given)


def test_a_closure_is_half_open_and_meets_what_shares_a_moment_with_it():
    room = opened()
    room.ask(AddClosure(shut("2026-02-10T10:00", "2026-02-10T12:00")))
    assert closed(room.state, at("2026-02-10T09:00"), at("2026-02-10T10:00")) is None
    assert closed(room.state, at("2026-02-10T12:00"), at("2026-02-10T13:00")) is None
    assert closed(room.state, at("2026-02-10T11:59"), at("2026-02-10T13:00")) is not None
    assert closed(room.state, at("2026-02-10T11:59"), at("2026-02-10T13:00"), ended={"c"}) is None


def test_a_weekly_night_closes_both_of_its_days():
    room = opened()
    room.ask(AddClosure(shut("2026-02-06T22:00", "2026-02-07T06:00", "FREQ=WEEKLY;BYDAY=FR")))
    found = [(bounds.start, bounds.end) for bounds, _ in closed_times(room.state, MIDNIGHT, MIDNIGHT + 14 * DAY)]
    assert found == [
        (at("2026-02-13T22:00"), at("2026-02-14T06:00")),
        (at("2026-02-20T22:00"), at("2026-02-21T06:00")),
    ]
    assert closed(room.state, at("2026-02-14T05:00"), at("2026-02-14T07:00")) is not None
    assert closed(room.state, at("2026-02-14T06:00"), at("2026-02-14T07:00")) is None


@pytest.mark.parametrize(
    ("zone", "first", "last", "day", "utc"),
    [
        ("Europe/Berlin", "2026-03-20T10:00", "2026-03-20T12:00", "2026-03-28", ("09:00", "11:00")),
        ("Europe/Berlin", "2026-03-20T10:00", "2026-03-20T12:00", "2026-03-29", ("08:00", "10:00")),
        ("America/Santiago", "2026-09-01T00:00", "2026-09-01T02:00", "2026-09-06", ("04:00", "05:00")),
        ("America/Santiago", "2026-09-01T00:00", "2026-09-01T02:00", "2026-09-07", ("03:00", "05:00")),
    ],
)
def test_recurring_maintenance_keeps_its_wall_time(zone: str, first: str, last: str, day: str, utc: tuple[str, str]):
    room = opened(zone)
    room.ask(AddClosure(shut(first, last, "FREQ=DAILY", zone)))
    bounds = calendar.day_bounds(day, zone)
    ((found, _),) = closed_times(room.state, bounds.start, bounds.end)
    assert tuple(f"{calendar.moment(one):%H:%M}" for one in found) == utc


def test_a_long_look_and_a_look_day_by_day_find_the_same():
    room = opened("Europe/Berlin")
    room.ask(AddClosure(shut("2026-02-10T23:00", "2026-02-11T05:00", "FREQ=DAILY;INTERVAL=3", "Europe/Berlin")))
    whole = [bounds for bounds, _ in closed_times(room.state, MIDNIGHT, MIDNIGHT + 300 * DAY)]
    pieces: list[Any] = []
    for start in range(MIDNIGHT, MIDNIGHT + 300 * DAY, 5 * DAY):
        for bounds, _ in closed_times(room.state, start, start + 5 * DAY):
            if bounds not in pieces:
                pieces.append(bounds)
    assert pieces == whole
    assert len(whole) == 100


def test_a_night_on_which_two_of_the_counted_stretches_meet_is_one_night():
    room = opened()
    room.ask(AddClosure(shut("2026-02-10T22:00", "2026-02-11T06:00", "FREQ=DAILY")))
    for start in range(MIDNIGHT, MIDNIGHT + 40 * DAY, DAY):
        found = [bounds.start for bounds, _ in closed_times(room.state, start + 12 * HOUR, start + 60 * HOUR)]
        assert found == [start + 22 * HOUR, start + 46 * HOUR]


def test_a_closure_that_begins_just_now_has_not_begun():
    room = opened()
    room.ask(AddClosure(shut("2026-02-10T10:00", "2026-02-10T12:00")))
    room.time = at("2026-02-10T10:00") - 1
    assert [type(event) for event in room.ask(EndClosure("c"))] == [RoomClosureRemoved]


def test_a_closure_that_has_not_begun_is_taken_back():
    room = opened()
    room.ask(AddClosure(shut("2026-02-10T10:00", "2026-02-10T12:00")))
    assert room.ask(EndClosure("c")) == [RoomClosureRemoved(closure_id="c", clinic_id="c1")]
    assert closed_times(room.state, MIDNIGHT, MIDNIGHT + DAY) == []
    assert ("closures", "c") in set(ROOM.files(room.state))
    assert closure_view(room.state, room.state.closures["c"], room.time).status == "removed"


def test_a_closure_under_way_ends_now_and_what_was_stays():
    room = opened()
    room.ask(AddClosure(shut("2026-02-10T10:00", "2026-02-10T12:00", "FREQ=DAILY")))
    room.time = at("2026-02-12T11:00") - 1
    assert room.ask(EndClosure("c")) == [RoomClosureCut(closure_id="c", until=at("2026-02-12T11:00"), clinic_id="c1")]
    found = [bounds for bounds, _ in closed_times(room.state, MIDNIGHT, MIDNIGHT + 9 * DAY)]
    assert [bounds.start for bounds in found] == [at(f"2026-02-{day}T10:00") for day in (10, 11, 12)]
    assert found[-1].end == at("2026-02-12T11:00")
    assert objection(room.state, taken("a", 59, 60)) is None  # 2026-02-12 11:00..12:00
    assert closure_view(room.state, room.state.closures["c"], room.time).status == "ended"


def test_a_closure_that_is_over_is_not_rewritten():
    room = opened()
    room.ask(AddClosure(shut("2026-02-10T10:00", "2026-02-10T12:00")))
    room.time = at("2026-02-10T12:00")
    with pytest.raises(ClosureOver):
        room.ask(EndClosure("c"))
    with pytest.raises(NotFound):
        room.ask(EndClosure("unknown"))


def test_a_replaced_closure_keeps_its_past_and_the_new_one_begins_now():
    room = opened()
    room.ask(AddClosure(shut("2026-02-02T10:00", "2026-02-02T12:00", "FREQ=DAILY")))
    room.time = at("2026-02-05T11:00") - 1
    another = shut("2026-02-02T10:00", "2026-02-02T14:00", "FREQ=DAILY", id="d", since=at("2026-02-05T11:00"))
    events = room.ask(ReplaceClosure("c", another))
    assert [type(event) for event in events] == [RoomClosureCut, RoomClosureAdded]
    found = [bounds for bounds, _ in closed_times(room.state, at("2026-02-04T00:00"), at("2026-02-07T00:00"))]
    assert [(f"{calendar.moment(one.start):%d %H}", f"{calendar.moment(one.end):%d %H}") for one in found] == [
        ("04 10", "04 12"),
        ("05 10", "05 11"),
        ("05 11", "05 14"),
        ("06 10", "06 14"),
    ]


@pytest.mark.parametrize(
    ("closure", "field"),
    [
        (shut("2026-02-10T12:00", "2026-02-10T12:00"), "end_time"),
        (shut("2026-02-10T12:00", "2026-02-10T10:00"), "end_time"),
        (shut("2026-01-10T10:00", "2026-01-10T12:00"), "end_time"),
        (shut("2026-02-10T10:00", "2036-12-10T10:00"), "end_time"),
        (shut("2026-02-10T10:00", "2026-02-18T10:00", "FREQ=DAILY"), "end_time"),
        (shut("2026-02-10T10:00", "2026-02-10T12:00", "FREQ=SECONDLY"), "rrule"),
        (shut("2026-02-10T10:00", "2026-02-10T12:00", "FREQ=WEEKLY;BYDAY=MO"), "rrule"),
        (shut("2026-02-10T10:00", "2026-02-10T12:00", "FREQ=DAILY;INTERVAL=7;BYDAY=MO"), "rrule"),
        (shut("2026-02-10T10:00", "2026-02-10T12:00", "FREQ=DAILY;UNTIL=20260101"), "rrule"),
        (shut("2026-01-05T10:00", "2026-01-05T12:00", "FREQ=DAILY;COUNT=3"), "end_time"),
    ],
)
def test_a_closure_that_means_nothing_is_refused_with_its_field(closure: Closure, field: str):
    with pytest.raises(Invalid) as refused:
        opened().ask(AddClosure(closure))
    assert refused.value.facts["field"] == field


def test_a_room_has_so_many_closures_and_those_that_are_over_do_not_count():
    room = opened()
    day = NOW + DAY
    for n in range(MAX_CLOSURES):
        room.ask(AddClosure(Closure(id=str(n), kind="blocked", start=day + n * HOUR, end=day + (n + 1) * HOUR)))
    one_more = Closure(id="more", kind="blocked", start=day, end=day + HOUR)
    with pytest.raises(TooManyClosures):
        room.ask(AddClosure(one_more))
    assert len(room.ask(ReplaceClosure("7", one_more))) == 2
    room.time = day + 3 * HOUR
    room.ask(AddClosure(Closure(id="last", kind="blocked", start=day + 9 * HOUR, end=day + 10 * HOUR)))


def test_closures_that_are_over_are_not_looked_at():
    room = opened()
    for n in range(100):
        room.ask(AddClosure(Closure(id=str(n), kind="blocked", start=NOW + n * HOUR, end=NOW + (n + 1) * HOUR)))
    later = NOW + 98 * HOUR
    refused = objection(room.state, Taken(later, later + MINUTE, "a", later, later + MINUTE, ""))
    assert isinstance(refused, RoomClosed)
    assert refused.facts["closure_id"] == "98"
    assert (
        objection(room.state, Taken(later + 3 * HOUR, later + 4 * HOUR, "a", later + 3 * HOUR, later + 4 * HOUR, ""))
        is None
    )


def test_the_next_time_is_the_one_under_way_or_the_one_to_come():
    closure = shut("2026-02-10T10:00", "2026-02-10T12:00", "FREQ=WEEKLY;INTERVAL=400;COUNT=2")
    assert next_time(closure, "UTC", at("2026-02-01T00:00")) == (closure.start, closure.end)
    assert next_time(closure, "UTC", at("2026-02-10T11:00")) == (closure.start, closure.end)
    second = closure.start + 2_800 * DAY
    assert next_time(closure, "UTC", at("2026-02-10T12:00")) == (second, second + 2 * HOUR)
    assert next_time(closure, "UTC", second + 2 * HOUR) is None


def test_a_cut_or_removed_closure_has_no_time_after_that():
    closure = shut("2026-02-10T10:00", "2026-02-10T12:00", "FREQ=DAILY", until=at("2026-02-11T10:00"))
    assert len(list(times(closure, "UTC", 0, MIDNIGHT + 9 * DAY))) == 1
    assert list(times(shut("2026-02-10T10:00", "2026-02-10T12:00", removed=True), "UTC", 0, NEVER)) == []


def test_a_room_says_what_it_is_just_now():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 8, 9, setup=10, cleaning=20),)))
    room.ask(AddClosure(shut("2026-02-10T12:00", "2026-02-10T13:00")))
    room.ask(AddClosure(shut("2026-02-10T13:00", "2026-02-10T14:00", id="d", kind="cleaning")))
    expected = {
        "07:00": ("available", "07:50"),
        "07:50": ("occupied", "09:00"),
        "08:59": ("occupied", "09:00"),
        "09:00": ("cleaning", "09:20"),
        "09:20": ("available", "12:00"),
        "12:00": ("maintenance", "13:00"),
        "13:59": ("cleaning", "14:00"),
    }
    for clock, (state, until) in expected.items():
        standing = standing_at(room.state, at(f"2026-02-10T{clock}"))
        assert (standing.state, f"{calendar.moment(standing.until):%H:%M}") == (state, until), clock
    assert standing_at(room.state, at("2026-02-10T14:00")) == ("available", 0)
    early = opened(cleaning_minutes=20)
    early.ask(ChangeCalendar(take=(msgspec.structs.replace(taken("a", 8, 9), busy_to=at("2026-02-10T08:40")),)))
    assert standing_at(early.state, at("2026-02-10T08:19")).state == "occupied"
    assert standing_at(early.state, at("2026-02-10T08:20")).state == "cleaning"
    assert room_view(opened(is_available=False).state, NOW).state == "closed"


def test_closures_are_kept_and_their_index_is_made_again():
    room = opened("Europe/Berlin")
    room.ask(AddClosure(shut("2026-02-10T10:00", "2026-02-10T12:00", "FREQ=DAILY;COUNT=9", "Europe/Berlin")))
    room.ask(AddClosure(shut("2026-02-10T10:00", "2026-02-10T12:00", id="d")))
    room.ask(EndClosure("d"))
    before = list(room.state.closing)
    assert len(before) == 1
    assert ROOM.thaw(ROOM.freeze(room.state)).closing == before


_INSTANTS = st.integers(at("1970-01-02T00:00"), at("2199-12-29T00:00"))
_RULE_PARTS = st.lists(
    st.sampled_from(
        (
            *(
                "INTERVAL=1",
                "INTERVAL=7",
                "INTERVAL=400",
                "BYDAY=MO",
                "BYDAY=SU,TU",
                "WKST=SU",
                "COUNT=1",
                "COUNT=1000",
            ),
            *("UNTIL=19700101", "UNTIL=99991231T235959Z", "UNTIL=20300101T000000"),
        )
    ),
    max_size=3,
)


@given(
    zone=st.sampled_from(("UTC", "Pacific/Apia", "America/Santiago", "Pacific/Kiritimati", "Africa/Monrovia")),
    start=_INSTANTS,
    lasting=st.one_of(st.integers(MINUTE, DAY), st.integers(-DAY, 40 * DAY)),
    freq=st.sampled_from(("", "FREQ=DAILY", "FREQ=WEEKLY")),
    parts=_RULE_PARTS,
    away=st.integers(-40 * DAY, 10 * DAY),
    looks=st.lists(_INSTANTS, max_size=3),
)
def test_whatever_closure_is_asked_for_is_refused_or_can_be_lived_with(
    zone: str, start: int, lasting: int, freq: str, parts: list[str], away: int, looks: list[int]
):
    room = opened(zone)
    now = room.time = max(start + away, DAY)
    rrule = ";".join((freq, *parts)) if freq else ""
    try:
        room.ask(AddClosure(Closure(id="c", kind="closed", start=start, end=start + lasting, rrule=rrule)))
    except Rejected:
        return
    for look in (start, now, *looks):
        found = [bounds for bounds, _ in closed_times(room.state, look, look + 40 * DAY)]
        assert all(one.start < one.end and one.end > look and one.start < look + 40 * DAY for one in found)
        for bounds in found:
            assert closed(room.state, bounds.start, bounds.end) is not None
        view = closure_view(room.state, room.state.closures["c"], look)
        assert (view.status == "ended") == (view.next_start_time is None)
    room.time = max(now, looks[0]) if looks else now
    try:
        room.ask(EndClosure("c"))
    except ClosureOver:
        return
    assert closed_times(room.state, room.time, room.time + 40 * DAY) == []
