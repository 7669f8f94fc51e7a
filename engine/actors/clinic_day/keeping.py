"""What the engine needs to keep a clinic's day: invariants, next instant, snapshot, and how it is found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from engine.actors.clinic_day.events import (
    AppointmentBooked,
    AppointmentHeld,
    AppointmentMovedIn,
    ClinicDayEvent,
    SeriesBooked,
)
from engine.actors.clinic_day.indexes import rebuild
from engine.actors.clinic_day.state import HOLDING, Appointment, ClinicDay, Series
from engine.decider import DAY


class StoredClinicDay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A snapshot: what the indexes are made of."""

    clinic_id: str
    day: str
    day_end: int = 0
    version: int = 0
    appointments: list[Appointment] = []
    moved: dict[str, str] = {}
    ended_holds: dict[str, str] = {}
    series: list[Series] = []


def initial(id: str) -> ClinicDay:
    """A day without appointments."""
    clinic_id, _, day = id.rpartition(":")
    return ClinicDay(clinic_id, day)


def freeze(state: ClinicDay) -> StoredClinicDay:
    """The snapshot of a state."""
    return StoredClinicDay(
        clinic_id=state.clinic_id,
        day=state.day,
        day_end=state.day_end,
        version=state.version,
        appointments=list(state.appointments.values()),
        moved=state.moved,
        ended_holds=state.ended_holds,
        series=list(state.series.values()),
    )


def thaw(stored: StoredClinicDay) -> ClinicDay:
    """The state of a snapshot, its indexes rebuilt."""
    state = ClinicDay(stored.clinic_id, stored.day, stored.day_end, version=stored.version)
    state.appointments = {one.id: one for one in stored.appointments}
    state.moved, state.ended_holds = stored.moved, stored.ended_holds
    state.series = {series.id: series for series in stored.series}
    rebuild(state)
    return state


def check(state: ClinicDay) -> None:
    """What always holds: the indexes are those that the appointments alone give, and no room is held twice."""
    fresh = ClinicDay(state.clinic_id, state.day, appointments=dict(state.appointments))
    rebuild(fresh)
    for name in ("rooms", "counts", "alarms", "waiting"):
        assert getattr(state, name) == getattr(fresh, name), f"the index {name} is wrong"
    for stretches in state.rooms.values():
        assert all(one.busy_to <= next.busy_from for one, next in pairwise(stretches)), "R5: a room is held twice"
    for id, one in state.appointments.items():
        assert one.id == id, "an appointment is kept under another id"
        assert 0 < one.end - one.start <= DAY, "R1: an appointment has no length, or too much"
        assert not one.busy_to or one.busy_from < one.busy_to, "R5: a stretch has no length"
        if one.status in HOLDING:
            assert bool(one.room_id) == bool(one.busy_to), "R5: an appointment does not hold its room"
            assert not one.busy_to or one.busy_from <= one.start, "R5: a room is held too late"
        else:
            assert one.status == "completed" or not one.busy_to, "R5: what will not take place holds a room"
        assert one.room_id or one.escalation is None or one.escalation.status != "assigned", "R6: assigned to no room"
    assert not state.appointments.keys() & state.moved.keys(), "R8: an appointment is here and elsewhere"
    assert not state.appointments.keys() & state.ended_holds.keys(), "R2: a hold is gone and is here"


def due(state: ClinicDay) -> int | None:
    """R9: the next instant at which something happens by itself (µs)."""
    return state.alarms[0][0] if state.alarms else None


def closed(state: ClinicDay, time: int) -> bool:
    """Two days after its end, with nothing that takes time of anybody."""
    return time > state.day_end + 2 * DAY and all(one.status not in HOLDING for one in state.appointments.values())


def files(state: ClinicDay) -> Iterable[tuple[str, str]]:
    """All ids by which it is found now."""
    for id in (*state.appointments, *state.ended_holds):
        yield "appointments", id
    for id in state.series:
        yield "series", id


def filed(event: ClinicDayEvent) -> Iterable[tuple[str, str, bool]]:
    """How one event changed that. What moves is filed by its new day; the old one says nothing."""
    match event:
        case AppointmentBooked() | AppointmentHeld() | AppointmentMovedIn():
            return (("appointments", event.appointment.id, True),)
        case SeriesBooked():
            return (("series", event.series.id, True),)
        case _:
            return ()


def groups(id: str) -> Iterable[str]:
    """The days of the clinic, and the clinics of the day."""
    clinic_id, _, day = id.rpartition(":")
    return (f"clinic:{clinic_id}", f"clinic_days:{day}")
