"""What happens on a clinic's day by itself: holds lapse, and patients who have not come count as absent.

R1  All that is due at this instant is one decision, and so is giving away the rooms that it frees. Where more than
    ``AT_ONCE`` instants have passed unseen, as after a stop, those behind wait for the next waking.
R2  Overtaken (nothing is due any more), it does nothing.
"""

from __future__ import annotations

from typing import Final

from engine.actors.clinic_day import clinic_day_key
from engine.actors.clinic_day.commands import EndHold, Step
from engine.actors.clinic_day.state import ClinicDay
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, Done, Look, Value
from engine.decisions import finding
from engine.decisions.rooming.plan import Plan

AT_ONCE: Final = 100
"""So that a day of lapsed holds is not one long decision. What falls on one instant is never divided: the timer of an
instant fires once."""


class WakeClinicDay(Value, frozen=True):
    """The timer of a clinic's day; ``due`` is the instant (µs) for which it was set."""

    clinic_id: Id
    day: str
    due: int


def wake_clinic_day(command: WakeClinicDay, at: At) -> Deciding:
    """R1, R2."""
    hospital = yield from finding.the_hospital()
    state: ClinicDay | None = yield Look(clinic_day_key(command.clinic_id, command.day))
    if state is None or not state.alarms or state.alarms[0][0] > at.time:
        return Done()
    plan = Plan(hospital, at)
    done, last = 0, 0
    for due, id in state.alarms:
        if due > at.time or (done >= AT_ONCE and due != last):
            break
        done, last = done + 1, due
        found = yield from plan.found(id)
        one = found.appointment
        ends = (
            EndHold(one.id, "expired")
            if one.status == "held"
            else Step(appointment_id=one.id, to="no_show", by_clock=True)
        )
        plan.step(found.clinic.id, found.day, one, ends)
    yield from plan.fill()
    yield from plan.propose()
    return Done()


WAKE_CLINIC_DAY = Decision(
    command=WakeClinicDay,
    run=wake_clinic_day,
    home=lambda command, find: clinic_day_key(command.clinic_id, command.day),
)
