"""Lists of appointments by the best way that leads to them, those that wait for a room among them, and single ones.

By a day and its clinics, by a clinic's own days, by the days on which a doctor or a patient has or had something; only
what names none of these goes through the table of all appointments, a bounded stretch per page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, cast

from engine import calendar
from engine.actors.clinic_day.state import Appointment, ClinicDay, EscalationStatus, Status
from engine.actors.clinic_day.view import AppointmentView, appointment_view, series_view
from engine.decider import Value
from engine.errors import NotFound
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import Booked, all_on, booked, clinic_of, clinics_days, day_of, days_of, one_of
from engine.views.states import the_hospital

BACK = 2  # days


class ListAppointments(ListQuery, frozen=True):
    """Appointments, those that are over included; every filter narrows. ``date`` is the local day of the start.

    Those of a day in order of time; where a clinic, a doctor or a patient is named and no day, the latest day first;
    else those made last first.
    """

    clinic_id: Id | None = None
    date: dt.date | None = None
    doctor_id: Id | None = None
    patient_id: Id | None = None
    room_id: Id | None = None
    status: Status | None = None


class GetAppointment(Value, frozen=True):
    """One appointment, also one that is over."""

    appointment_id: Id


class GetSeries(Value, frozen=True):
    """Appointments that were booked together, wherever they are now."""

    series_id: Id


class ListEscalations(ListQuery, frozen=True):
    """Appointments that wait for a room, or with ``status`` those whose wait has ended so; the latest day first.

    Who still waits is looked for from two days ago on: what is older has taken place without, one way or another.
    """

    clinic_id: Id | None = None
    date: dt.date | None = None
    status: EscalationStatus = "open"


class DayPlace(NamedTuple):
    """Where an appointment stands in the order of days; ``start`` in µs, 0 at the head of a day."""

    day: str
    start: int
    id: str


Rows = Iterator[tuple[tuple[Any, ...], Booked | None]]
Wanted = Callable[[Appointment], bool]


def list_appointments(reader: Reader, query: ListAppointments) -> Found:
    """A page of appointments."""
    day = calendar.checked(query.date, "date").isoformat() if query.date is not None else None

    def wanted(one: Appointment) -> bool:
        return (
            query.status in (None, one.status)
            and query.doctor_id in (None, one.doctor_id)
            and query.patient_id in (None, one.patient_id)
            and query.room_id in (None, one.room_id)
        )

    rows: Rows
    if day is None and not (query.clinic_id or query.doctor_id or query.patient_id):
        rows = _of_all(reader, wanted, position(query, ById))
    else:
        rows = _of_days(reader, _days(reader, query, day), query.clinic_id, wanted, position(query, DayPlace))
    return Found(_shown(reader, query, rows))


def list_escalations(reader: Reader, query: ListEscalations) -> Found:
    """A page of appointments with a wait for a room."""
    if query.date is not None:
        days: Iterable[str] = (calendar.checked(query.date, "date").isoformat(),)
    elif query.clinic_id is not None:
        days = clinics_days(reader, query.clinic_id)
    else:
        days = {day for id in filed(reader, "clinics", None) for day in clinics_days(reader, id)}

    def wanted(one: Appointment) -> bool:
        return one.escalation is not None and one.escalation.status == query.status

    open_ones = query.status == "open"
    if open_ones and query.date is None:
        first = calendar.shift(calendar.local_day(reader.time, the_hospital(reader).time_zone), -BACK)
        days = [day for day in days if day >= first]
    rows = _of_days(
        reader, days, query.clinic_id, wanted, position(query, DayPlace), _waiting if open_ones else _everything
    )
    return Found(_shown(reader, query, rows))


def get_appointment(reader: Reader, query: GetAppointment) -> Found:
    """An appointment, or ``NotFound``."""
    found = booked(reader, query.appointment_id)
    return Found(_view(reader, found), found.appointment.version)


def get_series(reader: Reader, query: GetSeries) -> Found:
    """The appointments of a series in their order as booked, or ``NotFound``."""
    key = reader.find("series", query.series_id)
    state = cast("ClinicDay | None", reader.look(key)) if key is not None else None
    if state is None or query.series_id not in state.series:
        raise NotFound("there is no such series", series_id=query.series_id)
    series = state.series[query.series_id]
    found = [one for id in series.appointment_ids if (one := one_of(reader, id)) is not None]
    return Found(series_view(series, [_view(reader, one) for one in found]))


def _view(reader: Reader, row: Booked) -> AppointmentView:
    clinic = clinic_of(reader, row.clinic_id)
    return appointment_view(row.clinic_id, row.appointment, clinic.rooms if clinic is not None else None)


def _shown(reader: Reader, query: ListQuery, rows: Rows) -> Page[AppointmentView]:
    return page(query, rows, lambda row: _view(reader, row))


def _days(reader: Reader, query: ListAppointments, day: str | None) -> Iterable[str]:
    """The days that can hold what is asked for."""
    if day is not None:
        return (day,)
    if query.patient_id is not None:
        return days_of(reader, "patient", query.patient_id)
    if query.doctor_id is not None:
        return days_of(reader, "doctor", query.doctor_id)
    assert query.clinic_id is not None
    return clinics_days(reader, query.clinic_id)


def _everything(state: ClinicDay) -> Iterable[Appointment]:
    return state.appointments.values()


def _waiting(state: ClinicDay) -> Iterable[Appointment]:
    return [state.appointments[id] for _, _, id in state.waiting]


def _of_days(
    reader: Reader, days: Iterable[str], clinic_id: str | None, wanted: Wanted, after: DayPlace | None,
    of: Callable[[ClinicDay], Iterable[Appointment]] = _everything,
) -> Rows:  # fmt: skip
    for day in sorted(days, reverse=True):
        if after is not None and day > after.day:
            continue
        yield DayPlace(day, 0, ""), None  # a day on which nothing is wanted costs a look too
        states = _states(reader, day, clinic_id)
        rows = [(one.start, one.id, state.clinic_id, one) for state in states for one in of(state)]
        rows.sort(key=lambda row: row[:2])
        for start, id, clinic, one in rows:
            place = DayPlace(day, start, id)
            if after is None or day < after.day or place > after:
                yield place, Booked(clinic, one) if wanted(one) else None


def _states(reader: Reader, day: str, clinic_id: str | None) -> list[ClinicDay]:
    if clinic_id is None:
        return list(all_on(reader, day))
    state = day_of(reader, clinic_id, day)
    return [] if state is None else [state]


def _of_all(reader: Reader, wanted: Wanted, after: ById | None) -> Rows:
    for id in filed(reader, "appointments", after.id if after is not None else None, newest_first=True):
        found = one_of(reader, id)
        yield ById(id), found if found is not None and wanted(found.appointment) else None
