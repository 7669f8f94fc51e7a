"""The referrals of one patient that are not over: for whoever removes the patient's record, or merges it with another.

It knows their ids and nothing else; what they are stands with each of them.
"""

from __future__ import annotations

from typing import Any, Final, assert_never

import msgspec

from engine.decider import At, Decider, Event


class PatientReferralOpened(Event, frozen=True):
    """Something is expected of this referral."""

    referral_id: str


class PatientReferralEnded(Event, frozen=True):
    """Nothing is expected of it any more."""

    referral_id: str


PatientReferralsEvent = PatientReferralOpened | PatientReferralEnded


class NoteReferrals(msgspec.Struct, frozen=True):
    """These are open now, and these are over; what is known already is no event."""

    opened: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


class PatientReferrals(msgspec.Struct, gc=False):
    """State: ids in the order in which they came. The key says whose they are."""

    open: list[str] = []
    version: int = 0


def patient_referrals_key(patient_id: str) -> str:
    """The actor of a patient's open referrals."""
    return f"patient_referrals:{patient_id}"


def decide(state: PatientReferrals, command: NoteReferrals, at: At) -> list[PatientReferralsEvent]:
    """The events of a command."""
    return [
        *(PatientReferralEnded(referral_id=id) for id in command.ended if id in state.open),
        *(PatientReferralOpened(referral_id=id) for id in command.opened if id not in state.open),
    ]


def evolve(state: PatientReferrals, event: PatientReferralsEvent) -> None:
    """Change the state."""
    state.version += 1
    match event:
        case PatientReferralOpened():
            state.open.append(event.referral_id)
        case PatientReferralEnded():
            state.open.remove(event.referral_id)
        case _:
            assert_never(event)


def check(state: PatientReferrals) -> None:
    """What always holds."""
    assert len(set(state.open)) == len(state.open), "a referral is open twice"


PATIENT_REFERRALS: Final[Decider[Any]] = Decider(
    kind="patient_referrals",
    events=(PatientReferralOpened, PatientReferralEnded),
    initial=lambda _: PatientReferrals(),
    decide=decide,
    evolve=evolve,
    state=PatientReferrals,
    check=check,
)
