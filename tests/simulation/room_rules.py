"""What holds among rooms, a clinic's days and people's agendas, worked out from their states alone.

Written down a second time on purpose: nothing here asks the code that decides. Rules are known as far as the morning
has them; closures as far as they recur there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from engine.actors.agenda import Agenda
from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day.state import Appointment, ClinicDay
from engine.actors.doctor_day import DoctorDay
from engine.actors.hospital import HOSPITAL
from engine.actors.room.state import Closure, Room, Taken
from engine.decider import DAY, MINUTE
from engine.rules.kinds import CleaningBuffer, MaximumDuration

State = Callable[[str], Any]

HOLDING = ("held", "booked", "checked_in", "in_progress")
DAYS = 5
"""Nothing is booked later than so many days from today."""


def rooms_broken(state: State, keys: Iterable[str], time: int) -> Iterator[str]:
    """Each rule that these actors break now (µs), among themselves and towards the others."""
    clinics: set[str] = set()
    for key in keys:
        kind, _, id = key.partition(":")
        if kind == "room":
            room = state(key)
            clinics.add(room.clinic_id)
            yield from _room(state, room)
        elif kind == "clinic_day":
            clinics.add(id.partition(":")[0])
            yield from _clinic_day(state, state(key))
        elif kind == "agenda":
            yield from _agenda(state, state(key))
        elif kind == "doctor_day":
            yield from _doctor(state, id.partition(":")[0], id.partition(":")[2])
        elif kind == "clinic":
            yield from _clinic(state, state(key))
    for clinic_id in sorted(clinics):
        zone = state(HOSPITAL).time_zone
        yield from _rooms_left_free(state, state(f"clinic:{clinic_id}"), _days_from(time, zone), time)


def appointments_kept_twice(days: Iterable[ClinicDay]) -> Iterator[str]:
    """Appointments that stand on two days."""
    seen: dict[str, str] = {}
    for day in days:
        for id in day.appointments:
            if seen.setdefault(id, day.day) != day.day:
                yield f"appointment {id} is on {seen[id]} and on {day.day}"


def _room(state: State, room: Room) -> Iterator[str]:
    for one, other in pairwise(room.calendar):
        if other.busy_from < one.busy_to:
            yield f"room {room.id} is held by {one.appointment_id} and by {other.appointment_id} at one time"
    for taken in room.calendar:
        day: ClinicDay | None = state(f"clinic_day:{room.clinic_id}:{taken.day}")
        one_of_day = day.appointments.get(taken.appointment_id) if day is not None else None
        if one_of_day is None or _stretch(one_of_day) != (room.id, *_times(taken)):
            yield f"room {room.id} is held by {taken.appointment_id}, which does not hold it"
    listed = state(f"clinic:{room.clinic_id}").rooms.get(room.id)
    if listed != (None if room.retired else room.profile):
        yield f"the clinic does not know room {room.id} as it is"


def _clinic(state: State, clinic: Clinic) -> Iterator[str]:
    for room_id, profile in clinic.rooms.items():
        room: Room | None = state(f"room:{room_id}")
        if room is None or room.profile != profile:
            yield f"clinic {clinic.id} lists room {room_id}, which is another"
    numbers = [version.number for version in clinic.versions]
    if numbers != list(range(1, len(numbers) + 1)) or clinic.active != len(numbers):
        yield f"clinic {clinic.id} has the versions {numbers}, in force is {clinic.active}"


def _clinic_day(state: State, day: ClinicDay) -> Iterator[str]:
    for one in day.appointments.values():
        stretch = _stretch(one)
        if stretch is not None:
            room: Room | None = state(f"room:{one.room_id}")
            held = [_times(taken) for taken in room.calendar if taken.appointment_id == one.id] if room else []
            if held != [stretch[1:]]:
                yield f"appointment {one.id} holds room {one.room_id}, which does not know it"
        told = one.escalation is not None and one.escalation.status in ("open", "declined")
        if one.status in ("held", "booked", "checked_in") and not one.room_id and not told:
            yield f"appointment {one.id} has no room, and nobody is told"
        for person, person_id in (("doctor", one.doctor_id), ("patient", one.patient_id)):
            engaged = _engaged(state, person, person_id, day.day, one.id)
            if one.status in HOLDING and engaged != [(one.start, one.end, one.room_id)]:
                yield f"appointment {one.id} is {one.status}; the agenda of its {person} says {engaged}"
            if one.status in ("cancelled", "no_show") and engaged:
                yield f"appointment {one.id} is {one.status}, and still keeps its {person}"
        if _days_from(one.start, state(HOSPITAL).time_zone)[0] != day.day:
            yield f"appointment {one.id} does not begin on {day.day}"


def _engaged(state: State, person: str, person_id: str, day: str, id: str) -> list[tuple[int, int, str]]:
    agenda: Agenda | None = state(f"agenda:{person}:{person_id}:{day}")
    there = agenda.engagements if agenda is not None else []
    return [(one.start, one.end, one.room_id) for one in there if one.appointment_id == id]


def _agenda(state: State, agenda: Agenda) -> Iterator[str]:
    for one in agenda.engagements:
        day: ClinicDay | None = state(f"clinic_day:{one.clinic_id}:{agenda.day}")
        there = day.appointments.get(one.appointment_id) if day is not None else None
        whose = there and (there.doctor_id if agenda.person == "doctor" else there.patient_id)
        if there is None or whose != agenda.person_id or there.status in ("cancelled", "no_show"):
            yield f"{agenda.person} {agenda.person_id} is engaged in {one.appointment_id}, which is not there"
    if agenda.person == "doctor":
        yield from _doctor(state, agenda.person_id, agenda.day)
    else:
        yield from _meetings("patient", agenda.person_id, _spans(state, "patient", agenda.person_id, agenda.day))


def _doctor(state: State, doctor_id: str, day: str) -> Iterator[str]:
    """He is in one slot or appointment at a time; what began on the day before may last until now."""
    spans = _spans(state, "doctor", doctor_id, day)
    for near in _beside(day):
        doctor_day: DoctorDay | None = state(f"doctor_day:{doctor_id}:{near}")
        for slot in doctor_day.slots if doctor_day is not None else ():
            if slot.status != "CANCELLED":
                spans.append((slot.start, slot.end, slot.id))
    yield from _meetings("doctor", doctor_id, spans)


def _spans(state: State, person: str, person_id: str, day: str) -> list[tuple[int, int, str]]:
    """What takes this person's time on that day and those beside, and was not entered as overlapping."""
    spans = []
    for near in _beside(day):
        agenda: Agenda | None = state(f"agenda:{person}:{person_id}:{near}")
        there = agenda.engagements if agenda is not None else []
        spans += [(one.start, one.end, one.appointment_id) for one in there if not one.overlapping]
    return spans


