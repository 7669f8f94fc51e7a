"""When a destination is tried and when it is left alone: a courier over a tape in memory, on a clock that jumps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import trio
from trio.testing import MockClock

from engine.actors.destination.places import Url
from engine.actors.destination.state import Wanted
from gateway.notices import breaker
from gateway.notices.courier import DRAIN, Courier
from gateway.notices.notice import Notice
from gateway.notices.outbox import Outbox
from gateway.notices.tape import Page, first_after
from gateway.notices.undelivered import Undelivered
from tests.engine.living import START, TrioClock

HOUR = 3_600_000_000


class MemoryTape:
    """A log that a test writes."""

    def __init__(self) -> None:
        self.pages: list[Page] = []

    def add(self, subject: str, type: str = "ticket_update", service: str = "", at: int | None = None) -> str:
        """One entry with one notice; gives its id."""
        position = len(self.pages) + 1
        time = START + int(trio.current_time() * 1_000_000) if at is None else at
        one = Notice(f"{position}.1", position, type, subject, service, time, {})
        self.pages.append(Page(position, time, [one]))
        return one.id

    def head(self) -> int:
        """The last position."""
        return len(self.pages)

    async def read(self, after: int, limit: int = 64) -> list[Page]:
        """As a real one."""
        await trio.lowlevel.checkpoint()
        return self.pages[after : after + limit]

    async def grown(self, after: int) -> None:
        """As a real one."""
        await trio.sleep(0.1)


class Outside:
    """Whoever is to be told: ``does`` what a test says, and keeps when it was asked for what."""

    def __init__(self, does: Callable[[Notice], Any] = lambda notice: None) -> None:
        self.does = does
        self.asked: list[tuple[float, str]] = []
        self.told: list[str] = []
        self.at_once = 0
        self.most_at_once = 0

    async def send(self, notice: Notice) -> None:
        """One try."""
        self.asked.append((trio.current_time(), notice.id))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await trio.sleep(float(self.does(notice) or 0.01))
        finally:
            self.at_once -= 1
        self.told.append(notice.id)


def fails(*subjects: str) -> Callable[[Notice], None]:
    """A receiver that does not take what is about these."""

    def does(notice: Notice) -> None:
        if notice.subject in subjects:
            raise Undelivered("http_500")

    return does


def state_of(courier: Courier) -> str:
    """The breaker's word, which changes behind a type checker's back."""
    return courier.breaker.state


@asynccontextmanager
async def carrying(tape: MemoryTape, outside: Outside, *, zone: str = "UTC", **wanted: Any) -> AsyncIterator[Courier]:
    """A courier at work."""
    fields: dict[str, Any] = {"events": ("ticket_update",), **wanted}
    courier = Courier(
        Outbox("d", 0, lambda: 1.0),
        tape,
        Wanted(name="his", channel="webhook", url=Url("https://example.org/", ""), **fields),
        zone,
        outside.send,
        TrioClock(),
        timeout=10.0,
        concurrency=4,
        nudge=lambda: None,
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(courier.run)
        yield courier
        courier.stop()


async def test_what_is_there_and_what_comes_is_delivered(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside()
    tape.add("a")
    async with carrying(tape, outside):
        await trio.sleep(1)
        tape.add("b")
        await trio.sleep(1)
    assert outside.told == ["1.1", "2.1"]


async def test_only_what_is_wanted_is_sent(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside()
    tape.add("a", "patient_called", "lab")
    tape.add("a", "ticket_update", "xray")
    wanted = tape.add("a", "ticket_update", "lab")
    async with carrying(tape, outside, services=("lab",)):
        await trio.sleep(1)
    assert outside.told == [wanted]


async def test_many_are_under_way_at_once_and_not_more_than_may(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside(lambda notice: 1)
    for number in range(12):
        tape.add(str(number))
    async with carrying(tape, outside):
        await trio.sleep(3.5)
    assert len(outside.told) == 12
    assert outside.most_at_once == 4


async def test_one_that_fails_holds_back_nobody_else(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside(fails("bad"))
    for number in range(20):
        tape.add("bad" if number % 2 else str(number))
    async with carrying(tape, outside) as courier:
        await trio.sleep(60)
        assert len(outside.told) == 10
        late = tape.add("late")
        await trio.sleep(1)
        assert outside.told[-1] == late
        assert state_of(courier) == "closed"
        outside.does = fails()
        await trio.sleep(200)
    assert [id for id in outside.told if int(id[:-2]) % 2 == 0] == [f"{n}.1" for n in range(2, 21, 2)]


async def test_a_try_without_an_answer_ends(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside(lambda notice: 1_000)
    tape.add("a")
    async with carrying(tape, outside) as courier:
        await trio.sleep(11)
        assert (courier.outbox.failed, courier.outbox.last_reason) == (1, "timeout")


async def test_a_fault_of_ours_is_a_failed_try(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside(lambda notice: 1 / 0)
    tape.add("a")
    async with carrying(tape, outside) as courier:
        await trio.sleep(0.5)
        assert courier.outbox.last_reason == "internal_ZeroDivisionError"


async def test_the_breaker_opens_tries_with_one_notice_and_closes(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside(fails("a", "b", "c", "d", "e", "f"))
    for subject in "abcdef":
        tape.add(subject)
    async with carrying(tape, outside) as courier:
        await trio.sleep(1)
        assert state_of(courier) == "open"
        tries = len(outside.asked)
        assert tries <= breaker.FAILURES + 4
        await trio.sleep(breaker.FIRST_PAUSE - 1)
        assert len(outside.asked) == tries
        await trio.sleep(1)
        assert (len(outside.asked), state_of(courier)) == (tries + 1, "open")  # one try, and open again
        await trio.sleep(breaker.FIRST_PAUSE)
        assert len(outside.asked) == tries + 1  # for twice as long
        outside.does = lambda notice: 5
        await trio.sleep(breaker.FIRST_PAUSE + 1)
        assert (outside.at_once, state_of(courier)) == (1, "half_open")
        await trio.sleep(40)
        assert state_of(courier) == "closed"
        assert sorted(outside.told) == [f"{n}.1" for n in range(1, 7)]


async def test_the_one_try_of_an_open_breaker_is_the_freshest_notice(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside(fails("a", "b"))
    tape.add("a")
    tape.add("b")
    async with carrying(tape, outside) as courier:
        await trio.sleep(7)  # the third try of one of them is the fifth failure
        assert state_of(courier) == "open"
        fresh = tape.add("c")
        await trio.sleep(breaker.FIRST_PAUSE + 1)
        assert outside.told == [fresh]
        assert state_of(courier) == "closed"


async def test_quiet_hours_leave_out_all_but_alerts(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside()
    midnight = START - START % (24 * HOUR)
    quiet: dict[str, Any] = {"quiet_from": "21:00", "quiet_to": "07:00", "events": ("ticket_update", "admin_alert")}
    ids = [
        tape.add("a", type, at=midnight + hour * HOUR)
        for hour, type in (
            (20, "ticket_update"),
            (21, "ticket_update"),
            (30, "admin_alert"),
            (31, "ticket_update"),
        )
    ]
    async with carrying(tape, outside, **quiet) as courier:
        await trio.sleep(1)
        advance = courier.outbox.advance()
    assert outside.told == [ids[0], ids[2], ids[3]]
    assert advance is not None
    assert (advance.delivered, advance.left_out) == (3, 1)


async def test_quiet_hours_are_those_of_the_hospitals_clocks(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside()
    midnight = START - START % (24 * HOUR)
    tape.add("a", at=midnight + 22 * HOUR)  # half past three in the morning in Kolkata
    async with carrying(tape, outside, zone="Asia/Kolkata", quiet_from="01:00", quiet_to="05:00"):
        await trio.sleep(1)
    assert outside.told == []


async def test_what_has_become_old_is_left_out(autojump_clock: MockClock):
    tape, outside = MemoryTape(), Outside()
    tape.add("a", at=START - 11 * 60_000_000)
    young = tape.add("b", at=START - 9 * 60_000_000)
    async with carrying(tape, outside, expire_minutes=10) as courier:
        await trio.sleep(1)
        advance = courier.outbox.advance()
    assert outside.told == [young]
    assert advance is not None
    assert (advance.cursor, advance.delivered, advance.left_out) == (2, 1, 1)


async def test_stopping_waits_for_what_is_under_way_and_not_for_long(autojump_clock: MockClock):
    for seconds, told in ((1.0, ["1.1"]), (100.0, [])):
        tape, outside = MemoryTape(), Outside(lambda notice, seconds=seconds: seconds)  # type: ignore[misc]
        tape.add("a")
        tape.add("a")
        async with carrying(tape, outside):
            await trio.sleep(0.5)
            begun = trio.current_time()
        assert trio.current_time() - begun <= DRAIN + 0.001
        assert outside.told == told


async def test_a_receiver_that_wants_no_more_is_noted(autojump_clock: MockClock):
    def gone(notice: Notice) -> None:
        raise Undelivered("http_410", gone=True)

    tape = MemoryTape()
    tape.add("a")
    async with carrying(tape, Outside(gone)) as courier:
        await trio.sleep(0.5)
        advance = courier.outbox.advance()
    assert advance is not None
    assert advance.gone


async def test_the_place_to_begin_is_found_by_time(autojump_clock: MockClock):
    tape = MemoryTape()
    for number in range(100):
        tape.add("a", at=START + 10 * number)
    assert await first_after(tape, 0, START + 495) == 50
    assert await first_after(tape, 0, START - 1) == 0
    assert await first_after(tape, 70, START + 495) == 70
    assert await first_after(tape, 0, START + 10**9) == 100
