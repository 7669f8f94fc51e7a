"""One seed: a morning, a machine that is cut off and stopped, and a witness; and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from random import Random

import trio

from engine.eventlog.log import LogLimits
from engine.eventlog.memory_store import MemoryStore
from engine.recovery import state_hash
from engine.runtime import Engine, EngineSettings
from engine.snapshots import load_book
from tests.simulation import clockwork
from tests.simulation.client import HOSPITAL_ID, Client
from tests.simulation.clockwork import SimulatedClock
from tests.simulation.machine import Machine
from tests.simulation.morning import LENGTH, Morning
from tests.simulation.witness import Violation, Witness, frozen_states


@dataclass(slots=True)
class Outcome:
    """What one seed gave. ``log`` is the SHA-256 of all stored records, ``fault`` empty when all held."""

    seed: int
    log: str = ""
    entries: int = 0
    fault: str = ""
    error: BaseException | None = None
    seen: dict[str, int] = field(default_factory=dict)


def simulate(seed: int) -> Outcome:
    """Run one seed to its end, or to its first violation."""
    outcome = Outcome(seed)
    simulation = Simulation(seed)
    try:
        clockwork.run(seed, simulation.run)
    except Exception as error:  # whatever it is: a violation, or a fault that nobody foresaw
        outcome.error = _first(error)
        outcome.fault = f"{type(outcome.error).__name__}: {outcome.error}"
    records = simulation.machine.disk.entries.get(HOSPITAL_ID, [])
    outcome.log = sha256(b"".join(records)).hexdigest()
    outcome.entries = len(records)
    outcome.seen = dict(sorted(simulation.witness.seen.items()))
    return outcome


class Simulation:
    """The parts, wired together."""

    def __init__(self, seed: int) -> None:
        random = self._random = Random(f"{seed}/world")
        settings = EngineSettings(
            log=LogLimits(pending_entries=random.choice((3, 20_000, 20_000)), batch_entries=random.choice((2, 4_000))),
            snapshot_entries=random.choice((0, 5, 40)),
            checking=True,
        )
        self._clock = SimulatedClock(seed)
        self._seed = seed
        self.machine = Machine(seed, self._clock, settings, self._recovered)
        self.witness = Witness(self.machine.disk, self._clock)
        self._client = Client(self.machine, Random(f"{seed}/clients"), self.witness)

    def _recovered(self, engine: Engine) -> None:
        self.witness.recovered(engine)

    async def run(self) -> None:
        """A morning, then everything unknown is asked about, then the log is read cold."""
        async with trio.open_nursery() as machine:
            machine.start_soon(self.machine.run)
            morning = Morning(self._client, Random(f"{self._seed}/people"))
            await morning.open_house()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._misfortune, nursery.cancel_scope)
                await morning.people(nursery)
            await self._client.settle()
            await self._quiet()
            self.witness.finish()
            await self.machine.stop()
            machine.cancel_scope.cancel()
        await self._read_cold()

    async def _misfortune(self, scope: trio.CancelScope) -> None:
        """Cut the power, or stop in order, a few times; between, hold the live engine against the log."""
        random = self._random
        for _ in range(random.choice((0, 1, 3, 6))):
            await trio.sleep(random.uniform(0, LENGTH / 4))
            if random.random() < 0.3:
                self._clock.skew += random.randrange(-3_000_000, 3_000_000)
            if random.random() < 0.8:
                self.machine.cut_power()
            elif self.machine.engine is not None:
                await self.machine.stop()
        while trio.current_time() < LENGTH:
            await trio.sleep(60)
            if self.machine.engine is not None:
                self.witness.compare(self.machine.engine)

    async def _quiet(self) -> None:
        """Wait until the live engine has nothing in line, and hold it against the log."""
        while True:
            await trio.sleep(2.0)
            engine = self.machine.engine
            if engine is not None and engine.ready().ready and self.witness.compare(engine):
                return

    async def _read_cold(self) -> None:
        """With snapshots and without them, the log gives the same states."""
        store = MemoryStore(self.machine.disk)
        await store.open()
        hashes = []
        for _ in range(2):
            book = await load_book(store, HOSPITAL_ID, self._clock.entropy)
            hashes.append(state_hash(dict(sorted(frozen_states(book, self.machine.disk).items()))))
            self.machine.disk.rounds.clear()
        if len(set(hashes)) != 1:
            raise Violation("with snapshots the log gives other states than without")


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
