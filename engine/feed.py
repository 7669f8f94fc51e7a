"""The hub of all who follow what happens: commands go by, and nobody waits for anybody who listens.

A partition shows each entry to its channel while somebody follows. One task waits until entries are durable (law 6),
has them told once, and wakes those who wait a few at a time, so that commands run in between; then it rests, the
longer the more that cost. Nothing here outlives the engine, and nothing of it is state.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import takewhile
from typing import Final

import trio

from engine.answers import Answers
from engine.channel import Channel, Group
from engine.clock import Clock
from engine.errors import Invalid, Overloaded, Rejected, Unavailable
from engine.eventlog.log import Log
from engine.eventlog.store import Store
from engine.partition import Partition
from engine.subscription import HEARTBEAT, RESTARTING, FeedCounts, Look, Subscription
from engine.topics import topic

MAX_TOPICS: Final = 50
"""Topics of one subscription."""

MAX_FOLLOWERS: Final = 3_000
"""Subscriptions of one engine."""

_WOKEN: Final = 8
"""Followers that are woken in one turn of the scheduler; each then has a frame to send."""

_WAY: Final = 0.005
"""Seconds that those who are to be woken next wait for a commit under way: somebody waits for its answer."""

_LOOK: Final = 0.25
"""Seconds between two looks for those who have heard nothing."""

_MANY, _GATHER = 32, 0.05
"""From so many followers on, what happens within so many seconds is told together."""

_REST, _LONGEST = 2.0, 1.0
"""How long the hub rests, as a multiple of what telling took, and at most (s): commands get the larger part."""


class Feed:
    """All channels of one engine. ``counts`` is for anybody to read."""

    def __init__(self, store: Store, clock: Clock, partition: Callable[[str], Partition]) -> None:
        self.counts = FeedCounts()
        self._store = store
        self._clock = clock
        self._partition = partition
        self._channels: dict[str, Channel] = {}
        self._followers: set[Subscription] = set()
        self._work = trio.Event()
        self._somebody = trio.Event()
        self._woken = 0
        self._turn = trio.Lock()
        self._serving = trio.Event()
        self._log: Log
        self._answers: Answers
        self._ended: tuple[int, str] | None = None

    @asynccontextmanager
    async def follow(
        self, hospital: str, topics: Sequence[str], *, after: int | None = None, look: Look | None = None
    ) -> AsyncGenerator[Subscription, None]:
        """Follow topics of a hospital; with ``after``, from behind that position of its log on.

        ``look`` is told whose text a snapshot shows; what happens since never carries any.
        ``NotFound`` where a topic or the hospital is none, ``Invalid`` for too many topics or none,
        ``Overloaded`` when as many follow as may, ``Unavailable`` while the engine does not serve.
        """
        partition = self._partition(hospital)
        if self._ended is not None or not self._serving.is_set():
            raise Unavailable("stopping" if self._ended else "recovering", "nothing can be followed now")
        names = list(dict.fromkeys(topics))
        if not 1 <= len(names) <= MAX_TOPICS:
            raise Invalid(f"1 to {MAX_TOPICS} topics can be followed together", field="topics")
        chosen = tuple([topic(name) for name in names])
        if len(self._followers) >= MAX_FOLLOWERS:
            raise Overloaded("too_many_followers", "as many follow the stream as may", retry_after=10)
        channel = self._channels.get(hospital)
        if channel is None:
            channel = self._channels[hospital] = Channel(hospital, self._store, self._tell)
            channel.attach(partition, self._log, self._answers)
        subscription = Subscription(channel, chosen, self._clock, self.counts, self._turn, lambda: self._serving, look)
        self._followers.add(subscription)
        self._somebody.set()
        channel.interest += 1
        self.counts.connected += 1
        try:
            await subscription.begin(after)
            yield subscription
        finally:
            self.counts.connected -= 1
            self._followers.discard(subscription)
            if subscription.group is not None:
                channel.leave(subscription.group, subscription)
            channel.interest -= 1
            if not channel.interest:
                del self._channels[hospital]
                channel.detach()

    def end(self, code: int = RESTARTING, reason: str = "the server stops") -> None:
        """Let everybody go, and take nobody any more."""
        self._ended = (code, reason)
        for subscription in self._followers:
            subscription.end(code, reason)
        for channel in self._channels.values():
            channel.wake_all()

    def kept(self) -> dict[str, int]:
        """What is kept for those who have not read it yet: for how many different choices of topics, frames, bytes."""
        groups = [group for channel in self._channels.values() for group in channel.groups.values()]
        return {
            "groups": len(groups),
            "frames_kept": sum(len(group.frames) for group in groups),
            "bytes_kept": sum(group.size for group in groups),
        }

    def _tell(self) -> None:
        self._work.set()

    def open(self, log: Log, answers: Answers) -> None:
        """The engine serves from this log now; what was followed before goes on, with a snapshot."""
        self._log, self._answers = log, answers
        for hospital, channel in self._channels.items():
            try:
                channel.attach(self._partition(hospital), log, answers)
            except (Rejected, Unavailable):  # its first entry never became durable
                channel.end(RESTARTING, "the hospital is no longer here")
        self._serving.set()

    async def run(self) -> None:
        """Tell what happens, until the engine serves no longer."""
        try:
            await self._wake()
            while True:
                await self._work.wait()
                self._work = trio.Event()
                channels = list(self._channels.values())
                for channel in channels:
                    await channel.durable()
                begun = trio.current_time()
                for channel in channels:
                    await channel.hand_out()
                await self._wake()
                cost = trio.current_time() - begun
                least = _GATHER if len(self._followers) > _MANY else 0.0
                await trio.sleep(max(least, min(_REST * cost, _LONGEST)))
        finally:
            self._serving = trio.Event()
            for channel in self._channels.values():
                channel.detach()
                channel.begin_anew("recovered")

    async def _wake(self) -> None:
        for channel in list(self._channels.values()):
            groups, channel.told = dict.fromkeys(channel.told), []
            for group in groups:
                await self._wake_some(group, len(group.waiting))

    async def _wake_some(self, group: Group, count: int) -> None:
        while count > 0:
            share = min(_WOKEN - self._woken, count)
            group.wake(share)
            count -= share
            self._woken += share
            if self._woken == _WOKEN:
                self._woken = 0
                await self._make_way()

    async def _make_way(self) -> None:
        await trio.lowlevel.checkpoint()
        if self._log.pending:
            with trio.move_on_after(_WAY):
                await self._log.flushed()

    async def beat(self) -> None:
        """Wake those who have heard nothing for a while, so that they give a sign of life; a few at a time, too."""
        while True:
            if not self._followers:
                self._somebody = trio.Event()
                await self._somebody.wait()
            await trio.sleep(_LOOK)
            long_ago = trio.current_time() - HEARTBEAT
            for channel in list(self._channels.values()):
                for group in list(channel.groups.values()):
                    await self._wake_some(group, sum(1 for _ in takewhile(long_ago.__ge__, group.waiting.values())))
