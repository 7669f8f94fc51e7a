"""What a room answers to a command: its events, or a refusal. Which rule is which is in the package's docstring."""

from __future__ import annotations

from typing import Final, assert_never

from engine import recurrence
from engine.actors.room.calendar import objection
from engine.actors.room.closing import begun, next_time
from engine.actors.room.commands import (
    AddClosure,
    ChangeCalendar,
    ChangeDisplay,
    ChangeProfile,
    EndClosure,
    OpenRoom,
    ReplaceClosure,
    RetireRoom,
    RoomCommand,
)
from engine.actors.room.events import (
    RoomCalendarTrimmed,
    RoomClosureAdded,
    RoomClosureCut,
    RoomClosureRemoved,
    RoomDisplayChanged,
    RoomEvent,
    RoomFreed,
    RoomOpened,
    RoomProfileChanged,
    RoomRetired,
    RoomTaken,
)
from engine.actors.room.refusals import ClosureOver, RoomExists, RoomGone, RoomInUse, TooManyClosures
from engine.actors.room.state import Closure, Room, Taken
from engine.decider import DAY, At
from engine.errors import Invalid, NotFound, Stale
from engine.rules.subject import RoomProfile

MAX_CLOSURES: Final = 500
"""R8: closures of a room that are not over."""
MAX_RECURRING_DAYS: Final = 7
"""R8: each time of a recurring closure lasts so long at most."""
MAX_CLOSURE_DAYS: Final = 3_660
KEPT: Final = 2 * DAY
TRIMMED_OVER: Final = 64
"""R9: what is over stays for a while, and goes together with others."""


def decide(state: Room, command: RoomCommand, at: At) -> list[RoomEvent]:
    """The events of a command to a room."""
    if isinstance(command, OpenRoom):
        return _open(state, command, at.time)
    if not state.version:
        raise NotFound("there is no such room", field="room_id", room_id=state.id)
    match command:
        case ChangeProfile():
            in_use(state, command.if_version)
            return _profile(state, command.profile)
        case ChangeDisplay():
            in_use(state, command.if_version)
            if command.display == state.display:
                return []
            return [RoomDisplayChanged(display=command.display, clinic_id=state.clinic_id)]
        case RetireRoom():
            return _retire(state, command.if_version, at.time)
        case AddClosure():
            return change_closures(state, "", command.closure, at.time)
        case EndClosure():
            return change_closures(state, command.closure_id, None, at.time)
        case ReplaceClosure():
            return change_closures(state, command.closure_id, command.closure, at.time)
        case ChangeCalendar():
            return _calendar(state, command, at.time)
        case _:
            assert_never(command)


def in_use(state: Room, if_version: int | None = None) -> None:
    """R5: refuses a retired room, and whoever knows another version of it."""
    if state.retired:
        raise RoomGone("the room is no longer used", room_id=state.id)
    if if_version not in (None, state.version):
        raise Stale("the room has changed", room_id=state.id, version=state.version)


def the_closure(state: Room, closure_id: str, time: int) -> Closure:
    """R7: a closure that is not over."""
    closure = state.closures.get(closure_id)
    if closure is None:
        raise NotFound("there is no such closure", field="closure_id", closure_id=closure_id)
    if next_time(closure, state.time_zone, time) is None:
        raise ClosureOver("the closure is over", closure_id=closure_id)
    return closure


def _open(state: Room, command: OpenRoom, time: int) -> list[RoomEvent]:
    if state.version:
        raise RoomExists("the room has been opened", room_id=state.id)
    assert command.profile.id == state.id, "a room's profile has another id"
    opened = RoomOpened(
        clinic_id=command.clinic_id,
        time_zone=command.time_zone,
        profile=command.profile,
        display=command.display,
        time=time,
    )
    return [opened, RoomTaken(taken=_checked(state, command))] if command.take else [opened]


def _checked(state: Room, command: OpenRoom) -> tuple[Taken, ...]:
    for at, stretch in enumerate(command.take):
        refused = objection(state, stretch, pending=command.take[:at], profile=command.profile)
        if refused is not None:
            raise refused
    return command.take


def _profile(state: Room, profile: RoomProfile | None) -> list[RoomEvent]:
    if profile is None or profile == state.profile:
        return []
    assert profile.id == state.id, "a room's profile has another id"
    return [RoomProfileChanged(profile=profile)]


