"""What one destination is still to be sent, in which order, and how far it has come. No I/O, no clock, no randomness.

It is filled from the log in order of position. Notices of one subject go one after another; a failing one holds
back the later ones of its subject and nobody else's. ``advance`` says what is to be noted in the log, so that after
a crash only what was delivered since then is sent again.

Instants of ``now`` are seconds of a monotonic clock, ``wall`` is µs.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from math import inf
from typing import Final

import msgspec

from engine.actors.destination.rules import place_of
from engine.actors.destination.state import MAX_OPEN, DeadLetter
from engine.decider import HOUR
from engine.decisions.destinations import AdvanceCursor
from gateway.notices.notice import Notice

WINDOW: Final = 200
"""Notices in memory for one destination; beyond them it is not read on. Less than ``MAX_OPEN``: retries need room."""
UNSAVED: Final = 1_000
"""Notices that may be settled and not noted in the log yet, while it takes no writes."""
MAX_TRIES: Final = 20
"""Tries after which a notice is given up, ..."""
MAX_AGE: Final = 24 * HOUR
"""... or this long after it happened (µs), whichever comes first; one try it gets in any case."""
FIRST_PAUSE: Final = 1.0
"""Seconds between the first try and the second; doubled each time."""
LONGEST_PAUSE: Final = 600.0
"""Seconds between two tries at most."""


class Parcel(msgspec.Struct):
    """A notice on its way. ``behind``: the log has it listed as open, behind the cursor."""

    notice: Notice
    behind: bool = False
    tries: int = 0
    ready_at: float = 0.0
    under_way: bool = False


class Outbox:
    """``read`` is the last position that was looked at; ``jitter`` gives a number from 0 to 1 for each pause."""

    def __init__(self, destination_id: str, read: int, jitter: Callable[[], float]) -> None:
        self.read = read
        self.delivered = 0
        self.failed = 0
        self.last_reason = ""
        self.gone = False
        self._id = destination_id
        self._jitter = jitter
        self._parcels: dict[str, Parcel] = {}
        self._subjects: dict[str, deque[Parcel]] = {}
        self._ready: list[tuple[float, int, str]] = []
        self._turn = 0
        self._persisted_cursor = read
        self._persisted: set[str] = set()
        self._done: set[str] = set()
        self._dead: list[DeadLetter] = []
        self._delivered = 0
        self._left_out = 0

    # -- filling --------------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """Notices that are open here."""
        return len(self._parcels)

    @property
    def has_room(self) -> bool:
        """Whether more may be read: not when much is open, nor when much was settled that could not be noted."""
        return len(self._parcels) < WINDOW and len(self._done) < UNSAVED

    @property
    def unsaved(self) -> int:
        """Deliveries and the like that are not noted yet."""
        return len(self._done)

    def resume(self, cursor: int, open_ids: Iterable[str]) -> list[str]:
        """What the log says of it; gives the open ids that are not here, which must be ``put`` in this order."""
        self._persisted_cursor = cursor
        self._persisted = set(open_ids)
        for id in self._persisted & self._parcels.keys():
            self._parcels[id].behind = True
        missing = self._persisted - self._parcels.keys() - self._done
        return sorted(missing, key=place_of)

    def put(self, notice: Notice, *, behind: bool = False) -> None:
        """One more to send."""
        if notice.id in self._parcels:
            return
        parcel = self._parcels[notice.id] = Parcel(notice, behind)
        line = self._subjects.setdefault(notice.subject, deque())
        line.append(parcel)
        if len(line) == 1:
            self._line_up(parcel)

    def leave_out(self, notice_id: str) -> None:
        """One that nobody is to be told of."""
        self._left_out += 1
        self._done.add(notice_id)

    def forget(self, notice_id: str) -> None:
        """An open one that the log no longer gives."""
        self._done.add(notice_id)

    # -- sending --------------------------------------------------------------------------------------------

    def next(self, now: float, *, freshest: bool = False) -> Parcel | None:
        """The next to try; it stands first of its subject until it is said what became of it.

        ``freshest``: of all that are ready the one that was tried least, for finding out how the receiver does.
        """
        if not self._ready or self._ready[0][0] > now:
            return None
        if freshest:
            ready = [item for item in self._ready if item[0] <= now]
            chosen = min(ready, key=lambda item: (self._subjects[item[2]][0].tries, item))
            self._ready.remove(chosen)
            heapq.heapify(self._ready)
        else:
            chosen = heapq.heappop(self._ready)
        parcel = self._subjects[chosen[2]][0]
        parcel.under_way = True
        return parcel

    def wait(self, now: float) -> float:
        """Seconds until ``next`` has something, as far as is known."""
        return max(0.0, self._ready[0][0] - now) if self._ready else inf

    def succeeded(self, parcel: Parcel) -> None:
        """It was taken."""
        self.delivered += 1
        self._delivered += 1
        self._finish(parcel)

    def expired(self, parcel: Parcel) -> None:
        """It is too old to be of use."""
        self._left_out += 1
        self._finish(parcel)

    def broken_off(self, parcel: Parcel, now: float) -> None:
        """Nobody knows; it is tried again."""
        parcel.under_way = False
        parcel.ready_at = now
        self._line_up(parcel)

    def failed_once(self, parcel: Parcel, reason: str, now: float, wall: int, at_least: float = 0.0) -> bool:
        """It was not taken: gives whether it is given up. ``at_least``: seconds that the receiver asked for."""
        self.failed += 1
        self.last_reason = reason
        parcel.tries += 1
        notice = parcel.notice
        if parcel.tries >= MAX_TRIES or wall - notice.at > MAX_AGE:
            self._dead.append(DeadLetter(notice.id, notice.type, notice.subject, reason, parcel.tries, notice.at, wall))
            self._finish(parcel)
            return True
        parcel.under_way = False
        pause = min(FIRST_PAUSE * 2 ** (parcel.tries - 1), LONGEST_PAUSE)
        # Between half of it and all of it, so that many that failed together do not come back together.
        pause *= 0.5 + 0.5 * self._jitter()
        parcel.ready_at = now + max(pause, min(at_least, LONGEST_PAUSE))
        self._line_up(parcel)
        return False

    # -- noting ---------------------------------------------------------------------------------------------

    def advance(self, least: int = 1_000) -> AdvanceCursor | None:
        """What is to be noted; ``None`` when there is nothing worth an entry of the log.

        The cursor stops in front of the first notice that has not been tried; what is behind it and failing is
        listed. Where nothing was settled it moves only by ``least`` positions: its own entry is one more to read.
        """
        opened = self._opened()
        cursor = self._cursor(opened)
        opened = [id for id in opened if self._parcels[id].notice.position <= cursor]
        settled = sorted(self._persisted & self._done)
        quiet = not (self._delivered or self._left_out or self._dead or settled or self.gone)
        if quiet and cursor < self._persisted_cursor + least:
            return None
        if cursor <= self._persisted_cursor and not (opened or settled or self._dead or self.gone):
            return None
        return AdvanceCursor(
            destination_id=self._id,
            cursor=max(cursor, self._persisted_cursor),
            opened=tuple(opened),
            settled=tuple(settled),
            dead=tuple(self._dead),
            delivered=self._delivered,
            left_out=self._left_out,
            gone=self.gone,
        )

    def noted(self, advance: AdvanceCursor) -> None:
        """That is in the log now."""
        self._persisted_cursor = advance.cursor
        self._persisted = (self._persisted | set(advance.opened)) - set(advance.settled)
        self._persisted -= {letter.id for letter in advance.dead}
        for id in advance.opened:
            if id in self._parcels:
                self._parcels[id].behind = True
        self._done -= {id for id in self._done if id not in self._persisted}
        del self._dead[: len(advance.dead)]
        self._delivered -= advance.delivered
        self._left_out -= advance.left_out

    def _opened(self) -> list[str]:
        """Those that fail, or stand behind one that fails: the cursor may pass them, as far as they can be listed."""
        found = [
            id
            for id, parcel in self._parcels.items()
            if not parcel.behind and self._subjects[parcel.notice.subject][0].tries
        ]
        kept = len(self._persisted - self._done)
        return found[: max(0, MAX_OPEN - kept)]

    def _cursor(self, opened: list[str]) -> int:
        listed = set(opened)
        ahead = (
            parcel.notice.position for id, parcel in self._parcels.items() if not parcel.behind and id not in listed
        )
        return min(min(ahead, default=self.read + 1) - 1, self.read)

    # -- the parts ------------------------------------------------------------------------------------------

    def _line_up(self, parcel: Parcel) -> None:
        self._turn += 1
        heapq.heappush(self._ready, (parcel.ready_at, self._turn, parcel.notice.subject))

    def _finish(self, parcel: Parcel) -> None:
        notice = parcel.notice
        del self._parcels[notice.id]
        self._done.add(notice.id)
        line = self._subjects[notice.subject]
        assert line[0] is parcel, "only the first of a subject is under way"
        line.popleft()
        if line:
            self._line_up(line[0])
        else:
            del self._subjects[notice.subject]
