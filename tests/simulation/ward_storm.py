"""A hundred thousand commands about wards in one go: ``python -m tests.simulation.ward_storm 100000 7``.

No power cut and no slow disk here, as in the simulated morning, but all the more commands, from several desks at once,
at one engine under one seed. After every entry what was given is held against the events before it and, now and then,
all states against the rules; in the end the log is read cold.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from time import perf_counter
from typing import Any, Final

import click
import msgspec
import trio

from engine.actors.hospital import Policy
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import MergePatients
from engine.errors import DeadlinePassed, Rejected, Unavailable
from engine.eventlog.entry import Principal
from engine.eventlog.keys import Keyring
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.recovery import Book, state_hash
from engine.runtime import Engine, EngineSettings, open_engine
from replay.auditing.assignments import Assignments
from tests.simulation import clockwork
from tests.simulation.client import HOSPITAL_ID, sent
from tests.simulation.clockwork import EIGHT, SimulatedClock
from tests.simulation.ward_rules import wards_broken
from tests.simulation.ward_work import WardWork, someone
from tests.simulation.witness import frozen_states

DESKS: Final = 8
PATIENTS: Final = 40
LOOK: Final = 20
"""After so many entries all states are held against the rules, too."""
CLERK: Final = Principal("desk", "admin", "sim", "")


@dataclass(slots=True)
class Outcome:
    """What one storm gave. ``faults``: what was wrong; ``states``: the hash of all states that the log gives."""

    commands: int = 0
    entries: int = 0
    admissions: int = 0
    assigned: int = 0
    faults: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    states: str = ""


def storm(commands: int, seed: int) -> Outcome:
    """So many commands under this seed."""
    raging = Storm(commands, seed)
    clockwork.run(seed, raging.run)
    return raging.outcome


class Storm:
    """The desks of one hospital and who looks on."""

    def __init__(self, commands: int, seed: int) -> None:
        self.outcome = Outcome()
        self._left = commands
        self._random = Random(f"{seed}/storm")
        self._clock = SimulatedClock(seed)
        self._disk = MemoryDisk()
        self._patients: list[str] = []
        self._work = WardWork(self._random, self._now, self._patients)
        self._book = Book(HOSPITAL_ID, Keyring(HOSPITAL_ID, Random(0).randbytes))
        self._given = Assignments()
        self._keys = 0

    async def run(self) -> None:
        """Open the house, let all desks work, and read the log."""
        async with open_engine(
            MemoryStore(self._disk), clock=self._clock, settings=EngineSettings(checking=True)
        ) as engine:
            await engine.until_ready()
            await self._open(engine)
            async with trio.open_nursery() as nursery:
                for _ in range(DESKS):
                    nursery.start_soon(self._desk, engine)
            await trio.sleep(1)  # what is due now is done
            partition = engine.partitions[HOSPITAL_ID]
            self._fold(partition.tail.head)
            live, told = frozen_states(partition.book, self._disk), dict(self._book.frozen_states())
        self._look()
        outcome = self.outcome
        outcome.states = state_hash(told)
        if live != told:
            outcome.faults.append("the log gives other states than the engine had")
        outcome.entries, outcome.admissions = self._book.head, self._given.admissions
        outcome.assigned = self._given.assigned
        outcome.faults += self._given.found

    async def _open(self, engine: Engine) -> None:
        random = self._random
        policy = Policy(rest_hours=0, shift_end=random.choice(("warn", "handover")), bed_reserve_minutes=1)
        hospital = AddHospital(hospital_id=HOSPITAL_ID, name="Main", time_zone="UTC", policy=policy)
        await engine.ask(HOSPITAL_ID, hospital, CLERK)
        for number in range(PATIENTS):
            if id := await self._id(engine, someone(random, f"Patient {number}")):
                self._patients.append(id)

        async def have(command: Any) -> str:
            return await self._id(engine, command)

        await self._work.open(have, wards=3, beds=6, doctors=6, nurses=7)

    async def _desk(self, engine: Engine) -> None:
        random, work = self._random, self._work
        while self._left > 0:
            self._left -= 1
            await trio.sleep(random.choice((0, 0, 0, 0.1, 2)))
            if random.random() < 0.01:
                one, other = random.sample(self._patients, 2)
                if await self._ask(engine, MergePatients(patient_id=one, into=other)) is not None:
                    self._patients.remove(one)
                    if id := await self._id(engine, someone(random, "Another")):
                        self._patients.append(id)
                continue
            if random.random() < 0.1:
                query = work.query()
                with suppress(Rejected):
                    found = await engine.view(HOSPITAL_ID, query, CLERK)
                    work.see(query, msgspec.msgpack.decode(found.body))
            command = work.next()
            work.learn(command, await self._ask(engine, command))

    async def _ask(self, engine: Engine, command: Any) -> Any | None:
        name = type(command).__name__
        self.outcome.commands += 1
        try:
            within = 0.0 if self._random.random() < 0.02 else 10.0
            reply = await engine.ask(HOSPITAL_ID, sent(command), CLERK, within=within)
        except DeadlinePassed as late:
            self.outcome.seen[f"{name}: {late.outcome}"] += 1
            return None
        except Rejected as refusal:
            self.outcome.seen[f"{name}: {refusal.code}"] += 1
            return None
        except Unavailable as fault:
            self.outcome.faults.append(f"{name}: {fault}")
            return None
        self.outcome.seen[name] += 1
        self._fold(reply.position)
        return msgspec.msgpack.decode(reply.body) if reply.body else {}

    async def _id(self, engine: Engine, command: Any) -> str:
        return str(((await self._ask(engine, command)) or {}).get("id", ""))

    def _fold(self, upto: int) -> None:
        """Look at each entry up to this position."""
        book = self._book
        while book.head < upto:
            if len(self._disk.keys) > self._keys:
                book.keys.adopt(self._disk.keys)
                self._keys = len(self._disk.keys)
            position = book.head + 1
            entry = book.fold(position, self._disk.entries[HOSPITAL_ID][position - 1])
            self._given.entry(position, [(change.actor, change.events) for change in entry.changes])
            if position % LOOK == 0:
                self._look()

    def _look(self) -> None:
        book = self._book
        broken = wards_broken(self._state, book.directory.members, [*book.cells], book.time)
        self.outcome.faults += [f"{fault}, at position {book.head}" for fault in broken]

    def _state(self, key: str) -> Any:
        cell = self._book.cell(key)
        return None if cell is None else cell.state

    def _now(self) -> datetime:
        return datetime.fromtimestamp(EIGHT // 1_000_000 + int(trio.current_time()), UTC)


def main() -> None:
    """So many commands under a seed, and all that was seen."""
    commands, *seed = map(int, sys.argv[1:])
    begun = perf_counter()
    outcome = storm(commands, *(seed or [1]))
    for name, count in sorted(outcome.seen.items()):
        click.echo(f"{count:7} {name}")
    told = f"{outcome.commands} commands, {outcome.entries} entries, {outcome.admissions} admissions"
    click.echo(f"{told}, assigned {outcome.assigned} times, states {outcome.states}")
    click.echo("; ".join(outcome.faults[:10]) or "all holds")
    click.echo(f"{perf_counter() - begun:.1f} s", err=True)


if __name__ == "__main__":
    main()
