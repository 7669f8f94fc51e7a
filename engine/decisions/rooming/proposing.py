"""How a plan becomes proposals: one for each actor, compound where it has several things for it."""

from __future__ import annotations

from engine.actors.agenda import ChangeAgenda
from engine.actors.clinic.commands import ListRoom, NoteFailures
from engine.actors.clinic.state import clinic_key
from engine.actors.clinic_day.commands import Together
from engine.actors.clinic_day.state import clinic_day_key
from engine.actors.room.commands import ChangeCalendar, OpenRoom
from engine.actors.room.state import room_key
from engine.decider import Propose
from engine.decisions.finding import Deciding
from engine.decisions.rooming.changes import Changes, RoomChange


def propose(changes: Changes) -> Deciding[None]:
    """The days first: what they refuse is what the caller asked for."""
    for day in changes.days.values():
        steps = day.steps
        key = clinic_day_key(day.clinic_id, day.day)
        yield Propose(key, steps[0] if len(steps) == 1 else Together(tuple(steps)))
    for room_id, room in changes.rooms.items():
        yield Propose(room_key(room_id), _change(room, changes.time_zone))
    for key, agenda in changes.agendas.items():
        if agenda.drop or agenda.engage:
            yield Propose(key, ChangeAgenda(tuple(agenda.drop), tuple(agenda.engage.values())))
    for clinic_id, listed in changes.listed.items():
        # A clinic is asked once, and of two things the room is the one that must not be lost.
        (profile,) = listed.values()
        yield Propose(clinic_key(clinic_id), ListRoom(profile))
    for clinic_id, (number, errors) in changes.errors.items():
        if clinic_id not in changes.listed:
            failures = tuple((one.rule_id, one.rooms, one.first_room, one.error) for one in errors.values())
            yield Propose(clinic_key(clinic_id), NoteFailures(number, failures))


def _change(change: RoomChange, time_zone: str) -> OpenRoom | ChangeCalendar:
    take, profile = tuple(change.take.values()), change.profile
    if change.opening is not None:
        assert profile is not None, "a new room is something"
        return OpenRoom(change.opening.clinic_id, time_zone, profile, change.opening.display, take)
    return ChangeCalendar(
        tuple(change.free), take, change.checked, change.closure, change.end_closure, profile, change.if_version
    )
