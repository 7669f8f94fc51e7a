"""Referrals: made, changed, declined, sent to another branch, cancelled. Their tests stand in ``referral_tests``.

R1  A practitioner refers: whose credential it is, or, where a credential is nobody's own, whom the command names.
R2  At least one test, none twice; all that the branch does not offer are named in one refusal.
R3  A reference is unique in the hospital: another is drawn while it is taken.
R4  Who declines works at the branch; who redirects works there or is the referrer; who changes or cancels is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType

from engine.actors.hospital import Hospital, Id
from engine.actors.practitioner import Practitioner, in_service, practitioner_key
from engine.actors.referral import referral_key
from engine.actors.referral.commands import Cancel, Create, Decline, Redirect, Revise
from engine.actors.referral.state import OPEN, Ordered, Referral, Urgency
from engine.actors.referral.tables import REFERENCES
from engine.actors.referral.view import ReferralView, referral_view
from engine.decider import DAY, HOUR, At, Deciding, Decision, Done, Find, FreeText, Look, Value
from engine.decisions import finding
from engine.decisions.referring.asker import (
    Asker,
    Forbidden,
    must_be_concerned,
    must_be_referrer,
    must_work_there,
    the_asker,
)
from engine.decisions.referring.catalog import open_branch, ordered
from engine.decisions.referring.following import ask, the_referral
from engine.errors import Invalid

MAX_TESTS: Final = 50
"""Of one referral."""
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LONG: Final = 10


class CreateReferral(Value, frozen=True):
    """Refer a patient for tests at a branch. ``practitioner_id``: only where the credential is nobody's own."""

    patient_id: Id
    branch_id: Id
    tests: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_TESTS)]
    practitioner_id: Id | None = None
    priority: Urgency = "routine"
    note: FreeText | None = None
    clinical_information: FreeText | None = None


class ChangeReferral(Value, frozen=True):
    """Change what the referrer says; a field that is left out stays as it is, ``null`` takes it away."""

    referral_id: Id
    priority: Urgency | UnsetType = UNSET
    note: FreeText | UnsetType | None = UNSET
    clinical_information: FreeText | UnsetType | None = UNSET
    if_version: int | None = None


class DeclineReferral(Value, frozen=True):
    """The branch does not do it."""

    referral_id: Id
    reason: FreeText
    if_version: int | None = None


class RedirectReferral(Value, frozen=True):
    """Another branch does what is open of it; the branch before sees it no longer."""

    referral_id: Id
    branch_id: Id
    reason: FreeText | None = None
    if_version: int | None = None


class CancelReferral(Value, frozen=True):
    """What is open of it is not wanted any more; results stay."""

    referral_id: Id
    reason: FreeText | None = None
    if_version: int | None = None


def create(command: CreateReferral, at: At) -> Deciding:
    """R1, R2, R3."""
    hospital = yield from finding.the_hospital()
    asker = yield from the_asker(at.who)
    practitioner = yield from _referrer(asker, command.practitioner_id)
    yield from finding.the_patient(command.patient_id)
    place = yield from open_branch(command.branch_id)
    if len(set(command.tests)) < len(command.tests):
        raise Invalid("a test is named twice", field="tests")
    tests = yield from ordered(place, command.tests)
    reference = yield from _new_reference(at)
    wanted = Create(
        reference=reference,
        patient_id=command.patient_id,
        practitioner_id=practitioner.id,
        facility_id=place.facility.id,
        branch_id=place.branch.id,
        tests=tuple(
            Ordered(
                id=at.new_id(ordinal),
                test_id=test.id,
                price_minor=test.price_minor,
                currency=test.currency,
                turnaround_hours=test.turnaround_hours,
            )
            for ordinal, test in enumerate(tests, 1)
        ),
        priority=command.priority,
        expires_at=expiry(hospital, at.time),
        note=command.note,
        clinical_information=command.clinical_information,
    )
    state = Referral(at.new_id(0))
    yield from ask(hospital, at, state, wanted)
    return as_it_is(state.id, command.patient_id, "created")


