"""A clinic with rooms beside the hospital of ``deciding``, for tests of what happens to its appointments."""

from __future__ import annotations

from typing import Any

from engine import calendar
from engine.actors.agenda import Agenda, agenda_key
from engine.actors.clinic.state import ClinicSettings
from engine.actors.clinic_day.state import Appointment, ClinicDay, clinic_day_key
from engine.actors.room.state import Room, room_key
from engine.decider import MINUTE
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.clinics import AddClinic
from engine.decisions.rooms import AddRoom
from tests.engine.deciding import EIGHT, NINE, World


class House(World):
    """A hospital with one clinic; rooms ``0``.. of it are made by ``room``. Times are minutes after nine."""

    def __init__(self, *, zone: str = "UTC", time: int = EIGHT, settings: dict[str, Any] | None = None, **policy: Any):
        super().__init__(zone=zone, time=time, **policy)
        self.clinic_id: str = self.ask(AddClinic(name="Eyes", settings=ClinicSettings(**(settings or {})))).id

    def room(self, name: str = "Room", **fields: Any) -> str:
        """A new room's id."""
        id: str = self.ask(AddRoom(clinic_id=self.clinic_id, name=name, **({"type": "exam"} | fields))).id
        return id

    def wanted(self, start: int = 0, minutes: int = 30, **more: Any) -> dict[str, Any]:
        """The fields of a request; doctor and patient are new ones unless given."""
        begins = more.pop("at", NINE + start * MINUTE)
        fields = {
            "clinic_id": self.clinic_id,
            "patient_id": more.pop("patient", "") or self.patient(),
            "doctor_id": more.pop("doctor", "") or self.doctor(),
            "start_time": calendar.moment(begins),
            "end_time": calendar.moment(begins + minutes * MINUTE),
        }
        return fields | more

    def booked(self, start: int = 0, minutes: int = 30, **more: Any) -> str:
        """A new appointment's id."""
        id: str = self.ask(BookAppointment(**self.wanted(start, minutes, **more))).id
        return id

    def appointment(self, id: str) -> Appointment:
        """An appointment, wherever it is now."""
        one: Appointment = self.states[self.tables["appointments"][id]].appointments[id]
        return one

    def day(self, day: str = "2026-02-01") -> ClinicDay:
        """A day of the clinic."""
        state: ClinicDay = self.states[clinic_day_key(self.clinic_id, day)]
        return state

    def held(self, room_id: str) -> list[tuple[str, int, int]]:
        """What the room's own calendar holds: appointment, and minutes after nine."""
        room: Room = self.states[room_key(room_id)]
        return [
            (one.appointment_id, (one.busy_from - NINE) // MINUTE, (one.busy_to - NINE) // MINUTE)
            for one in room.calendar
        ]

    def agenda(self, person: Any, id: str, day: str = "2026-02-01") -> list[str]:
        """Ids of what stands in a person's day."""
        state: Agenda | None = self.states.get(agenda_key(person, id, day))
        return [one.appointment_id for one in state.engagements] if state else []

    def due(self, day: str = "2026-02-01") -> int | None:
        """When the clinic's day wants to be woken."""
        at: int | None = self.decider(clinic_day_key(self.clinic_id, day)).due(self.day(day))
        return at
