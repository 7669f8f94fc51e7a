"""The calendar of a room against a plain list that is looked through from end to end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.room import ROOM, conflicts, free_gaps, neighbours, objection
from engine.actors.room.closing import closed_times
from engine.actors.room.commands import AddClosure, ChangeCalendar
from engine.actors.room.refusals import RoomClosed, RoomConflict, RoomUnavailable
from engine.actors.room.state import Closure, Room, Taken
from engine.decider import DAY, HOUR, MINUTE
from engine.errors import Rejected
from engine.rules.subject import RoomProfile
from tests.engine.actors.asked import Actor
from tests.engine.rooms_asked import MIDNIGHT, opened, taken


def test_back_to_back_is_no_conflict():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11),)))
    assert objection(room.state, taken("b", 11, 12)) is None
    assert objection(room.state, taken("b", 9, 10)) is None
    assert isinstance(objection(room.state, taken("b", 10, 11)), RoomConflict)


def test_setup_and_cleaning_count_as_held():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11, setup=10, cleaning=20),)))
    assert objection(room.state, taken("b", 11 + 20 / 60, 12)) is None
    assert isinstance(objection(room.state, taken("b", 11 + 19 / 60, 12)), RoomConflict)
    assert objection(room.state, taken("b", 9, 9.5, cleaning=20)) is None
    refused = objection(room.state, taken("b", 9, 9.5, cleaning=21))
    assert isinstance(refused, RoomConflict)
    assert refused.facts["appointment_id"] == "a"
    assert refused.facts["start_time"] == MIDNIGHT + 10 * HOUR
    assert refused.facts["busy_from"] == MIDNIGHT + 10 * HOUR - 10 * MINUTE


def test_an_appointment_is_not_in_its_own_way_nor_are_those_that_leave():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11), taken("b", 11, 12))))
    assert objection(room.state, taken("a", 10.5, 11)) is None
    refused = objection(room.state, taken("a", 10.5, 11.5))
    assert refused is not None
    assert refused.facts["appointment_id"] == "b"
    assert objection(room.state, taken("a", 10.5, 11.5), {"b"}) is None


def test_what_is_taken_in_the_same_decision_is_in_the_way():
    room = opened()
    pending = (taken("a", 10, 11),)
    assert isinstance(objection(room.state, taken("b", 10.5, 11.5), pending=pending), RoomConflict)
    assert objection(room.state, taken("b", 11, 12), pending=pending) is None


def test_closures_and_the_profile_are_asked_as_the_decision_makes_them():
    room = opened()
    wanted = taken("a", 10, 11)
    shut = Closure(id="c", kind="maintenance", start=wanted.start, end=wanted.end)
    assert isinstance(objection(room.state, wanted, new_closures=(shut,)), RoomClosed)
    assert objection(room.state, wanted, checked=False, new_closures=(shut,)) is None
    out_of_use = RoomProfile(id="r1", name="1", type="exam", is_available=False)
    assert isinstance(objection(room.state, wanted, profile=out_of_use), RoomUnavailable)
    assert objection(room.state, wanted, profile=out_of_use, checked=False) is None


def test_gaps_are_measured_from_what_is_held_to_the_appointment():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 8, 9, cleaning=15), taken("b", 12, 13, setup=10))))
    wanted = (MIDNIGHT + 10 * HOUR, MIDNIGHT + 11 * HOUR)
    assert neighbours(room.state, *wanted) == (45 * MINUTE, 50 * MINUTE)
    assert neighbours(room.state, *wanted, {"a"}) == (None, 50 * MINUTE)
    assert neighbours(room.state, *wanted, {"b"}) == (45 * MINUTE, None)


def test_a_free_stretch_keeps_clear_of_setup_and_cleaning_but_not_of_the_window():
    room = opened(setup_minutes=10, cleaning_minutes=20)
    room.ask(ChangeCalendar(take=(taken("a", 10, 11, setup=10, cleaning=20),)))
    day = (MIDNIGHT + 8 * HOUR, MIDNIGHT + 13 * HOUR)
    assert [[(at - MIDNIGHT) / HOUR for at in gap] for gap in free_gaps(room.state, *day, HOUR)] == [
        [8, 9.5],
        [11.5, 13],
    ]
    assert list(free_gaps(room.state, *day, 2 * HOUR)) == []
    # The room is held just before the window, and its setup has to wait for that.
    late = (MIDNIGHT + 11 * HOUR + 20 * MINUTE, MIDNIGHT + 13 * HOUR)
    assert next(free_gaps(room.state, *late, HOUR)).start == MIDNIGHT + 11 * HOUR + 30 * MINUTE


def test_a_room_that_cannot_be_had_has_no_free_stretch():
    room = opened(is_available=False)
    assert list(free_gaps(room.state, MIDNIGHT, MIDNIGHT + DAY, HOUR)) == []


# -- against a plain list ---------------------------------------------------------------------------------------

_minutes = st.integers(0, 24 * 6).map(lambda tens: tens * 10)


@st.composite
def _stretches(draw: Any) -> Taken:
    start = draw(_minutes)
    length = draw(st.integers(1, 18)) * 10
    before, after = draw(st.integers(0, 2)) * 10, draw(st.integers(0, 2)) * 10
    id = draw(st.sampled_from("abcdefghijkl"))
    hours = (start / 60, (start + length) / 60)
    return taken(id, *hours, setup=before, cleaning=after)


def _overlap(one: Taken, other: Taken) -> bool:
    return one.busy_from < other.busy_to and other.busy_from < one.busy_to


@given(st.lists(st.tuples(st.lists(_stretches(), max_size=3), st.sets(st.sampled_from("abcdefghijkl"), max_size=2))))
def test_the_calendar_accepts_and_keeps_what_a_plain_list_would(changes: list[tuple[list[Taken], set[str]]]):
    room = opened()
    model: dict[str, Taken] = {}
    for take, free in changes:
        take = list({one.appointment_id: one for one in take}.values())
        wanted = {id: one for id, one in model.items() if id not in free}
        wanted.update({one.appointment_id: one for one in take})
        stretches = list(wanted.values())
        fits = not any(_overlap(one, other) for at, one in enumerate(stretches) for other in stretches[at + 1 :])
        try:
            room.ask(ChangeCalendar(free=tuple(free), take=tuple(take)))
        except RoomConflict:
            assert not fits
        else:
            assert fits
            model = wanted
        assert room.state.calendar == sorted(model.values())


@given(st.lists(_stretches(), max_size=30), _stretches(), st.sets(st.sampled_from("abcdefghijkl")))
def test_every_look_gives_what_a_plain_list_would(many: list[Taken], wanted: Taken, without: set[str]):
    room = opened()
    for one in many:
        try:
            room.ask(ChangeCalendar(take=(one,)))
        except RoomConflict:
            continue
    there = [one for one in room.state.calendar if one.appointment_id not in without]
    start, end = wanted.start, wanted.end
    assert conflicts(room.state, start, end, without) == [
        one for one in there if one.busy_from < end and start < one.busy_to
    ]
    gaps = neighbours(room.state, start, end, without)
    assert gaps.before == min((start - one.busy_to for one in there if one.busy_to <= start), default=None)
    assert gaps.after == min((one.busy_from - end for one in there if one.busy_from >= end), default=None)


@given(st.lists(_stretches(), max_size=20), st.integers(1, 12), st.integers(0, 3), st.integers(0, 3), st.booleans())
def test_a_start_is_offered_exactly_where_the_room_agrees(
    many: list[Taken], length: int, setup: int, cleaning: int, shut: bool
):
    room = opened()
    if shut:
        at = MIDNIGHT + 12 * HOUR
        room.ask(AddClosure(Closure(id="c", kind="closed", start=at, end=at + HOUR)))
    for one in many:
        try:
            room.ask(ChangeCalendar(take=(one,), checked=False))
        except Rejected:
            continue
    lasting, before, after = length * 10 * MINUTE, setup * 10 * MINUTE, cleaning * 10 * MINUTE
    window = (MIDNIGHT + 6 * HOUR, MIDNIGHT + 20 * HOUR)
    gaps = list(free_gaps(room.state, *window, lasting, setup=before, cleaning=after))
    for start in range(window[0], window[1] - lasting + 1, 10 * MINUTE):
        end = start + lasting
        wanted = Taken(start - before, end + after, "new", start, end, "")
        offered = any(gap.start <= start and end <= gap.end for gap in gaps)
        assert offered == (objection(room.state, wanted) is None)
    assert all(one.start < one.end for one in gaps)
    assert bool(closed_times(room.state, *window)) == shut


def test_ten_thousand_stretches_are_searched_by_halves():
    """Of the 10,000 only those next to the wanted time are looked at."""
    looked_at: list[int] = []

    class Watched(list[Taken]):
        def __getitem__(self, at: Any) -> Any:
            looked_at.append(at)
            return super().__getitem__(at)

    room = Room(id="r1")
    room.calendar = Watched(taken(str(n), n, n + 0.5) for n in range(10_000))
    assert objection(room, taken("new", 5_000.5, 5_001)) is None
    assert isinstance(objection(room, taken("new", 5_000, 5_001)), RoomConflict)
    assert len(looked_at) < 40


def test_a_calendar_is_kept_as_it_is_and_its_indexes_are_made_again():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11), taken("b", 8, 9))))
    frozen = ROOM.freeze(room.state)
    assert frozen.held == {}
    assert ROOM.thaw(frozen) == room.state


@pytest.mark.parametrize("spoil", ["overlap", "order", "index"])
def test_a_spoilt_calendar_is_found(spoil: str):
    room: Actor = opened()
    room.ask(ChangeCalendar(take=(taken("a", 8, 9), taken("b", 10, 11))))
    state: Room = room.state
    if spoil == "overlap":
        state.calendar[1] = state.held["b"] = taken("b", 8.5, 11)
    elif spoil == "order":
        state.calendar.reverse()
    else:
        del state.held["a"]
    with pytest.raises(AssertionError):
        ROOM.check(state)
