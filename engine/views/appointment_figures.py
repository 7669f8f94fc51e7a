"""What became of a local day's appointments: the part of the daily report that is about rooms.

A hold is no appointment yet and is left out. An appointment belongs to the day on which it starts.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, get_args

import msgspec

from engine.actors.clinic_day.state import EscalationStatus
from engine.views.reader import Reader
from engine.views.room_states import all_on

Outcome = Literal["booked", "checked_in", "in_progress", "completed", "cancelled", "no_show"]

_NEEDS_ROOM = frozenset(("booked", "checked_in", "in_progress"))


class AppointmentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """``without_room``: to come or under way without one; ``by_escalation``: those that ever waited for one."""

    total: int
    by_status: dict[Outcome, int]
    without_room: int
    by_escalation: dict[EscalationStatus, int]


def appointment_figures(reader: Reader, day: str, doctor_id: str | None = None) -> AppointmentFigures:
    """Of a doctor, or of all."""
    statuses: Counter[str] = Counter()
    escalations: Counter[str] = Counter()
    without = 0
    for state in all_on(reader, day):
        for one in state.appointments.values():
            if one.status == "held" or doctor_id not in (None, one.doctor_id):
                continue
            statuses[one.status] += 1
            without += one.status in _NEEDS_ROOM and not one.room_id
            if one.escalation is not None:
                escalations[one.escalation.status] += 1
    return AppointmentFigures(
        total=statuses.total(),
        by_status={status: statuses[status] for status in get_args(Outcome)},
        without_room=without,
        by_escalation={status: escalations[status] for status in get_args(EscalationStatus)},
    )