def _retire(state: Room, if_version: int | None, time: int) -> list[RoomEvent]:
    """R6."""
    in_use(state, if_version)
    held = [one.appointment_id for one in state.calendar if one.busy_to > time]
    if held:
        raise RoomInUse("the room is booked", room_id=state.id, appointment_ids=held[:10])
    return [RoomRetired()]


def change_closures(state: Room, ended: str, added: Closure | None, time: int) -> list[RoomEvent]:
    """R7, R8: end one, add one; either may be left out."""
    in_use(state)
    events: list[RoomEvent] = []
    if ended:
        closure = the_closure(state, ended, time)
        if begun(closure, time):
            events.append(RoomClosureCut(closure_id=ended, until=time, clinic_id=state.clinic_id))
        else:
            events.append(RoomClosureRemoved(closure_id=ended, clinic_id=state.clinic_id))
    if added is not None:
        assert added.id not in state.closures, "a closure was added before"
        _fits(state, added, time)
        standing = sum(over > time for over, _ in state.closing) - bool(ended)
        if standing >= MAX_CLOSURES:
            raise TooManyClosures(f"a room has {MAX_CLOSURES} closures at most", room_id=state.id)
        events.append(RoomClosureAdded(closure=added, clinic_id=state.clinic_id))
    return events


def _fits(state: Room, closure: Closure, time: int) -> None:
    """R8: what a closure may be."""
    if closure.start >= closure.end:
        raise Invalid("a closure ends after it begins", field="end_time")
    most = MAX_RECURRING_DAYS if closure.rrule else MAX_CLOSURE_DAYS
    if closure.end - closure.start > most * DAY:
        raise Invalid(f"such a closure lasts {most} days at most", field="end_time")
    if closure.rrule:
        rule = recurrence.parse_rrule(closure.rrule, "rrule")
        if not recurrence.begins(rule, closure.start, state.time_zone):
            raise Invalid("the first time is none of the rule's", field="rrule")
    if next_time(closure, state.time_zone, time) is None:
        raise Invalid("the closure is over already", field="end_time")


def _calendar(state: Room, command: ChangeCalendar, time: int) -> list[RoomEvent]:
    """R1, R2, R3, R9: everything is asked of the calendar as it will be, then written down."""
    if command.if_version not in (None, state.version):
        raise Stale("the room has changed", room_id=state.id, version=state.version)
    events: list[RoomEvent] = []
    if command.profile is not None:
        in_use(state)
        events += _profile(state, command.profile)
    if command.end_closure or command.closure is not None:
        events += change_closures(state, command.end_closure, command.closure, time)
    freed, taken = _stretches(state, command)
    if freed:
        events.append(RoomFreed(appointment_ids=freed))
    if taken:
        events.append(RoomTaken(taken=taken))
    before = time - KEPT
    if len(state.calendar) > TRIMMED_OVER and state.calendar[TRIMMED_OVER].busy_to <= before:
        events.append(RoomCalendarTrimmed(before=before))
    return events


def _stretches(state: Room, command: ChangeCalendar) -> tuple[tuple[str, ...], tuple[Taken, ...]]:
    """R1, R2, R3: who leaves the calendar, and what is new in it."""
    # What is as it was is not asked again, and stays in the way of the others.
    changed = [one for one in command.take if state.held.get(one.appointment_id) != one]
    stays = {one.appointment_id for one in command.take} - {one.appointment_id for one in changed}
    leaving = frozenset((*command.free, *(one.appointment_id for one in changed))) - stays
    taken: list[Taken] = []
    for stretch in changed:
        if stretch.busy_from >= stretch.busy_to:
            continue  # a stretch of no length takes nothing
        known = state.held.get(stretch.appointment_id)
        # Who keeps his time, and has more or less of the cleaning, is not sent away for what came later.
        moves = known is None or (known.start, known.end) != (stretch.start, stretch.end)
        refused = objection(
            state,
            stretch,
            leaving,
            taken,
            checked=command.checked and moves,
            ended_closures=(command.end_closure,) if command.end_closure else (),
            new_closures=(command.closure,) if command.closure is not None else (),
            profile=command.profile,
        )
        if refused is not None:
            raise refused
        taken.append(stretch)
    # What is unknown was forgotten when it was long over.
    has = {one.appointment_id for one in taken}
    return tuple(sorted(id for id in leaving if id in state.held and id not in has)), tuple(taken)
