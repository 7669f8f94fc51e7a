"""The lab's line, results that go back and alerts about them, reviews beside another token, merged records."""

from __future__ import annotations

import pytest

from engine.actors.patient_day import DoubleBooking
from engine.actors.referral.refusals import IllegalStep, NoResult
from engine.actors.service.refusals import AlreadyInQueue
from engine.actors.service.state import Service
from engine.decider import HOUR, FreeText, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.insert_emergency import InsertEmergency
from engine.decisions.join_queue import JoinQueue
from engine.decisions.patients import MergePatients, RemovePatient
from engine.decisions.practitioners import ChangePractitioner
from engine.decisions.referral_results import AcknowledgeResult, HasOpenReferrals, ReviewBookedAlready
from engine.decisions.referral_tests import JoinLab, NoLabQueue
from engine.decisions.referrals import CancelReferral
from engine.decisions.referring.asker import Forbidden
from engine.decisions.reschedule_token import RescheduleToken
from engine.errors import Invalid, NotFound
from tests.engine.deciding import NINE
from tests.engine.referring import Lab

NOBODY = "01890000-0000-7000-8000-000000000000"


def join(lab: Lab, id: str, n: int = 0, **more: object) -> JoinLab:
    return JoinLab(referral_id=id, referral_test_id=lab.nth(id, n).id, **more)  # type: ignore[arg-type]


def test_the_technician_of_the_branch_does_the_tests_and_nobody_elses() -> None:
    lab = Lab()
    id = lab.refer()
    for who in ("dr", "other"):
        assert isinstance(lab.no(lab.to(id, "Received"), who), Forbidden)
    with lab.asked_by("lab"):
        lab.step(id, "Received")
    assert lab.nth(id).updated_by == "lab"
    assert isinstance(lab.no(lab.to(id, "Cancelled"), "other"), Forbidden)
    with lab.asked_by("dr"):
        lab.step(id, "Cancelled")


def test_a_test_joins_the_queue_of_the_branch_in_one_decision() -> None:
    lab = Lab()
    id = lab.refer(priority="stat")
    ticket = lab.ask(join(lab, id))
    assert lab.outcome == "created"
    service: Service = lab.states[f"service:{lab.queue}"]
    assert service.tickets[ticket.id].patient_id == lab.pat
    assert service.tickets[ticket.id].priority == "high"
    assert (lab.nth(id).ticket_id, lab.nth(id).service_id) == (ticket.id, lab.queue)
    assert {key for key, _ in lab.events} == {f"service:{lab.queue}", f"referral:{id}"}
    assert isinstance(lab.no(join(lab, id)), AlreadyInQueue)


def test_tests_of_one_referral_share_a_ticket_and_it_ends_with_the_last_of_them() -> None:
    lab = Lab()
    id = lab.refer(lab.blood, lab.sugar)
    first = lab.ask(join(lab, id))
    second = lab.ask(join(lab, id, 1))
    assert (first.id, lab.outcome) == (second.id, "ok")
    service: Service = lab.states[f"service:{lab.queue}"]
    lab.step(id, "Cancelled")
    assert list(service.tickets) == [first.id]
    lab.step(id, "Cancelled", 1)
    assert service.tickets == {}


def test_who_stands_in_that_line_already_does_not_stand_there_twice() -> None:
    lab = Lab()
    id = lab.refer()
    lab.ask(JoinQueue(service_id=lab.queue, patient_id=lab.pat))
    assert isinstance(lab.no(join(lab, id)), AlreadyInQueue)
    assert lab.nth(id).ticket_id == ""


def test_a_branch_without_a_queue_has_no_line() -> None:
    lab = Lab()
    id = lab.refer(branch_id=lab.far)
    assert isinstance(lab.no(join(lab, id)), NoLabQueue)


def test_only_a_pending_test_is_waited_for() -> None:
    lab = Lab()
    id = lab.refer()
    lab.step(id, "Received")
    assert isinstance(lab.no(join(lab, id)), IllegalStep)
    assert isinstance(lab.no(JoinLab(referral_id=id, referral_test_id=NOBODY)), NotFound)


def test_the_patient_joins_again_for_what_is_collected_again() -> None:
    lab = Lab()
    id = lab.refer()
    first = lab.ask(join(lab, id)).id
    lab.step(id, "Rejected")
    lab.step(id, "Pending")
    again = lab.ask(join(lab, id, priority="high"))
    assert (again.id != first, lab.nth(id).attempt) == (True, 2)


