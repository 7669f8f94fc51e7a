"""At the counter: R5, R7, R8, R9."""

from __future__ import annotations

import pytest

from engine.actors.service.commands import (
    CallNext,
    CallTicket,
    Change,
    End,
    NoAnswer,
    Park,
    Recall,
    SetStatus,
    Start,
    Together,
)
from engine.actors.service.decide import next_ticket
from engine.actors.service.refusals import (
    CounterBusy,
    CounterClosed,
    QueueClosed,
    QueuePaused,
    TicketTransition,
    TooSoon,
)
from engine.actors.service.state import Counter, ServiceSettings
from engine.decider import FreeText
from engine.errors import Invalid, NotFound
from tests.engine.actors.service.live import WHY, Live, two_counters


def test_r5_counters_share_one_line_and_never_one_ticket() -> None:
    queue = Live()
    for name in "abc":
        queue.join(name)
    assert (queue.call("1"), queue.call("2")) == ("a", "b")
    assert queue.state.by_counter == {"1": "a", "2": "b"}
    assert queue.refused(CallNext("1", "ann"), CounterBusy) == {"counter": "1", "ticket_id": "a"}


def test_r5_a_counter_is_busy_from_the_call_to_the_end() -> None:
    queue = Live()
    for name in "ab":
        queue.join(name)
    queue.call()
    queue.refused(CallNext("1", "ann"), CounterBusy)
    queue.ask(Start("a", "ann"))
    queue.refused(CallNext("1", "ann"), CounterBusy)
    queue.ask(End("a", "completed", "ann", "1"))
    assert queue.call() == "b"


def test_r5_a_call_at_an_empty_queue_gives_nobody_and_completes_nothing() -> None:
    queue = Live()
    assert queue.ask(CallNext("1", "ann")) == []
    queue.join("a")
    queue.call("1")
    queue.ask(Start("a", "ann"))
    assert queue.ask(CallNext("2", "ann")) == []
    assert queue.status("a") == "consulting"


def test_r5_a_call_at_a_counter_in_consultation_does_not_complete_it() -> None:
    queue = Live()
    queue.join("a")
    queue.join("b")
    queue.call("1")
    queue.ask(Start("a", "ann"))
    queue.refused(CallNext("1", "ann"), CounterBusy)
    assert (queue.status("a"), queue.status("b")) == ("consulting", "waiting")


def test_r5_only_an_open_counter_of_this_service_calls() -> None:
    queue = Live(ServiceSettings(counters=(Counter(name="1"), Counter(name="2", open=False))))
    queue.join("a")
    queue.refused(CallNext("2", "ann"), CounterClosed)
    queue.refused(CallNext("9", "ann"), CounterClosed)
    queue.refused(CallTicket("a", "2", "ann", WHY), CounterClosed)


def test_r5_a_pause_stops_calls_and_the_other_states_drain() -> None:
    for status in ("paused", "closed", "inactive", "emergency"):
        queue = Live()
        queue.join("a")
        queue.join("b")
        queue.call("1")
        queue.ask(SetStatus(status))
        queue.ask(Start("a", "ann"))
        queue.ask(End("a", "completed", "ann"))
        refusal = {"paused": QueuePaused, "closed": QueueClosed}.get(status)
        if refusal is None:
            assert queue.call("1") == "b"
        else:
            queue.refused(CallNext("1", "ann"), refusal)
            queue.refused(CallTicket("b", "1", "ann", WHY), refusal)


def test_r5_a_counter_calls_only_whom_it_can_serve() -> None:
    counters = (Counter(name="1"), Counter(name="2", skills=("ecg", "mri")))
    queue = Live(ServiceSettings(counters=counters))
    queue.join("a", needs=("ecg",))
    queue.join("b", needs=("mri", "ecg"))
    queue.join("c")
    assert queue.call("1") == "c"
    assert queue.call("2") == "a"


