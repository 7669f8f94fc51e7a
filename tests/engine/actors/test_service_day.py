"""A service's day: what ended on it, and what it adds up to."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.actors.service.commands import CallTicket, End, EndDay, Park, Start, TransferOut, Wake
from engine.actors.service.events import TicketEnded, TicketTransferred
from engine.actors.service.statistics import Spread, StateCounts, statistics_view
from engine.actors.service_day import (
    SERVICE_DAY,
    ChangeServiceDay,
    CountTransfer,
    FileTicket,
    ServiceDay,
    UnfileTicket,
    filed_ticket,
    percentile,
    service_day_key,
)
from engine.decider import DAY, MINUTE
from engine.errors import NotFound
from tests.engine.actors.asked import Actor
from tests.engine.actors.service.live import TODAY, WHY, Live, decode, encode

MIDNIGHT = 1_769_990_400_000_000  # 2026-02-02 00:00 UTC


class Both:
    """A queue and its day, asked together as a decision does."""

    def __init__(self, **settings: Any) -> None:
        self.queue = Live(**settings)
        self.days = Actor(SERVICE_DAY, service_day_key("s", TODAY).partition(":")[2])

    @property
    def day(self) -> ServiceDay:
        return self.days.state  # type: ignore[no-any-return]

    def ask(self, command: Any) -> None:
        before = dict(self.queue.state.tickets)
        self.queue.ask(command)
        changes: list[Any] = []
        for event in self.queue.events:
            if isinstance(event, TicketEnded):
                changes.append(FileTicket(filed_ticket(before[event.ticket_id], event)))
            elif isinstance(event, TicketTransferred):
                changes.append(CountTransfer(before[event.ticket_id]))
        if changes:
            self.days.ask(ChangeServiceDay(tuple(changes)))

    def visit(self, name: str, waits: int, takes: int, priority: Any = "low") -> None:
        self.queue.join(name, priority)
        self.queue.later(waits)
        self.ask(CallTicket(name, "1", "ann", WHY))
        self.ask(Start(name, "ann"))
        self.queue.later(takes)
        self.ask(End(name, "completed", "ann"))


def test_the_key_names_service_and_day() -> None:
    both = Both()
    assert service_day_key("s", TODAY) == "service_day:s:2026-02-02"
    assert (both.day.service_id, both.day.day) == ("s", TODAY)


def test_a_day_adds_up_what_ended_on_it() -> None:
    both = Both()
    for n in range(1, 5):
        both.visit(f"t{n}", waits=n * 10, takes=n, priority="high" if n == 1 else "low")
    both.queue.join("gone")
    both.queue.later(7)
    both.ask(End("gone", "cancelled", "ann"))
    both.queue.join("left", "medium")
    both.ask(TransferOut("left", "other", "ann"))
    for name in ("x", "y"):
        both.queue.join(name)
    both.ask(EndDay(TODAY, 0))
    view = statistics_view(both.queue.state, TODAY, both.day, today=True)
    assert (view.completed, view.cancelled, view.expired, view.no_show, view.transferred) == (4, 1, 2, 0, 1)
    assert view.by_priority["high"] == StateCounts(0, 0, 1, 0, 0, 0, 0)
    assert view.by_priority["low"] == StateCounts(0, 0, 3, 1, 0, 2, 0)
    assert view.service_minutes == Spread(2.5, 2.0, 4.0)
    assert (view.wait_minutes.p50, view.wait_minutes.p95) == (10.0, 40.0)


def test_statistics_of_today_count_who_is_here_and_of_another_day_not() -> None:
    both = Both(max_wait_minutes={"low": 5})
    for name in "abcd":
        both.queue.join(name)
    both.queue.later(6)
    both.ask(Wake())
    both.ask(CallTicket("a", "1", "ann", WHY))
    both.ask(Start("a", "ann"))
    both.ask(Park("b", "ann"))
    both.ask(TransferOut("c", "other", "ann"))
    view = statistics_view(both.queue.state, TODAY, both.day, today=True)
    assert (view.waiting, view.consulting, view.transferred, view.lifts) == (1, 1, 1, 4)
    then = statistics_view(both.queue.state, "2026-02-01", None, today=False)
    assert (then.waiting, then.consulting, then.lifts, then.wait_minutes.average) == (0, 0, 0, None)


def test_who_was_never_served_waited_until_he_left() -> None:
    both = Both()
    both.queue.join("a")
    both.queue.later(30)
    both.ask(End("a", "cancelled", "ann"))
    assert [round(wait / MINUTE) for wait in both.day.waits] == [30]
    assert both.day.services == []


def test_r1_a_ticket_that_is_alive_again_takes_all_that_it_added_along() -> None:
    both = Both()
    both.visit("a", 10, 5)
    both.visit("b", 10, 5)
    empty = encode(ServiceDay(both.day.service_id, both.day.day, 4, counts={"completed": {"low": 0}}))
    for name in "ab":
        both.days.ask(ChangeServiceDay((UnfileTicket(name),)))
    assert encode(both.day) == empty
    assert both.days.filed == set()
    with pytest.raises(NotFound):
        both.days.ask(UnfileTicket("a"))


def test_r1_a_ticket_is_filed_once() -> None:
    both = Both()
    both.visit("a", 1, 1)
    ticket = both.day.tickets["a"]
    assert both.days.filed == {("tickets", "a")}
    with pytest.raises(AssertionError):
        both.days.ask(FileTicket(ticket))
    both.days.ask(ChangeServiceDay((UnfileTicket("a"), FileTicket(ticket))))
    assert list(both.day.tickets) == ["a"]


def test_a_ticket_that_is_alive_is_not_filed() -> None:
    both = Both()
    with pytest.raises(AssertionError):
        both.days.ask(FileTicket(both.queue.join("a")))


def test_a_snapshot_of_a_day_gives_the_same_bytes() -> None:
    both = Both()
    both.visit("a", 10, 5)
    data = encode(SERVICE_DAY.freeze(both.day))
    again = SERVICE_DAY.thaw(decode(data, SERVICE_DAY.state))
    SERVICE_DAY.check(again)
    assert encode(again) == data


def test_a_day_leaves_memory_when_it_has_been_over_for_a_day_in_every_zone() -> None:
    both = Both()
    assert not SERVICE_DAY.closed(both.day, MIDNIGHT + 9 * DAY)
    both.visit("a", 1, 1)
    assert not SERVICE_DAY.closed(both.day, MIDNIGHT + 3 * DAY)
    assert SERVICE_DAY.closed(both.day, MIDNIGHT + 3 * DAY + 1)


@pytest.mark.parametrize(("percent", "expected"), [(50, 2), (95, 4), (1, 1), (100, 4)])
def test_percentiles_are_durations_that_were_observed(percent: int, expected: int) -> None:
    assert percentile([1, 2, 3, 4], percent) == expected
    assert percentile([], percent) == 0


def test_the_tallies_are_held_against_the_tickets() -> None:
    both = Both()
    both.visit("a", 1, 1)
    for spoiled in (
        msgspec.structs.replace(both.day, waits=[]),
        msgspec.structs.replace(both.day, services=[]),
        msgspec.structs.replace(both.day, counts={}),
        msgspec.structs.replace(both.day, spans={}),
    ):
        with pytest.raises(AssertionError):
            SERVICE_DAY.check(spoiled)
