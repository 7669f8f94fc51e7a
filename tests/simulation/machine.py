"""The machine the engine runs on: its disk stalls and fails, and its power goes off at any instant.

A power cut leaves what the disk holds and nothing else: the engine is cancelled without stopping, a commit under
way is applied whole or not at all, and who was waiting for an answer gets none. ``Lost`` is what a client sees.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import TypeVar

import trio

from engine.errors import CommitFailed
from engine.eventlog.memory_store import CommitTorn, MemoryDisk, MemoryStore, Step
from engine.runtime import Engine, EngineSettings, open_engine
from tests.simulation.clockwork import SimulatedClock

T = TypeVar("T")


class Lost(Exception):
    """The connection broke, or there was nobody to connect to: what became of the command is not known."""


class Wear:
    """How good a disk is: chances per step of a commit of a stall, a long stall and a failure; seconds."""

    def __init__(self, random: Random) -> None:
        self.step = random.choice((0.0002, 0.002, 0.01))
        self.stall = random.choice((0.0, 0.02, 0.05))
        self.long_stall = random.choice((0.0, 0.0, 0.004))
        self.failure = random.choice((0.0, 0.0, 0.002, 0.01))
        self.read = random.choice((0.0, 0.02, 0.2, 1.0))


class Power:
    """One time that the machine is on: the faults of its store, until the power is cut."""

    def __init__(self, random: Random, wear: Wear) -> None:
        self.cut = trio.Event()
        self._random = random
        self._wear = wear

    async def faults(self, step: Step) -> None:
        """One step of a commit: takes its time, may fail, and finds the power gone."""
        random, wear = self._random, self._wear
        seconds = wear.step * random.random() if step == random.choice(("data", "meta")) else 0.0
        if random.random() < wear.stall:
            seconds = random.uniform(0.05, 2.0)
        elif random.random() < wear.long_stall:
            seconds = random.uniform(5.0, 12.0)
        if seconds:
            await self.pass_or_end(seconds)
        if self.cut.is_set():
            if step == "meta":
                raise CommitTorn("the power was cut", applied=random.random() < 0.5)
            raise CommitFailed("the power was cut")
        if random.random() < wear.failure:
            if step == "meta":
                raise CommitTorn(applied=random.random() < 0.5)
            raise OSError("input/output error")

    async def pass_or_end(self, seconds: float) -> None:
        """Wait so long, or until the power is cut."""
        with trio.move_on_after(seconds):
            await self.cut.wait()

    async def slow_read(self) -> None:
        """What a read from the disk takes."""
        if self._wear.read and self._random.random() < 0.5:
            await self.pass_or_end(self._random.random() * self._wear.read)


class SlowStore(MemoryStore):
    """The store in memory, whose reads take their time too."""

    def __init__(self, disk: MemoryDisk, power: Power) -> None:
        super().__init__(disk, faults=power.faults)
        self._power = power

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """As the store's."""
        await self._power.slow_read()
        return await super().read_keys(subjects)

    async def read_at(self, hospital: str, positions: Sequence[int]) -> list[bytes]:
        """As the store's."""
        await self._power.slow_read()
        return await super().read_at(hospital, positions)

    async def read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        """As the store's."""
        await self._power.slow_read()
        return await super().read(hospital, start, limit)


class Machine:
    """Runs engines one after the other on one disk; ``boots`` counts them.

    ``recovered(engine)`` is called when one serves, before anybody else is let in.
    """

    def __init__(
        self,
        seed: int,
        clock: SimulatedClock,
        settings: EngineSettings,
        recovered: Callable[[Engine], None],
    ) -> None:
        self.disk = MemoryDisk()
        self.boots = 0
        self.engine: Engine | None = None
        self._random = Random(f"{seed}/machine")
        self._wear = Wear(self._random)
        self._clock = clock
        self._settings = settings
        self._recovered = recovered
        self._power: Power | None = None
        self._scope = trio.CancelScope()
        self._calls: dict[int, trio.CancelScope] = {}
        self._made = 0
        self._up = trio.Event()
        self._down = trio.Event()
        self._stop = trio.Event()

    async def run(self) -> None:
        """Be on, and on again after each cut or stop, until cancelled."""
        while True:
            self.boots += 1
            self._power = Power(self._random, self._wear)
            self._stop, self._down = trio.Event(), trio.Event()
            with trio.CancelScope() as self._scope:
                store = SlowStore(self.disk, self._power)
                async with open_engine(store, clock=self._clock, settings=self._settings) as engine:
                    await engine.until_ready()
                    self._recovered(engine)
                    self.engine = engine
                    self._up.set()
                    await self._stop.wait()
            self._hang_up()
            self._down.set()
            await trio.sleep(self._random.uniform(0.01, 3.0))

    async def until_up(self) -> None:
        """Return once an engine has been reached."""
        while self.engine is None:
            await self._up.wait()

    def cut_power(self) -> None:
        """Off, at this instant."""
        assert self._power is not None
        self._power.cut.set()
        self._hang_up()
        self._scope.cancel()

    async def stop(self) -> None:
        """An orderly stop: what was asked is answered first. Returns when the engine is gone."""
        down = self._down
        self._stop.set()
        await down.wait()

    async def call(self, ask: Callable[[Engine], Awaitable[T]]) -> T:
        """Ask the engine over a connection that breaks when the machine goes off."""
        engine = self.engine
        if engine is None:
            raise Lost
        self._made += 1
        number = self._made
        self._calls[number] = scope = trio.CancelScope()
        try:
            with scope:
                result = await ask(engine)
                if not scope.cancel_called:
                    return result
        except trio.Cancelled:
            raise
        except Exception:
            if not scope.cancel_called:
                raise
        finally:
            self._calls.pop(number, None)
        raise Lost

    def _hang_up(self) -> None:
        self.engine = None
        self._up = trio.Event()
        for scope in self._calls.values():
            scope.cancel()