def test_r5_who_cannot_be_called_now_is_passed_over() -> None:
    queue = Live()
    for name in "abc":
        queue.join(name)
    found = next_ticket(queue.state, "1", ("a",), queue.time)
    assert found is not None
    assert found.id == "b"
    queue.ask(CallNext("1", "ann", ("a", "b")))
    assert queue.events[0].ticket_id == "c"
    assert queue.line() == ["a", "b"]
    assert queue.ask(CallNext("2", "ann", ("a", "b"))) == []


def test_r5_without_confirmation_a_call_begins_the_consultation() -> None:
    queue = Live(confirm_arrival=False)
    queue.join("a")
    queue.call()
    assert (queue.events[0].starts, queue.status("a")) == (True, "consulting")
    assert queue.events[0].alert_at == queue.time + 45 * 60_000_000
    queue.ask(End("a", "completed", "ann", "1"))


def test_r5_shares_are_called_by_turns_and_nobody_saves_them_up() -> None:
    queue = Live(ServiceSettings(shares={"high": 2, "medium": 1}, near_places=0))
    for n in range(4):
        queue.join(f"l{n}")
    assert [queue.serve(1), queue.serve(1)] == ["l0", "l1"]
    for n in range(6):
        queue.join(f"h{n}", "high")
    for n in range(2):
        queue.join(f"m{n}", "medium")
    served = [queue.serve(1) for _ in range(10)]
    assert served == ["h0", "h1", "m0", "h2", "h3", "m1", "l2", "h4", "h5", "l3"]


def test_r7_out_of_turn_needs_a_reason_and_moves_nobody_else() -> None:
    queue = Live()
    for name in "abcd":
        queue.join(name)
    assert queue.refused(CallTicket("c", "1", "ann"), Invalid) == {"field": "reason"}
    queue.refused(CallTicket("c", "1", "ann", FreeText("  ")), Invalid)
    queue.ask(CallTicket("c", "1", "ann", WHY))
    assert (queue.line(), queue.events[0].reason) == (["a", "b", "d"], WHY)
    assert queue.events[0].reason.subject == "p-c"
    queue.ask(CallTicket("a", "2", "bob"))
    assert queue.line() == ["b", "d"]


def test_r7_only_who_waits_can_be_called() -> None:
    queue = Live()
    queue.join("a")
    queue.ask(Park("a", "ann"))
    assert queue.refused(CallTicket("a", "1", "ann", WHY), TicketTransition) == {
        "ticket_id": "a", "from_state": "parked", "to_state": "called",
    }  # fmt: skip
    queue.refused(CallTicket("nobody", "1", "ann", WHY), NotFound)


def test_r7_a_tokens_own_call_needs_no_reason_and_no_counter() -> None:
    queue = Live()
    for name in "abcd":
        queue.join(name)
    queue.ask(CallTicket("b", "1", "ann", direct=True))
    queue.ask(CallTicket("c", "", "ann", direct=True))
    queue.ask(CallTicket("d", "", "ann", direct=True))
    assert queue.state.by_counter == {"1": "b"}
    assert [ticket.id for ticket in queue.state.serving] == ["b", "c", "d"]
    queue.ask(Recall("c", "ann", direct=True))
    assert queue.state.tickets["c"].calls == 2


def test_r8_an_announcement_is_repeated_but_not_at_once() -> None:
    queue = Live(recall_seconds=30)
    queue.join("a")
    queue.refused(Recall("a", "ann"), TicketTransition)
    queue.call()
    called = queue.time
    assert queue.refused(Recall("a", "ann"), TooSoon)["from_time"] == called + 30_000_000
    queue.later(0.5)
    assert queue.ask(Recall("a", "ann")) == ["TicketRecalled"]
    assert (queue.events[0].calls, queue.events[0].counter) == (2, "1")
    queue.refused(Recall("a", "ann"), TooSoon)


def test_r9_who_does_not_answer_stands_some_places_back_for_a_while() -> None:
    queue = Live(requeue_offset=2, requeue_minutes=5)
    for name in "abcd":
        queue.join(name)
    queue.call()
    assert queue.ask(NoAnswer("a", "ann"))[0] == "TicketUnanswered"
    assert queue.line() == ["b", "c", "a", "d"]
    assert (queue.events[0].position, queue.state.by_counter) == (3, {})
    assert [queue.serve(0.1) for _ in range(3)] == ["b", "c", "d"]
    assert queue.call() is None
    queue.later(5)
    assert queue.call() == "a"


