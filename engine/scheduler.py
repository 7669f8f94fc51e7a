"""Durable timers: when an actor's pure ``due(state)`` has come, it is sent an ordinary command.

Due is wall time, sleeping is monotonic. The command's id derives from actor and due instant, and a rule book
treats an overtaken waking as nothing. When the wall clock steps further than ``CLOCK_STEP`` from the monotonic
one, the timers are held and an alert is up: a wrong clock must not mark a whole waiting room as absent.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final

import trio

from engine.actor import Message, Word
from engine.clock import Clock
from engine.decider import MINUTE, SECOND
from engine.decisions import DECISIONS, WAKE
from engine.errors import Unavailable
from engine.eventlog.entry import Principal
from engine.gauges import Histogram
from engine.partition import Partition
from engine.recovery import Cell

CLOCK_STEP: Final = 5 * MINUTE
"""A step of the wall clock beyond which timers are held (µs)."""

_LOOK: Final = 30.0
"""Seconds after which the clock is looked at again, however far the next timer."""

_RETRY: Final = 1.0
"""Seconds until a waking that found no room is tried again."""

_AT_ONCE: Final = 50
"""Timers of one hospital that fire in one turn of the others: hundreds of slots may end at the same minute."""

TIMER: Final = Principal("timer", "system")

_log = logging.getLogger("matron.engine")


class Scheduler:
    """One for all hospitals. ``held`` is true while the clock is not believed."""

    def __init__(self, clock: Clock, partitions: Callable[[], Iterable[Partition]]) -> None:
        self._clock = clock
        self._partitions = partitions
        self._changed = trio.Event()
        self._offset = clock.wall() - clock.monotonic()
        self._fired: list[tuple[Partition, int, str, Message]] = []
        self.held = False
        self.fired = 0
        """Timers that have fired since the start,"""
        self.late = Histogram()
        """and how long after they were due."""

    def changed(self) -> None:
        """The earliest timer may be another one now."""
        self._changed.set()

    async def run(self) -> None:
        """Fire what is due, sleep until the next."""
        while True:
            self._changed = trio.Event()
            wait = self._fire()
            with trio.move_on_after(wait):
                await self._changed.wait()

    def _fire(self) -> float:
        wall = self._clock.wall()
        step = wall - self._clock.monotonic() - self._offset
        if abs(step) > CLOCK_STEP:
            if not self.held:
                _log.error(
                    "the wall clock stepped by %d s: timers are held until it is back or Matron restarts",
                    step // SECOND,
                )
            self.held = True
            return _LOOK
        if self.held:
            _log.warning("the wall clock is back: timers go on")
        self.held = False
        # Slow drift (leap smear, NTP slewing) is followed; only a step is not.
        self._offset += step
        self._look_after_fired()
        wait = _LOOK
        for partition in self._partitions():
            wait = min(wait, self._fire_in(partition, wall))
        return min(wait, _RETRY) if self._fired else wait

    def _look_after_fired(self) -> None:
        """Set the timers again whose waking was not taken: the disk had stalled, or the actor was being rebuilt."""
        fired, self._fired = self._fired, []
        present = list(self._partitions())  # what belongs to another was read from the log again
        for partition, due, key, message in fired:
            if partition not in present:
                continue
            if message.word is Word.NOT_APPLIED:
                heapq.heappush(partition.book.timers, (due, key))
            elif message.word <= Word.CLAIMED:
                self._fired.append((partition, due, key, message))

    def _fire_in(self, partition: Partition, wall: int) -> float:
        timers, cells = partition.book.timers, partition.book.cells
        fired = 0
        while timers:
            due, key = timers[0]
            cell = cells.get(key)
            if type(cell) is Cell and cell.due != due:
                heapq.heappop(timers)  # overtaken
                continue
            if due > wall:
                return (due - wall) / SECOND
            if fired == _AT_ONCE:
                return 0.0
            fired += 1
            heapq.heappop(timers)
            if not self._wake(partition, key, due):
                heapq.heappush(timers, (due, key))
                return _RETRY
            self.late.note((wall - due) / SECOND)
        return _LOOK

    def _wake(self, partition: Partition, key: str, due: int) -> bool:
        kind, _, id = key.partition(":")
        command = WAKE[kind](id, due)
        command_id = sha256(f"{key}|{due}".encode()).digest()[:16]
        message = Message(command, DECISIONS[type(command)], TIMER, command_id)
        try:
            partition.post(message)
        except Unavailable:
            return False
        self._fired.append((partition, due, key, message))
        self.fired += 1
        return True
