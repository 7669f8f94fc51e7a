"""The wards of the morning: patients are admitted, moved and discharged, beds cleaned, staff come and go.

What they ask for is ``ward_work``'s; here is when, and how often.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import trio

from tests.simulation.client import Client
from tests.simulation.ward_work import WardWork

DESKS = 2


class Wards:
    """Everybody in the wards, until ``length`` seconds have passed."""

    def __init__(
        self, client: Client, random: Random, now: Callable[[], datetime], patients: list[str], length: float
    ) -> None:
        self.client = client
        self.random = random
        self.length = length
        self.work = WardWork(random, now, patients, strikes=0.12)

    async def people(self, nursery: trio.Nursery) -> None:
        """The wards open; then everybody begins."""
        await self.work.open(self._have, wards=2, beds=3, doctors=2, nurses=3)
        work = self.work
        if len(work.wards) == 2 and len(work.beds) > 3 and set(work.people.staff.values()) == {"doctor", "nurse"}:
            for _ in range(DESKS):
                nursery.start_soon(self._desk)

    async def _have(self, command: Any) -> str:
        """Have it done, if the day is long enough; gives the id of what came of it."""
        wish = self.client.wish(command)
        while trio.current_time() < self.length:
            done = await self.client.grant(wish, 1)
            if done is not None:
                return str(done.get("id", ""))
            await trio.sleep(0.1)  # what refuses at once must not stop the clock
        return ""

    async def _desk(self) -> None:
        random, work = self.random, self.work
        while trio.current_time() < self.length:
            await trio.sleep(random.uniform(0.5, 9))
            command = work.next()
            work.learn(command, await self.client.do(command))
            if random.random() < 0.3:
                query = work.query()
                work.see(query, await self.client.ask(query))
