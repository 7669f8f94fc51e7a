"""What one hospital tells its followers: entries on their way to the disk, news that left, and who gets which.

Everybody who follows the same topics reads the same frames: a frame is made once, whoever many wait for it, and a
client that does not read costs a number, its place. What a place has fallen out of is gone for it; it begins anew
with a snapshot. Knows no client, no socket and no task.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
import trio

from engine.answers import Answers
from engine.deltas import ALL, Delta, deltas
from engine.eventlog.entry import checked
from engine.eventlog.log import Log
from engine.eventlog.store import Store
from engine.partition import Partition
from engine.reading import StateReader
from engine.stepping import Accepted
from engine.topics import Topic
from engine.views import QUERIES

FRAMES: Final = 256
"""Frames that may wait for the slowest of those who follow the same topics."""

FRAME_BYTES: Final = 128 * 1024
"""Their bytes, and those of one frame: what is larger than that is told by a snapshot."""

PENDING: Final = 50_000
"""Entries that may wait to be told; over it everybody begins anew."""

_RECENT: Final = 20_000
"""Messages that are kept for those who were cut off for a moment."""

SLICE: Final = 10
"""Entries told, or read back from the log, between two turns of the others (about a millisecond)."""

_SNAPSHOTS: Final = 256
"""Topics whose last snapshot is kept, for the next who asks."""

_FRESH: Final = 1.0
"""Seconds for which it is good when nothing happened: what it estimates moves with the clock."""

_log = logging.getLogger("matron.engine")


class News:
    """The messages of one entry; each is encoded once, when somebody gets it."""

    __slots__ = ("_encoded", "by_topic", "deltas", "position")

    def __init__(self, position: int, made: list[Delta]) -> None:
        self.position = position
        self.deltas = made
        self.by_topic: dict[str, list[int]] = {}
        self._encoded: dict[int, bytes] = {}
        for index, delta in enumerate(made):
            self.by_topic.setdefault(delta.topic, []).append(index)
            if delta.staff:
                self.by_topic.setdefault(ALL, []).append(index)

    def frame(self, names: dict[str, str]) -> bytes | None:
        """One frame with all messages of these topics (their keys and names); ``None`` when there is none."""
        wanted = {index for topic in names.keys() & self.by_topic.keys() for index in self.by_topic[topic]}
        if not wanted:
            return None
        messages = b",".join([self._message(index, names) for index in sorted(wanted)])
        return b'{"type":"deltas","seq":%d,"messages":[%b]}' % (self.position, messages)

    def _message(self, index: int, names: dict[str, str]) -> bytes:
        found = self._encoded.get(index)
        if found is None:
            delta = self.deltas[index]
            # A topic whose name is not its key has one name only: whoever follows it knows the same secret.
            named = delta._replace(topic=names.get(delta.topic, delta.topic))
            found = self._encoded[index] = msgspec.json.encode(named.document())
        return found


class Group:
    """All who follow the same topics, and the last frames for them: numbered, ``first`` up to before ``end``."""

    __slots__ = ("_bytes", "end", "followers", "frames", "names", "waiting")

    def __init__(self, topics: Iterable[Topic]) -> None:
        self.names = {topic.key: topic.name for topic in topics}
        self.frames: deque[tuple[int, bytes]] = deque()
        self.end = 0
        self.followers: set[Follower] = set()
        self.waiting: dict[Follower, float] = {}
        """Who has read all there is, and since when (s), longest first."""
        self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes of the frames that are still there."""
        return self._bytes

    @property
    def first(self) -> int:
        """The number of the oldest frame that is still there."""
        return self.end - len(self.frames)

    def push(self, position: int, frame: bytes) -> None:
        """One more frame; the oldest go when there are too many."""
        self.frames.append((position, frame))
        self.end += 1
        self._bytes += len(frame)
        while len(self.frames) > FRAMES or self._bytes > FRAME_BYTES:
            self._bytes -= len(self.frames.popleft()[1])

    def wake(self, count: int) -> None:
        """Have this many of those who wait look, longest first."""
        for follower in list(islice(self.waiting, count)):
            del self.waiting[follower]
            follower.woken.set()

    def begin_anew(self, reason: str) -> None:
        """Nothing of what waits counts any more: everybody gets a snapshot."""
        self.frames.clear()
        self._bytes = 0
        for follower in self.followers:
            follower.stale = reason


