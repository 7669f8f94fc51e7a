"""Taking the last step back: R12."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.service.commands import (
    CallNext,
    CallTicket,
    Command,
    End,
    EndDay,
    Join,
    NoAnswer,
    Park,
    Prioritize,
    Reopen,
    Resume,
    Start,
    Undo,
)
from engine.actors.service.refusals import AlreadyInQueue, UndoRefused
from engine.actors.service.state import Ticket
from engine.actors.service.steps import ended
from tests.engine.actors.service.live import TODAY, WHY, Live

UNDO = Undo("b", "ann", 2)


def queue_of_three(**settings: Any) -> Live:
    queue = Live(**settings)
    for name in "abc":
        queue.join(name)
    return queue


def seen(ticket: Ticket) -> dict[str, Any]:
    """All of a ticket but what tells that it was touched."""
    touched = ("version", "updated_at", "last", "last_by", "last_at", "before", "near", "share", "alert_at")
    return {name: getattr(ticket, name) for name in ticket.__struct_fields__ if name not in touched}


def over(queue: Live, command: Command) -> Ticket:
    """The ticket as the service's day would file it."""
    before = dict(queue.state.tickets)
    queue.ask(command)
    return ended(before[queue.events[0].ticket_id], queue.events[0])


CASES: list[tuple[str, list[Command], Command]] = [
    ("call", [], CallTicket("b", "1", "ann", WHY)),
    ("start", [CallTicket("b", "1", "ann", WHY)], Start("b", "ann")),
    ("no_answer", [CallTicket("b", "1", "ann", WHY)], NoAnswer("b", "ann")),
    ("park", [], Park("b", "ann")),
    ("park", [CallTicket("b", "1", "ann", WHY)], Park("b", "ann")),
    ("resume", [Park("b", "ann")], Resume("b", "ann")),
    ("priority", [], Prioritize("b", "high", "ann")),
    ("priority", [Park("b", "ann")], Prioritize("b", "high", "ann")),
]


@pytest.mark.parametrize(("step", "given", "taken"), CASES)
def test_r12_every_step_of_a_live_ticket_can_be_taken_back(step: str, given: list[Command], taken: Command) -> None:
    queue = queue_of_three(max_wait_minutes={"low": 50, "high": 9})
    for command in given:
        queue.ask(command)
    before, line = seen(queue.state.tickets["b"]), queue.line()
    queue.ask(taken)
    assert queue.state.tickets["b"].last == step
    queue.later(2)
    queue.time -= 1
    assert queue.ask(UNDO)[0] == "TicketStepUndone"
    assert (queue.events[0].step, queue.events[0].by) == (step, "ann")
    assert (seen(queue.state.tickets["b"]), queue.line()) == (before, line)
    assert queue.events[0].position == queue.places().get("b", 0)
    queue.refused(UNDO, UndoRefused)


def test_r12_not_by_somebody_else_not_late_and_not_where_it_is_off() -> None:
    queue = queue_of_three()
    queue.ask(Park("b", "ann"))
    assert queue.refused(Undo("b", "bob", 2), UndoRefused) == {"ticket_id": "b", "step": "park"}
    queue.refused(Undo("b", "ann", 0), UndoRefused)
    queue.later(2)
    assert "until" in queue.refused(UNDO, UndoRefused)


def test_r12_joining_is_cancelled_not_undone() -> None:
    queue = queue_of_three()
    assert queue.refused(UNDO, UndoRefused) == {"ticket_id": "b", "step": ""}


def test_r12_a_call_that_began_the_consultation_is_undone_whole() -> None:
    queue = queue_of_three(confirm_arrival=False)
    queue.ask(CallTicket("b", "1", "ann", WHY))
    queue.ask(UNDO)
    assert (queue.line(), queue.state.by_counter) == (["a", "b", "c"], {})


def test_r12_a_call_that_is_undone_gives_its_share_back() -> None:
    queue = Live(shares={"high": 1, "low": 1}, near_places=0)
    for name, priority in (("h1", "high"), ("h2", "high"), ("l", "low")):
        queue.join(name, priority)  # type: ignore[arg-type]
    assert queue.call() == "h1"
    queue.ask(Undo("h1", "ann", 2))
    assert [queue.serve(1), queue.serve(1), queue.serve(1)] == ["h1", "l", "h2"]