def test_a_critical_result_is_an_alert_at_once_and_over_when_it_is_acknowledged() -> None:
    lab = Lab()
    id = lab.refer(lab.blood, lab.sugar)
    lab.done(id, critical=True)
    (alert,) = lab.alerts()
    assert (alert.kind, alert.severity, alert.subject, alert.patient_id) == (
        "result_critical", "critical", id, lab.pat,
    )  # fmt: skip
    command = AcknowledgeResult(referral_id=id, note=FreeText("called her"))
    assert isinstance(lab.no(command, "lab"), Forbidden)
    with lab.asked_by("dr"):
        shown = lab.ask(command)
    assert (shown.acknowledged_by, shown.awaits_acknowledgement) == ("dr", False)
    assert lab.alerts() == []


def test_a_result_that_nobody_acknowledges_in_time_is_an_alert_once() -> None:
    lab = Lab(result_acknowledge_hours=2)
    id = lab.refer()
    lab.done(id)
    lab.later(119)
    assert lab.alerts() == []
    lab.later(2)
    (alert,) = lab.alerts()
    assert (alert.kind, alert.severity, alert.subject, alert.threshold, alert.unit) == (
        "result_unacknowledged", "warning", id, 2.0, "h",
    )  # fmt: skip
    assert alert.value == pytest.approx(2.0)
    lab.later(24 * 60)
    assert lab.alerts()[0].times == 1
    lab.ask(AcknowledgeResult(referral_id=id))
    assert lab.alerts() == []


def test_what_is_acknowledged_in_time_is_no_alert() -> None:
    lab = Lab(result_acknowledge_hours=2)
    id = lab.refer()
    lab.done(id)
    lab.ask(AcknowledgeResult(referral_id=id))
    lab.later(24 * 60)
    assert lab.alerts() == []
    lab.step(id, "Amended", result=FreeText("5.4"))
    assert lab.referral(id).acknowledge_by == lab.time + 2 * HOUR


def test_coming_back_for_a_review_is_beside_another_token_of_the_day() -> None:
    lab = Lab()
    id = lab.refer()
    lab.done(id)
    lab.book(lab.slot(), lab.pat)
    other = lab.slot(start=NINE + 2 * HOUR)
    assert isinstance(lab.no(BookToken(slot_id=other, patient_id=lab.pat, category="FOLLOWUP")), DoubleBooking)
    command = BookToken(slot_id=other, patient_id=lab.pat, category="FOLLOWUP", referral_id=id)
    token = lab.ask(command).id
    assert lab.referral(id).review_token_id == token
    refusal = lab.no(command)
    assert (type(refusal), refusal.facts["token_id"]) == (ReviewBookedAlready, token)
    lab.ask(CancelToken(token_id=token))
    assert lab.ask(command).id != token


def test_a_review_does_not_stand_in_the_way_of_another_token() -> None:
    lab = Lab()
    id = lab.refer()
    lab.done(id)
    slot = lab.slot()
    lab.ask(BookToken(slot_id=slot, patient_id=lab.pat, category="FOLLOWUP", referral_id=id))
    lab.book(lab.slot(start=NINE + 2 * HOUR), lab.pat)
    again = BookToken(slot_id=slot, patient_id=lab.pat, category="ONLINE")
    assert isinstance(lab.no(again), DoubleBooking)


def test_a_review_waits_for_a_seat_and_gets_it_beside_another_token() -> None:
    lab = Lab()
    id = lab.refer()
    lab.done(id)
    slot, (sitting, *_) = lab.full_slot()
    lab.book(lab.slot(start=NINE + 2 * HOUR), lab.pat)
    entry = lab.ask(BookToken(slot_id=slot, patient_id=lab.pat, category="FOLLOWUP", referral_id=id)).id
    assert lab.outcome == "waiting"
    lab.ask(CancelToken(token_id=sitting))
    assert lab.token(entry).status == "CONFIRMED"
    day = lab.patient_day(lab.pat)
    assert [one.state for one in day.commitments] == ["active", "active"]


def test_who_gets_a_seat_keeps_the_place_in_line_for_the_review() -> None:
    lab = Lab()
    id = lab.refer()
    lab.done(id)
    here, (first, *_) = lab.full_slot()
    there, (second, *_) = lab.full_slot(start=NINE + 2 * HOUR)
    wanted = BookToken(slot_id=there, patient_id=lab.pat, category="FOLLOWUP", referral_id=id)
    review, entry = lab.ask(wanted).id, lab.book(here, lab.pat)
    lab.ask(CancelToken(token_id=first))
    assert (lab.token(entry).status, lab.token(review).status) == ("CONFIRMED", "WAITING")
    lab.ask(CancelToken(token_id=second))
    assert (lab.token(entry).status, lab.token(review).status) == ("CONFIRMED", "CONFIRMED")


