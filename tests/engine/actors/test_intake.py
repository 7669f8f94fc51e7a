"""The intake by itself: one admission a patient, who waits in which line, and when it goes on by itself."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.intake import INTAKE_DECIDER
from engine.actors.intake.commands import Await, Continue, End, Open, Repoint, Serve, Together
from engine.actors.intake.refusals import AlreadyAdmitted, BothAdmitted
from engine.actors.intake.state import Waiter, turn_of
from engine.needs import Need
from tests.engine.actors.asked import Actor


def waiter(number: int, acuity: Any = "high", since: int = 5, **more: Any) -> Waiter:
    need = Need(bed_type=more.pop("bed_type", ""))
    reason = more.pop("reason", "no_bed")
    return Waiter(
        admission_id=f"a{number}",
        patient_id=f"p{number}",
        acuity=acuity,
        since=since,
        need=need,
        reason=reason,
        **more,
    )


def intake(*waiters: Waiter) -> Actor:
    actor = Actor(INTAKE_DECIDER, "self")
    for one in waiters:
        actor.ask(Open(one.admission_id, one.patient_id, one))
    return actor


def test_a_patient_has_one_open_admission() -> None:
    actor = intake()
    actor.ask(Open("a1", "p1"))
    with pytest.raises(AlreadyAdmitted) as refused:
        actor.ask(Open("a2", "p1"))
    assert refused.value.facts["admission_id"] == "a1"

    actor.ask(End("a1", "p1"))
    actor.ask(Open("a2", "p1"))
    assert (actor.state.open, actor.state.assigned, actor.state.ended) == ({"p1": "a2"}, 2, 1)


def test_those_who_wait_for_the_same_stand_in_one_line_by_acuity_then_since_then_age() -> None:
    actor = intake(
        waiter(1, "low", 1), waiter(2, "high", 9), waiter(3, "high", 4), waiter(4, "critical", 20), waiter(5, "high", 4)
    )
    (line,) = actor.state.lines.values()
    assert [id for _, _, id in line] == ["a4", "a3", "a5", "a2", "a1"]


def test_those_who_wait_for_something_else_stand_in_another_line() -> None:
    actor = intake(waiter(1), waiter(2, bed_type="icu"), waiter(3, roles=("doctor",), bed=False, ward_id="w1"))
    assert sorted(map(len, actor.state.lines.values())) == [1, 1, 1]


def test_who_waits_otherwise_changes_the_line_and_is_counted_once() -> None:
    actor = intake(waiter(1))
    actor.ask(Await(waiter(1, "low", bed_type="icu", reason="no_staff")))
    assert (len(actor.state.lines), actor.state.reasons) == (1, {"no_staff": 1})
    assert actor.ask(Await(waiter(1, "low", bed_type="icu", reason="no_staff"))) == []


def test_who_is_served_or_leaves_waits_no_more() -> None:
    actor = intake(waiter(1), waiter(2))
    actor.ask(Together((Serve("a1"), End("a2", "p2"))))
    assert (actor.state.waiting, actor.state.lines, actor.state.reasons) == ({}, {}, {})
    assert (actor.state.open, actor.state.assigned, actor.state.ended) == ({"p1": "a1"}, 1, 1)


def test_an_admission_that_ends_makes_way_for_another_in_the_same_command() -> None:
    actor = intake(waiter(1))
    actor.ask(Together((End("a1", "p1"), Open("a2", "p1"))))
    assert actor.state.open == {"p1": "a2"}


def test_a_merged_record_takes_the_place_in_the_line_along() -> None:
    actor = intake(waiter(1), waiter(2))
    before = [turn_of(one) for one in actor.state.waiting.values()]
    with pytest.raises(BothAdmitted):
        actor.ask(Repoint("p1", "p2"))
    actor.ask(Repoint("p1", "p9"))
    assert actor.state.open == {"p9": "a1", "p2": "a2"}
    assert sorted(turn_of(one) for one in actor.state.waiting.values()) == before
    assert actor.ask(Repoint("p1", "p7")) == []


def test_it_wakes_itself_until_all_are_served() -> None:
    actor = intake()
    assert INTAKE_DECIDER.due(actor.state) is None
    actor.ask(Continue(7))
    assert INTAKE_DECIDER.due(actor.state) == 7
    assert actor.ask(Continue(7)) == []
    actor.ask(Continue(0))
    assert INTAKE_DECIDER.due(actor.state) is None


def test_its_snapshot_gives_the_same_lines() -> None:
    actor = intake(waiter(1), waiter(2, "low"), waiter(3, bed_type="icu"))
    again = INTAKE_DECIDER.thaw(INTAKE_DECIDER.freeze(actor.state))
    assert (again.lines, again.reasons) == (actor.state.lines, actor.state.reasons)
