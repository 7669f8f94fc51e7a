"""One person's local day in the clinics' rooms: the appointments of a doctor or of a patient that start on it.

It is what keeps people from being in two places, also for two requests at one instant to different rooms. It knows
when and where, and nothing of wishes or rules. A doctor's slots and a patient's tokens stand in days of their own;
whoever books looks there, and at the days beside, because an appointment may span midnight.

R1  No two engagements of a doctor overlap; intervals are half-open.
R2  No two engagements of a patient overlap, unless the later one was entered as overlapping, with a reason.
R3  An appointment stands once in a day; entered again it takes the place of what was there, and where it takes no
    more time than before nobody is asked again.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable
from itertools import pairwise
from operator import attrgetter
from sys import intern
from typing import Final, Literal

import msgspec

from engine.decider import DAY, At, Decider, Event
from engine.errors import Rejected

Person = Literal["doctor", "patient"]


class Engagement(msgspec.Struct, frozen=True, order=True, gc=False):
    """An appointment of this person: when, and where. Times in µs."""

    start: int
    end: int
    appointment_id: str
    clinic_id: str
    room_id: str = ""
    """``""``: no room yet."""
    overlapping: bool = False
    """R2: entered although the patient is elsewhere then; no later one may overlap it all the same."""


class AgendaChanged(Event, frozen=True):
    """These appointments are the person's no more, and these are: first the one, then the other."""

    dropped: tuple[str, ...] = ()
    engaged: tuple[Engagement, ...] = ()


class DoctorConflict(Rejected):
    """R1. Facts ``start_time``, ``end_time`` and ``appointment_id`` (or ``slot_id``: a slot of his) name the other."""

    code = "doctor_conflict"
    rule = "R1"


class PatientOverlap(Rejected):
    """R2. Facts ``appointment_id`` (or ``token_id`` and ``slot_id``), ``start_time`` and ``end_time``."""

    code = "patient_overlap"
    rule = "R2"


class ChangeAgenda(msgspec.Struct, frozen=True):
    """First ``drop``, then ``engage`` in order; all or none. What is dropped and not there is passed over."""

    drop: tuple[str, ...] = ()
    engage: tuple[Engagement, ...] = ()


class Agenda(msgspec.Struct):
    """State. ``engagements`` is in order of start; ``until`` the latest end that was ever entered (µs)."""

    person: Person
    person_id: str
    day: str
    engagements: list[Engagement] = []
    until: int = 0
    version: int = 0


_START: Final = attrgetter("start")
_LONGEST: Final = DAY
"""An appointment lasts no longer: what began earlier than that is over."""


def agenda_key(person: Person, person_id: str, day: str) -> str:
    """The actor of a person's local day."""
    return f"agenda:{person}:{person_id}:{day}"


def agenda_group(person: Person, person_id: str) -> str:
    """All days of this person on which there was something."""
    return f"{person}_agenda:{person_id}"


def overlap(agenda: Agenda | None, start: int, end: int, without: Collection[str] = ()) -> Engagement | None:
    """The engagement that shares a moment with ``[start, end)``, those of these appointment ids left out."""
    return None if agenda is None else _overlap(agenda.engagements, start, end, without)


def _overlap(engagements: list[Engagement], start: int, end: int, without: Collection[str] = ()) -> Engagement | None:
    for index in range(bisect_left(engagements, end, key=_START) - 1, -1, -1):
        one = engagements[index]
        if one.end > start and one.appointment_id not in without:
            return one
        if one.start <= start - _LONGEST:
            break
    return None


def conflict(person: Person, there: Engagement) -> Rejected:
    """The refusal that names the engagement in the way."""
    facts = {"appointment_id": there.appointment_id, "start_time": there.start, "end_time": there.end}
    if person == "doctor":
        return DoctorConflict("the doctor has another appointment then", **facts)
    return PatientOverlap("the patient has another appointment then", **facts)


def decide(state: Agenda, command: ChangeAgenda, at: At) -> Iterable[AgendaChanged]:
    """The event of a change."""
    gone = {*command.drop, *[one.appointment_id for one in command.engage]}
    here = {one.appointment_id: one for one in state.engagements if one.appointment_id in gone}
    dropped = tuple([id for id in command.drop if id in here])
    if not dropped and not command.engage:
        return ()
    wanted = [one for one in command.engage if not _within(one, here.get(one.appointment_id))]
    engagements = state.engagements
    if len(command.engage) > 1:  # they must agree with one another, too
        engagements = [one for one in engagements if one.appointment_id not in gone]
        for one in command.engage:
            if one not in wanted:
                insort(engagements, one)
        gone = set()
    for one in wanted:
        if not one.overlapping and (there := _overlap(engagements, one.start, one.end, gone)):
            raise conflict(state.person, there)
        if len(wanted) > 1:
            insort(engagements, one)
    return (AgendaChanged(dropped=dropped, engaged=command.engage),)


def _within(one: Engagement, former: Engagement | None) -> bool:
    """R3: whether it takes no time that it did not have."""
    return former is not None and former.start <= one.start and one.end <= former.end


def evolve(state: Agenda, event: AgendaChanged) -> None:
    """The state after an event."""
    state.version += 1
    engagements = state.engagements
    gone = {*event.dropped, *[one.appointment_id for one in event.engaged]}
    left = [one for one in engagements if one.appointment_id not in gone]
    if len(left) < len(engagements):
        engagements[:] = left
    for one in event.engaged:
        # Thousands of these name a few clinics and rooms: one text each, not one per reading.
        kept = msgspec.structs.replace(one, clinic_id=intern(one.clinic_id), room_id=intern(one.room_id))
        insort(engagements, kept)
        state.until = max(state.until, one.end)


def check(state: Agenda) -> None:
    """What always holds."""
    engagements = state.engagements
    assert engagements == sorted(engagements), "the agenda lost its order"
    ids = [one.appointment_id for one in engagements]
    assert len(set(ids)) == len(ids), "R3: an appointment stands twice in a day"
    assert all(0 < one.end - one.start <= _LONGEST for one in engagements), "an engagement has no length, or too much"
    counted = [one for one in engagements if not one.overlapping]
    assert all(one.end <= next.start for one, next in pairwise(counted)), "R1, R2: two engagements overlap"
    assert state.person == "patient" or len(counted) == len(engagements), "R1: a doctor is in two places"


def _initial(id: str) -> Agenda:
    kind, _, rest = id.partition(":")
    person_id, _, day = rest.rpartition(":")
    return Agenda("doctor" if kind == "doctor" else "patient", person_id, day)


def _groups(id: str) -> Iterable[str]:
    kind, _, rest = id.partition(":")
    return (f"{kind}_agenda:{rest.rpartition(':')[0]}",)


AGENDA: Final[Decider[Agenda]] = Decider(
    kind="agenda",
    events=(AgendaChanged,),
    initial=_initial,
    decide=decide,
    evolve=evolve,
    check=check,
    state=Agenda,
    closed=lambda state, time: time > state.until + 2 * DAY,
    groups=_groups,
)
