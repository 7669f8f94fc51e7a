"""One patient's local day: which tokens and waiting entries he has on it, over all doctors and slots.

It is what makes double booking impossible, also for two requests at one instant to different slots. It knows of
a slot when it is and whose it is; nothing of places, categories or seats. A slot belongs to the day it starts on.

R1  One active token per day, per doctor's day or per slot, as the hospital's policy says.
R2  One waiting entry per slot; no entry beside an active token in the same slot.
R3  Where the policy says so, no two active tokens with different doctors at overlapping times (half-open).
R4  A token with which the patient comes back for the result of a referral counts neither way for R1, except in one
    and the same slot.
"""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern
from typing import Final, Literal, assert_never

import msgspec

from engine.actors.hospital import Policy
from engine.decider import DAY, At, Decider, Event
from engine.errors import Rejected

CommitmentState = Literal["active", "waiting", "offered", "over"]

ENTRY: Final[frozenset[str]] = frozenset(("waiting", "offered"))
"""States of an entry of a waiting list."""


class Committed(Event, frozen=True):
    """The patient has this token or entry from now on, in this slot; under a known id it has moved there."""

    token_id: str
    slot_id: str
    doctor_id: str
    start: int
    end: int
    state: CommitmentState = "active"
    review: bool = False


class CommitmentChanged(Event, frozen=True):
    """A token or entry of this day is now in another state."""

    token_id: str
    state: CommitmentState


PatientDayEvent = Committed | CommitmentChanged


class DoubleBooking(Rejected):
    """R1. Facts ``token_id`` and ``slot_id`` name the token held."""

    code = "double_booking"
    rule = "R1"


class AlreadyWaitlisted(Rejected):
    """R2. Facts ``entry_id`` and ``slot_id`` name the entry."""

    code = "already_waitlisted"
    rule = "R2"


class PatientOverlap(Rejected):
    """R3. Facts ``token_id`` and ``slot_id`` name the token that is in the way."""

    code = "patient_overlap"
    rule = "R3"


class Commit(msgspec.Struct, frozen=True):
    """Have a token or entry on this day. ``policy=None``: what is decided elsewhere is only written down."""

    token_id: str
    slot_id: str
    doctor_id: str
    start: int
    end: int
    state: CommitmentState
    policy: Policy | None
    review: bool = False
    """R4."""


class ChangeDay(msgspec.Struct, frozen=True):
    """Several changes at once: first ``states`` (pairs of token id and state), then ``commits`` under the rules."""

    states: tuple[tuple[str, CommitmentState], ...] = ()
    commits: tuple[Commit, ...] = ()


PatientDayCommand = Commit | ChangeDay


class Commitment(msgspec.Struct, gc=False, omit_defaults=True):
    """A token or waiting entry and the slot it is in; times in µs."""

    token_id: str
    slot_id: str
    doctor_id: str
    start: int
    end: int
    state: CommitmentState
    review: bool = False
    """R4."""


class PatientDay(msgspec.Struct, gc=False):
    """State: in order of appearance, those that are over included. The key says whose day it is."""

    version: int = 0
    commitments: list[Commitment] = []


def patient_day_key(patient_id: str, day: str) -> str:
    """The actor of a patient's local day."""
    return f"patient_day:{patient_id}:{day}"


def active(state: PatientDay | None) -> list[Commitment]:
    """The patient's active tokens of this day, oldest first."""
    return [] if state is None else [one for one in state.commitments if one.state == "active"]


def entries(state: PatientDay | None) -> list[Commitment]:
    """The patient's waiting and offered entries of this day, oldest first."""
    return [] if state is None else [one for one in state.commitments if one.state in ENTRY]


def open_commitments(state: PatientDay | None) -> list[Commitment]:
    """What is not over."""
    return [] if state is None else [one for one in state.commitments if one.state != "over"]


