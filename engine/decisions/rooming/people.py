"""Whether doctor and patient have time, and when they have none.

R1  A doctor has neither another appointment nor a slot that is not cancelled at that time; intervals are half-open.
R2  A patient has no other appointment then, unless somebody says why he may; where the hospital's policy says so, no
    token with another doctor either.
What begins on the day before may reach into a day, and what begins late reaches into the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import calendar
from engine.actors.agenda import Agenda, DoctorConflict, PatientOverlap, Person, agenda_key, conflict
from engine.actors.doctor_day import DoctorDay, doctor_day_key, overlapping
from engine.actors.patient_day import active
from engine.calendar import Bounds
from engine.decider import Look
from engine.decisions.finding import Deciding, the_day
from engine.decisions.rooming.changes import Changes, beside
from engine.decisions.rooming.wanting import Want


def free_people(changes: Changes, want: Want) -> Deciding[None]:
    """R1, R2; the appointment of this id is not in its own way."""
    before, after, bounds = beside(want.day, changes.time_zone)
    days = (want.day, before) if want.end <= bounds.end else (want.day, before, after)
    start, end, id = want.start, want.end, want.appointment_id
    agenda: Agenda | None
    for day in days:
        key = agenda_key("doctor", want.doctor_id, day)
        agenda = yield Look(key)
        there = changes.met(key, agenda, start, end, id)
        if there is not None:
            raise conflict("doctor", there)
        slots: DoctorDay | None = yield Look(doctor_day_key(want.doctor_id, day))
        slot = overlapping(slots, start, end)
        if slot is not None:
            raise DoctorConflict(
                "the doctor has a slot then", slot_id=slot.id, start_time=slot.start, end_time=slot.end
            )
    if want.overlapping:
        return
    for day in days:
        key = agenda_key("patient", want.patient_id, day)
        agenda = yield Look(key)
        there = changes.met(key, agenda, start, end, id)
        if there is not None:
            raise conflict("patient", there)
    if changes.hospital.policy.patient_overlap:
        yield from _no_token(want, days)


def _no_token(want: Want, days: tuple[str, ...]) -> Deciding[None]:
    for day in days:
        for token in active((yield from the_day(want.patient_id, day))):
            if token.doctor_id != want.doctor_id and token.start < want.end and want.start < token.end:
                raise PatientOverlap(
                    "the patient has a token then",
                    token_id=token.token_id,
                    slot_id=token.slot_id,
                    start_time=token.start,
                    end_time=token.end,
                )


def occupied(changes: Changes, want: Want, start: int, end: int) -> Deciding[list[Bounds]]:
    """When doctor or patient cannot come between two instants, in order; stretches may overlap."""
    found: list[Bounds] = []
    zone = changes.time_zone
    last = calendar.local_day(end, zone)
    day = calendar.shift(calendar.local_day(start, zone), -1)
    while day <= last:
        found.extend((yield from _engaged(changes, "doctor", want.doctor_id, day, want.appointment_id)))
        slots: DoctorDay | None = yield Look(doctor_day_key(want.doctor_id, day))
        found.extend(Bounds(one.start, one.end) for one in slots.slots if one.status != "CANCELLED") if slots else None
        if not want.overlapping:
            found.extend((yield from _engaged(changes, "patient", want.patient_id, day, want.appointment_id)))
            if changes.hospital.policy.patient_overlap:
                tokens = active((yield from the_day(want.patient_id, day)))
                found.extend(Bounds(one.start, one.end) for one in tokens if one.doctor_id != want.doctor_id)
        day = calendar.shift(day, 1)
    found.sort()
    return found


def _engaged(changes: Changes, person: Person, person_id: str, day: str, but: str) -> Deciding[Iterator[Bounds]]:
    key = agenda_key(person, person_id, day)
    agenda: Agenda | None = yield Look(key)
    change = changes.agendas.get(key)
    there = list(agenda.engagements) if agenda else []
    if change is not None:
        there = [one for one in there if one.appointment_id not in change.drop | change.engage]
        there.extend(change.engage.values())
    return (Bounds(one.start, one.end) for one in there if one.appointment_id != but)