def test_who_was_passed_over_for_a_review_is_served_when_an_emergency_takes_it_elsewhere() -> None:
    lab = Lab(patient_overlap=True)
    id = lab.refer()
    lab.done(id)
    here, (first,) = lab.full_slot(1)
    entry = lab.book(here, lab.pat)
    at_that_time = lab.slot(doctor=lab.doctor("Dentistry"))
    review = lab.ask(BookToken(slot_id=at_that_time, patient_id=lab.pat, category="FOLLOWUP", referral_id=id)).id
    lab.ask(CancelToken(token_id=first))
    assert (lab.named("EntryPassedOver")[-1].code, lab.token(entry).status) == ("patient_overlap", "WAITING")
    later = lab.slot(start=NINE + 2 * HOUR)
    assert lab.ask(InsertEmergency(slot_id=later, patient_id=lab.pat)).id == review
    assert lab.token(entry).status == "CONFIRMED"


def test_a_review_that_gets_a_seat_leaves_the_other_place_in_line() -> None:
    lab = Lab()
    id = lab.refer()
    lab.done(id)
    here, _ = lab.full_slot()
    there, (second, *_) = lab.full_slot(start=NINE + 2 * HOUR)
    wanted = BookToken(slot_id=there, patient_id=lab.pat, category="FOLLOWUP", referral_id=id)
    review, entry = lab.ask(wanted).id, lab.book(here, lab.pat)
    lab.ask(CancelToken(token_id=second))
    assert (lab.token(entry).status, lab.token(review).status) == ("WAITING", "CONFIRMED")


def test_a_review_stays_one_when_it_is_rescheduled() -> None:
    lab = Lab()
    id = lab.refer()
    lab.done(id)
    token = lab.ask(BookToken(slot_id=lab.slot(), patient_id=lab.pat, category="FOLLOWUP", referral_id=id)).id
    tomorrow = NINE + 24 * HOUR
    lab.book(lab.slot(start=tomorrow), lab.pat)
    lab.ask(RescheduleToken(token_id=token, slot_id=lab.slot(start=tomorrow + 2 * HOUR)))
    assert lab.token(token).status == "CONFIRMED"


def test_there_is_nothing_to_review_without_a_result_of_this_very_patient() -> None:
    lab = Lab()
    id = lab.refer()
    slot = lab.slot()
    command = BookToken(slot_id=slot, patient_id=lab.pat, category="FOLLOWUP", referral_id=id)
    assert isinstance(lab.no(command), NoResult)
    lab.done(id)
    other = BookToken(slot_id=slot, patient_id=lab.patient(), category="FOLLOWUP", referral_id=id)
    assert isinstance(lab.no(other), Invalid)
    urgent = BookToken(slot_id=slot, patient_id=lab.pat, category="EMERGENCY", referral_id=id)
    assert lab.no(urgent).facts["field"] == "referral_id"
    unknown = BookToken(slot_id=slot, patient_id=lab.pat, category="FOLLOWUP", referral_id=NOBODY)
    assert isinstance(lab.no(unknown), NotFound)


def test_a_practitioner_with_slots_reviews_in_these() -> None:
    lab = Lab()
    doctor = lab.doctor()
    profile = ChangePractitioner(practitioner_id=lab.dr, name=PersonName("Dr. Ada"), principal="dr", doctor_id=doctor)
    lab.ask(profile)
    id = lab.refer()
    lab.done(id)
    elsewhere = BookToken(slot_id=lab.slot(), patient_id=lab.pat, category="FOLLOWUP", referral_id=id)
    assert lab.no(elsewhere).facts["doctor_id"] == doctor
    lab.ask(BookToken(slot_id=lab.slot(doctor=doctor), patient_id=lab.pat, category="FOLLOWUP", referral_id=id))


def test_a_record_with_open_referrals_is_not_removed() -> None:
    lab = Lab()
    id = lab.refer()
    refusal = lab.no(RemovePatient(patient_id=lab.pat))
    assert (type(refusal), refusal.code, refusal.facts["referral_ids"]) == (HasOpenReferrals, "in_use", [id])
    lab.ask(CancelReferral(referral_id=id))
    lab.ask(RemovePatient(patient_id=lab.pat))


def test_what_is_open_goes_over_to_the_record_into_which_another_is_merged() -> None:
    lab = Lab()
    over, going = lab.refer(), lab.refer(lab.sugar)
    lab.done(over)
    into = lab.patient()
    lab.ask(MergePatients(patient_id=lab.pat, into=into))
    assert lab.listed(f"referrals:patient:{into}") == [going]
    assert lab.listed(f"referrals:patient:{lab.pat}") == [over]
    assert isinstance(lab.no(RemovePatient(patient_id=into)), HasOpenReferrals)
    lab.ask(BookToken(slot_id=lab.slot(), patient_id=into, category="FOLLOWUP", referral_id=over))
    lab.done(going)
    assert lab.nth(going).result is not None
    lab.ask(AcknowledgeResult(referral_id=going))
