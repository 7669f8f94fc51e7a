"""One follower's way through a channel: a snapshot, then what happened since, each once and in order.

It holds a place, not a copy: what it has not read yet stands with its group. A follower that is too slow loses its
place and gets a snapshot instead; one that is too slow again soon is ended. Knows no socket: whoever holds it reads
frames and sends them, or does not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import msgspec
import trio

from engine import calendar
from engine.channel import FRAME_BYTES, SLICE, Channel, Follower, Group
from engine.clock import Clock
from engine.decider import NotInMemory
from engine.errors import Rejected, Unavailable
from engine.topics import Topic

HEARTBEAT: Final = 5.0
"""Seconds of silence after which a sign of life is sent."""

RESUME: Final = 10_000
"""Entries that are read back for whoever says where it stopped; of more than that a snapshot is cheaper."""

PATIENCE: Final = 60.0
"""Seconds in which a follower may lose its place once."""

_AT_ONCE: Final = 64
"""Frames of one ``receive``."""

TRY_AGAIN_LATER, RESTARTING = 1013, 1012
"""Why a subscription ends, in the numbers of RFC 6455: too slow, and nothing wrong with the client."""

Look = Callable[[str, Iterable[str]], Awaitable[None]]
"""Told, before a snapshot leaves, which patients' text stands in those of the topics that are named."""

Kind = Literal["snapshot", "deltas", "heartbeat", "closing"]


class Frame(NamedTuple):
    """One thing to send: ``data`` is its JSON. ``code`` of a closing, after which nothing comes.

    ``whole``: who has it and all before may go on from ``seq``; not so with all but the last of several snapshots.
    """

    kind: Kind
    seq: int
    data: bytes
    whole: bool = True
    code: int = 0


@dataclass
class FeedCounts:
    """What an operator wants to know: followers now, those ended for slowness, places lost, frames given out."""

    connected: int = 0
    dropped: int = 0
    lagging: int = 0
    sent: int = 0


