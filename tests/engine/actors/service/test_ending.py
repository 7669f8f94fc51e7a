"""Leaving the line: R6, R10, R11, and the faults of the queue that was there before (nothing completes by itself)."""

from __future__ import annotations

import pytest

from engine.actors.service.commands import (
    CallNext,
    CallTicket,
    End,
    EndDay,
    NoAnswer,
    Park,
    Prioritize,
    Recall,
    Resume,
    Start,
    TransferOut,
    Wake,
)
from engine.actors.service.events import TicketEnded
from engine.actors.service.refusals import OtherCounter, TicketTransition
from engine.decider import DAY, MINUTE
from engine.errors import Invalid, NotFound
from tests.engine.actors.service.live import TODAY, WHY, Live

STEPS = {
    "called": Recall("a", "ann"),
    "consulting": Start("a", "ann"),
    "completed": End("a", "completed", "ann"),
    "no_show": End("a", "no_show", "ann"),
    "cancelled": End("a", "cancelled", "ann"),
    "parked": Park("a", "ann"),
    "waiting": NoAnswer("a", "ann"),
    "transferred": TransferOut("a", "other", "ann"),
}


def standing(status: str) -> Live:
    """A queue in which ticket ``a`` is in this state."""
    queue = Live(recall_seconds=0)
    queue.join("a")
    if status == "parked":
        queue.ask(Park("a", "ann"))
    elif status != "waiting":
        queue.call()
        if status == "consulting":
            queue.ask(Start("a", "ann"))
    assert queue.status("a") == status
    return queue


@pytest.mark.parametrize(
    ("status", "legal"),
    [
        ("waiting", {"cancelled", "parked", "transferred"}),
        ("called", {"called", "consulting", "no_show", "cancelled", "parked", "waiting"}),
        ("consulting", {"completed"}),
        ("parked", {"cancelled", "transferred"}),
    ],
)
def test_r6_each_state_has_its_steps_and_every_other_names_both_states(status: str, legal: set[str]) -> None:
    for to, step in STEPS.items():
        queue = standing(status)
        if to in legal:
            assert queue.ask(step)
        else:
            facts = queue.refused(step, TicketTransition)
            assert facts == {"ticket_id": "a", "from_state": status, "to_state": to}
    assert TicketTransition.code == "invalid_transition"


def test_s1_nobody_goes_from_waiting_to_completed_in_one_step() -> None:
    queue = standing("waiting")
    facts = queue.refused(End("a", "completed", "ann"), TicketTransition)
    assert (facts["from_state"], facts["to_state"]) == ("waiting", "completed")
    queue.refused(Start("a", "ann"), TicketTransition)


def test_s1_nothing_completes_but_by_a_person_who_is_named() -> None:
    queue = Live(stale_minutes=1, parked_minutes=1)
    for name in "abcd":
        queue.join(name)
    queue.call("1")
    queue.ask(Start("a", "ann"))
    queue.ask(Park("d", "ann"))
    queue.call("2")
    for _ in range(20):
        queue.later(600)
        queue.ask(Wake())
    queue.ask(EndDay(TODAY, 0))
    queue.ask(CallNext("2", "bob"))
    queue.ask(Wake())
    assert queue.status("a") == "consulting"
    queue.ask(End("a", "completed", "ann"))
    completed = [one for one in queue.history if isinstance(one, TicketEnded) and one.status == "completed"]
    assert [(one.ticket_id, one.by) for one in completed] == [("a", "ann")]


def test_s1_a_consultation_that_stays_open_raises_alerts_and_stays_open() -> None:
    queue = Live(stale_minutes=30, expected_minutes=5)
    queue.join("a")
    queue.call()
    queue.ask(Start("a", "ann"))
    told = []
    for _ in range(3):
        queue.later(30)
        assert queue.ask(Wake()) == ["TicketStale"]
        told.append(queue.events[0].alerts)
    assert (told, queue.status("a")) == ([1, 2, 3], "consulting")


def test_s1_a_ticket_says_nothing_of_who_the_patient_is() -> None:
    queue = standing("waiting")
    assert "name" not in queue.state.tickets["a"].__struct_fields__


def test_r6_only_the_counter_of_the_consultation_completes_it() -> None:
    queue = standing("consulting")
    facts = queue.refused(End("a", "completed", "bob", counter="2"), OtherCounter)
    assert facts == {"ticket_id": "a", "counter": "1"}
    assert queue.ask(End("a", "completed", "bob", counter="1")) == ["TicketEnded"]


@pytest.mark.parametrize("status", ["waiting", "called", "parked"])
@pytest.mark.parametrize("to", ["completed", "no_show"])
def test_r6_what_is_forced_needs_a_reason(status: str, to: str) -> None:
    queue = standing(status)
    average = queue.state.average
    if (status, to) != ("called", "no_show"):
        assert queue.refused(End("a", to, "ann", force=True), Invalid) == {"field": "reason"}  # type: ignore[arg-type]
    assert queue.ask(End("a", to, "ann", force=True, reason=WHY)) == ["TicketEnded"]  # type: ignore[arg-type]
    assert (queue.events[0].by, queue.state.average, queue.state.observed) == ("ann", average, 0)