def _meetings(person: str, person_id: str, spans: list[tuple[int, int, str]]) -> Iterator[str]:
    for one, other in pairwise(sorted(spans)):
        if other[0] < one[1]:
            yield f"{person} {person_id} is in {one[2]} and in {other[2]} at one time"


def _rooms_left_free(state: State, clinic: Clinic, days: list[str], time: int) -> Iterator[str]:
    """Who waits for a room, and could have one."""
    for day in (clinic_day for name in days if (clinic_day := state(f"clinic_day:{clinic.id}:{name}"))):
        waiting = [one for one in day.appointments.values() if _waits(one, time)]
        for one in waiting:
            for room_id in clinic.rooms:
                if _could_have(clinic, state(f"room:{room_id}"), day, one):
                    yield f"appointment {one.id} waits for a room, and room {room_id} is free"


def _waits(one: Appointment, time: int) -> bool:
    escalation = one.escalation
    waits = one.status in ("booked", "checked_in") and escalation is not None and escalation.status == "open"
    return waits and not one.room_id and one.start > time


def _could_have(clinic: Clinic, room: Room, day: ClinicDay, one: Appointment) -> bool:
    """Whether nothing at all speaks against it; where two readings are possible the stricter one."""
    profile, wish = room.profile, one.wish
    if not profile.is_available or wish.room_type not in ("", profile.type):
        return False
    if not set(wish.required_equipment) <= set(profile.equipment):
        return False
    booked = [other for other in day.appointments.values() if other.room_id == room.id]
    counted = sum(other.status not in ("cancelled", "no_show") for other in booked)
    if profile.max_daily is not None and counted >= profile.max_daily:
        return False
    specs = [rule.spec for rule in clinic.versions[-1].rules] if clinic.active else []
    if any(isinstance(spec, MaximumDuration) and one.end - one.start > spec.minutes * MINUTE for spec in specs):
        return False
    buffer = max((spec.minutes for spec in specs if isinstance(spec, CleaningBuffer)), default=0)
    busy_from = one.start - max(profile.setup_minutes, buffer) * MINUTE
    busy_to = one.end + max(profile.cleaning_minutes, buffer) * MINUTE
    if any(taken.busy_from < busy_to and busy_from < taken.busy_to for taken in room.calendar):
        return False
    return not any(
        begins < busy_to and busy_from < ends for closure in room.closures.values() for begins, ends in _closed(closure)
    )


def _closed(closure: Closure) -> Iterator[tuple[int, int]]:
    """The times of a closure, which recurs daily if at all."""
    count = int(closure.rrule.rpartition("=")[2]) if closure.rrule else 1
    for number in range(count):
        begins = closure.start + number * DAY
        if not closure.until or begins < closure.until:
            yield begins, closure.end + number * DAY


def _stretch(one: Appointment) -> tuple[str, int, int, int, int] | None:
    """The room, the stretch and the appointment's times, where it takes a room's time."""
    if not one.room_id or one.busy_to <= one.busy_from or one.status not in (*HOLDING, "completed"):
        return None
    return one.room_id, one.busy_from, one.busy_to, one.start, one.end


def _times(taken: Taken) -> tuple[int, int, int, int]:
    return taken.busy_from, taken.busy_to, taken.start, taken.end


def _beside(day: str) -> list[str]:
    """The day and its neighbours."""
    there = datetime.fromisoformat(day)
    return [f"{there + timedelta(days=days):%Y-%m-%d}" for days in (-1, 0, 1)]


def _days_from(time: int, zone: str) -> list[str]:
    """The local day, and the days after it."""
    today = datetime.fromtimestamp(time // 1_000_000, ZoneInfo(zone))
    return [f"{today + timedelta(days=days):%Y-%m-%d}" for days in range(DAYS)]