def change(command: ChangeReferral, at: At) -> Deciding:
    """R4."""
    hospital = yield from finding.the_hospital()
    state = yield from the_referral(command.referral_id)
    yield from must_be_referrer((yield from the_asker(at.who)), state)
    revise = Revise(
        priority=state.priority if command.priority is UNSET else command.priority,
        note=state.note if command.note is UNSET else command.note,
        clinical_information=(
            state.clinical_information if command.clinical_information is UNSET else command.clinical_information
        ),
        if_version=command.if_version,
    )
    yield from ask(hospital, at, state, revise)
    return as_it_is(state.id, state.patient_id)


def decline(command: DeclineReferral, at: At) -> Deciding:
    """R4."""
    hospital = yield from finding.the_hospital()
    state = yield from the_referral(command.referral_id)
    must_work_there((yield from the_asker(at.who)), state)
    yield from ask(hospital, at, state, Decline(command.reason, command.if_version))
    return as_it_is(state.id, state.patient_id)


def redirect(command: RedirectReferral, at: At) -> Deciding:
    """R2, R4: only what is open must be offered there."""
    hospital = yield from finding.the_hospital()
    state = yield from the_referral(command.referral_id)
    yield from must_be_concerned((yield from the_asker(at.who)), state)
    place = yield from open_branch(command.branch_id)
    wanted = Redirect(
        facility_id=place.facility.id,
        branch_id=place.branch.id,
        reason=command.reason,
        expires_at=expiry(hospital, at.time),
        if_version=command.if_version,
    )
    yield from ask(hospital, at, state, wanted)
    yield from ordered(place, tuple(test.test_id for test in state.tests.values() if test.status in OPEN))
    return as_it_is(state.id, state.patient_id)


def cancel(command: CancelReferral, at: At) -> Deciding:
    """R4."""
    hospital = yield from finding.the_hospital()
    state = yield from the_referral(command.referral_id)
    yield from must_be_referrer((yield from the_asker(at.who)), state)
    within = acknowledge_within(hospital)
    yield from ask(
        hospital, at, state, Cancel(reason=command.reason, acknowledge=within, if_version=command.if_version)
    )
    return as_it_is(state.id, state.patient_id)


def as_it_is(referral_id: str, patient_id: str, outcome: str = "ok") -> Done:
    """The referral as the decision leaves it."""

    def answer(look: Callable[[str], Any]) -> ReferralView:
        return referral_view(look(referral_key(referral_id)))

    return Done(answer, outcome, patient_id)


def expiry(hospital: Hospital, time: int) -> int:
    """When a referral of now expires (µs); 0: never."""
    days = hospital.policy.referral_expiry_days
    return 0 if days is None else time + days * DAY


def acknowledge_within(hospital: Hospital) -> int:
    """How long a result may wait for the referrer (µs)."""
    return hospital.policy.result_acknowledge_hours * HOUR


def referral_home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    """A command to a referral queues there."""
    return find("referrals", command.referral_id)


def _referrer(asker: Asker, practitioner_id: str | None) -> finding.Deciding[Practitioner]:
    """R1."""
    if asker.linked:
        if asker.practitioner is None:
            raise Forbidden("only a practitioner refers patients")
        if practitioner_id not in (None, asker.practitioner.id):
            raise Forbidden("you refer for yourself only", practitioner_id=practitioner_id)
        return asker.practitioner
    if practitioner_id is None:
        raise Invalid("it must be said who refers", field="practitioner_id")
    return in_service((yield Look(practitioner_key(practitioner_id))))


def _new_reference(at: At) -> finding.Deciding[str]:
    """R3: ten letters and digits, some 51 bits that nobody can guess."""
    ordinal = 0
    while True:
        number = int.from_bytes(at.secret(ordinal), "big")
        letters = []
        for _ in range(_LONG):
            number, letter = divmod(number, len(_LETTERS))
            letters.append(_LETTERS[letter])
        reference = "".join(letters)
        if (yield Find(REFERENCES, reference)) is None:
            return reference
        ordinal += 1


CREATE_REFERRAL = Decision(
    command=CreateReferral, run=create, home=lambda command, find: find("patients", command.patient_id)
)
CHANGE_REFERRAL = Decision(command=ChangeReferral, run=change, home=referral_home)
DECLINE_REFERRAL = Decision(command=DeclineReferral, run=decline, home=referral_home)
REDIRECT_REFERRAL = Decision(command=RedirectReferral, run=redirect, home=referral_home)
CANCEL_REFERRAL = Decision(command=CancelReferral, run=cancel, home=referral_home)