def test_r12_not_when_the_counter_serves_another_by_now() -> None:
    queue = queue_of_three()
    queue.ask(CallTicket("b", "1", "ann", WHY))
    queue.ask(NoAnswer("b", "ann"))
    queue.ask(CallNext("1", "ann"))
    assert queue.refused(UNDO, UndoRefused)["counter"] == "1"


def test_r12_a_place_taken_meanwhile_is_shared_with_nobody() -> None:
    queue = queue_of_three(requeue_offset=0, requeue_minutes=0)
    queue.ask(CallTicket("b", "1", "ann", WHY))
    queue.ask(NoAnswer("b", "ann"))
    queue.ask(Prioritize("b", "high", "ann"))
    queue.ask(CallTicket("c", "1", "bob", WHY))
    queue.ask(NoAnswer("c", "bob"))
    queue.ask(UNDO)
    assert sorted(queue.places().values()) == [1, 2, 3]


@pytest.mark.parametrize("status", ["completed", "no_show", "cancelled"])
def test_r12_the_end_of_a_ticket_can_be_taken_back(status: str) -> None:
    queue = queue_of_three(exclusive_group="g")
    if status != "cancelled":
        queue.ask(CallTicket("b", "1", "ann", WHY))
        if status == "completed":
            queue.ask(Start("b", "ann"))
    before, line = seen(queue.state.tickets["b"]), queue.line()
    filed = over(queue, End("b", status, "ann"))  # type: ignore[arg-type]
    assert (filed.status, filed.ended_at) == (status, queue.time)
    assert queue.ask(Reopen(filed, "ann", 2))[0] == "TicketStepUndone"
    assert (seen(queue.state.tickets["b"]), queue.line()) == (before, line)
    queue.refused(UNDO, UndoRefused)


def test_r12_a_no_show_after_the_last_call_stands_at_its_counter_again() -> None:
    queue = queue_of_three(max_calls=1)
    queue.ask(CallTicket("b", "1", "ann", WHY))
    filed = over(queue, NoAnswer("b", "ann"))
    queue.ask(Reopen(filed, "ann", 2))
    assert (queue.status("b"), queue.state.by_counter) == ("called", {"1": "b"})


def test_r12_an_end_is_taken_back_by_who_did_it_soon_and_while_the_counter_is_free() -> None:
    queue = queue_of_three()
    queue.ask(CallTicket("b", "1", "ann", WHY))
    queue.ask(Start("b", "ann"))
    filed = over(queue, End("b", "completed", "ann"))
    queue.refused(Reopen(filed, "bob", 2), UndoRefused)
    queue.ask(CallNext("1", "ann"))
    assert queue.refused(Reopen(filed, "ann", 2), UndoRefused)["counter"] == "1"
    queue.ask(End("a", "cancelled", "ann"))
    queue.later(3)
    queue.refused(Reopen(filed, "ann", 2), UndoRefused)


def test_r12_not_when_the_patient_has_another_ticket_by_now() -> None:
    queue = queue_of_three()
    filed = over(queue, End("b", "cancelled", "ann"))
    queue.join("b2", patient_id="p-b")
    assert queue.refused(Reopen(filed, "ann", 2), AlreadyInQueue)["ticket_id"] == "b2"


def test_r12_not_when_its_number_is_given_again() -> None:
    queue = Live()
    queue.join("a")
    filed = over(queue, End("a", "cancelled", "ann"))
    queue.ask(Join("b", "p", "low", queue.time, "2026-02-03", 0))
    assert queue.state.tickets["b"].code == filed.code
    queue.refused(Reopen(filed, "ann", 2), UndoRefused)


def test_r12_what_expired_nobody_did() -> None:
    queue = queue_of_three()
    before = dict(queue.state.tickets)
    queue.ask(EndDay(TODAY, 0))
    filed = ended(before["a"], queue.events[1])
    queue.refused(Reopen(filed, "", 2), UndoRefused)


def test_r14_a_consultation_that_goes_on_again_is_watched_again() -> None:
    queue = queue_of_three(stale_minutes=30, expected_minutes=5)
    queue.ask(CallTicket("b", "1", "ann", WHY))
    queue.ask(Start("b", "ann"))
    started = queue.time
    queue.later(40)
    filed = over(queue, End("b", "completed", "ann"))
    queue.ask(Reopen(filed, "ann", 2))
    ticket = queue.state.tickets["b"]
    assert (ticket.alert_at > queue.time, (ticket.alert_at - started) % (3 * queue.state.average)) == (True, 0)
