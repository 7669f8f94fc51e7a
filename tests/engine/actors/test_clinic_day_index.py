"""The index by which rooms are chosen, held against a look at every appointment of the day."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from engine.actors.clinic_day import CLINIC_DAY, holds_room, use_of, waits
from engine.actors.clinic_day.indexes import counts, put_in, take_out
from engine.actors.clinic_day.state import Appointment, ClinicDay, Escalation, Status
from engine.decider import DAY, MINUTE
from engine.rules.subject import RoomUse, Wish

MIDNIGHT = 20_500 * DAY
ROOMS = ("a", "b")
STATUS: st.SearchStrategy[Status] = st.sampled_from(get_args(Status))


@st.composite
def appointment_on(draw: st.DrawFn, number: int, free_from: dict[str, int]) -> Appointment:
    """One that keeps its room clear of those before it; some have none, some are over."""
    room = draw(st.sampled_from((*ROOMS, "")))
    status = draw(STATUS)
    start = free_from.get(room, 0) + draw(st.integers(0, 20))
    end = start + draw(st.integers(1, 30))
    takes = bool(room) and status not in ("cancelled", "no_show")
    busy_to = end + draw(st.integers(0, 10))
    if takes:
        free_from[room] = busy_to
    waiting = Escalation(status="open", opened_at=draw(st.integers(0, 3)), deadline=9)
    return Appointment(
        id=f"id{number:02d}",
        patient_id="p",
        doctor_id="d",
        start=MIDNIGHT + start * MINUTE,
        end=MIDNIGHT + end * MINUTE,
        status=status,
        wish=Wish(),
        room_id=room,
        busy_from=MIDNIGHT + start * MINUTE if takes else 0,
        busy_to=MIDNIGHT + busy_to * MINUTE if takes else 0,
        escalation=None if room else waiting,
        expires_at=MIDNIGHT + draw(st.integers(1, 99)) if status == "held" else 0,
        release_at=draw(st.sampled_from((0, MIDNIGHT + 5, MIDNIGHT + 7))),
    )


@st.composite
def days(draw: st.DrawFn) -> list[Appointment]:
    """The appointments of a day."""
    free_from: dict[str, int] = {}
    return [draw(appointment_on(number, free_from)) for number in range(draw(st.integers(0, 12)))]


def looked_up(there: list[Appointment], room: str, start: int, end: int, without: str) -> RoomUse:
    """What ``use_of`` says, by looking at everything."""
    others = [one for one in there if one.room_id == room and one.id != without]
    held = [one for one in others if holds_room(one)]
    before = [start - one.busy_to for one in held if one.busy_from <= start]
    after = [one.busy_from - end for one in held if one.busy_from > start]
    busy = any(one.busy_from < end and start < one.busy_to for one in held)
    last = max((one for one in held if one.busy_from <= start), key=lambda one: one.busy_from, default=None)
    cleaned = 0
    if last is not None:
        over = min(last.ended_at, last.busy_to) if last.status == "completed" else last.end
        cleaned = DAY if last.shortened else last.busy_to - over
    bookings = sum(counts(one) for one in others)
    return RoomUse(bookings, min(before, default=None), min(after, default=None), busy, cleaned)


@given(days(), st.integers(0, 300), st.integers(1, 60), st.data())
def test_the_use_of_a_room_is_what_a_look_at_every_appointment_says(
    there: list[Appointment], start: int, minutes: int, data: st.DataObject
):
    state = ClinicDay("clinic", "2026-02-16")
    for one in data.draw(st.permutations(there)):
        put_in(state, one)
    CLINIC_DAY.check(state)
    begins, ends = MIDNIGHT + start * MINUTE, MIDNIGHT + (start + minutes) * MINUTE
    for room in ROOMS:
        for without in ("", *(one.id for one in there)):
            said = use_of(state, room, begins, ends, without)
            assert said == looked_up(there, room, begins, ends, without)


@given(days(), st.data())
def test_what_is_taken_out_again_leaves_no_trace(there: list[Appointment], data: st.DataObject):
    state = ClinicDay("clinic", "2026-02-16")
    for one in there:
        put_in(state, one)
    assert [id for _, _, id in state.waiting] == [
        one.id
        for one in sorted(there, key=lambda one: (one.start, one.escalation.opened_at if one.escalation else 0, one.id))
        if waits(one)
    ]
    for one in data.draw(st.permutations(there)):
        take_out(state, state.appointments.pop(one.id))
        CLINIC_DAY.check(state)
    assert state == ClinicDay("clinic", "2026-02-16")
