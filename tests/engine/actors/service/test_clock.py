"""What time does: R13, R14, R15, R16."""

from __future__ import annotations

from engine.actors.service import SERVICE
from engine.actors.service.commands import (
    CallTicket,
    End,
    EndDay,
    NoAnswer,
    Park,
    Prioritize,
    Resume,
    Start,
    Wake,
)
from engine.actors.service.events import TicketNear
from engine.decider import MINUTE
from tests.engine.actors.service.live import NOW, TODAY, WHY, Live


def test_r13_who_waited_too_long_comes_next_after_high_priority() -> None:
    queue = Live(max_wait_minutes={"low": 60, "medium": 30, "high": 1})
    queue.join("a")
    queue.later(40)
    for name, priority in (("h", "high"), ("m", "medium"), ("b", "low")):
        queue.join(name, priority)  # type: ignore[arg-type]
    queue.later(25)
    assert queue.ask(Wake())[0] == "TicketLifted"
    assert (queue.events[0].ticket_id, queue.events[0].position) == ("a", 2)
    assert queue.line() == ["h", "a", "m", "b"]
    assert queue.ask(Wake()) == []
    queue.later(10)
    queue.ask(Wake())
    assert (queue.line(), queue.state.counts.lifts) == (["h", "a", "m", "b"], 2)
    queue.later(30)
    queue.ask(Wake())
    assert not queue.state.tickets["h"].lifted


def test_r13_the_timer_is_the_first_that_comes_due() -> None:
    queue = Live(max_wait_minutes={"low": 60}, parked_minutes=90, stale_minutes=45)
    assert SERVICE.due(queue.state) is None
    arrived = queue.join("a").arrived_at
    assert SERVICE.due(queue.state) == arrived + 60 * MINUTE
    queue.ask(Park("a", "ann"))
    assert SERVICE.due(queue.state) == queue.time + 90 * MINUTE
    queue.ask(EndDay(TODAY, NOW + 30 * MINUTE))
    assert SERVICE.due(queue.state) == NOW + 30 * MINUTE


def test_r13_many_are_lifted_at_once_in_their_order() -> None:
    queue = Live(max_wait_minutes={"low": 5, "medium": 5})
    for n in range(30):
        queue.join(f"t{n}", "low" if n % 2 else "medium")
    queue.later(6)
    queue.ask(Wake())
    assert queue.line() == [f"t{n}" for n in range(30)]
    assert all(ticket.lifted for ticket in queue.state.tickets.values())


def test_r13_who_was_called_had_a_turn_and_is_lifted_no_more() -> None:
    queue = Live(max_wait_minutes={"low": 5})
    queue.join("a")
    queue.call()
    queue.ask(NoAnswer("a", "ann"))
    queue.later(6)
    assert queue.ask(Wake()) == []


def test_r13_another_priority_has_its_own_limit_since_the_same_arrival() -> None:
    queue = Live(max_wait_minutes={"low": 60, "medium": 10})
    queue.join("m", "medium")
    arrived = queue.join("a").arrived_at
    queue.ask(Prioritize("a", "medium", "ann", WHY))
    assert queue.state.tickets["a"].lift_at == arrived + 10 * MINUTE
    queue.later(11)
    queue.ask(Wake())
    assert queue.line() == ["m", "a"]
    queue.ask(Prioritize("m", "low", "ann", WHY))
    assert (queue.line(), queue.state.tickets["m"].lift_at) == (["m", "a"], 0)


def test_r13_a_lift_puts_nobody_back() -> None:
    queue = Live(max_wait_minutes={"low": 5}, requeue_offset=1)
    for name in ("h1", "h2"):
        queue.join(name, "high")
    queue.join("a")
    queue.join("b")
    queue.ask(CallTicket("b", "1", "ann", WHY))
    queue.ask(NoAnswer("b", "ann"))
    assert queue.line() == ["h1", "b", "h2", "a"]
    queue.later(6)
    queue.ask(Wake())
    assert queue.line() == ["h1", "b", "h2", "a"]


