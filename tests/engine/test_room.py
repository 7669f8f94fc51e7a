"""The rules of a room: given what happened, when it is asked, then these events or this refusal."""

from __future__ import annotations

import pytest

from engine.actors.room.commands import (
    AddClosure,
    ChangeCalendar,
    ChangeDisplay,
    ChangeProfile,
    OpenRoom,
    RetireRoom,
)
from engine.actors.room.events import (
    RoomCalendarTrimmed,
    RoomDisplayChanged,
    RoomFreed,
    RoomOpened,
    RoomProfileChanged,
    RoomRetired,
    RoomTaken,
)
from engine.actors.room.refusals import (
    RoomClosed,
    RoomConflict,
    RoomExists,
    RoomGone,
    RoomInUse,
    RoomUnavailable,
)
from engine.actors.room.state import Closure, Display
from engine.decider import DAY, HOUR
from engine.errors import NotFound, Stale
from engine.rules.subject import RoomProfile
from tests.engine.actors.asked import Actor
from tests.engine.rooms_asked import MIDNIGHT, opened, taken


def names(events: list[object]) -> list[str]:
    return [type(event).__name__ for event in events]


def shut(start: float, end: float, id: str = "c") -> Closure:
    return Closure(id=id, kind="maintenance", start=MIDNIGHT + int(start * HOUR), end=MIDNIGHT + int(end * HOUR))


def profile(**more: object) -> RoomProfile:
    return RoomProfile(id="r1", name="Room 1", type="exam", **more)  # type: ignore[arg-type]


# -- R4, R5, R6: what it is -------------------------------------------------------------------------------------


def test_a_room_is_opened_once():
    room = opened()
    with pytest.raises(RoomExists):
        room.ask(OpenRoom("c1", "UTC", profile(), Display()))


def test_nothing_is_asked_of_a_room_that_was_never_opened():
    with pytest.raises(NotFound):
        Actor(opened().decider, "r2").ask(ChangeProfile(profile()))


def test_a_new_room_takes_at_once_who_waited_for_it():
    room = Actor(opened().decider, "r1")
    events = room.ask(OpenRoom("c1", "UTC", profile(), Display(), (taken("a", 8, 9), taken("b", 9, 10))))
    assert [type(event) for event in events] == [RoomOpened, RoomTaken]
    assert [one.appointment_id for one in room.state.calendar] == ["a", "b"]


def test_a_new_room_takes_no_two_at_one_time_and_none_when_it_cannot_be_had():
    room = Actor(opened().decider, "r1")
    with pytest.raises(RoomConflict):
        room.ask(OpenRoom("c1", "UTC", profile(), Display(), (taken("a", 8, 9), taken("b", 8.5, 10))))
    with pytest.raises(RoomUnavailable):
        room.ask(OpenRoom("c1", "UTC", profile(is_available=False), Display(), (taken("a", 8, 9),)))


def test_a_change_counts_a_version_and_the_same_again_is_none():
    room = opened()
    assert room.ask(ChangeProfile(profile(capacity=2), if_version=1)) == [
        RoomProfileChanged(profile=profile(capacity=2))
    ]
    assert room.state.version == 2
    assert room.ask(ChangeProfile(profile(capacity=2))) == []
    assert room.ask(ChangeDisplay(Display("#112233", "X-ray", 3))) == [
        RoomDisplayChanged(display=Display("#112233", "X-ray", 3), clinic_id="c1")
    ]
    assert room.ask(ChangeDisplay(Display("#112233", "X-ray", 3))) == []
    assert room.state.version == 3


@pytest.mark.parametrize(
    "command",
    [
        ChangeProfile(profile(), if_version=7),
        ChangeDisplay(Display(), if_version=7),
        ChangeCalendar(profile=profile(capacity=2), if_version=7),
        RetireRoom(if_version=7),
    ],
)
def test_a_change_of_another_version_is_stale(command: object):
    with pytest.raises(Stale):
        opened().ask(command)


def test_a_room_that_is_booked_is_not_retired_before_its_cleaning_is_over():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11, cleaning=15),)))
    room.time = MIDNIGHT + 11 * HOUR
    with pytest.raises(RoomInUse) as refused:
        room.ask(RetireRoom())
    assert refused.value.facts["appointment_ids"] == ["a"]
    room.time = MIDNIGHT + 12 * HOUR
    assert room.ask(RetireRoom()) == [RoomRetired()]


@pytest.mark.parametrize(
    "command",
    [
        ChangeProfile(profile(capacity=2)),
        ChangeDisplay(Display("#112233")),
        RetireRoom(),
        AddClosure(shut(10, 11)),
        ChangeCalendar(profile=profile(capacity=2)),
        ChangeCalendar(closure=shut(10, 11)),
    ],
)
def test_a_retired_room_changes_no_more(command: object):
    room = opened()
    room.ask(RetireRoom())
    with pytest.raises(RoomGone):
        room.ask(command)
    with pytest.raises(RoomUnavailable):
        room.ask(ChangeCalendar(take=(taken("a", 10, 11),)))


# -- R1, R2, R3: its calendar -----------------------------------------------------------------------------------


def test_a_free_room_is_taken():
    room = opened()
    assert room.ask(ChangeCalendar(take=(taken("a", 10, 11),))) == [RoomTaken(taken=(taken("a", 10, 11),))]


def test_who_comes_second_is_refused_and_nothing_changes():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11),)))
    with pytest.raises(RoomConflict):
        room.ask(ChangeCalendar(free=("a",), take=(taken("b", 10, 11), taken("c", 10.5, 12))))
    assert [one.appointment_id for one in room.state.calendar] == ["a"]


