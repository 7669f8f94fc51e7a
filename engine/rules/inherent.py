"""What a room and a wish say themselves: always looked at, whatever rules a clinic has, and before them.

Each test has the name under which it is counted where it excludes a room. Who is not known to be of an age or a
gender gets no room that asks for one.
"""

from __future__ import annotations

from engine.rules.hard import Meets
from engine.rules.subject import RoomProfile, RoomUse, Subject


def inherent_tests(subject: Subject) -> list[tuple[str, Meets]]:
    """The tests that can exclude a room for this question; ``busy`` comes last: a room that never fits is not busy."""
    wish = subject.wish
    tests: list[tuple[str, Meets]] = [("unavailable", lambda room, use: room.is_available)]
    if room_type := wish.room_type:
        tests.append(("room_type", lambda room, use: room.type == room_type))
    if required := frozenset(wish.required_equipment):
        tests.append(("equipment", lambda room, use: required.issubset(room.equipment)))
    capacity = wish.capacity
    tests.append(("capacity", lambda room, use: room.capacity >= capacity))
    if department := wish.department:
        tests.append(("department", lambda room, use: room.department == department))
    if wish.isolation:
        tests.append(("isolation", lambda room, use: room.isolation))
    if wish.accessible:
        tests.append(("accessibility", lambda room, use: room.accessible))
    doctor_id, gender, age = subject.doctor_id, subject.gender, subject.age
    tests.append(("doctors", lambda room, use: not room.doctors or doctor_id in room.doctors))
    tests.append(("gender", lambda room, use: not room.genders or gender in room.genders))

    def of_age(room: RoomProfile, use: RoomUse) -> bool:
        youngest, oldest = room.min_age, room.max_age
        if youngest is None and oldest is None:
            return True
        return age is not None and (youngest is None or youngest <= age) and (oldest is None or age <= oldest)

    tests.append(("age", of_age))
    tests.append(("maximum_daily", lambda room, use: room.max_daily is None or use.bookings < room.max_daily))
    tests.append(("busy", lambda room, use: not use.busy))
    return tests


def asks_for_patient(room: RoomProfile) -> bool:
    """Whether the room is for some patients only, so that somebody has to look at who it is."""
    return bool(room.genders) or room.min_age is not None or room.max_age is not None
