"""What a stack is asked to book of rooms, and what fills its tables. Knows neither the stack nor Matron.

So many want the same half hour, fewer than there are rooms, each with a doctor and a patient of his own: all of them
succeed. They come in no order, as on any day, or all who want one time come together, and want its best room at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

import msgspec

WARMING: Final = 600
"""Bookings before anything is measured, at times of their own."""

EQUIPMENT: Final = ("couch", "lamp", "monitor", "scale", "ultrasound")
TYPE: Final = "consultation"
CLEANING: Final = 5
"""Minutes after each appointment."""

_FIRST: Final = datetime(2100, 1, 4, 8, tzinfo=UTC)
_GRID: Final = 30
_LASTS: Final = 20
_A_DAY: Final = 20


class RoomPlan(msgspec.Struct, frozen=True):
    """``bookings`` in a clinic of so many ``rooms``, ``together`` of them at each time; ``rush``: they come so, too."""

    rooms: int
    together: int
    bookings: int
    rush: bool = False


class Ids(msgspec.Struct, frozen=True):
    """What bookings name. There is a doctor for each of those who want the same time."""

    clinic: str
    doctors: Sequence[str]
    patients: Sequence[str]


def equipment(room: int) -> tuple[str, ...]:
    """Of the room of this number; rooms differ in how much there is besides a couch."""
    return EQUIPMENT[: 1 + room % len(EQUIPMENT)]


def bodies(plan: RoomPlan, ids: Ids) -> list[str]:
    """Those that count."""
    return _asked(plan, ids, 0, plan.bookings)


def warming(plan: RoomPlan, ids: Ids, count: int = WARMING) -> list[str]:
    """So many behind them, at times that nobody else wants."""
    begin = -(-plan.bookings // plan.together) * plan.together
    return _asked(plan, ids, begin, begin + count)


def made_up(plan: RoomPlan) -> Ids:
    """Ids for a stack that is told them: the same ones every time, as random as a developer's default."""
    return Ids(next(_ids("clinic", 1)), list(_ids("doctor", plan.together)), list(_ids("patient", plan.together)))


def filling(plan: RoomPlan) -> Iterator[str]:
    """The SQL that puts all of it into empty tables."""
    ids = made_up(plan)
    for table, those in (("clinics", [ids.clinic]), ("doctors", ids.doctors), ("patients", ids.patients)):
        yield f"COPY {table} (id, name) FROM stdin;\n"
        yield "".join(f"{id}\tNumber {number}\n" for number, id in enumerate(those)) + "\\.\n"
    yield "COPY rooms (id, clinic_id, name, type, equipment, capacity, cleaning) FROM stdin;\n"
    for number, id in enumerate(_ids("room", plan.rooms)):
        pieces = "{" + ",".join(equipment(number)) + "}"
        yield f"{id}\t{ids.clinic}\tRoom {number}\t{TYPE}\t{pieces}\t2\t{CLEANING} minutes\n"
    # What autovacuum would find out in its first minutes, so that no plan rests on an empty table.
    yield "\\.\nVACUUM ANALYZE;\n"


def _asked(plan: RoomPlan, ids: Ids, begin: int, end: int) -> list[str]:
    asked = [_body(plan, ids, number) for number in range(begin, end)]
    if not plan.rush:
        Random("rooms/order").shuffle(asked)  # noqa: S311 - repeatable, no secrets
    return asked


def _body(plan: RoomPlan, ids: Ids, number: int) -> str:
    time, turn = divmod(number, plan.together)
    day, half_hour = divmod(time, _A_DAY)
    start = _FIRST + timedelta(days=day, minutes=half_hour * _GRID)
    asked = {
        "clinic_id": ids.clinic,
        "doctor_id": ids.doctors[turn % len(ids.doctors)],
        "patient_id": ids.patients[turn % len(ids.patients)],
        "start_time": _text(start),
        "end_time": _text(start + timedelta(minutes=_LASTS)),
        "room_type": TYPE,
        "required_equipment": list(EQUIPMENT[:1]),
    }
    return msgspec.json.encode(asked).decode()


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _ids(kind: str, count: int) -> Iterator[str]:
    seeded = Random(f"rooms/{kind}")  # noqa: S311 - repeatable ids, no secrets
    for _ in range(count):
        yield str(UUID(int=seeded.getrandbits(128), version=4))
