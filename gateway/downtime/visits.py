"""One line of paper as the steps of a visit: what was done, and when. Pure: knows paths and bodies, sends nothing.

R1  A time is written as ``9:05`` (of the line's day, in the hospital's time zone) or in full, with its offset.
R2  Times do not run backwards from arrived to called, started, ended, and none lies in the future.
R3  What ended was completed, unless the outcome says no_show or cancelled; who began was called, then at the latest.
R4  What the hospital knows already is not said again: of a visit that is called, only what comes after the call is.
R5  Who is not on the list comes as ``walk-in`` (into a slot) or ``join`` (into a queue), by the id, or new by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from gateway.problems import Fault

TIMES: Final = ("arrived", "called", "started", "ended")
OUTCOMES: Final = ("completed", "no_show", "cancelled")
KINDS: Final = ("token", "ticket", "appointment", "walk-in", "join")
WHY: Final = "entered from paper"
"""The reason of a call out of turn, or of an end without a beginning, where the line gives none."""

RANKS: Final = {
    "BOOKED": 0, "booked": 0, "ARRIVED": 1, "checked_in": 1, "waiting": 1, "parked": 1, "CALLED": 2,
    "called": 2, "IN_CONSULT": 3, "consulting": 3, "in_progress": 3,
}  # fmt: skip
"""How many of ``TIMES`` are past where a visit stands so; whatever is not here is over."""


class Send(msgspec.Struct, frozen=True):
    """One step: a method, a path under the thing, a body; ``at`` orders it among those of other lines."""

    at: datetime
    method: str
    path: str
    body: dict[str, Any]


class Visit(msgspec.Struct, frozen=True):
    """What a line says. ``times`` by their names, in UTC."""

    what: str
    id: str
    times: dict[str, datetime]
    outcome: str
    counter: str
    reason: str
    patient: dict[str, str]


def visit_of(values: Mapping[str, str], zone: ZoneInfo, now: datetime) -> tuple[Visit | None, list[Fault]]:
    """What a line says, or what is wrong with it; ``None`` without a fault where nothing was written on it."""
    faults: list[Fault] = []
    what = values.get("what", "")
    if what == "bed" or not any(values.get(name) for name in (*TIMES, "outcome")):
        return None, faults
    if what not in KINDS:
        faults.append(Fault("what", f"must be one of {', '.join(KINDS)}"))
    if not values.get("id"):
        faults.append(Fault("id", "required"))
    times: dict[str, datetime] = {}
    for name in TIMES:
        if text := values.get(name):
            try:
                times[name] = moment(text, values.get("day", ""), zone)
            except ValueError as error:
                faults.append(Fault(name, str(error)))
    faults += _backwards(times, now)
    outcome = values.get("outcome", "").strip().lower().replace("-", "_")
    if outcome and outcome not in OUTCOMES:
        faults.append(Fault("outcome", f"must be one of {', '.join(OUTCOMES)}"))
    if outcome and "ended" not in times:
        faults.append(Fault("ended", "required: when it ended"))
    if what in ("walk-in", "join"):
        if "arrived" not in times:
            faults.append(Fault("arrived", "required: nobody expected this patient"))
        if not values.get("patient_id") and not values.get("name"):
            faults.append(Fault("patient_id", "required, or the name of somebody new"))
    if what in ("ticket", "join") and ("called" in times or "started" in times) and not values.get("counter"):
        faults.append(Fault("counter", "required: where the patient was called to"))
    if faults:
        return None, faults
    patient = {name: values[name] for name in ("patient_id", "name", "phone", "dob") if values.get(name)}
    reason = values.get("reason", "").strip()
    return Visit(what, values["id"], times, outcome, values.get("counter", ""), reason, patient), []


def moment(text: str, day: str, zone: ZoneInfo) -> datetime:
    """R1."""
    text = text.strip()
    if "T" in text:
        full = datetime.fromisoformat(text)
        if full.tzinfo is None:
            raise ValueError("a full time has its offset: 2026-11-22T09:05:00+05:30")
        return full.astimezone(UTC)
    hours, _, minutes = text.replace(".", ":").partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise ValueError("write a time as 9:05")
    try:
        said = date.fromisoformat(day)
    except ValueError:
        raise ValueError("the line has no day, such as 2026-11-22") from None
    return datetime.combine(said, time(int(hours), int(minutes)), zone).astimezone(UTC)


def steps(visit: Visit, known: int = 0) -> list[Send]:
    """R3, R4: what is still to be said of a visit of which so many of ``TIMES`` are known; ids are put in later."""
    times = dict(visit.times)
    if visit.what == "appointment" and "ended" in times and visit.outcome in ("", "completed"):
        times.setdefault("started", times.get("called") or times.get("arrived") or times["ended"])
        times.setdefault("arrived", times["started"])
    if "started" in times:
        times.setdefault("called", times["started"])
    began = "started" in times or known >= TIMES.index("started") + 1
    made = []
    for rank, name in enumerate(TIMES, 1):
        if name in times and rank > known:
            step = _step(visit, name, times, began=began)
            if step is not None:
                made.append(step)
    return made


def _step(visit: Visit, name: str, times: Mapping[str, datetime], *, began: bool) -> Send | None:
    body: dict[str, Any] = {"occurred_at": times[name].isoformat().replace("+00:00", "Z")}
    table = {"walk-in": "tokens", "token": "tokens", "join": "tickets", "ticket": "tickets"}
    place = f"/{table.get(visit.what, 'appointments')}/{{id}}"
    match name, visit.what:
        case "arrived", "ticket" | "join":
            return None  # who has a ticket is here
        case "arrived", _:
            return Send(times[name], "POST", f"{place}/check-in/", body)
        case "called", "appointment":
            return None
        case "called", "ticket" | "join":
            body |= {"counter": visit.counter, "reason": visit.reason or WHY}
            return Send(times[name], "POST", f"{place}/call/", body)
        case "called" | "started", _:
            return Send(times[name], "POST", f"{place}/{'call' if name == 'called' else 'start'}/", body)
        case _:
            return _end(visit, times, place, body, began=began)


def _end(visit: Visit, times: Mapping[str, datetime], place: str, body: dict[str, Any], *, began: bool) -> Send:
    at = times["ended"]
    appointment = visit.what == "appointment"
    if visit.outcome == "cancelled":
        body |= {"reason": visit.reason} if visit.reason else {}
        if place.startswith("/tokens"):
            return Send(at, "DELETE", f"{place}/", body)
        return Send(at, "POST", f"{place}/cancel/", body)
    forced = visit.outcome == "no_show" or not began
    if forced and not (appointment and visit.outcome != "no_show"):
        body |= {"force": True, "reason": visit.reason or WHY}
    if visit.outcome == "no_show":
        name = "no_show" if place.startswith("/tokens") else "no-show"
        return Send(at, "POST", f"{place}/{name}/", body)
    return Send(at, "POST", f"{place}/complete/", body)


def _backwards(times: Mapping[str, datetime], now: datetime) -> list[Fault]:
    """R2."""
    said = [(name, times[name]) for name in TIMES if name in times]
    wrong = [Fault(name, "lies in the future") for name, at in said if at > now]
    for (before, earlier), (after, later) in pairwise(said):
        if later < earlier:
            wrong.append(Fault(after, f"is before {before}"))
    return wrong
