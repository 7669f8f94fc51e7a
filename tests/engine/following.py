"""What tests of the feed need: a slot whose seats change, which is one message each time, and somebody who listens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import trio

from engine import calendar
from engine.decider import PersonName
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.doctors import AddDoctor
from engine.decisions.open_slot import OpenSlot
from engine.runtime import Engine
from engine.subscription import Frame, Subscription
from tests.engine.living import CLERK, START, read

DAY = 86_400_000_000


class Ward:
    """One slot, days ahead, so that no timer speaks of it."""

    def __init__(self, engine: Engine, slot: str) -> None:
        self.engine = engine
        self.slot = slot
        self.topic = f"slot:{slot}"
        self.positions: list[int] = []
        """Of every change so far."""
        self._seats = 10

    async def change(self, times: int = 1) -> None:
        """More and more seats."""
        for _ in range(times):
            self._seats += 1
            reply = await self.engine.ask("main", ChangeSlot(slot_id=self.slot, max_capacity=self._seats), CLERK)
            self.positions.append(reply.position)


async def ward(engine: Engine, days: int = 5) -> Ward:
    """A new doctor's only slot."""
    doctor = read(await engine.ask("main", AddDoctor(name=PersonName("Dr. Rao"), specialization="Cardiology"), CLERK))
    start = calendar.moment(START + days * DAY)
    opened = OpenSlot(doctor=doctor["id"], start_time=start, end_time=start + timedelta(hours=1), max_capacity=10)
    return Ward(engine, read(await engine.ask("main", opened, CLERK))["id"])


def said(frame: Frame) -> Any:
    """What a frame says."""
    found = msgspec.json.decode(frame.data)
    assert (found["type"], found.get("seq", frame.seq)) == (frame.kind, frame.seq)
    return found


async def frames(subscription: Subscription, seconds: float, *kinds: str) -> list[Frame]:
    """All that comes within so many seconds, of these kinds only where any are named."""
    found: list[Frame] = []
    with trio.move_on_after(seconds):
        while not (found and found[-1].code):
            found.extend(await subscription.receive())
    return [frame for frame in found if not kinds or frame.kind in kinds]


def positions(found: Sequence[Frame]) -> list[int]:
    """Of the deltas among them."""
    return [frame.seq for frame in found if frame.kind == "deltas"]


class Listener:
    """A client that is cut off at moments of its own and goes on from where it was."""

    def __init__(self, ward: Ward, seed: int) -> None:
        self._ward = ward
        self._random = Random(seed)
        self.cuts = 0
        self.seq: int | None = None
        self.first = 0
        self.seen: list[int] = []
        self.reasons: list[str] = []

    async def listen(self, cuts: int) -> None:
        """Until it was cut off so many times; then once more, until nothing more comes."""
        while True:
            patience = self._random.choice([0.0, 0.001, 0.01, 0.1, 0.5]) if self.cuts < cuts else 60.0
            with trio.move_on_after(patience):
                async with self._ward.engine.follow("main", [self._ward.topic], after=self.seq) as subscription:
                    while True:
                        for frame in await subscription.receive():
                            self._note(frame)
                        if self._random.random() < 0.1:
                            await trio.sleep(self._random.random() / 10)
            if self.cuts == cuts:
                return
            self.cuts += 1

    def _note(self, frame: Frame) -> None:
        if frame.kind == "snapshot":
            self.reasons.append(said(frame)["reason"])
            self.first = frame.seq
        elif frame.kind == "deltas":
            self.seen.append(frame.seq)
        self.seq = frame.seq
