"""What happens to a referral by itself: it expires, or somebody is told that its result was not acknowledged.

R1  Overtaken (something has begun, the result was acknowledged), it does nothing.
"""

from __future__ import annotations

from engine.actors.hospital import Id
from engine.actors.referral import referral_key
from engine.actors.referral.commands import Wake
from engine.actors.referral.state import Referral
from engine.decider import At, Deciding, Decision, Done, Look, Value
from engine.decisions import finding
from engine.decisions.referring.following import ask


class WakeReferral(Value, frozen=True):
    """The timer of a referral; ``due`` is the instant (µs) for which it was set."""

    referral_id: Id
    due: int


def wake_referral(command: WakeReferral, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    state: Referral | None = yield Look(referral_key(command.referral_id))
    if state is None or not state.version:
        return Done()
    yield from ask(hospital, at, state, Wake())
    return Done(subject=state.patient_id)


WAKE_REFERRAL = Decision(
    command=WakeReferral, run=wake_referral, home=lambda command, find: referral_key(command.referral_id)
)