def test_r13_the_lifted_go_before_shared_calls() -> None:
    queue = Live(max_wait_minutes={"low": 5}, shares={"high": 9})
    queue.join("a")
    queue.later(6)
    queue.join("h", "high")
    queue.ask(Wake())
    assert queue.call() == "a"
    assert queue.state.shares_used == {}


def test_r14_too_long_is_three_times_the_average_and_the_set_minutes_at_least() -> None:
    queue = Live(stale_minutes=30, expected_minutes=20)
    queue.join("a")
    queue.call()
    queue.ask(Start("a", "ann"))
    started = queue.time
    assert SERVICE.due(queue.state) == started + 60 * MINUTE
    queue.later(59)
    assert queue.ask(Wake()) == []
    queue.later(1)
    assert queue.ask(Wake()) == ["TicketStale"]
    event = queue.events[0]
    assert (event.status, event.since, event.counter, event.alerts) == ("consulting", started, "1", 1)
    assert SERVICE.due(queue.state) == event.again_at == queue.time + 60 * MINUTE
    queue.ask(End("a", "completed", "ann"))
    assert SERVICE.due(queue.state) is None


def test_r14_parked_too_long_raises_an_alert_until_it_comes_back() -> None:
    queue = Live(parked_minutes=10)
    queue.join("a")
    queue.ask(Park("a", "ann"))
    parked = queue.time
    queue.later(10)
    assert queue.ask(Wake()) == ["TicketStale"]
    assert (queue.events[0].status, queue.events[0].since, queue.status("a")) == ("parked", parked, "parked")
    queue.later(10)
    assert queue.ask(Wake()) == ["TicketStale"]
    assert queue.events[0].alerts == 2
    queue.ask(Resume("a", "ann"))
    queue.later(60)
    assert queue.ask(Wake()) == []


def test_r15_whose_turn_is_near_is_told_once() -> None:
    queue = Live(near_places=2, requeue_offset=9)
    for name in "abcd":
        queue.join(name)
    assert [event.ticket_id for event in queue.history if isinstance(event, TicketNear)] == ["a", "b"]
    assert queue.ask(CallTicket("a", "1", "ann")) == ["TicketCalled", "TicketNear"]
    assert (queue.events[1].ticket_id, queue.events[1].position) == ("c", 2)
    queue.ask(NoAnswer("a", "ann"))
    queue.ask(Prioritize("d", "high", "ann", WHY))
    assert queue.events[1:] == [TicketNear(ticket_id="d", code="LAB-004", position=1, at=queue.time)]
    queue.ask(End("b", "cancelled", "ann"))
    assert len([event for event in queue.history if isinstance(event, TicketNear)]) == 4


def test_r15_nobody_is_told_where_it_is_off() -> None:
    queue = Live(near_places=0)
    queue.join("a")
    assert queue.events[1:] == []


def test_r16_at_the_end_of_the_day_all_but_consultations_expire() -> None:
    queue = Live()
    for name in "abcde":
        queue.join(name)
    queue.call("1")
    queue.ask(Start("a", "ann"))
    queue.call("2")
    queue.ask(Park("c", "ann"))
    assert queue.ask(EndDay(TODAY, 0)) == ["ServiceDayEnded", *["TicketEnded"] * 4]
    assert {event.ticket_id for event in queue.events[1:]} == set("bcde")
    assert {(event.status, event.by) for event in queue.events[1:]} == {("expired", "")}
    assert [event.waiting for event in queue.events[1:]] == [2, 2, 1, 0]
    assert list(queue.state.tickets) == ["a"]
    queue.ask(End("a", "completed", "ann"))


def test_r16_who_is_carried_over_stays_in_order() -> None:
    queue = Live(carry_over=True)
    for name, priority in (("a", "low"), ("b", "high"), ("c", "low"), ("d", "low")):
        queue.join(name, priority)  # type: ignore[arg-type]
    queue.call()
    queue.ask(Park("c", "ann"))
    assert queue.ask(EndDay(TODAY, 0)) == ["ServiceDayEnded"]
    assert (queue.line(), queue.status("b"), queue.status("c")) == (["a", "d"], "called", "parked")
