"""What is measured of one hospital until somebody takes it: counts and durations, no names and no ids.

Knows which commands count as assignments and which as bookings of rooms. It has no task of its own: whoever asks and
whoever decides note here, and ``engine.watching`` takes what has come together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from engine.actors.admission.events import PatientAssigned
from engine.actors.alerts.figures import ROOM, SLOW
from engine.actors.alerts.state import Slice
from engine.decider import SECOND
from engine.decisions.admissions import AdmitPatient
from engine.decisions.assign_admission import AssignAdmission, AssignManually
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.hold_room import HoldRoom
from engine.decisions.wake_admission import WakeAdmission
from engine.gauges import BOUNDS

ASSIGNING: Final[frozenset[type[Any]]] = frozenset((AdmitPatient, AssignAdmission, AssignManually))
"""Commands that are to give a patient a doctor, a nurse and a bed in time."""

BOOKING: Final[frozenset[type[Any]]] = frozenset((BookAppointment, HoldRoom))
"""Commands that take a room."""

MEASURED: Final = ASSIGNING | BOOKING

RETRYING: Final[frozenset[type[Any]]] = frozenset((WakeAdmission,))
"""The timer by which an assignment is tried again."""

MISSED: Final = 10_000
"""Withdrawn assignments that wait to be written down; of more than that only the number is kept."""


class Missed(NamedTuple):
    """An assignment that nobody had begun when its time was over, and how long it had waited (s)."""

    command: Any
    waited: float


class Measures:
    """One hospital's. ``now`` gives seconds; ``hurry`` is called when somebody should look at once."""

    __slots__ = (
        "_assigning",
        "_assignments",
        "_hurry",
        "_retried",
        "_retries",
        "_rooms",
        "_rooms_slow",
        "_slowest",
        "_timeouts",
        "_total",
        "errors",
        "missed",
        "now",
        "requests",
    )

    def __init__(self, now: Callable[[], float] = float, hurry: Callable[[], None] = lambda: None) -> None:
        self.missed: list[Missed] = []
        """Withdrawn assignments of which nobody has been told."""
        self.now = now
        """Seconds, on the clock that all durations here are of."""
        self._hurry = hurry
        self._begin()

    def _begin(self) -> None:
        self.requests = self.errors = 0
        """Commands and queries so far, and those that met a fault of ours."""
        self._assignments = self._total = self._slowest = self._timeouts = 0
        self._retries = self._retried = self._rooms_slow = 0
        self._assigning: dict[int, int] = {}
        self._rooms: dict[int, int] = {}

    def durable(self, kind: type[Any], arrived: float) -> None:
        """A command of ``MEASURED`` that arrived then (``now``'s seconds) was accepted and is durable."""
        seconds = max(self.now() - arrived, 0.0)
        took, bucket = round(seconds * SECOND), bisect_left(BOUNDS, seconds)
        if kind in BOOKING:
            self._rooms[bucket] = self._rooms.get(bucket, 0) + 1
            self._rooms_slow += took > ROOM
            return
        self._assignments += 1
        self._total += took
        self._assigning[bucket] = self._assigning.get(bucket, 0) + 1
        self._slow(took)

    def around(self, settle: Callable[[bool], None], kind: type[Any], arrived: float) -> Callable[[bool], None]:
        """``settle``, noted where what it is told is that the command is durable."""

        def settled(durable: bool) -> None:
            if durable:
                self.durable(kind, arrived)
            settle(durable)

        return settled

    def withdrawn(self, command: Any, waited: float) -> None:
        """The time of an assignment was over before anybody had begun it: nothing of it is done, now or later."""
        self._timeouts += 1
        self._slow(round(waited * SECOND))
        self.miss(Missed(command, waited))
        self._hurry()

    def miss(self, one: Missed) -> None:
        """This is still to be written down."""
        if len(self.missed) < MISSED:
            self.missed.append(one)

    def take_missed(self) -> list[Missed]:
        """What is to be written down by whoever takes it."""
        taken, self.missed = self.missed, []
        return taken

    def _slow(self, took: int) -> None:
        self._slowest = max(self._slowest, took)
        if took > SLOW:
            self._hurry()

    def tried_again(self, events: tuple[Any, ...]) -> None:
        """A timer tried an assignment again, and this is what became of the admission."""
        self._retries += 1
        self._retried += any(type(event) is PatientAssigned for event in events)

    def take(self, at: int) -> Slice | None:
        """What has come together up to this instant (µs); ``None`` where nothing has."""
        if not (self.requests or self._assignments or self._timeouts or self._retries or self._rooms):
            return None
        taken = Slice(
            at=at,
            assignments=self._assignments,
            assigning_total=self._total,
            assigning_slowest=self._slowest,
            timeouts=self._timeouts,
            retries=self._retries,
            retried=self._retried,
            assigning=tuple(sorted(self._assigning.items())),
            rooms=tuple(sorted(self._rooms.items())),
            rooms_slow=self._rooms_slow,
            requests=self.requests,
            errors=self.errors,
        )
        self._begin()
        return taken
