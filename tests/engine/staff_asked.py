"""A member of the staff and a roster by themselves, as their tests begin them. Hours count from a midnight."""

from __future__ import annotations

from typing import Any

from engine.actors.roster import ROSTER_DECIDER
from engine.actors.roster.commands import ListStaff, SetDuty, TakePatient
from engine.actors.staff import STAFF
from engine.actors.staff.commands import Create, PlanShift
from engine.actors.staff.state import Break, Leave, Profile, Shift
from engine.decider import DAY, HOUR, PersonName
from tests.engine.actors.asked import Actor

MIDNIGHT = 20_500 * DAY


class Asked(Actor):
    """An actor of which tests look at the events."""

    def ask(self, command: Any) -> list[Any]:
        """The events."""
        return [*super().ask(command)]


def at(hour: float) -> int:
    """An instant."""
    return MIDNIGHT + round(hour * HOUR)


def profile(name: str = "Ada Byron", **more: Any) -> Profile:
    """A nurse, unless told otherwise."""
    return Profile(name=PersonName(name), role=more.pop("role", "nurse"), **more)


def member(*shifts: Shift, hour: float = 0, approved: bool = True, active: bool = True, **more: Any) -> Asked:
    """A member with these shifts, without any rest between them."""
    actor = Asked(STAFF, "s1", at(hour))
    actor.ask(Create(profile(**more), approved, active))
    for one in shifts:
        actor.ask(PlanShift(one, 0))
    return actor


def shift(start: float, end: float, id: str = "", *, on_call: bool = False, breaks: Any = ()) -> Shift:
    """A shift by hours; ``breaks`` as pairs of hours."""
    pauses = tuple(Break(at(from_), at(to)) for from_, to in breaks)
    return Shift(id=id or f"from{start:g}", start=at(start), end=at(end), on_call=on_call, breaks=pauses)


def leave(start: float, end: float, id: str = "leave") -> Leave:
    """A leave by hours."""
    return Leave(id=id, start=at(start), end=at(end))


def rostered(*members: ListStaff, duty: Any = "on", until: int = 0) -> Asked:
    """A roster of these, all with the same duty."""
    actor = Asked(ROSTER_DECIDER, "self", at(0))
    for one in members:
        actor.ask(one)
        actor.ask(SetDuty(one.staff_id, duty, until))
    return actor


def listed(
    id: str, max_load: int = 3, role: Any = "nurse", *, skills: Any = (), wards: Any = (), available: bool = True
) -> ListStaff:
    """A nurse as the roster is told of her."""
    return ListStaff(id, role, max_load, available, tuple(skills), tuple(wards))


def busy(actor: Actor, id: str, *admissions: str, force: bool = False) -> None:
    """Give a member patients."""
    for one in admissions:
        actor.ask(TakePatient(id, one, force=force))
