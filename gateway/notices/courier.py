"""Carries the notices of one destination: fills its outbox from the tape, tries what is ready, minds the breaker.

It knows when to try and what became of it; how something is sent is its transport's, what is open its outbox's, and
what is noted in the log is asked by whoever holds it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from math import inf
from typing import Final

import trio

from engine import calendar
from engine.actors.destination.state import Wanted
from engine.clock import Clock
from engine.decider import MINUTE
from engine.errors import Unavailable
from gateway.notices.breaker import Breaker
from gateway.notices.notice import ALERT, Notice
from gateway.notices.outbox import Outbox, Parcel
from gateway.notices.tape import Page, Tape
from gateway.notices.undelivered import Undelivered

DRAIN: Final = 1.2
"""Seconds that notices under way get when everything stops; those that are cut off are sent again after the start."""
SAVE_AFTER: Final = 100
"""Settled notices after which that is noted at once, and not only after some time."""
RECOVERING: Final = 0.5
"""Seconds between two looks at a log that is being read again."""

Send = Callable[[Notice], Awaitable[None]]
"""Deliver, or raise ``Undelivered``."""

log = logging.getLogger("matron.notices")


class Courier:
    """One active destination. ``send`` delivers; ``nudge`` is called when much is to be noted."""

    def __init__(
        self,
        outbox: Outbox,
        tape: Tape,
        wanted: Wanted,
        time_zone: str,
        send: Send,
        clock: Clock,
        *,
        timeout: float,
        concurrency: int,
        nudge: Callable[[], None],
    ) -> None:
        self.outbox = outbox
        self.breaker = Breaker()
        self.stopping = False
        self._tape = tape
        self._wanted = wanted
        self._time_zone = time_zone
        self._send = send
        self._clock = clock
        self._timeout = timeout
        self._concurrency = concurrency
        self._nudge = nudge
        self._under_way = 0
        self._changed = trio.Event()
        self._pumps = trio.CancelScope()
        self._again: list[str] = []

    def open_again(self, notice_ids: list[str]) -> None:
        """Notices that the log lists as open and that are not here: they are read once more."""
        self._again = notice_ids
        self._wake()

    def stop(self) -> None:
        """Begin nothing more."""
        self.stopping = True
        self._pumps.cancel()

    async def run(self) -> None:
        """Until ``stop``, and then until what is under way is over, for ``DRAIN`` seconds at most."""
        async with trio.open_nursery() as sending:
            with self._pumps:
                async with trio.open_nursery() as pumps:
                    pumps.start_soon(self._fill)
                    pumps.start_soon(self._dispatch, sending)
            sending.cancel_scope.deadline = trio.current_time() + DRAIN

    # -- filling --------------------------------------------------------------------------------------------

    async def _fill(self) -> None:
        outbox = self.outbox
        while True:
            changed = self._changed
            try:
                if self._again:
                    await self._read_again()
                elif outbox.has_room:
                    pages = await self._tape.read(outbox.read)
                    for page in pages:
                        self._take(page)
                    if not pages:
                        await self._until_grown(changed)
                else:
                    await changed.wait()
            except Unavailable:
                await trio.sleep(RECOVERING)

    async def _until_grown(self, changed: trio.Event) -> None:
        """Something new in the log, or something that was settled."""
        async with trio.open_nursery() as either:

            async def settled() -> None:
                await changed.wait()
                either.cancel_scope.cancel()

            either.start_soon(settled)
            await self._tape.grown(self.outbox.read)
            either.cancel_scope.cancel()

    async def _read_again(self) -> None:
        ids, self._again = self._again, []
        for id in ids:
            position = int(id.partition(".")[0])
            pages = await self._tape.read(position - 1, 1)
            found = [notice for page in pages for notice in page.notices if notice.id == id]
            for notice in found:
                self.outbox.put(notice, behind=True)
            if not found:
                self.outbox.forget(id)
        self._wake()

    def _take(self, page: Page) -> None:
        outbox = self.outbox
        for notice in page.notices:
            if not self._is_wanted(notice):
                continue
            if self._is_quiet(notice):
                outbox.leave_out(notice.id)
            else:
                outbox.put(notice)
        outbox.read = page.position
        self._wake()

    def _is_wanted(self, notice: Notice) -> bool:
        wanted = self._wanted
        if notice.type not in wanted.events and notice.also not in wanted.events:
            return False
        return not wanted.services or notice.service in wanted.services

    def _is_quiet(self, notice: Notice) -> bool:
        """Alerts are heard at any hour."""
        begin, end = self._wanted.quiet_from, self._wanted.quiet_to
        if begin is None or end is None or notice.type == ALERT:
            return False
        now = calendar.local_time(notice.at, self._time_zone).strftime("%H:%M")
        return begin <= now < end if begin < end else now >= begin or now < end

    # -- sending --------------------------------------------------------------------------------------------

    async def _dispatch(self, sending: trio.Nursery) -> None:
        outbox = self.outbox
        while True:
            changed = self._changed
            now = trio.current_time()
            pause = max(self.breaker.wait(now), outbox.wait(now))
            if pause <= 0 and self._under_way < self._concurrency:
                parcel = outbox.next(now, freshest=self.breaker.state != "closed")
                assert parcel is not None, "something was ready"
                if self._is_expired(parcel):
                    outbox.expired(parcel)
                    await trio.lowlevel.checkpoint()
                    continue
                self.breaker.begun()
                self._under_way += 1
                sending.start_soon(self._try, parcel)
                continue
            # A clock that rounds must not make this spin: a millisecond at least.
            with trio.move_on_after(max(pause, 0.001) if self._under_way < self._concurrency else inf):
                await changed.wait()

    def _is_expired(self, parcel: Parcel) -> bool:
        minutes = self._wanted.expire_minutes
        return minutes is not None and self._clock.wall() - parcel.notice.at > minutes * MINUTE

    async def _try(self, parcel: Parcel) -> None:
        outbox, breaker = self.outbox, self.breaker
        settled = False
        try:
            trouble: Undelivered | None = Undelivered("timeout")
            with trio.move_on_after(self._timeout):
                trouble = await self._attempt(parcel.notice)
            now = trio.current_time()
            if trouble is None:
                breaker.succeeded()
                outbox.succeeded(parcel)
            else:
                breaker.failed(now, parcel.notice.subject)
                outbox.failed_once(parcel, trouble.reason, now, self._clock.wall(), trouble.retry_after)
                if trouble.gone:
                    outbox.gone = True
                    self.stop()
            settled = True
        finally:
            if not settled:
                breaker.broken_off(trio.current_time())
                outbox.broken_off(parcel, trio.current_time())
            self._under_way -= 1
            self._wake()
        if outbox.gone or outbox.unsaved >= SAVE_AFTER:
            self._nudge()

    async def _attempt(self, notice: Notice) -> Undelivered | None:
        try:
            await self._send(notice)
        except Undelivered as trouble:
            return trouble
        except Exception as bug:  # one notice's trouble must not end the others
            log.exception("sending a notice failed")
            return Undelivered(f"internal_{type(bug).__name__}")
        return None

    def _wake(self) -> None:
        changed, self._changed = self._changed, trio.Event()
        changed.set()
