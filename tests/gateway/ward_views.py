"""Wards and alerts as the interface answers them, for tests of the pages: nothing is behind. It is nine o'clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WARD = "01890000-0000-7000-8000-0000000000dd"
JSON = dict[str, Any]
STATES = ("occupied", "occupied", "occupied", "housekeeping", "occupied", "unoccupied", "reserved", "occupied")


def at(time: str, date: str = "2030-02-01") -> str:
    """A UTC time of the day, as the interface writes it."""
    return f"{date}T{time}:00.000000Z"


def bed(n: int, state: str = "unoccupied", since: str = "08:35", **other: Any) -> JSON:
    """One bed; of the staff's view where it has a ``patient_name``."""
    return {
        "id": f"bed-{n}", "label": f"B{n}", "type": "general", "state": state, "since": at(since), "ready_at": None,
        "isolation": False, "equipment": [], **other,
    }  # fmt: skip


def person(name: str = "Asha Rao", acuity: str = "high", **other: Any) -> JSON:
    """What the staff see of a bed besides."""
    return {
        "patient_id": "patient-1", "patient_name": name, "admission_id": "admission-1", "acuity": acuity,
        "reserved_until": None, "doctor_id": "d1", "doctor_name": "Dr. Vera Cruz", "nurse_id": "n1",
        "nurse_name": "Nuno Alves", **other,
    }  # fmt: skip


def waiter(acuity: str, since: str, reason: str = "no_bed", **other: Any) -> JSON:
    """Somebody who waits."""
    return {"acuity": acuity, "since": at(since), "reason": reason, **other}


def ward(rooms: Sequence[tuple[str, Sequence[JSON]]], waiting: Sequence[JSON] = (), **other: Any) -> JSON:
    """A whole ward."""
    return {
        "ward_id": WARD, "name": "Ward 3 East", "specialty": "", "updated_at": at("09:00"),
        "rooms": [{"room": room, "beds": list(beds)} for room, beds in rooms], "counts": {},
        "waiting": list(waiting), "waiting_count": len(waiting), **other,
    }  # fmt: skip


def small_ward(**other: Any) -> JSON:
    """Three beds in two rooms, and one who waits."""
    rooms = [
        ("1", [bed(1, "occupied", "06:00"), bed(2, "housekeeping", "08:35", ready_at=at("08:55"))]),
        ("2", [bed(3, isolation=True, equipment=["ventilator"])]),
    ]
    return ward(rooms, **{"waiting": [waiter("medium", "08:20", "no_staff")], **other})


def every_state(**other: Any) -> JSON:
    """A bed in each state."""
    names = ("unoccupied", "reserved", "occupied", "housekeeping", "contaminated", "isolated", "closed")
    beds = [bed(n, state) for n, state in enumerate(names, 1)]
    return ward([("7", beds[:4]), ("8", beds[4:])], **other)


def large_ward(named: bool = False, waiting: int = 20) -> JSON:
    """Sixty beds in fifteen rooms; ``named``: for the staff."""
    beds = [bed(n, STATES[n % len(STATES)], isolation=n % 9 == 0) for n in range(60)]
    if named:
        there = person("Maria Fernanda de la Cruz y Santos")
        nobody: JSON = dict.fromkeys(there)
        beds = [one | (there if one["state"] in ("occupied", "reserved") else nobody) for one in beds]
    rooms = [(str(300 + n), beds[4 * n : 4 * n + 4]) for n in range(15)]
    acuities = ("critical", "high", "medium", "low")
    waits = [waiter(acuities[n * 4 // waiting], f"08:{n:02}") for n in range(waiting)]
    if named:
        waits = [one | {"admission_id": f"a{n}", "patient_id": f"p{n}", "patient_name": "Jane Doe"}
                 for n, one in enumerate(waits)]  # fmt: skip
    return ward(rooms, waits)


def bed_update(n: int, state: str | None, change: str, since: str = "09:00", room: str = "1", **other: Any) -> JSON:
    """A message of the stream about a bed."""
    shown = {} if state is None else {
        "label": f"B{n}", "room": room, "bed_type": "general", "equipment": [], "isolation": False, "since": at(since),
    }  # fmt: skip
    return {
        "type": "bed_update", "topic": f"ward:{WARD}", "id": f"{n}.1", "at": at("09:00"), "change": change,
        "ward_id": WARD, "bed_id": f"bed-{n}", "state": state, **shown, **other,
    }  # fmt: skip


def alert(
    n: int, severity: str = "critical", kind: str = "assignment_timeout", since: str = "08:30", **other: Any
) -> JSON:
    """One open alert."""
    return {
        "id": f"alert-{n}", "kind": kind, "severity": severity, "subject": f"admission-{n}", "patient_id": None,
        "value": 12.5, "threshold": 10, "unit": "s", "status": "open", "opened_at": at(since), "closed_at": None,
        "times": 1, "acknowledged_at": None, "acknowledged_by": None, "note": None, **other,
    }  # fmt: skip


def alerts(*items: JSON) -> JSON:
    """The list of them."""
    return {"items": list(items), "next_cursor": None}


def alert_message(n: int, change: str, severity: str = "critical", since: str = "09:00", **other: Any) -> JSON:
    """A message of the stream about an alert."""
    return {
        "type": "admin_alert", "topic": "alerts", "id": f"{n}.1", "at": at("09:00"), "alert": "assignment_timeout",
        "change": change, "alert_id": f"alert-{n}", "severity": severity, "subject": f"admission-{n}",
        "patient_id": None, "value": 12.5, "threshold": 10, "unit": "s", "since": at(since), "times": 1,
        "acknowledged": change == "acknowledged", **other,
    }  # fmt: skip
