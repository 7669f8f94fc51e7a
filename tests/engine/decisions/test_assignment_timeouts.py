"""Assignments that were not decided in time: told, tried again by a timer that comes later each time, and given up."""

from __future__ import annotations

import pytest

from engine.decider import MINUTE, SECOND
from engine.decisions.admissions import CancelAdmission
from engine.decisions.note_timeout import NoteAssignmentTimeout
from engine.decisions.wake_admission import WakeAdmission
from tests.engine.house import House


@pytest.fixture
def house() -> House:
    return House(assignment_retry_minutes=5, assignment_max_retries=3)


def timed_out(house: House, admission: str) -> None:
    house.ask(NoteAssignmentTimeout(waited_us=10 * SECOND, admission_id=admission))


def kinds(house: House) -> list[str]:
    return sorted(alert.kind for alert in house.alerts())


def test_a_timeout_is_written_down_with_the_patient_and_somebody_is_told(house: House) -> None:
    one = house.admit()
    timed_out(house, one.id)

    state = house.admission(one.id)
    assert (state.status, state.reason, state.timeouts) == ("waiting", "timeout", 1)
    assert state.retry_at == house.time + 5 * MINUTE
    (alert,) = house.alerts()
    assert (alert.kind, alert.severity, alert.subject) == ("assignment_timeout", "critical", one.id)
    assert (alert.patient_id, alert.value, alert.unit) == (one.patient_id, 10.0, "s")
    assert house.intake().reasons == {"timeout": 1}
    house.sound()


def test_of_who_was_never_admitted_there_is_an_alert_until_he_is(house: House) -> None:
    patient = house.person()
    house.ask(NoteAssignmentTimeout(waited_us=10 * SECOND, patient_id=patient))
    (alert,) = house.alerts()
    assert (alert.subject, alert.patient_id) == (patient, patient)
    assert house.admissions() == []

    house.ward(beds=1), house.doctor(), house.nurse()
    assert house.admit(patient).status == "assigned"
    assert house.alerts() == []


def test_it_closes_too_when_he_was_admitted_to_wait_and_is_served_later(house: House) -> None:
    patient = house.person()
    house.ask(NoteAssignmentTimeout(waited_us=10 * SECOND, patient_id=patient))
    house.ward(beds=1), house.doctor()
    assert house.admit(patient).status == "waiting"
    assert [alert.subject for alert in house.alerts()] == [patient]

    house.nurse()
    assert house.alerts() == []
    house.sound()


def test_a_retry_that_succeeds_closes_the_alert(house: House) -> None:
    house.ward(beds=1), house.doctor()
    one = house.admit()
    timed_out(house, one.id)
    nurse = house.nurse()

    # A member of the staff who comes serves who waits at once, timeout or not.
    assert house.admission(one.id).carers.nurse_id == nurse
    assert (house.alerts(), house.admission(one.id).retry_at) == ([], 0)
    house.sound()


def test_retries_come_later_each_time_and_are_given_up_after_so_many(house: House) -> None:
    one = house.admit()
    timed_out(house, one.id)
    waits = []
    while house.admission(one.id).retry_at:
        waits.append(round((house.admission(one.id).retry_at - house.time) / MINUTE))
        house.later(waits[-1] + 0.1)
    state = house.admission(one.id)

    assert waits == [5, 10, 20]
    assert (state.attempts, state.timeouts, bool(state.escalated_at)) == (3, 1, True)
    assert kinds(house) == ["assignment_escalated", "assignment_timeout"]
    house.ward(beds=1), house.doctor(), house.nurse()
    assert house.admission(one.id).status == "assigned"
    assert kinds(house) == []
    house.sound()


def test_between_two_retries_there_is_an_hour_at_most() -> None:
    house = House(assignment_retry_minutes=40, assignment_max_retries=10)
    one = house.admit()
    timed_out(house, one.id)
    house.later(41)
    state = house.admission(one.id)
    assert (state.retry_at - house.time) // MINUTE == 59


def test_without_retries_the_first_timeout_is_somebody_s_to_see_to() -> None:
    house = House(assignment_max_retries=0)
    one = house.admit()
    timed_out(house, one.id)
    assert house.admission(one.id).retry_at == 0
    assert kinds(house) == ["assignment_escalated", "assignment_timeout"]


def test_a_retry_looks_only_for_who_still_waits(house: House) -> None:
    one = house.admit()
    timed_out(house, one.id)
    due = house.admission(one.id).retry_at
    house.ask(CancelAdmission(admission_id=one.id))
    assert house.alerts() == []

    house.later(10)
    house.ask(WakeAdmission(admission_id=one.id, due=due))
    assert house.events == []


def test_a_retry_before_its_time_is_overtaken(house: House) -> None:
    one = house.admit()
    timed_out(house, one.id)
    house.ask(WakeAdmission(admission_id=one.id, due=house.admission(one.id).retry_at))
    assert house.events == []


def test_who_has_got_all_meanwhile_is_left_alone(house: House) -> None:
    house.ward(beds=1), house.doctor(), house.nurse()
    one = house.admit()
    timed_out(house, one.id)
    assert (house.events, house.alerts()) == ([], [])


def test_who_was_admitted_meanwhile_is_found_by_the_patient(house: House) -> None:
    one = house.admit()
    house.ask(NoteAssignmentTimeout(waited_us=SECOND, patient_id=one.patient_id))
    assert house.admission(one.id).timeouts == 1
