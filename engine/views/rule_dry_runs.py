"""What another version of the rules would have made of a day.

How the day stood when each appointment was made is told from the appointments as they are now: one that was cancelled
counts until then, one that changed rooms in the room that it has. The nights beside are not seen.
"""

from __future__ import annotations

import datetime as dt
from bisect import insort
from typing import Final

import msgspec
from msgspec.structs import replace

from engine import calendar
from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day.indexes import put_in, take_out
from engine.actors.clinic_day.state import Appointment, ClinicDay
from engine.actors.room.closing import closed
from engine.decider import MINUTE, Value
from engine.decisions.rooming.choosing import candidates
from engine.decisions.rooming.wanting import again
from engine.errors import NotFound
from engine.rules.choice import choose
from engine.rules.subject import Ranked
from engine.views.reader import Found, Id, Reader
from engine.views.room_states import day_of, known_clinic, room_of
from engine.views.rule_trials import Trial, subject_for, trial_of
from engine.views.rules import WhichRules
from engine.views.states import the_hospital

MAX_LOOKS: Final = 10_000
"""Rooms that one answer looks at: about a tenth of a second under thirty rules."""


class DryRunRules(Value, frozen=True):
    """Choose again for every appointment of a day, in the order in which they were made, by the draft or a version.

    ``after``: go on behind this appointment, where the answer before said so. Rooms that somebody named are not chosen
    again, and those of a day beside are not seen.
    """

    clinic_id: Id
    date: dt.date
    version: WhichRules = "draft"
    after: Id | None = None


class ChangedChoice(msgspec.Struct, frozen=True):
    """Another room, or one where there was none, or none any more; scores where there is a room and it is known."""

    appointment_id: str
    room_id: str | None
    would_be: str | None
    score_then: int | None
    score_now: int | None


class DryRunView(msgspec.Struct, frozen=True):
    """What would be otherwise; ``without_room``: of all, those that would have none.

    ``next_after``: where to go on, when there was too much to look at for one answer.
    """

    clinic_id: str
    date: str
    rule_version: int | None
    appointments: int
    changed: list[ChangedChoice]
    unchanged: int
    without_room: int
    next_after: str | None


def dry_run_rules(reader: Reader, query: DryRunRules) -> Found:
    """What would be otherwise; ``NotFound`` for an unknown clinic or version, ``NoDraft`` where there is none."""
    clinic = known_clinic(reader, query.clinic_id)
    day = calendar.checked(query.date, "date").isoformat()
    trial = trial_of(clinic, day, query.version)
    state = day_of(reader, clinic.id, day)
    run = _Run(reader, clinic, trial, day)
    left = MAX_LOOKS
    looked_at = query.after is None
    last = ""
    for one in sorted(state.appointments.values(), key=_made) if state is not None else ():
        again_chosen = _by_rules(one) and looked_at
        if again_chosen and left < len(clinic.rooms) and last:
            return Found(run.view(next_after=last))
        run.reach(one.created_at)
        if again_chosen:
            run.choose_again(one)
            left -= len(clinic.rooms)
            last = one.id
        run.enter(one)
        looked_at = looked_at or one.id == query.after
    if not looked_at:
        raise NotFound("there is no such appointment on that day", field="after", appointment_id=query.after)
    return Found(run.view(next_after=None))


class _Run:
    """The day as it filled up, and what the rules say to each appointment."""

    def __init__(self, reader: Reader, clinic: Clinic, trial: Trial, day: str) -> None:
        self._reader = reader
        self._clinic = clinic
        self._trial = trial
        self._day = day
        self._zone = the_hospital(reader).time_zone
        self._then = ClinicDay(clinic.id, day)
        self._over: list[tuple[int, str]] = []
        """(instant, id) at which appointments of the index were cancelled or missed, in order."""
        self._changed: list[ChangedChoice] = []
        self._appointments = self._without_room = 0

    def reach(self, time: int) -> None:
        """Take out what was over by then."""
        while self._over and self._over[0][0] <= time:
            _, id = self._over.pop(0)
            take_out(self._then, self._then.appointments.pop(id))

    def enter(self, one: Appointment) -> None:
        """Put it where it is, as if nothing had come of it yet."""
        profile = self._clinic.rooms.get(one.room_id)
        if profile is None:
            return
        setup, cleaning = profile.setup_minutes, self._trial.policy.cleaning_minutes(profile, one.doctor_id)
        put_in(
            self._then,
            replace(
                one,
                status="in_progress",
                busy_from=one.start - setup * MINUTE,
                busy_to=one.end + cleaning * MINUTE,
                escalation=None,
            ),
        )
        if one.status in ("cancelled", "no_show"):
            insort(self._over, (one.ended_at, one.id))

    def choose_again(self, one: Appointment) -> None:
        """What these rules would choose now."""
        best = self._best(one)
        self._appointments += 1
        self._without_room += best is None
        if (best.room_id if best is not None else "") == one.room_id:
            return
        chosen = one.assignment.chosen if one.assignment is not None else None
        self._changed.append(
            ChangedChoice(
                appointment_id=one.id,
                room_id=one.room_id or None,
                would_be=best.room_id if best is not None else None,
                score_then=chosen.score if chosen is not None else None,
                score_now=best.score if best is not None else None,
            )
        )

    def view(self, next_after: str | None) -> DryRunView:
        """The answer so far."""
        return DryRunView(
            clinic_id=self._clinic.id,
            date=self._day,
            rule_version=self._trial.number,
            appointments=self._appointments,
            changed=self._changed,
            unchanged=self._appointments - len(self._changed),
            without_room=self._without_room,
            next_after=next_after,
        )

    def _best(self, one: Appointment) -> Ranked | None:
        policy, clinic = self._trial.policy, self._clinic
        want = again(clinic.id, self._day, one)
        subject = subject_for(self._reader, clinic, policy, want, self._zone)
        found = candidates(clinic.rooms.values(), policy, want.doctor_id, want.start, want.end, (self._then,))
        for ranked in choose(policy, subject, found).ranked:
            room = room_of(self._reader, ranked.room_id)
            if room is not None and closed(room, want.start, want.end) is None:
                return ranked
        return None


def _by_rules(one: Appointment) -> bool:
    """Whether rules chose its room when it was made, or found none; else somebody named it, or it freed up later."""
    return one.assignment is None or one.assignment.method not in ("chosen", "freed")


def _made(one: Appointment) -> tuple[int, str]:
    return one.created_at, one.id
