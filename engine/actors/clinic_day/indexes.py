"""What of each room is held on the day, who waits, and when something happens by itself; kept by ``evolve``.

An appointment is taken out of the indexes as it was and put in as it is. A room's stretches never overlap, so their
order by beginning is their order by end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from operator import attrgetter
from sys import intern
from typing import Any, Final

from engine.actors.clinic_day.state import HOLDING, Appointment, Busy, ClinicDay
from engine.decider import DAY
from engine.rules.subject import UNUSED, RoomUse

_FROM: Final = attrgetter("busy_from")


def use_of(
    state: ClinicDay | None, room_id: str, start: int, end: int, without: str = "", *, cleaning: bool = True
) -> RoomUse:
    """How a room stands on this day for ``[start, end)``, the appointment ``without`` left out.

    ``cleaning=False``: nobody asks for ``cleaned``, which takes a look at the appointment before.
    """
    stretches = state.rooms.get(room_id) if state is not None else None
    if state is None or (stretches is None and room_id not in state.counts):
        return UNUSED
    bookings = state.counts.get(room_id, 0)
    if without and (own := state.appointments.get(without)) is not None and own.room_id == room_id and counts(own):
        bookings -= 1
    if not stretches:
        return RoomUse(bookings)
    behind = bisect_right(stretches, start, key=_FROM)
    before = behind - 1
    if without:
        if before >= 0 and stretches[before].appointment_id == without:
            before -= 1
        if behind < len(stretches) and stretches[behind].appointment_id == without:
            behind += 1
    gap_before = start - stretches[before].busy_to if before >= 0 else None
    gap_after = stretches[behind].busy_from - end if behind < len(stretches) else None
    busy = (gap_before is not None and gap_before < 0) or (gap_after is not None and gap_after < 0)
    cleaned = _cleaned(state.appointments[stretches[before].appointment_id]) if cleaning and before >= 0 else 0
    return RoomUse(bookings, gap_before, gap_after, busy, cleaned)


def _cleaned(one: Appointment) -> int:
    """How long the room is cleaned after it; a turnover that somebody shortened counts as long as any rule asks for."""
    if one.shortened:
        return DAY
    return one.busy_to - (min(one.ended_at, one.busy_to) if one.status == "completed" else one.end)


def holds_room(one: Appointment) -> bool:
    """R5: whether it takes time of its room; a completed one does until its cleaning is done."""
    return one.busy_to > one.busy_from and (one.status in HOLDING or one.status == "completed") and bool(one.room_id)


def counts(one: Appointment) -> bool:
    """Whether it is one of the day's appointments in its room."""
    return one.status != "cancelled" and one.status != "no_show"


def waits(one: Appointment) -> bool:
    """R6: whether it is given a room as soon as one frees up."""
    escalation = one.escalation
    return (
        escalation is not None
        and escalation.status == "open"
        and not one.room_id
        and (one.status == "booked" or one.status == "checked_in")
    )


def alarm(one: Appointment) -> int:
    """R9: when something happens to it by itself (µs); 0: never."""
    if one.status == "held":
        return one.expires_at
    return one.release_at if one.status == "booked" else 0


def put_in(state: ClinicDay, one: Appointment) -> None:
    """Note an appointment as it is now."""
    state.appointments[one.id] = one
    room_id = one.room_id
    if room_id:
        if counts(one):
            state.counts[room_id] = state.counts.get(room_id, 0) + 1
        if holds_room(one):
            stretches = state.rooms.get(room_id)
            if stretches is None:
                stretches = state.rooms[intern(room_id)] = []
            insort(stretches, Busy(one.busy_from, one.busy_to, one.id))
    if at := alarm(one):
        insort(state.alarms, (at, one.id))
    if waits(one):
        insort(state.waiting, _place(one))


def take_out(state: ClinicDay, one: Appointment) -> None:
    """Forget an appointment as it was."""
    room_id = one.room_id
    if room_id:
        if counts(one):
            left = state.counts[room_id] - 1
            if left:
                state.counts[room_id] = left
            else:
                del state.counts[room_id]
        if holds_room(one):
            stretches = state.rooms[room_id]
            _remove(stretches, Busy(one.busy_from, one.busy_to, one.id))
            if not stretches:
                del state.rooms[room_id]
    if at := alarm(one):
        _remove(state.alarms, (at, one.id))
    if waits(one):
        _remove(state.waiting, _place(one))


def rebuild(state: ClinicDay) -> None:
    """Every index as it follows from the appointments alone."""
    appointments = list(state.appointments.values())
    state.rooms, state.counts, state.alarms, state.waiting = {}, {}, [], []
    for one in appointments:
        put_in(state, one)


def _place(one: Appointment) -> tuple[int, int, str]:
    assert one.escalation is not None
    return (one.start, one.escalation.opened_at, one.id)


def _remove(items: list[Any], item: Any) -> None:
    index = bisect_left(items, item)
    assert items[index] == item, "an index of the clinic's day lost its order"
    del items[index]
