"""What a choice sees of the rooms is what the rooms themselves would say, at midnight and when clocks change, too."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import calendar
from engine.actors.clinic_day.state import ClinicDay, clinic_day_key
from engine.actors.room.calendar import neighbours, objection
from engine.actors.room.state import Taken, room_key
from engine.decider import HOUR, MINUTE
from engine.decisions.rooming.choosing import candidates, policy_of
from engine.errors import Rejected
from engine.rules.kinds import AllowedHours, CleaningBuffer, Scope
from tests.engine.booking import Booking
from tests.engine.deciding import NINE

NIGHT = NINE + 15 * HOUR
"""Midnight, at the end of the day on which tests begin."""
around = st.integers(-20, 20).map(lambda steps: steps * 20)
lengths = st.sampled_from((10, 20, 60, 120))


@settings(max_examples=60)
@given(st.lists(st.tuples(around, lengths, st.integers(0, 2)), max_size=20), around, lengths)
def test_the_index_says_what_the_rooms_calendars_say(
    there: list[tuple[int, int, int]], start: int, length: int
) -> None:
    world = Booking()
    rooms = [world.room(setup_minutes=10 * number, cleaning_minutes=5 * number) for number in range(3)]
    world.rules(CleaningBuffer(name="air", minutes=15, scope=Scope(room_ids=(rooms[0],))))
    for at, minutes, room in there:
        with suppress(Rejected):
            world.booked(at=NIGHT + at * MINUTE, minutes=minutes, room_id=rooms[room])
    begins, ends = NIGHT + start * MINUTE, NIGHT + (start + length) * MINUTE
    clinic = world.states[f"clinic:{world.clinic_id}"]
    day = calendar.local_day(begins, "UTC")
    days: list[ClinicDay | None] = [
        world.states.get(clinic_day_key(world.clinic_id, one))
        for one in (day, calendar.shift(day, -1), calendar.shift(day, 1))
    ]
    policy = policy_of(clinic, day)
    for profile, use in candidates(clinic.rooms.values(), policy, "", begins, ends, days):
        room = world.states[room_key(profile.id)]
        setup, cleaning = profile.setup_minutes * MINUTE, policy.cleaning_minutes(profile) * MINUTE
        stretch = Taken(begins - setup, ends + cleaning, "new", begins, ends, day)
        assert use.busy == (objection(room, stretch) is not None)
        if not use.busy:
            assert (use.gap_before, use.gap_after) == neighbours(room, begins, ends)
        assert use.bookings == sum(one.day == day for one in room.calendar)
    world.sound()


def berlin(day: int, hour: int, minute: int = 0) -> int:
    return calendar.instant(datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")), "start_time")


def test_an_appointment_over_the_hour_that_is_left_out_has_its_real_length() -> None:
    world = Booking(zone="Europe/Berlin", time=berlin(28, 12))
    room = world.room(cleaning_minutes=10)
    (hours,) = world.rules(AllowedHours(name="nights", opens="01:00", closes="04:00"))
    id = world.booked(at=berlin(29, 1, 30), minutes=60)  # until half past three on the clock
    one = world.appointment(id)
    assert (one.end, one.busy_to) == (berlin(29, 3, 30), berlin(29, 3, 40))
    assert world.day("2026-03-29").day_end == berlin(30, 0)
    assert world.no(at=berlin(29, 3, 40), minutes=21).facts["failed"] == {hours: 1}
    world.booked(at=berlin(29, 3, 40), minutes=20)
    assert len(world.states[room_key(room)].calendar) == 2
    world.sound()


def test_a_night_belongs_to_the_day_on_which_it_begins_on_the_hospitals_clocks() -> None:
    world = Booking(zone="Asia/Kolkata")
    world.room()
    fields: dict[str, Any] = {"at": calendar.instant(datetime(2026, 2, 1, 18, tzinfo=ZoneInfo("UTC")), "at")}
    before_midnight = world.booked(minutes=60, **fields)  # 23:30 to 00:30 there
    fields["at"] += HOUR
    after_midnight = world.booked(minutes=60, **fields)
    assert list(world.day("2026-02-01").appointments) == [before_midnight]
    assert list(world.day("2026-02-02").appointments) == [after_midnight]