class Shown(NamedTuple):
    """A topic as it stands: its JSON, and the patients whose text is in it."""

    data: bytes
    whose: set[str]


class Follower(ABC):
    """What a channel knows of one who follows."""

    stale: str
    """Why a snapshot is due; ``""``: none is."""
    woken: trio.Event

    @abstractmethod
    def end(self, code: int, reason: str) -> None:
        """Nothing more comes."""


class Channel:
    """One hospital's news. It stands in a partition's ``watcher`` while somebody follows.

    ``handed`` is the position up to which all entries have been told, or were there before anybody followed.
    """

    def __init__(self, hospital: str, store: Store, work: Callable[[], None]) -> None:
        self.hospital = hospital
        self.pending: deque[tuple[int, list[Delta]]] = deque()
        self.groups: dict[frozenset[tuple[str, str]], Group] = {}
        self.told: list[Group] = []
        """Groups with frames for which nobody was woken yet."""
        self.handed = 0
        self.interest = 0
        """How many follow, or are about to."""
        self.partition: Partition
        self.log: Log
        self.answers: Answers
        self._store = store
        self._work = work
        self._by_topic: dict[str, list[Group]] = {}
        self._recent: dict[int, News] = {}
        self._recent_messages = 0
        self._reading = trio.Lock()
        self._snapshots: dict[str, tuple[int, float, Shown]] = {}

    # -- who follows ----------------------------------------------------------------------------------------

    def attach(self, partition: Partition, log: Log, answers: Answers) -> None:
        """Watch this partition from here on."""
        self.partition, self.log, self.answers = partition, log, answers
        self.handed = partition.tail.head
        partition.watcher = self

    def detach(self) -> None:
        """Watch no longer."""
        self.partition.watcher = None
        self.pending.clear()

    def enter(self, topics: tuple[Topic, ...], follower: Follower) -> Group:
        """The group of those who follow these topics, with one more in it."""
        key = frozenset((topic.key, topic.name) for topic in topics)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(topics)
            for topic in group.names:
                self._by_topic.setdefault(topic, []).append(group)
        group.followers.add(follower)
        return group

    def leave(self, group: Group, follower: Follower) -> None:
        """One less; a group of nobody is forgotten."""
        group.followers.discard(follower)
        if not group.followers:
            del self.groups[frozenset(group.names.items())]
            for topic in group.names:
                self._by_topic[topic].remove(group)
                if not self._by_topic[topic]:
                    del self._by_topic[topic]

    def begin_anew(self, reason: str) -> None:
        """Forget what was not told: all who follow get a snapshot."""
        self.pending.clear()
        self.handed = self.partition.tail.head
        for group in self.groups.values():
            group.begin_anew(reason)
            self.told.append(group)

    def end(self, code: int, reason: str) -> None:
        """Let all who follow go."""
        for group in self.groups.values():
            for follower in group.followers:
                follower.end(code, reason)
        self.wake_all()

    def wake_all(self) -> None:
        """Have everybody look."""
        for group in self.groups.values():
            group.wake(len(group.waiting))

    # -- from the partition ---------------------------------------------------------------------------------

    def read(self, position: int, time: int, accepted: Accepted) -> list[Delta] | None:
        """The messages of an entry that is about to be; before its events are let loose on states that may keep
        and change what an event holds. ``None``: they could not be made, which must not be the command's concern."""
        try:
            return deltas(position, time, [(key, events) for key, (_, events) in accepted.items()])
        except Exception:
            _log.exception("telling of position %d of %s failed", position, self.hospital)
            return None

    def take(self, position: int, made: list[Delta] | None) -> None:
        """The entry stands in line for the disk."""
        if made is None or len(self.pending) >= PENDING:
            self.begin_anew("behind")
        elif made:
            self.pending.append((position, made))
        else:
            return
        self._work()

    # -- to the followers -----------------------------------------------------------------------------------

    async def durable(self) -> None:
        """Wait until all that is pending now may leave."""
        if self.pending:
            await self.log.durable(self.partition.tail, self.pending[-1][0])

    async def hand_out(self) -> None:
        """Put all that is durable into the frames of those who follow it."""
        tail, handed = self.partition.tail, 0
        while self.pending and self.pending[0][0] <= tail.durable:
            position, made = self.pending.popleft()
            try:
                self._tell(News(position, made))
            except Exception:  # whoever listens must not be able to end what everybody works with
                _log.exception("telling of position %d of %s failed", position, self.hospital)
                self.begin_anew("behind")
            handed += 1
            if handed % SLICE == 0:
                await trio.lowlevel.checkpoint()

    def _tell(self, news: News) -> None:
        self._keep(news)
        self.handed = news.position
        groups = {id(group): group for topic in news.by_topic for group in self._by_topic.get(topic, ())}
        for group in groups.values():
            frame = news.frame(group.names)
            assert frame is not None
            if len(frame) > FRAME_BYTES:
                group.begin_anew("large")
            else:
                group.push(news.position, frame)
            self.told.append(group)

    @property
    def position(self) -> int:
        """Up to here everything has been told."""
        return self.handed if self.pending else max(self.handed, self.partition.tail.durable)

    # -- what was told before -------------------------------------------------------------------------------

    def _keep(self, news: News) -> None:
        if news.position in self._recent:
            return
        self._recent[news.position] = news
        self._recent_messages += 1 + len(news.deltas)
        while self._recent_messages > _RECENT:
            oldest = self._recent.pop(next(iter(self._recent)))
            self._recent_messages -= 1 + len(oldest.deltas)

    async def read_back(self, first: int, last: int) -> list[News]:
        """The news of these positions, from the log where they are not kept. All must have been handed out."""
        async with self._reading:  # of many who were cut off together the first reads for all
            kept = [self._recent.get(position) for position in range(first, last + 1)]
            found = [news for news in kept if news is not None]
            if len(found) == len(kept):
                await trio.lowlevel.checkpoint()
                return found
            await self.log.durable(self.partition.tail, last)
            codec = self.partition.book.codec
            found = []
            for position, record in await self._store.read(self.hospital, first, last - first + 1):
                news = self._recent.get(position)
                if news is None:
                    entry = codec.decode(checked(record))
                    changes = [(change.actor, change.events) for change in entry.changes]
                    news = News(position, deltas(position, entry.time, changes))
                    self._keep(news)
                found.append(news)
            return found

    # -- as it stands ---------------------------------------------------------------------------------------

    def snapshot(self, topic: Topic, time: int, now: float) -> Shown:
        """A topic's state as JSON, as of the log's end; ``NotInMemory``: load that, and ask again.

        ``time``: the wall clock (µs), ``now``: trio's (s). It must not leave before the log's end is durable.
        """
        if not topic.parts:
            return Shown(topic.empty, set())
        head = self.partition.tail.head
        kept = self._snapshots.get(topic.name)
        if kept is not None and kept[0] == head and now - kept[1] < _FRESH:
            self.log.gauges.topics.hits += 1
            return kept[2]
        self.log.gauges.topics.misses += 1
        reader, codec = StateReader(self.partition, time), self.partition.book.codec
        # Through the engine's own form of an answer, so that it is the one that a request would get.
        bodies: dict[str, Any] = {}
        whose: set[str] = set()
        for name, query in topic.parts:
            body, shown = codec.told(QUERIES[type(query)](reader, query).body)
            bodies[name] = msgspec.msgpack.decode(body)
            whose |= shown
        found = Shown(msgspec.json.encode(bodies.get("", bodies)), whose)
        self._snapshots.pop(topic.name, None)
        self._snapshots[topic.name] = (head, now, found)
        if len(self._snapshots) > _SNAPSHOTS:
            del self._snapshots[next(iter(self._snapshots))]
        return found
