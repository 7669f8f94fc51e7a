"""Days of a clinic as the interface answers them, for tests of the day board: no clinic is behind them."""

from __future__ import annotations

from typing import Any

CLINIC = "01890000-0000-7000-8000-0000000000cc"
DATE = "2030-02-01"
JSON = dict[str, Any]


def at(time: str, date: str = DATE) -> str:
    """A UTC time of the day, as the interface writes it."""
    return f"{date}T{time}:00.000000Z"


def item(id: str, start: str, end: str, status: str = "booked", busy: tuple[str, str] | None = None) -> JSON:
    """One time that a room is held. ``busy``: with setup and cleaning."""
    closed = status in ("maintenance", "closed", "cleaning", "blocked")
    before, after = busy or (start, end)
    return {
        "kind": "closure" if closed else "hold" if status == "held" else "appointment", "id": id, "status": status,
        "start_time": at(start), "end_time": at(end), "busy_from": at(before), "busy_to": at(after),
    }  # fmt: skip


def room(n: int, *items: JSON, **other: Any) -> JSON:
    """A room with what is held of it; ``other`` stands instead of what it would have."""
    return {
        "id": f"room-{n}", "name": f"Examination {n}", "label": f"E{n}", "color_hex": "#1F77B4",
        "contrast_text_color": "#FFFFFF", "type": "examination", "floor": 1, "state": "available", "items": list(items),
        **other,
    }  # fmt: skip


def waiting(id: str, start: str, end: str, deadline: str) -> JSON:
    """An appointment without a room."""
    return {"id": id, "start_time": at(start), "end_time": at(end), "deadline": at(deadline)}


def day(*rooms: JSON, **other: Any) -> JSON:
    """A whole day, in UTC; nine o'clock is now."""
    return {
        "clinic_id": CLINIC, "clinic_name": "Outpatients", "date": DATE, "time_zone": "UTC",
        "day_start": at("00:00"), "day_end": at("00:00", "2030-02-02"), "rooms": list(rooms), "waiting": [],
        "updated_at": at("09:00"), **other,
    }  # fmt: skip


def busy_day(**other: Any) -> JSON:
    """Each kind of thing that a board can show."""
    one = room(
        1,
        item("a1", "08:00", "08:45", "completed", ("07:55", "08:55")),
        item("a2", "08:55", "09:25", "in_progress", ("08:55", "09:35")),
        item("a3", "10:00", "10:30", "checked_in", ("09:55", "10:40")),
        item("a4", "11:00", "11:30", "held", ("10:55", "11:40")),
        item("a5", "13:00", "14:00", "booked", ("12:55", "14:10")),
        state="occupied",
    )
    two = room(
        2, item("b1", "09:30", "10:30"), item("c1", "12:00", "14:00", "maintenance"),
        name="Ultrasound, with a name that is longer than a board is wide", label="", color_hex="#FFD23F",
        contrast_text_color="#000000", type="ultrasound",
    )  # fmt: skip
    three = room(3, name="Procedure room", label="P", color_hex="#2E7D32")
    four = room(
        4, item("d1", "06:30", "07:10"), item("c2", "17:00", "20:30", "closed"), label="E4", color_hex="#6A1B9A"
    )
    late = [waiting("w1", "09:30", "10:00", "08:30"), waiting("w2", "15:00", "15:30", "14:00")]
    return day(one, two, three, four, **{"waiting": late, **other})


def change(n: int, change: str, appointment_id: str, room_id: str | None, start: str, end: str, status: str) -> JSON:
    """A message of the stream."""
    return {
        "type": "room_update", "topic": f"clinic_day:{CLINIC}:{DATE}", "id": f"{n}.0", "at": at("09:00"),
        "change": change, "appointment_id": appointment_id, "room_id": room_id, "start_time": at(start),
        "end_time": at(end), "busy_from": at(start) if room_id else None, "busy_to": at(end) if room_id else None,
        "status": status,
    }  # fmt: skip
