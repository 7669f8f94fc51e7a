"""What happens to a member of the staff by itself: another duty begins, by the plan.

R1  The roster is told, who comes takes who waits, and who goes with patients is seen to (``duties``), all at once.
R2  Overtaken (the plan was changed meanwhile), it does nothing.
"""

from __future__ import annotations

from engine.actors.hospital import Id
from engine.actors.staff.commands import ReachBoundary
from engine.actors.staff.keeping import due
from engine.actors.staff.state import Staff, staff_key
from engine.decider import At, Deciding, Decision, Done, Look, Propose, Value
from engine.decisions import finding
from engine.decisions.assigning.plan import Plan
from engine.decisions.duties import duty_changed


class WakeStaff(Value, frozen=True):
    """The timer of a member; ``due`` is the instant (µs) for which it was set."""

    staff_id: Id
    due: int


def wake(command: WakeStaff, at: At) -> Deciding:
    """R1, R2."""
    hospital = yield from finding.the_hospital()
    key = staff_key(command.staff_id)
    staff: Staff | None = yield Look(key)
    boundary = due(staff) if staff is not None else None
    if boundary is None or boundary > at.time:
        return Done()
    events = yield Propose(key, ReachBoundary())
    plan = Plan(hospital, at)
    yield from duty_changed(plan, hospital.policy, command.staff_id, events, "")
    yield from plan.drain()
    yield from plan.propose()
    return Done()


WAKE_STAFF = Decision(command=WakeStaff, run=wake, home=lambda command, find: staff_key(command.staff_id))
