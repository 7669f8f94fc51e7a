"""Results go back: the referrer acknowledges them, and the patient may come back for a review.

R1  Who referred acknowledges; the alerts about the result are over with that.
R2  A token for a review is for the patient of a referral that has a result, and does not count against the rule of one
    token a day. Where the practitioner is a doctor with slots, it is in one of these. One at a time: another only when
    the one before is over.
R3  A record that was merged into another: what is the first one's is the second one's.
"""

from __future__ import annotations

from engine.actors.hospital import Id
from engine.actors.patient import Patient, patient_key
from engine.actors.patient_referrals import NoteReferrals, PatientReferrals, patient_referrals_key
from engine.actors.practitioner import Practitioner, practitioner_key
from engine.actors.referral import referral_key
from engine.actors.referral.commands import Acknowledge, Repoint
from engine.actors.referral.refusals import NoResult
from engine.actors.referral.state import RESULTED, Referral
from engine.actors.slot.state import Slot
from engine.decider import At, Deciding, Decision, Find, FreeText, Look, Propose, Value
from engine.decisions import finding
from engine.decisions.referrals import as_it_is, referral_home
from engine.decisions.referring.asker import must_be_referrer, the_asker
from engine.decisions.referring.following import ask, the_referral
from engine.errors import Invalid, Rejected


class AcknowledgeResult(Value, frozen=True):
    """The referrer knows the results that are there."""

    referral_id: Id
    note: FreeText | None = None


class ReviewBookedAlready(Rejected):
    """R2. Fact ``token_id``: the review that is booked."""

    code = "review_booked"
    rule = "R2"


class HasOpenReferrals(Rejected):
    """The patient's record has referrals of which something is expected; fact ``referral_ids`` names up to ten."""

    code = "in_use"


def acknowledge(command: AcknowledgeResult, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    state = yield from the_referral(command.referral_id)
    yield from must_be_referrer((yield from the_asker(at.who)), state)
    yield from ask(hospital, at, state, Acknowledge(command.note))
    return as_it_is(state.id, state.patient_id)


def may_review(referral_id: str, patient_id: str, slot: Slot) -> finding.Deciding[None]:
    """R2: refuses, unless the patient may come back for that referral in this slot."""
    state = yield from the_referral(referral_id)
    if not (yield from _same_person(state.patient_id, patient_id)):
        raise Invalid("the referral is another patient's", field="referral_id")
    if not any(test.status in RESULTED for test in state.tests.values()):
        raise NoResult("there is no result to come back for", referral_id=state.id)
    practitioner: Practitioner | None = yield Look(practitioner_key(state.practitioner_id))
    doctor_id = practitioner.profile.doctor_id if practitioner is not None else ""
    if doctor_id and doctor_id != slot.doctor_id:
        raise Invalid("the referral is reviewed by the doctor who made it", field="slot_id", doctor_id=doctor_id)
    yield from _none_booked(state)


def no_open_referrals(patient_id: str) -> finding.Deciding[None]:
    """Refuses while something is expected of a referral of this record."""
    there: PatientReferrals | None = yield Look(patient_referrals_key(patient_id))
    if there is not None and there.open:
        raise HasOpenReferrals("the patient has open referrals", referral_ids=there.open[:10])


def repoint_referrals(patient_id: str, into: str) -> finding.Deciding[None]:
    """In the decision that merges two records: what is open of the first is the second's."""
    there: PatientReferrals | None = yield Look(patient_referrals_key(patient_id))
    if there is None or not there.open:
        return
    ids = tuple(there.open)
    for id in ids:
        yield Propose(referral_key(id), Repoint(into))
    yield Propose(patient_referrals_key(patient_id), NoteReferrals(ended=ids))
    yield Propose(patient_referrals_key(into), NoteReferrals(opened=ids))


def _same_person(first: str, wanted: str) -> finding.Deciding[bool]:
    """R3."""
    seen: set[str] = set()
    while first != wanted:
        seen.add(first)
        record: Patient | None = yield Look(patient_key(first))
        first = record.merged_into if record is not None else ""
        if not first or first in seen:
            return False
    return True


def _none_booked(state: Referral) -> finding.Deciding[None]:
    """R2."""
    if not state.review_token_id:
        return
    for table in ("tokens", "waiting"):
        key: str | None = yield Find(table, state.review_token_id)
        slot: Slot | None = (yield Look(key)) if key is not None else None
        token = slot.tokens.get(state.review_token_id) if slot is not None else None
        if token is not None and token.status in ("CONFIRMED", "WAITING", "OFFERED"):
            raise ReviewBookedAlready("the review is booked", referral_id=state.id, token_id=token.id)


ACKNOWLEDGE_RESULT = Decision(command=AcknowledgeResult, run=acknowledge, home=referral_home)