class Subscription(Follower):
    """Topics that somebody follows; ``receive`` gives what comes next.

    One task at a time may wait for it; one that is cancelled loses nothing.
    """

    def __init__(
        self,
        channel: Channel,
        topics: tuple[Topic, ...],
        clock: Clock,
        counts: FeedCounts,
        turn: trio.Lock,
        serving: Callable[[], trio.Event],
        look: Look | None = None,
    ) -> None:
        self.stale = "first"
        self.woken = trio.Event()
        self.group: Group | None = None
        self._channel = channel
        self._topics = topics
        self._clock = clock
        self._counts = counts
        self._turn = turn
        self._serving = serving
        self._look = look
        self._shown: dict[str, set[str]] = {}
        self._cursor = 0
        self._floor = 0
        self._next = 0
        """The position from which entries are still read back; 0: it has caught up."""
        self._lost_at = float("-inf")
        self._ready: list[Frame] = []
        self._closing: Frame | None = None

    async def begin(self, after: int | None) -> None:
        """See that all topics are there (``NotFound``), and take a place: behind ``after``, or behind a snapshot."""
        self._ready = await self._snapshots()
        if after is None:
            return
        if 0 <= self._floor - after <= RESUME:
            self._ready, self._next = [], after + 1
        else:
            self._ready = await self._snapshots("too_old" if after < self._floor else "unknown_position")

    def end(self, code: int, reason: str) -> None:
        """Let the follower go: all it gets from now on is this."""
        if self._closing is None:
            data = msgspec.json.encode({"type": "closing", "code": code, "reason": reason})
            self._closing = Frame("closing", self._floor, data, code=code)

    async def receive(self) -> list[Frame]:
        """The next frames, at least one; after ``HEARTBEAT`` seconds without any, a heartbeat."""
        frames = await self._wait()
        self._counts.sent += len(frames)
        return frames

    async def _wait(self) -> list[Frame]:
        group = self.group
        assert group is not None
        waited = False
        while True:
            if self._closing is not None:
                await trio.lowlevel.checkpoint()
                return [self._closing]
            if self._ready:
                frames, self._ready = self._ready, []
            elif self.stale:
                frames = await self._start_over()
            elif self._next:
                frames = await self._read_on()
            else:
                frames = self._take(group)
            if frames:
                if not waited:  # whoever waited has left the others their turn
                    await trio.lowlevel.cancel_shielded_checkpoint()  # these frames are taken, and must arrive
                return frames
            if self._up_to_date(group):
                since = group.waiting[self] = trio.current_time()
                self.woken = trio.Event()
                try:
                    await self.woken.wait()
                finally:
                    group.waiting.pop(self, None)
                waited = True
                if self._up_to_date(group) and trio.current_time() - since >= HEARTBEAT:
                    return [self._heartbeat()]

    def _up_to_date(self, group: Group) -> bool:
        return self._cursor == group.end and not (self.stale or self._next or self._closing)

    def _take(self, group: Group) -> list[Frame]:
        if self._cursor < group.first:
            self._lose_place("lagging")
            return []
        start = self._cursor - group.first
        found = [group.frames[index] for index in range(start, min(start + _AT_ONCE, len(group.frames)))]
        self._cursor += len(found)
        frames = [Frame("deltas", position, data) for position, data in found if position > self._floor]
        if frames:
            self._floor = frames[-1].seq
        return frames

    def _lose_place(self, reason: str) -> None:
        now = trio.current_time()
        self._counts.lagging += 1
        if now - self._lost_at < PATIENCE:
            self._counts.dropped += 1
            self.end(TRY_AGAIN_LATER, "the client reads more slowly than things happen")
        self._lost_at, self.stale, self._next = now, reason, 0

    def _heartbeat(self) -> Frame:
        seq = self._floor = max(self._floor, self._channel.position)
        time = calendar.moment(self._clock.wall())
        return Frame("heartbeat", seq, msgspec.json.encode({"type": "heartbeat", "seq": seq, "time": time}))

    # -- catching up ----------------------------------------------------------------------------------------

    async def _read_on(self) -> list[Frame]:
        channel, group = self._channel, self.group
        assert group is not None
        if self._next > channel.handed:
            # All before it is read, all from it on will be handed out: nothing runs between seeing and joining.
            self._floor, self._cursor, self._next = self._next - 1, group.end, 0
            return [self._heartbeat()]
        if channel.handed - self._next >= RESUME:
            self._lose_place("too_old")
            return []
        last = min(channel.handed, self._next + SLICE - 1)
        try:
            news = await channel.read_back(self._next, last)
        except Unavailable:
            await self._serving().wait()
            return []
        if self.stale:
            return []
        self._next = last + 1
        frames = []
        for each in news:
            data = each.frame(group.names)
            if data is not None:
                if len(data) > FRAME_BYTES:
                    self.stale, self._next = "large", 0
                    break
                frames.append(Frame("deltas", each.position, data))
        self._floor = last
        return frames

    # -- as it stands ---------------------------------------------------------------------------------------

    async def _start_over(self) -> list[Frame]:
        try:
            return await self._snapshots(self.stale)
        except Rejected:
            self.end(RESTARTING, "what was followed is no longer here")
        except Unavailable:
            pass  # what it rested on never became durable: again, from what is true then
        return []

    async def _snapshots(self, reason: str = "first") -> list[Frame]:
        """All topics at one position. One follower's at a time: many at once would hold up the commands."""
        channel = self._channel
        found: list[Frame] | NotInMemory | None = None
        while not isinstance(found, list):
            await self._serving().wait()
            async with self._turn:
                if self._serving().is_set():
                    found = self._as_it_stands(reason)
            if isinstance(found, NotInMemory):
                await channel.answers.load(channel.partition, found)
        try:
            await channel.log.durable(channel.partition.tail, self._floor)
            if self._shown and self._look is not None:
                await self._look(f"follow:{','.join(self._shown)}", set().union(*self._shown.values()))
        except BaseException:
            self.stale = reason  # it was taken for granted too soon, also where only the waiting was broken off
            raise
        return found

    def _as_it_stands(self, reason: str) -> list[Frame] | NotInMemory:
        channel = self._channel
        position = channel.partition.tail.head
        time, now = self._clock.wall(), trio.current_time()
        try:
            stands = [(topic, channel.snapshot(topic, time, now)) for topic in self._topics]
        except NotInMemory as missing:
            return missing
        # Only now that every name has proved true; and with no step in between, so that nothing is missed.
        if self.group is None:
            self.group = channel.enter(self._topics, self)
        self._floor, self._cursor, self._next, self.stale = position, self.group.end, 0, ""
        self._shown = {topic.name: snapshot.whose for topic, snapshot in stands if snapshot.whose}
        frames = []
        for count, (topic, (body, _)) in enumerate(stands, 1):
            more = count < len(stands)
            head = msgspec.json.encode(
                {"type": "snapshot", "topic": topic.name, "seq": position, "reason": reason, "more": more}
            )
            frames.append(Frame("snapshot", position, b'%b,"data":%b}' % (head[:-1], body), whole=not more))
        return frames