@pytest.mark.parametrize(("offset", "line"), [(0, "abc"), (1, "bac"), (2, "bca"), (9, "bca")])
def test_r9_as_many_places_as_are_set_or_to_the_end(offset: int, line: str) -> None:
    queue = Live(requeue_offset=offset)
    for name in "abc":
        queue.join(name)
    queue.call()
    queue.ask(NoAnswer("a", "ann"))
    assert "".join(queue.line()) == line


def test_r9_several_who_do_not_answer_keep_apart() -> None:
    queue = Live(requeue_offset=1, requeue_minutes=0, max_calls=99)
    for name in "abc":
        queue.join(name)
    for turn in range(60):
        called = queue.call()
        assert called is not None, turn
        queue.ask(NoAnswer(called, "ann"))
        assert queue.line()[1] == called, turn
        assert sorted(queue.line()) == ["a", "b", "c"]


def test_r9_a_place_has_room_however_often_somebody_is_put_there() -> None:
    queue = Live(requeue_offset=1, requeue_minutes=0)
    queue.join("first")
    for n in range(80):
        queue.join(f"t{n}")
    for n in range(80):
        queue.ask(CallTicket(f"t{n}", "1", "ann", WHY))
        queue.ask(NoAnswer(f"t{n}", "ann"))
        assert (queue.line()[0], queue.places()[f"t{n}"]) == ("first", 2)


def test_r9_after_so_many_calls_it_is_a_no_show() -> None:
    queue = Live(max_calls=2, requeue_minutes=0, recall_seconds=0)
    queue.join("a")
    queue.call()
    assert queue.ask(NoAnswer("a", "ann"))[0] == "TicketUnanswered"
    queue.call()
    assert queue.ask(NoAnswer("a", "ann")) == ["TicketEnded"]
    assert (queue.events[0].status, queue.events[0].by, queue.status("a")) == ("no_show", "ann", None)


def test_r9_recalls_are_not_limited() -> None:
    queue = Live(max_calls=2, recall_seconds=0)
    queue.join("a")
    queue.call()
    for _ in range(5):
        queue.ask(Recall("a", "ann"))
    assert queue.status("a") == "called"
    assert queue.ask(NoAnswer("a", "ann")) == ["TicketEnded"]


def test_r9_only_who_was_called_can_fail_to_answer() -> None:
    queue = Live()
    queue.join("a")
    queue.refused(NoAnswer("a", "ann"), TicketTransition)
    queue.call()
    queue.ask(Start("a", "ann"))
    queue.refused(NoAnswer("a", "ann"), TicketTransition)


def test_steps_of_one_decision_see_those_before() -> None:
    queue = Live()
    for name in "abc":
        queue.join(name)
    queue.call()
    steps = Together((Start("a", "ann"), End("a", "completed", "ann", "1"), CallNext("1", "ann"), CallNext("2", "bob")))
    assert queue.ask(steps) == ["TicketStarted", "TicketEnded", "TicketCalled", "TicketCalled"]
    assert (queue.state.by_counter, queue.line()) == ({"1": "b", "2": "c"}, [])


def test_all_steps_of_one_decision_or_none() -> None:
    queue = Live()
    queue.join("a")
    queue.join("b")
    before = queue.state.version
    queue.refused(Together((CallNext("1", "ann"), CallNext("1", "ann"))), CounterBusy)
    assert (queue.state.version, queue.line()) == (before, ["a", "b"])


def test_r5_who_is_in_line_when_a_counter_closes_goes_to_the_others() -> None:
    queue = Live()
    queue.join("a")
    queue.ask(Change("Lab", ServiceSettings(counters=(Counter(name="1", open=False), Counter(name="2")))))
    queue.refused(CallNext("1", "ann"), CounterClosed)
    assert queue.call("2") == "a"
    queue.ask(Change("Lab", two_counters()))
