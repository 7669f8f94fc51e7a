"""The clinic of ``attending`` with rules, and what must hold of rooms, people and days after whatever happened."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from engine import calendar
from engine.actors.clinic_day import holds_room
from engine.actors.clinic_day.state import HOLDING, Appointment
from engine.decider import MINUTE
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.room_rules import ActivateRules, AddRule
from engine.errors import Rejected
from tests.engine.attending import House
from tests.engine.deciding import NINE


class Booking(House):
    """A clinic in which tests book. Times are minutes after nine."""

    def rules(self, *specs: Any) -> list[str]:
        """Put these rules in force, and give their ids."""
        ids = [self.ask(AddRule(clinic_id=self.clinic_id, rule=spec)).id for spec in specs]
        self.ask(ActivateRules(clinic_id=self.clinic_id))
        return ids

    def asks(self, start: int = 0, minutes: int = 30, **more: Any) -> BookAppointment:
        """A request for an appointment."""
        return BookAppointment(**self.wanted(start, minutes, **more))

    def no(self, start: int = 0, minutes: int = 30, **more: Any) -> Rejected:
        """The refusal of such a request."""
        return self.refusal(self.asks(start, minutes, **more))

    def room_of(self, appointment_id: str) -> str:
        """Where it is; ``""``: nowhere yet."""
        return self.appointment(appointment_id).room_id

    def offered_times(self, refused: Rejected) -> list[int]:
        """When the alternatives of a refusal begin."""
        return [(one["start_time"] - NINE) // MINUTE for one in refused.facts["alternatives"]["times"]]

    def sound(self) -> None:
        """Nobody is in two places, and rooms, days and agendas agree with one another."""
        sound(self.states)


def sound(states: dict[str, Any]) -> None:
    """The same of any engine's states."""
    by_room: dict[str, list[tuple[int, int, str]]] = {}
    by_person: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    engaged: dict[tuple[str, str], set[str]] = {}
    for key, state in states.items():
        kind = key.partition(":")[0]
        if kind == "clinic_day":
            for one in state.appointments.values():
                _note(one, by_room, by_person)
            assert [id for *_, id in state.waiting] == [
                one.id
                for one in sorted(state.appointments.values(), key=lambda one: (one.start, _opened(one), one.id))
                if one.status in ("booked", "checked_in") and not one.room_id and _waits(one)
            ]
        elif kind == "agenda":
            engaged.setdefault((state.person, state.person_id), set()).update(
                one.appointment_id for one in state.engagements
            )
    for key, state in states.items():
        if key.startswith("room:"):
            calendar_says = [(one.busy_from, one.busy_to, one.appointment_id) for one in state.calendar]
            assert calendar_says == sorted(by_room.pop(state.id, [])), f"{key} and the index differ"
            _apart(calendar_says)
    assert not any(by_room.values()), "a room is held that is not there"
    for person, held in by_person.items():
        _apart(sorted(held))
        assert {id for *_, id in held} <= engaged.get(person, set()), f"{person} does not know of it"


def _note(one: Appointment, by_room: dict[str, Any], by_person: dict[tuple[str, str], Any]) -> None:
    if holds_room(one):
        by_room.setdefault(one.room_id, []).append((one.busy_from, one.busy_to, one.id))
    if one.status in HOLDING:
        by_person.setdefault(("doctor", one.doctor_id), []).append((one.start, one.end, one.id))
        if one.overlap_reason is None:
            by_person.setdefault(("patient", one.patient_id), []).append((one.start, one.end, one.id))


def _apart(stretches: Iterable[tuple[int, int, str]]) -> None:
    for (_, end, one), (start, _, other) in pairwise(stretches):
        assert end <= start, f"{one} and {other} are in one place at one time"


def _opened(one: Appointment) -> int:
    return one.escalation.opened_at if one.escalation else 0


def _waits(one: Appointment) -> bool:
    return one.escalation is not None and one.escalation.status == "open"


def moment(minutes: int) -> Any:
    """A wall time by minutes after nine, as commands have it."""
    return calendar.moment(NINE + minutes * MINUTE)
