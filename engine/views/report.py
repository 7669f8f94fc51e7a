"""The daily report: what became of a day's slots, per doctor and in total, and of its appointments.

A pure function of the states: it reads no clock, so that the report made from a replayed log is equal to the
one made live. The day is the hospital's local day; a slot belongs to the day on which it starts, and a token
to the slot in which it is now.

How the figures are made:
- ``tokens`` are those that got a place, whatever became of them; rates of cancellation and no-show are of these.
- ``utilisation`` is (confirmed + completed) / capacity, both of the slots that were not cancelled. Emergencies
  above the capacity count too, so that it can exceed 1.
- ``overrides`` are tokens that sit above the capacity, ``promotions`` places given to who waited on a list.
- A wait lasts from the arrival to the start of the consultation. Who has arrived and was not seen yet is no
  wait but ``still_waiting``. Percentiles are by nearest rank: p95 of n waits is the one at rank ceil(0.95 n).
- Minutes are rounded to a tenth, ratios to four places; where there is nothing to divide by they are ``None``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Literal, cast

import msgspec

from engine import calendar
from engine.actors.doctor import Doctor
from engine.actors.hospital import Category
from engine.actors.slot.state import BASE, Slot, SlotStatus, Token
from engine.decider import MINUTE, PersonName, Value
from engine.errors import NotFound
from engine.views.appointment_figures import AppointmentFigures, appointment_figures
from engine.views.days import Days, slots_in
from engine.views.reader import Found, Id, Reader
from engine.views.states import (
    TOKEN_STATUSES,
    WAITING_STATUSES,
    TokenStatus,
    WaitingStatus,
    is_token,
    slot_of,
    the_hospital,
)

ReportedWaiting = WaitingStatus | Literal["PROMOTED"]


class DailyReport(Value, frozen=True):
    """The report of a local day (today's without ``date``), of one doctor or of all."""

    date: dt.date | None = None
    doctor_id: Id | None = None


class WaitFigures(msgspec.Struct, frozen=True):
    """Minutes from arrival to the start of the consultation, of those who were seen."""

    count: int
    average: float | None
    p50: float | None
    p95: float | None
    still_waiting: int


class DelayFigures(msgspec.Struct, frozen=True):
    """Slots that ran late, cancelled ones aside; ``average`` is over these, in minutes."""

    slots: int
    average: float | None
    max: float


class WaitingListFigures(msgspec.Struct, frozen=True):
    """Entries of the waiting lists by what became of them."""

    total: int
    by_status: dict[ReportedWaiting, int]
    promoted: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is reported of one doctor's day, and of all doctors' together."""

    slots: int
    cancelled_slots: int
    capacity: int
    tokens: int
    by_category: dict[Category, int]
    by_status: dict[TokenStatus, int]
    cancellation_rate: float | None
    no_show_rate: float | None
    utilisation: float | None
    waiting_list: WaitingListFigures
    waits: WaitFigures
    delays: DelayFigures
    overrides: int
    promotions: int


class SlotFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One slot in the report."""

    slot_id: str
    start_time: dt.datetime
    end_time: dt.datetime
    status: SlotStatus
    capacity: int
    tokens: int
    utilisation: float | None
    delay_minutes: float


class DoctorFigures(Figures, frozen=True, kw_only=True):
    """One doctor in the report; his slots in order of start."""

    doctor_id: str
    name: PersonName | None
    specialization: str
    by_slot: list[SlotFigures]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report."""

    date: str
    time_zone: str
    doctor_id: str | None
    totals: Figures
    appointments: AppointmentFigures
    doctors: list[DoctorFigures]


def answer(reader: Reader, query: DailyReport) -> Found:
    """The report that was asked for."""
    if query.date is not None:
        day = calendar.checked(query.date, "date").isoformat()
    else:
        day = calendar.local_day(reader.time, the_hospital(reader).time_zone)
    return Found(daily_report(reader, day, query.doctor_id))


def daily_report(reader: Reader, day: str, doctor_id: str | None = None) -> Report:
    """The report of a local day (``YYYY-MM-DD``) from the states as they are; ``NotFound`` for an unknown doctor."""
    if doctor_id is not None and reader.look(f"doctor:{doctor_id}") is None:
        raise NotFound("no such doctor", doctor_id=doctor_id)
    by_doctor: dict[str, list[Slot]] = {}
    for place in slots_in(reader, Days(day, day), doctor_id, None):
        slot = slot_of(reader, place.slot_id)
        if slot is not None:
            by_doctor.setdefault(place.doctor_id, []).append(slot)
    return Report(
        date=day,
        time_zone=the_hospital(reader).time_zone,
        doctor_id=doctor_id,
        totals=Figures(**_figures([slot for slots in by_doctor.values() for slot in slots])),
        appointments=appointment_figures(reader, day, doctor_id),
        doctors=[_of_doctor(reader, id, slots) for id, slots in by_doctor.items()],
    )


def nearest_rank(ordered: Sequence[int], percent: int) -> int:
    """The percentile of sorted, non-empty values by nearest rank: the value at rank ceil(percent/100 · n)."""
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def _of_doctor(reader: Reader, doctor_id: str, slots: list[Slot]) -> DoctorFigures:
    doctor = cast("Doctor | None", reader.look(f"doctor:{doctor_id}"))
    return DoctorFigures(
        doctor_id=doctor_id,
        name=doctor.name if doctor is not None else None,
        specialization=doctor.specialization if doctor is not None else "",
        by_slot=[_of_slot(slot) for slot in slots],
        **_figures(slots),
    )


def _of_slot(slot: Slot) -> SlotFigures:
    return SlotFigures(
        slot_id=slot.id,
        start_time=calendar.moment(slot.start),
        end_time=calendar.moment(slot.end),
        status=slot.status,
        capacity=slot.max_capacity,
        tokens=sum(map(is_token, slot.tokens.values())),
        utilisation=_utilisation((slot,)),
        delay_minutes=_minutes(slot.delay),
    )


def _figures(slots: Sequence[Slot]) -> dict[str, Any]:
    held = [slot for slot in slots if slot.status != "CANCELLED"]
    tokens = [token for slot in slots for token in slot.tokens.values() if is_token(token)]
    by_category: dict[Category, int] = dict.fromkeys(BASE, 0)
    by_status: dict[TokenStatus, int] = dict.fromkeys(TOKEN_STATUSES, 0)
    for token in tokens:
        by_category[token.category] += 1
        by_status[cast("TokenStatus", token.status)] += 1
    promotions = sum(slot.counters.promotions for slot in slots)
    return {
        "slots": len(slots),
        "cancelled_slots": len(slots) - len(held),
        "capacity": sum(slot.max_capacity for slot in held),
        "tokens": len(tokens),
        "by_category": by_category,
        "by_status": by_status,
        "cancellation_rate": _ratio(by_status["CANCELLED"], len(tokens)),
        "no_show_rate": _ratio(by_status["NO_SHOW"], len(tokens)),
        "utilisation": _utilisation(held),
        "waiting_list": _waiting_list(slots, promotions),
        "waits": _waits(tokens),
        "delays": _delays(held),
        "overrides": sum(token.override for token in tokens),
        "promotions": promotions,
    }


def _utilisation(slots: Iterable[Slot]) -> float | None:
    """Who was served has used a place just as who still holds one: both are counted (fault S4-10)."""
    held = [slot for slot in slots if slot.status != "CANCELLED"]
    used = sum(token.status in ("CONFIRMED", "COMPLETED") for slot in held for token in slot.tokens.values())
    return _ratio(used, sum(slot.max_capacity for slot in held))


def _waiting_list(slots: Sequence[Slot], promotions: int) -> WaitingListFigures:
    by_status: dict[ReportedWaiting, int] = dict.fromkeys(WAITING_STATUSES, 0)
    by_status["PROMOTED"] = promotions
    for slot in slots:
        for entry in slot.tokens.values():
            if not is_token(entry):
                by_status[cast("WaitingStatus", entry.status)] += 1
    return WaitingListFigures(sum(by_status.values()), by_status, promotions)


def _waits(tokens: Sequence[Token]) -> WaitFigures:
    # Back-entry may put an arrival after the start that was recorded as it happened: that wait is none.
    waits = sorted(
        max(0, token.started_at - token.arrived_at) for token in tokens if token.arrived_at and token.started_at
    )
    waiting = sum(token.status == "CONFIRMED" and token.phase in ("ARRIVED", "CALLED") for token in tokens)
    if not waits:
        return WaitFigures(0, None, None, None, waiting)
    return WaitFigures(
        len(waits),
        _minutes(sum(waits) / len(waits)),
        _minutes(nearest_rank(waits, 50)),
        _minutes(nearest_rank(waits, 95)),
        waiting,
    )


def _delays(held: Sequence[Slot]) -> DelayFigures:
    delays = [slot.delay for slot in held if slot.delay]
    if not delays:
        return DelayFigures(0, None, 0.0)
    return DelayFigures(len(delays), _minutes(sum(delays) / len(delays)), _minutes(max(delays)))


def _minutes(microseconds: float) -> float:
    return round(microseconds / MINUTE, 1)


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
