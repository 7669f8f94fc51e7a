"""The hospital that is written to while it is killed: slots with waiting lists, too few rooms, and too few beds."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.serving import Desk, Server

DAY = "2031-03-03"
DAYS = ("2031-03-04", "2031-03-05")
"""On which rooms are booked."""


@dataclass(frozen=True, slots=True)
class House:
    """Ids of what can be booked."""

    slots: list[str]
    clinic: str
    surgeons: list[str]
    beds: list[str]

    def slot(self, chance: Random, patient_id: str) -> dict[str, Any]:
        """The body of a booking of some slot."""
        return {"slot_id": chance.choice(self.slots), "patient_id": patient_id, "category": "WALKIN"}

    def room(self, chance: Random, patient_id: str) -> dict[str, Any]:
        """The body of an appointment of some minutes; who finds no room often waits for one."""
        day, hour, minute = chance.choice(DAYS), chance.randrange(8, 18), chance.choice((0, 15, 30, 45))
        return {
            "clinic_id": self.clinic,
            "patient_id": patient_id,
            "doctor_id": chance.choice(self.surgeons),
            "start_time": f"{day}T{hour:02}:{minute:02}:00Z",
            "end_time": f"{day}T{hour:02}:{minute + 14:02}:00Z",
            "fallback": chance.choice(("reject", "unassigned", "unassigned")),
        }

    def admission(self, chance: Random, patient_id: str) -> dict[str, Any]:
        """The body of an admission; who finds no bed waits for one."""
        return {
            "patient_id": patient_id,
            "acuity": chance.choice(("critical", "high", "medium", "low")),
            "bed_type": chance.choice((None, None, "icu")),
            "needs_bed": chance.random() < 0.9,
        }


def open_house(server: Server) -> House:
    """Slots of two doctors, small enough to have waiting lists; five surgeons and two rooms that must be cleaned; two
    wards of eight beds, and just as many patients as their doctors and nurses may have."""
    desk = Desk(server.url)
    slots = [
        desk.slot(doctor, f"{DAY}T{hour:02}:00:00Z", f"{DAY}T{hour + 1:02}:00:00Z", 10)
        for doctor in [desk.doctor("Cardiology"), desk.doctor("Dermatology")]
        for hour in range(8, 16)
    ]
    clinic = str(desk.post("/clinics/", {"name": "Day surgery"})["id"])
    for name in ("Theatre 1", "Theatre 2"):
        desk.post("/rooms/", {"clinic_id": clinic, "name": name, "type": "theatre", "cleaning_minutes": 1})
    surgeons = [desk.doctor("Surgery") for _ in range(5)]
    beds = [bed for ward in ("North", "South") for bed in _ward(desk, ward)]
    for role, count in (("doctor", 3), ("nurse", 4)):
        for number in range(count):
            desk.post("/staff/", {"name": f"{role} {number}", "role": role, "max_load": 20 // count})
    desk.close()
    return House(slots, clinic, surgeons, beds)


def _ward(desk: Desk, name: str) -> list[str]:
    """The beds of a new ward, half of them for intensive care."""
    ward = desk.post("/wards/", {"name": name, "mixed_rooms": True, "mixed_ages": True})["id"]
    return [
        str(desk.post(f"/wards/{ward}/beds/", {"label": f"{n}", "type": ("general", "icu")[n % 2]})["id"])
        for n in range(8)
    ]