def refusal(
    commitments: Iterable[Commitment], wanted: Commit | Commitment, policy: Policy, ended: Iterable[str] = ()
) -> Rejected | None:
    """R1..R4: why the patient cannot have this token or entry beside the others; ``ended`` no longer count."""
    limit = policy.double_booking
    for one in commitments:
        state = one.state
        if state == "over" or one.token_id == wanted.token_id or one.token_id in ended:
            continue
        same_slot = one.slot_id == wanted.slot_id
        if state == "active":
            if (
                limit == "day"
                or (limit == "doctor_day" and one.doctor_id == wanted.doctor_id)
                or (same_slot and (limit == "slot" or wanted.state != "active"))
            ) and (same_slot or not (one.review or _is_review(commitments, wanted))):
                return DoubleBooking("the patient has a token", token_id=one.token_id, slot_id=one.slot_id)
            if policy.patient_overlap and overlaps(one, wanted):
                return overlap(one)
        elif same_slot:
            return AlreadyWaitlisted("the patient is on this list", entry_id=one.token_id, slot_id=one.slot_id)
    return None


def _is_review(commitments: Iterable[Commitment], wanted: Commit | Commitment) -> bool:
    """R4: as it is asked for, or was when it was booked."""
    return wanted.review or any(one.review for one in commitments if one.token_id == wanted.token_id)


def overlaps(one: Commitment, wanted: Commit | Commitment) -> bool:
    """R3: two doctors at one time."""
    return one.doctor_id != wanted.doctor_id and one.start < wanted.end and wanted.start < one.end


def overlap(one: Commitment) -> PatientOverlap:
    """The refusal that names the token in the way."""
    return PatientOverlap("the patient is elsewhere then", token_id=one.token_id, slot_id=one.slot_id)


def decide(state: PatientDay, command: PatientDayCommand, at: At) -> list[PatientDayEvent]:
    """The events of a command to a patient's day."""
    match command:
        case Commit():
            return [_commit(state, command, ())]
        case ChangeDay():
            known = {one.token_id: one.state for one in state.commitments}
            events: list[PatientDayEvent] = [
                CommitmentChanged(token_id=token_id, state=now)
                for token_id, now in command.states
                if known.get(token_id, now) != now
            ]
            ended = tuple(token_id for token_id, now in command.states if now == "over")
            events.extend(_commit(state, one, ended) for one in command.commits)
            return events
        case _:
            assert_never(command)


def _commit(state: PatientDay, wanted: Commit, ended: tuple[str, ...]) -> PatientDayEvent:
    if wanted.policy is not None and state.commitments:
        reason = refusal(state.commitments, wanted, wanted.policy, ended)
        if reason is not None:
            raise reason
    for one in state.commitments:
        if one.token_id == wanted.token_id and one.slot_id == wanted.slot_id:
            return CommitmentChanged(token_id=one.token_id, state=wanted.state)
    return Committed(
        token_id=wanted.token_id,
        slot_id=wanted.slot_id,
        doctor_id=wanted.doctor_id,
        start=wanted.start,
        end=wanted.end,
        state=wanted.state,
        review=wanted.review,
    )


def evolve(state: PatientDay, event: PatientDayEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case Committed():
            # A million and a half of these name a hundred thousand slots: one text each, not one per reading.
            slot_id, doctor_id = intern(event.slot_id), intern(event.doctor_id)
            new = Commitment(event.token_id, slot_id, doctor_id, event.start, event.end, event.state, event.review)
            commitments = state.commitments
            for index, one in enumerate(commitments) if commitments else ():
                if one.token_id == event.token_id:
                    new.review = new.review or one.review
                    commitments[index] = new
                    return
            commitments.append(new)
        case CommitmentChanged():
            for one in state.commitments:
                if one.token_id == event.token_id:
                    one.state = event.state
                    return
        case _:
            assert_never(event)


def check(state: PatientDay) -> None:
    """What always holds, whatever the policy was."""
    ids = [one.token_id for one in state.commitments]
    assert len(set(ids)) == len(ids), "a token stands twice in a day"
    waiting = [one.slot_id for one in state.commitments if one.state in ENTRY]
    assert len(set(waiting)) == len(waiting), "R2: two entries in one list"


def closed(state: PatientDay, time: int) -> bool:
    """A day after the last slot of the day, with nothing open."""
    return all(one.state == "over" and one.end + DAY < time for one in state.commitments)


def _groups(id: str) -> Iterable[str]:
    return (f"patient:{id.partition(':')[0]}",)


PATIENT_DAY: Decider[PatientDay] = Decider(
    kind="patient_day",
    events=(Committed, CommitmentChanged),
    initial=lambda _: PatientDay(),
    decide=decide,
    evolve=evolve,
    check=check,
    state=PatientDay,
    closed=closed,
    groups=_groups,
)
