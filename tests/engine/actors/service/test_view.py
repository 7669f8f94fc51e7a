"""What is answered: tickets, queues, boards, links, estimates, integrity."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine import calendar
from engine.actors.service.commands import CallNext, Change, End, NoAnswer, Park, SetStatus, Start
from engine.actors.service.estimate import Wait, estimate, expected_wait, pace
from engine.actors.service.state import Counter, Leg, ServiceSettings
from engine.actors.service.steps import ended
from engine.actors.service.view import (
    BoardView,
    NextView,
    board_view,
    integrity_view,
    next_callable_at,
    public_ticket_view,
    queue_view,
    service_view,
    ticket_view,
)
from engine.decider import MINUTE
from engine.errors import Invalid
from tests.engine.actors.service.live import NOW, WHY, Live, encode

KEY = "00" * 16
ONE = ServiceSettings(counters=(Counter(name="1", location="Room 4"),), location="Ground floor", expected_minutes=20)


def wait_of(queue: Live, name: str) -> Wait | None:
    return estimate(queue.state, queue.state.tickets[name], queue.time)


def plain(view: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(view))


def test_without_history_a_wait_follows_what_the_settings_expect() -> None:
    queue = Live(ONE)
    for name in "abc":
        queue.join(name)
    assert [wait_of(queue, name) for name in "abc"] == [Wait(0, 0), Wait(15, 25), Wait(30, 50)]


def test_a_wait_counts_who_is_inside_less_the_time_already_taken() -> None:
    queue = Live(ONE)
    for name in "ab":
        queue.join(name)
    queue.call()
    assert wait_of(queue, "b") == Wait(15, 25)
    queue.ask(Start("a", "ann"))
    queue.later(12)
    assert wait_of(queue, "b") == Wait(3, 13)
    queue.later(600)
    assert wait_of(queue, "b") == Wait(0, 5)
    assert wait_of(queue, "a") is None


def test_a_wait_is_shared_by_the_open_counters_and_nothing_while_one_is_free() -> None:
    queue = Live(expected_minutes=20)
    for name in "abcde":
        queue.join(name)
    assert [wait_of(queue, name) for name in "abc"] == [Wait(0, 0), Wait(0, 0), Wait(7, 13)]
    queue.call("1")
    queue.call("2")
    assert wait_of(queue, "e") == Wait(22, 38)
    queue.ask(Change("Lab", ServiceSettings(counters=(Counter(name="1", open=False), Counter(name="2", open=False)))))
    assert wait_of(queue, "c") == Wait(0, 0)


def test_a_wait_follows_what_is_observed() -> None:
    queue = Live(ONE)
    for n in range(40):
        queue.join(f"t{n}")
    for _ in range(30):
        queue.serve(6)
    assert wait_of(queue, "t31") in (Wait(5, 7), Wait(5, 6), Wait(6, 7))


def test_a_wait_is_never_negative() -> None:
    queue = Live(ONE)
    queue.join("a")
    now = pace(queue.state, queue.time)._replace(deviation=90 * MINUTE, taken=90 * MINUTE)
    assert expected_wait(now, 0) == Wait(0, 0)
    assert expected_wait(now, 3).low == 0


def test_a_ticket_is_answered_in_full() -> None:
    queue = Live(ONE)
    queue.join("first")
    queue.join("a", token_id="", legs=(Leg("other", NOW - 9, NOW - 3),), arrived_at=NOW - 9)
    view = plain(ticket_view(queue.state, queue.state.tickets["a"], queue.time))
    assert view | {"estimated_wait_minutes": 0, "legs": 0} == {
        "id": "a", "code": "LAB-002", "service_id": "s", "service_name": "Laboratory", "patient_id": "p-a",
        "token_id": None, "priority": "low", "status": "waiting", "position": 1, "counter": None, "calls": 0,
        "estimated_wait_minutes": 0, "arrived_at": calendar.moment(NOW - 9).isoformat().replace("+00:00", "Z"),
        "joined_at": calendar.moment(queue.time).isoformat().replace("+00:00", "Z"), "called_at": None,
        "started_at": None, "ended_at": None, "legs": 0, "link": None, "version": 1,
        "updated_at": calendar.moment(queue.time).isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    assert (view["legs"][0]["service_id"], set(view["estimated_wait_minutes"])) == ("other", {"low", "high"})


def test_a_ticket_that_is_over_is_answered_as_it_was_filed() -> None:
    queue = Live(ONE)
    queue.join("a", patient_id="")
    queue.call()
    ticket = queue.state.tickets["a"]
    queue.ask(End("a", "no_show", "ann"))
    view = ticket_view(queue.state, ended(ticket, queue.events[0]), queue.time)
    assert (view.status, view.position, view.estimated_wait_minutes, view.patient_id) == ("no_show", None, None, None)
    assert (view.ended_at, view.counter) == (calendar.moment(queue.time), "1")


def test_a_link_is_given_to_staff_only_and_cannot_be_made_without_the_key() -> None:
    queue = Live(ONE)
    ticket = queue.join("a")
    assert ticket_view(queue.state, ticket, queue.time).link is None
    link, other = (ticket_view(queue.state, ticket, queue.time, key).link for key in (KEY, "01" * 16))
    assert link is not None
    assert other is not None
    assert link.text.startswith("a.")
    assert (len(link.text), link.text == other.text) == (2 + 32, False)


def test_what_leaves_for_the_waiting_room_names_nobody() -> None:
    queue = Live(ONE)
    for name in ("Asha", "Bela", "Chen"):
        queue.join(name, token_id=name)
    queue.call()
    for view in (
        board_view(queue.state, queue.time),
        public_ticket_view(queue.state, queue.state.tickets["Bela"], queue.time),
    ):
        text = encode(view)
        assert not [name for name in (b"Asha", b"Bela", b"Chen", b"p-") if name in text]


def test_a_link_shows_state_place_and_people_ahead() -> None:
    queue = Live(ONE)
    for name in "abc":
        queue.join(name)
    queue.call()
    view = plain(public_ticket_view(queue.state, queue.state.tickets["c"], queue.time))
    assert set(view) == {
        "code", "service_name", "status", "position", "estimated_wait_minutes", "counter", "people_ahead", "updated_at",
    }  # fmt: skip
    assert (view["position"], view["people_ahead"], view["status"]) == (2, 1, "waiting")
    called = public_ticket_view(queue.state, queue.state.tickets["a"], queue.time)
    assert (called.counter, called.people_ahead, called.position) == ("1", None, None)


def test_a_board_shows_the_newest_calls_first_and_the_next_few() -> None:
    counters = tuple(Counter(name=f"{n}", location=f"Room {n}") for n in range(10))
    queue = Live(ServiceSettings(counters=counters, location="First floor"))
    for n in range(30):
        queue.join(f"t{n}")
    for n in range(10):
        queue.call(f"{n}")
    queue.ask(Start("t9", "ann"))
    board: BoardView = board_view(queue.state, queue.time)
    assert [call.counter for call in board.calls] == [f"{n}" for n in range(9, 1, -1)]
    assert (board.calls[0].status, board.calls[1].status) == ("consulting", "called")
    assert (board.calls[0].counter_location, board.location, board.waiting) == ("Room 9", "First floor", 20)
    assert [(one.code, one.position) for one in board.next] == [(f"LAB-{n + 10:03}", n) for n in range(1, 13)]


def test_a_service_counts_who_is_where() -> None:
    queue = Live(expected_minutes=20)
    for name in "abcd":
        queue.join(name)
    queue.call("1")
    queue.ask(Start("a", "ann"))
    queue.call("2")
    queue.ask(Park("c", "ann"))
    queue.ask(SetStatus("paused", WHY))
    view = service_view(queue.state, queue.time)
    assert (view.waiting, view.called, view.consulting, view.parked) == (1, 1, 1, 1)
    assert (view.status, view.average_minutes, view.open_counters, view.doctor_id) == ("paused", 20.0, 2, None)


def test_a_queue_is_read_in_pages_that_joins_and_calls_do_not_disturb() -> None:
    queue = Live(ONE)
    for n in range(7):
        queue.join(f"t{n}")
    queue.call()
    queue.ask(Park("t6", "ann"))
    first = queue_view(queue.state, queue.time, 2)
    assert ([one.id for one in first.serving], [one.id for one in first.parked], first.waiting) == (["t0"], ["t6"], 5)
    assert [(one.id, one.position) for one in first.items] == [("t1", 1), ("t2", 2)]
    queue.ask(End("t2", "cancelled", "ann"))
    queue.join("urgent", "high")
    second = queue_view(queue.state, queue.time, 2, first.next_cursor)
    assert [(one.id, one.position) for one in second.items] == [("t3", 3), ("t4", 4)]
    last = queue_view(queue.state, queue.time, 2, second.next_cursor)
    assert ([one.id for one in last.items], last.next_cursor) == (["t5"], None)


def test_cursors_survive_places_in_front_and_are_safe_in_a_url() -> None:
    queue = Live(requeue_offset=0, requeue_minutes=0)
    for name in "ab":
        queue.join(name)
    queue.call()
    queue.ask(NoAnswer("a", "ann"))
    cursor = queue_view(queue.state, queue.time, 1).next_cursor
    assert cursor is not None
    assert set(cursor) <= set("0123456789.-")
    assert [one.id for one in queue_view(queue.state, queue.time, 1, cursor).items] == ["b"]


@pytest.mark.parametrize("cursor", ["", "1.2.3", "1.2.3.x", "1.2.3.4.5", "9" * 99, "١.2.3.4"])
def test_a_cursor_that_no_queue_gave_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        queue_view(Live(ONE).state, NOW, 10, cursor)
    assert refused.value.facts == {"field": "cursor"}


def test_where_nobody_may_be_called_yet_it_says_from_when_on() -> None:
    queue = Live(requeue_minutes=5)
    queue.join("a")
    assert next_callable_at(queue.state, queue.time) is None
    queue.call()
    queue.ask(NoAnswer("a", "ann"))
    assert queue.ask(CallNext("1", "ann")) == []
    again = next_callable_at(queue.state, queue.time)
    assert again == queue.state.tickets["a"].not_before
    assert NextView(None, 1, calendar.moment(again)).remaining == 1


def test_integrity_is_computed_and_not_asserted() -> None:
    queue = Live(capacity=2)
    for name in "abc":
        queue.join(name, bypass=True)
    view = integrity_view(queue.state)
    assert (view.ok, view.max_position, view.waiting, view.over_capacity) == (True, 3, 3, True)
    state = queue.state
    state.line.remove(state.tickets["b"])
    state.tickets["b"].order = state.tickets["c"].order
    state.by_counter["9"] = "ghost"
    found = integrity_view(state)
    assert (found.ok, found.missing_positions, found.duplicate_positions) == (False, [], [2])
    assert found.orphans == ["b", "ghost"]
    state.tickets["a"].order = (99, 0, 0, 0)
    assert integrity_view(state).missing_positions == [1]