def test_what_is_freed_is_taken_in_the_same_change():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11),)))
    events = room.ask(ChangeCalendar(free=("a",), take=(taken("b", 10, 11),)))
    assert events == [RoomFreed(appointment_ids=("a",)), RoomTaken(taken=(taken("b", 10, 11),))]


def test_two_appointments_change_places_in_one_change():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11), taken("b", 11, 12))))
    room.ask(ChangeCalendar(take=(taken("a", 11, 12), taken("b", 10, 11))))
    assert [one.appointment_id for one in room.state.calendar] == ["b", "a"]


def test_what_is_as_it_was_is_no_event():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11),)))
    assert room.ask(ChangeCalendar(free=("unknown",), take=(taken("a", 10, 11),))) == []


def test_what_stays_as_it_was_stands_in_the_way_of_what_comes_with_it():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11),)))
    for free in ((), ("a",)):
        with pytest.raises(RoomConflict):
            room.ask(ChangeCalendar(free=free, take=(taken("b", 10.5, 11.5), taken("a", 10, 11))))


def test_a_stretch_of_no_length_frees():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11),)))
    assert room.ask(ChangeCalendar(take=(taken("a", 10, 10),))) == [RoomFreed(appointment_ids=("a",))]


def test_a_closed_room_is_refused_and_its_cleaning_may_lie_in_the_closure():
    room = opened()
    room.ask(AddClosure(shut(12, 13)))
    room.ask(ChangeCalendar(take=(taken("a", 11, 12, cleaning=30), taken("b", 13, 14, setup=20))))
    with pytest.raises(RoomClosed) as refused:
        room.ask(ChangeCalendar(take=(taken("c", 12.9, 13.5),)))
    assert refused.value.facts == {
        "room_id": "r1",
        "closure_id": "c",
        "kind": "maintenance",
        "start_time": MIDNIGHT + 12 * HOUR,
        "end_time": MIDNIGHT + 13 * HOUR,
    }


def test_a_closure_of_the_same_change_counts_and_one_that_ends_in_it_does_not():
    room = opened()
    with pytest.raises(RoomClosed):
        room.ask(ChangeCalendar(closure=shut(10, 11), take=(taken("a", 10, 11),)))
    room.ask(AddClosure(shut(10, 11)))
    events = room.ask(ChangeCalendar(end_closure="c", closure=shut(14, 15, "d"), take=(taken("a", 10, 11),)))
    assert names(list(events)) == ["RoomClosureRemoved", "RoomClosureAdded", "RoomTaken"]


def test_a_room_that_cannot_be_had_is_refused_unless_it_can_in_the_same_change():
    room = opened(is_available=False)
    with pytest.raises(RoomUnavailable):
        room.ask(ChangeCalendar(take=(taken("a", 10, 11),)))
    room.ask(ChangeCalendar(take=(taken("a", 10, 11),), profile=profile()))
    assert room.state.profile.is_available


def test_who_has_the_room_keeps_it_and_may_need_less_cleaning():
    room = opened()
    room.ask(ChangeCalendar(take=(taken("a", 10, 11, cleaning=30),)))
    room.ask(AddClosure(shut(10, 11)))
    room.ask(ChangeProfile(profile(is_available=False)))
    room.ask(ChangeCalendar(take=(taken("a", 10, 11, cleaning=10),)))
    assert room.state.calendar == [taken("a", 10, 11, cleaning=10)]
    with pytest.raises(RoomUnavailable):
        room.ask(ChangeCalendar(take=(taken("a", 10, 11.5),)))


def test_what_is_unchecked_is_written_down_but_never_above_another():
    room = opened()
    room.ask(AddClosure(shut(10, 11)))
    room.ask(ChangeCalendar(take=(taken("a", 10, 11),), checked=False))
    with pytest.raises(RoomConflict):
        room.ask(ChangeCalendar(take=(taken("b", 10, 11),), checked=False))


# -- R9: what is over -------------------------------------------------------------------------------------------


def test_what_is_long_over_is_forgotten_many_at_a_time():
    room = opened()
    early = tuple(taken(str(n), n / 4, (n + 1) / 4) for n in range(66))
    room.ask(ChangeCalendar(take=early))
    room.time = MIDNIGHT + 17 * HOUR + 2 * DAY
    events = room.ask(ChangeCalendar(take=(taken("new", 72, 73),)))
    assert names(list(events)) == ["RoomTaken", "RoomCalendarTrimmed"]
    assert [one.appointment_id for one in room.state.calendar] == ["new"]
    assert set(room.state.held) == {"new"}


def test_what_was_over_a_while_ago_is_still_there():
    room = opened()
    early = tuple(taken(str(n), n / 4, (n + 1) / 4) for n in range(66))
    room.ask(ChangeCalendar(take=early))
    room.time = MIDNIGHT + 15 * HOUR + 2 * DAY
    events = room.ask(ChangeCalendar(take=(taken("new", 72, 73),)))
    assert not any(isinstance(event, RoomCalendarTrimmed) for event in events)


def test_what_ended_a_moment_too_late_keeps_all_from_being_forgotten():
    room = opened()
    early = tuple(taken(str(n), n / 4, (n + 1) / 4) for n in range(66))
    room.ask(ChangeCalendar(take=early))
    over = MIDNIGHT + 65 * HOUR // 4 + 2 * DAY
    room.time = over - 2
    assert len(room.ask(ChangeCalendar(take=(taken("new", 72, 73),)))) == 1
    room.time = over - 1
    assert len(room.ask(ChangeCalendar(take=(taken("newer", 74, 75),)))) == 2
    assert [one.appointment_id for one in room.state.calendar] == ["65", "new", "newer"]


def test_what_was_forgotten_can_still_be_given_back():
    room = opened()
    assert room.ask(ChangeCalendar(free=("long over",))) == []
