"""A line of paper as the steps of a visit."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.downtime.visits import WHY, moment, steps, visit_of

KOLKATA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = {"day": "2026-11-22", "id": "x"}


def line(**said: str) -> dict[str, str]:
    return {**DAY, **said}


def sent(known: int = 0, **said: str) -> list[tuple[str, str, dict[str, object]]]:
    visit, faults = visit_of(line(**said), KOLKATA, NOW)
    assert faults == []
    assert visit is not None
    return [(step.method, step.path, step.body) for step in steps(visit, known)]


def at(clock: str) -> str:
    return moment(clock, "2026-11-22", KOLKATA).isoformat().replace("+00:00", "Z")


def faults_of(**said: str) -> dict[str, str]:
    visit, faults = visit_of(line(**said), KOLKATA, NOW)
    assert visit is None
    return {fault.field: fault.message for fault in faults}


def test_a_whole_visit_is_its_four_steps_each_with_its_time() -> None:
    assert sent(what="token", arrived="9:05", called="9.10", started="09:12", ended="9:30") == [
        ("POST", "/tokens/{id}/check-in/", {"occurred_at": "2026-11-22T03:35:00Z"}),
        ("POST", "/tokens/{id}/call/", {"occurred_at": "2026-11-22T03:40:00Z"}),
        ("POST", "/tokens/{id}/start/", {"occurred_at": "2026-11-22T03:42:00Z"}),
        ("POST", "/tokens/{id}/complete/", {"occurred_at": "2026-11-22T04:00:00Z"}),
    ]


@pytest.mark.parametrize(
    ("known", "left"), [(0, ["check-in", "call", "start", "complete"]), (2, ["start", "complete"]), (3, ["complete"])]
)
def test_what_the_hospital_knows_is_not_said_again(known: int, left: list[str]) -> None:
    said = sent(known, what="token", arrived="9:05", called="9:10", started="9:12", ended="9:30")
    assert [path.split("/")[-2] for _, path, _ in said] == left


def test_who_began_was_called() -> None:
    assert [path for _, path, _ in sent(what="token", started="9:12")] == ["/tokens/{id}/call/", "/tokens/{id}/start/"]


def test_an_end_without_a_beginning_is_forced_and_says_why() -> None:
    ((_, path, body),) = sent(what="token", ended="9:30")
    assert (path, body["force"], body["reason"]) == ("/tokens/{id}/complete/", True, WHY)


@pytest.mark.parametrize(
    ("what", "outcome", "method", "path"),
    [
        ("token", "no_show", "POST", "/tokens/{id}/no_show/"),
        ("token", "cancelled", "DELETE", "/tokens/{id}/"),
        ("ticket", "No-Show", "POST", "/tickets/{id}/no-show/"),
        ("ticket", "cancelled", "POST", "/tickets/{id}/cancel/"),
        ("appointment", "no_show", "POST", "/appointments/{id}/no-show/"),
        ("appointment", "cancelled", "POST", "/appointments/{id}/cancel/"),
    ],
)
def test_each_kind_has_its_own_way_to_end(what: str, outcome: str, method: str, path: str) -> None:
    ((said_method, said_path, body),) = sent(what=what, outcome=outcome, ended="9:30")
    assert (said_method, said_path, body["occurred_at"]) == (method, path, at("9:30"))


def test_a_ticket_is_called_to_a_counter_with_a_reason_for_being_out_of_turn() -> None:
    ((_, path, body),) = sent(1, what="ticket", arrived="9:00", called="9:10", counter="2")
    assert (path, body["counter"], body["reason"]) == ("/tickets/{id}/call/", "2", WHY)


def test_an_appointment_that_ended_was_there_and_began() -> None:
    said = sent(what="appointment", arrived="8:55", ended="9:30")
    assert [path.split("/")[-2] for _, path, _ in said] == ["check-in", "start", "complete"]
    assert said[1][2]["occurred_at"] == at("8:55")


def test_a_line_on_which_nothing_was_written_says_nothing() -> None:
    for said in (line(what="token"), line(what="walk-in"), line(what="bed", arrived="9:00")):
        assert visit_of(said, KOLKATA, NOW) == (None, [])


@pytest.mark.parametrize(
    ("said", "field", "why"),
    [
        ({"what": "guest", "arrived": "9:00"}, "what", "one of"),
        ({"what": "token", "arrived": "nine"}, "arrived", "write a time as 9:05"),
        ({"what": "token", "arrived": "25:00"}, "arrived", "write a time as 9:05"),
        ({"what": "token", "arrived": "9:00", "day": "today"}, "arrived", "no day"),
        ({"what": "token", "arrived": "2026-11-22T09:00"}, "arrived", "offset"),
        ({"what": "token", "arrived": "23:00"}, "arrived", "future"),
        ({"what": "token", "arrived": "9:10", "called": "9:05"}, "called", "before arrived"),
        ({"what": "token", "outcome": "asleep", "ended": "9:05"}, "outcome", "one of"),
        ({"what": "token", "outcome": "no_show"}, "ended", "when it ended"),
        ({"what": "token", "arrived": "9:00", "id": ""}, "id", "required"),
        ({"what": "walk-in", "arrived": "9:00"}, "patient_id", "the name of somebody new"),
        ({"what": "walk-in", "name": "Asha", "called": "9:00"}, "arrived", "required"),
        ({"what": "ticket", "called": "9:00"}, "counter", "called to"),
    ],
)
def test_what_cannot_be_meant_is_told_by_its_column(said: dict[str, str], field: str, why: str) -> None:
    assert why in faults_of(**said)[field]
