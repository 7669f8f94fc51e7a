"""One admission by itself: all or none, its states, its history, and when it is tried again."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.admission import ADMISSION
from engine.actors.admission.commands import (
    Acknowledge,
    Admit,
    Assign,
    Cancel,
    ChangeCarers,
    ChangeNeed,
    Discharge,
    Escalate,
    LoseCarer,
    Repoint,
    TimeOut,
    Together,
    Wait,
)
from engine.actors.admission.refusals import BeforeAdmission, IllegalStep, NotWaiting
from engine.actors.admission.state import KEPT, Assigned, How
from engine.decider import MINUTE, FreeText
from engine.errors import NotFound, Stale
from engine.needs import Carers, Need
from tests.engine.actors.asked import NOW, Actor

ALL = Carers(doctor_id="d1", nurse_id="n1", ward_id="w1", bed_id="b1")


def had(carers: Carers = ALL, how: How = "automatic", at: int = NOW) -> Assigned:
    return Assigned(at=at, how=how, carers=carers)


def names(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


def waiting(**more: Any) -> Actor:
    one = Actor(ADMISSION, "a1")
    one.ask(Admit("p1", "high", Need(**more), NOW, None, None, "no_bed"))
    return one


def assigned(carers: Carers = ALL, **more: Any) -> Actor:
    one = Actor(ADMISSION, "a1")
    one.ask(Admit("p1", "high", Need(**more), NOW, None, had(carers)))
    return one


def handed_over() -> Actor:
    one = assigned()
    one.ask(LoseCarer(had(Carers(nurse_id="n1", ward_id="w1", bed_id="b1"), "handover"), "deactivated", "no_staff"))
    return one


def test_who_is_admitted_with_all_is_assigned_at_once() -> None:
    one = Actor(ADMISSION, "a1")
    assert names(one.ask(Admit("p1", "high", Need(), NOW, None, had()))) == ["PatientAdmitted", "PatientAssigned"]
    assert (one.state.status, one.state.carers, one.state.assigned_at) == ("assigned", ALL, NOW)


def test_who_is_admitted_with_nothing_waits_and_says_why() -> None:
    one = waiting()
    assert (one.state.status, one.state.reason, one.state.waiting_since) == ("waiting", "no_bed", NOW)
    assert one.state.carers == Carers()
    assert ADMISSION.due(one.state) is None


@pytest.mark.parametrize(
    "lacking", [Carers(doctor_id="d1", nurse_id="n1"), Carers(doctor_id="d1", ward_id="w1", bed_id="b1"), Carers()]
)
def test_part_of_what_is_needed_is_a_bug_of_whoever_asks(lacking: Carers) -> None:
    with pytest.raises(AssertionError, match="R1"):
        waiting().ask(Assign(had(lacking)))


def test_no_bed_is_missing_where_none_is_needed() -> None:
    one = waiting(needs_bed=False)
    one.ask(Assign(had(Carers(doctor_id="d1", nurse_id="n1"), "backlog")))
    assert one.state.status == "assigned"


def test_an_attempt_in_vain_that_changes_nothing_is_not_written_down() -> None:
    one = waiting()
    assert one.ask(Wait("no_bed")) == []
    assert names(one.ask(Wait("no_staff"))) == ["AdmissionWaits"]
    assert (one.state.waiting_since, one.state.attempts) == (NOW, 0)


def test_who_loses_a_carer_keeps_the_rest_and_waits_for_that_role() -> None:
    one = handed_over()
    assert (one.state.status, one.state.reason) == ("handed_over", "no_staff")
    assert one.state.carers == Carers(nurse_id="n1", ward_id="w1", bed_id="b1")
    since = one.state.waiting_since

    one.ask(LoseCarer(had(Carers(ward_id="w1", bed_id="b1"), "handover"), "shift_end", "no_skill"))
    assert one.state.waiting_since == since
    one.ask(ChangeCarers(had(Carers(doctor_id="d2", ward_id="w1", bed_id="b1"))))
    assert one.state.status == "handed_over"
    told: list[Any] = one.ask(Wait("no_staff"))
    assert [event.handed_over for event in told] == [True]
    one.ask(ChangeCarers(had(Carers(doctor_id="d2", nurse_id="n2", ward_id="w1", bed_id="b1")), acknowledged=False))
    assert (one.state.status, one.state.reason, one.state.waiting_since) == ("assigned", "", 0)


def test_every_assignment_stays_in_the_history() -> None:
    one = assigned()
    other = Carers(doctor_id="d2", nurse_id="n1", ward_id="w1", bed_id="b1")
    one.ask(ChangeCarers(had(other, "reassigned"), FreeText("on leave"), FreeText("mind the drip"), acknowledged=False))
    assert [each.carers.doctor_id for each in one.state.history] == ["d1", "d2"]
    assert (one.state.acknowledged, one.state.note.text, one.state.last_reason.text) == (
        False,
        "mind the drip",
        "on leave",
    )
    assert one.state.note.subject == "p1"
    assert names(one.ask(Acknowledge())) == ["HandoverAcknowledged"]
    assert one.ask(Acknowledge()) == []


def test_only_the_last_assignments_are_remembered() -> None:
    one = assigned()
    for number in range(KEPT + 5):
        one.ask(ChangeCarers(had(Carers(doctor_id=f"e{number}", nurse_id="n1", ward_id="w1", bed_id="b1"))))
    assert len(one.state.history) == KEPT
    assert one.state.history[-1].carers == one.state.carers


def test_a_timeout_is_counted_and_tried_again() -> None:
    one = waiting()
    one.ask(TimeOut(10_000_000, NOW + 5 * MINUTE))
    assert (one.state.reason, one.state.timeouts, ADMISSION.due(one.state)) == ("timeout", 1, NOW + 5 * MINUTE)
    one.ask(Wait("no_staff", counted=True, retry_at=NOW + 15 * MINUTE))
    assert (one.state.attempts, ADMISSION.due(one.state)) == (1, NOW + 15 * MINUTE)
    escalated: list[Any] = one.ask(Escalate())
    assert [event.attempts for event in escalated] == [2]
    assert (bool(one.state.escalated_at), ADMISSION.due(one.state)) == (True, None)
    assert one.ask(Escalate()) == []

    one.ask(Assign(had(how="backlog")))
    assert (one.state.timeouts, one.state.attempts, one.state.escalated_at) == (0, 0, 0)


def test_who_leaves_has_nothing_any_more_and_nothing_follows() -> None:
    one = assigned()
    with pytest.raises(BeforeAdmission):
        one.ask(Discharge(NOW - 1))
    one.ask(Discharge(NOW, FreeText("well again")))
    assert (one.state.status, one.state.carers, one.state.ended_at) == ("discharged", Carers(), NOW)
    assert ADMISSION.closed(one.state, NOW)
    for command in (Cancel(), Discharge(NOW), ChangeCarers(had()), ChangeNeed("low", Need()), Acknowledge()):
        with pytest.raises(IllegalStep) as refused:
            one.ask(command)
        assert refused.value.facts["from_state"] == "discharged"


@pytest.mark.parametrize("command", [Discharge(NOW), ChangeCarers(had()), LoseCarer(had(), "handover", "no_staff")])
def test_who_waits_is_not_discharged_and_has_nobody_to_change(command: Any) -> None:
    with pytest.raises(IllegalStep) as refused:
        waiting().ask(command)
    assert refused.value.facts["from_state"] == "waiting"


@pytest.mark.parametrize("command", [Assign(had()), Wait("no_bed"), TimeOut(1, 0), Escalate()])
def test_who_has_all_waits_for_nothing(command: Any) -> None:
    with pytest.raises(NotWaiting):
        assigned().ask(command)


def test_needs_change_with_the_version_that_was_seen() -> None:
    one = waiting()
    with pytest.raises(Stale):
        one.ask(ChangeNeed("low", Need(), if_version=1))
    assert one.ask(ChangeNeed("high", Need())) == []
    one.ask(ChangeNeed("low", Need(isolation="flu"), if_version=2))
    assert (one.state.acuity, one.state.need.isolation) == ("low", "flu")


def test_steps_together_see_what_the_ones_before_left() -> None:
    one = waiting()
    carers = Carers(doctor_id="d1", nurse_id="n1")
    events = one.ask(Together((ChangeNeed("high", Need(needs_bed=False)), Assign(had(carers, "backlog")))))
    assert names(events) == ["NeedChanged", "PatientAssigned"]
    before = one.state.version
    with pytest.raises(IllegalStep):
        one.ask(Together((Cancel(), Discharge(NOW))))
    assert (one.state.version, one.state.status) == (before, "assigned")


def test_another_record_of_the_patient_goes_on_with_it() -> None:
    one = assigned()
    assert one.ask(Repoint("p1")) == []
    one.ask(Repoint("p2"))
    assert one.state.patient_id == "p2"


def test_what_never_was_is_not_found() -> None:
    with pytest.raises(NotFound):
        Actor(ADMISSION, "a1").ask(Wait("no_bed"))