def test_r6_nobody_is_cancelled_in_consultation_by_force_either() -> None:
    queue = standing("consulting")
    queue.refused(End("a", "cancelled", "ann", force=True, reason=WHY), TicketTransition)
    queue.refused(End("a", "expired", "ann"), TicketTransition)


def test_r6_what_is_over_is_gone_from_every_index() -> None:
    queue = standing("consulting")
    queue.ask(End("a", "completed", "ann"))
    for step in STEPS.values():
        queue.refused(step, NotFound)
    assert (queue.state.tickets, queue.state.by_counter, queue.state.by_patient) == ({}, {}, {})
    assert queue.filed == {("services", "s")}


def test_averages_follow_what_is_observed_a_quarter_at_a_time() -> None:
    queue = Live(expected_minutes=20)
    for name in "abcd":
        queue.join(name)
    queue.serve(10)
    assert abs(queue.state.average - 17.5 * MINUTE) < 10
    assert abs(queue.state.deviation - (5 + (10 - 5) / 4) * MINUTE) < 10
    for _ in range(3):
        queue.serve(10)
    assert 13 * MINUTE < queue.state.average < 14 * MINUTE
    assert queue.state.observed == 4


def test_r10_parked_is_out_of_line_and_its_counter_is_free() -> None:
    queue = Live()
    for name in "abc":
        queue.join(name)
    queue.call()
    queue.ask(Park("a", "ann", WHY))
    queue.ask(Park("b", "ann"))
    assert (queue.line(), queue.places(), queue.state.by_counter) == (["c"], {"c": 1}, {})
    assert queue.call() == "c"


def test_r10_resumed_stands_in_front_of_its_own_priority() -> None:
    queue = Live()
    queue.join("h", "high")
    queue.join("a")
    queue.join("m", "medium")
    for name in "bcd":
        queue.join(name)
    for name in "dcm":
        queue.ask(Park(name, "ann"))
    queue.ask(Resume("d", "ann"))
    assert queue.line() == ["h", "d", "a", "b"]
    queue.ask(Resume("c", "ann"))
    assert queue.line() == ["h", "c", "d", "a", "b"]
    queue.join("late", "high")
    queue.ask(Resume("m", "ann"))
    assert (queue.events[0].position, queue.line()) == (3, ["h", "late", "m", "c", "d", "a", "b"])


def test_r10_resumed_keeps_a_better_place() -> None:
    queue = Live(requeue_offset=1)
    queue.join("h1", "high")
    queue.join("h2", "high")
    queue.join("a")
    queue.ask(CallTicket("a", "1", "ann", WHY))
    queue.ask(NoAnswer("a", "ann"))
    assert queue.line() == ["h1", "a", "h2"]
    queue.ask(Park("a", "ann"))
    queue.ask(Resume("a", "ann"))
    assert queue.line() == ["h1", "a", "h2"]


def test_r10_a_place_taken_meanwhile_is_shared_with_nobody() -> None:
    queue = Live(requeue_offset=0, requeue_minutes=0)
    for name in "ab":
        queue.join(name)
    queue.ask(CallTicket("b", "1", "ann", WHY))
    queue.ask(NoAnswer("b", "ann"))
    queue.ask(Park("b", "ann"))
    queue.ask(CallTicket("a", "1", "ann", WHY))
    queue.ask(NoAnswer("a", "ann"))
    queue.ask(Resume("b", "ann"))
    assert sorted(queue.places().values()) == [1, 2]


def test_r4_parked_can_get_another_priority_and_comes_back_with_it() -> None:
    queue = Live()
    for name in "abc":
        queue.join(name)
    queue.ask(Park("c", "ann"))
    queue.ask(Prioritize("c", "high", "ann", WHY))
    assert (queue.status("c"), queue.events[0].position) == ("parked", 0)
    queue.ask(Resume("c", "ann"))
    assert queue.line() == ["c", "a", "b"]
    queue.call()
    queue.refused(Prioritize("c", "low", "ann", WHY), TicketTransition)


def test_r11_a_transfer_leaves_and_says_where_to() -> None:
    queue = Live(exclusive_group="imaging")
    queue.join("a")
    queue.join("b")
    assert queue.refused(TransferOut("a", "s", "ann"), Invalid) == {"field": "to_service"}
    queue.ask(TransferOut("a", "other", "ann", WHY))
    event = queue.events[0]
    assert (event.to_service, event.patient_id, event.group, event.waiting) == ("other", "p-a", "imaging", 1)
    assert (queue.line(), queue.state.counts.transferred) == (["b"], 1)
    queue.join("again", patient_id="p-a")


def test_the_instants_of_a_ticket_tell_its_way() -> None:
    queue = Live()
    queue.join("a")
    joined = queue.time
    queue.later(10)
    queue.call()
    ticket = queue.state.tickets["a"]
    called = queue.time
    queue.later(DAY / MINUTE)
    queue.ask(Start("a", "ann"))
    assert (ticket.joined_at, ticket.called_at, ticket.started_at) == (joined, called, queue.time)
    assert (ticket.updated_at, ticket.version) == (queue.time, 3)
