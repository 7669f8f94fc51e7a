"""Snapshots, the overlay, refusals to keep a wrong state, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sortedcontainers import SortedKeyList

from engine.actors.service import SERVICE
from engine.actors.service.commands import (
    CallNext,
    CallTicket,
    End,
    Join,
    NoAnswer,
    Open,
    Park,
    Prioritize,
    Resume,
    Start,
)
from engine.actors.service.indexes import admit
from engine.actors.service.overlay import LayeredLine, overlay
from engine.actors.service.state import ORDER, Service, ServiceSettings, Ticket, position
from engine.decider import At
from tests.engine.actors.service.live import NOW, TODAY, WHY, Live, decode, encode


def busy_queue() -> Live:
    queue = Live(max_wait_minutes={"low": 60}, exclusive_group="g")
    for name in "abcdef":
        queue.join(name, "high" if name in "bd" else "low", needs=())
    queue.call("1")
    queue.ask(Start("b", "ann"))
    queue.call("2")
    queue.ask(NoAnswer("d", "ann"))
    queue.ask(Park("f", "ann"))
    queue.call("2")
    return queue


def test_a_snapshot_gives_the_same_state_and_the_same_bytes() -> None:
    queue = busy_queue()
    data = encode(SERVICE.freeze(queue.state))
    again: Service = SERVICE.thaw(decode(data, SERVICE.state))
    SERVICE.check(again)
    assert encode(SERVICE.freeze(again)) == data
    assert [ticket.id for ticket in again.line] == queue.line()
    assert (SERVICE.due(again), again.by_counter) == (SERVICE.due(queue.state), queue.state.by_counter)
    assert set(SERVICE.files(again)) == queue.filed


def test_a_service_is_never_closed_for_memory() -> None:
    assert not SERVICE.closed(busy_queue().state, 2 * NOW)


def test_a_service_that_was_never_opened_is_filed_nowhere() -> None:
    assert list(SERVICE.files(SERVICE.initial("s"))) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: setattr(state.tickets["e"], "order", state.tickets["c"].order),
        lambda state: setattr(state.tickets["a"], "status", "completed"),
        lambda state: state.line.remove(state.line[0]),
        lambda state: state.by_counter.clear(),
        lambda state: state.by_patient.pop("p-a"),
        lambda state: setattr(state.tickets["b"], "started_at", 0),
        lambda state: setattr(state.tickets["b"], "alert_at", 0),
        lambda state: setattr(state.tickets["c"], "number", 1),
        lambda state: setattr(state.tickets["d"], "lifted", True),
        lambda state: setattr(state, "settings", ServiceSettings()),
        lambda state: setattr(state, "series_alive", 9),
    ],
)
def test_a_state_that_is_wrong_is_found_out(spoil: Callable[[Service], Any]) -> None:
    queue = busy_queue()
    SERVICE.check(queue.state)
    spoil(queue.state)
    with pytest.raises(AssertionError):
        SERVICE.check(queue.state)


def test_an_overlay_becomes_what_the_state_becomes_and_leaves_the_state_alone() -> None:
    queue = busy_queue()
    below = SERVICE.thaw(decode(encode(SERVICE.freeze(queue.state)), SERVICE.state))
    before = encode(SERVICE.freeze(below))
    over = overlay(below)
    for command in (Resume("f", "ann"), Prioritize("f", "high", "ann"), CallTicket("c", "1", "ann", WHY)):
        if command.ticket_id == "c":
            queue.ask(End("b", "completed", "ann"))
            apply(over, queue.events)
        queue.ask(command)
        apply(over, queue.events)
        assert [ticket.id for ticket in over.line] == queue.line()
        assert len(over.line) == len(queue.line())
        assert [over.line[index].id for index in range(len(over.line))] == queue.line()
        assert [over.line.bisect_key_left(ticket.order) for ticket in over.line] == list(range(len(over.line)))
        assert over.by_counter == queue.state.by_counter
        assert [ticket.id for ticket in over.serving] == [ticket.id for ticket in queue.state.serving]
    SERVICE.check(below)
    assert encode(SERVICE.freeze(below)) == before


def apply(state: Service, events: Iterable[Any]) -> None:
    for event in events:
        SERVICE.evolve(state, event)


def test_an_overlays_line_ends_where_it_ends() -> None:
    line = LayeredLine(SortedKeyList(key=ORDER), ORDER)
    with pytest.raises(IndexError):
        line[0]


class Counted(tuple[int, int, int, int]):
    """An order that counts how often it is compared."""

    compared = 0
    __slots__ = ()

    def __lt__(self, other: Any) -> bool:
        Counted.compared += 1
        return super().__lt__(other)

    def __gt__(self, other: Any) -> bool:
        Counted.compared += 1
        return super().__gt__(other)

    __hash__ = tuple.__hash__


def crowd(size: int) -> Service:
    """A queue in which so many wait."""
    state: Service = SERVICE.initial("s")
    apply(state, SERVICE.decide(state, Open("s", "Lab", "LAB", ServiceSettings()), at(0)))
    for n in range(size):
        ticket = Ticket(
            id=f"t{n}", code=f"LAB-{n:03}", patient_id=f"p{n}", priority="low", status="waiting",
            order=Counted((30, NOW + n, n + 1, 0)), arrived_at=NOW + n, joined_at=NOW + n, updated_at=NOW, seq=n + 1,
            near=True,
        )  # fmt: skip
        admit(state, ticket)
    state.next_seq = size + 1
    return state


def at(step: int) -> At:
    return At(NOW + 10_000_000 + step, bytes(16), lambda: bytes(16))


def test_the_cost_of_a_step_does_not_grow_with_the_queue() -> None:
    cost = {}
    for size in (1_000, 100_000):
        state = crowd(size)
        middle = f"t{size // 2}"
        commands: list[Any] = [
            Join("new", "p", "low", NOW + size // 2, TODAY, 600),
            CallNext("1", "ann"),
            NoAnswer("t0", "ann"),
            CallNext("1", "ann"),
            Start("t1", "ann"),
            End("t1", "completed", "ann", "1"),
            Park(middle, "ann"),
            Resume(middle, "ann"),
            Prioritize(middle, "high", "ann"),
            End(f"t{size - 1}", "cancelled", "ann"),
        ]
        Counted.compared = 0
        for step, command in enumerate(commands):
            apply(state, SERVICE.decide(state, command, at(step)))
        assert position(state, state.tickets[f"t{size - 2}"]) == len(state.line)
        cost[size] = Counted.compared
        assert len(state.line) == size - 1
    assert cost[100_000] < 3 * cost[1_000] < 3_000
