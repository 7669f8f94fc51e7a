"""A seeded day of a small hospital through the real engine, for whoever wants a log with something in it.

Two doctors, one of whom works by his slots and the other by his queue; a laboratory with two counters, one of them with
a skill. Patients come in time, late or never, wait for seats, cancel, do not answer, are parked, and steps are undone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from random import Random
from typing import Any

import trio

from engine.actors.hospital import Category
from engine.actors.service.state import Counter, ServiceSettings
from engine.decider import FreeText, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.call_next import CallNext
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.doctors import AddDoctor
from engine.decisions.join_queue import JoinQueue
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import RegisterPatient
from engine.decisions.serve_ticket import CompleteTicket, ParkTicket, ResumeTicket, StartTicket, TicketNoAnswer
from engine.decisions.services import AddService
from engine.decisions.undo_ticket import UndoTicket
from engine.errors import Rejected
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.slots import ListSlotTokens
from tests.engine.living import CLERK, START, living, read

MINUTE = 60.0
DAY = dt.datetime.fromtimestamp(START // 1_000_000, dt.UTC).date().isoformat()
DOCTOR = Principal("doctor", "clinician")
SAMPLES = Principal("samples", "clinician")
TIERS: tuple[Category, ...] = ("WALKIN", "WALKIN", "ONLINE", "FOLLOWUP", "PRIORITY_PAID", "EMERGENCY")
LABORATORY = ServiceSettings(
    counters=(Counter(name="1"), Counter(name="2", skills=("children",))), max_calls=2, requeue_minutes=3
)
HOURS = 2.5
"""How long the day is looked at, from 08:00 on."""


class Hospital:
    """One day; ``disk`` has its log afterwards."""

    def __init__(self, seed: int, patients: int = 24, capacity: int = 8) -> None:
        self.disk = MemoryDisk()
        self.doctors: list[str] = []
        self.slots: list[str] = []
        self.laboratory = ""
        self._random = Random(seed)
        self._patients = patients
        self._capacity = capacity

    async def live(self) -> MemoryDisk:
        """Live through it; under an autojump clock this takes a second."""
        async with living(self.disk) as engine:
            await self._found(engine)
            ends = trio.current_time() + HOURS * 60 * MINUTE
            async with trio.open_nursery() as nursery:
                for number in range(self._patients):
                    nursery.start_soon(self._patient, engine, Random(f"{number}/{self._random.random()}"))
                for work in self._work(engine, ends):
                    nursery.start_soon(work)
        return self.disk

    def _work(self, engine: Engine, ends: float) -> list[Callable[[], Any]]:
        def by_queue(service: str, counter: str, who: Principal) -> Callable[[], Any]:
            random = Random(self._random.random())
            return lambda: self._serve(engine, service, counter, who, random, ends)

        random = Random(self._random.random())
        return [
            by_queue(self.doctors[0], "1", DOCTOR),
            lambda: self._by_slot(engine, random, ends),
            by_queue(self.laboratory, "1", SAMPLES),
            by_queue(self.laboratory, "2", SAMPLES),
        ]

    async def _found(self, engine: Engine) -> None:
        start = dt.datetime.fromtimestamp(START // 1_000_000, dt.UTC) + dt.timedelta(minutes=20)
        for name in ("Dr. Rao", "Dr. Berg"):
            doctor = await ask(engine, AddDoctor(name=PersonName(name), specialization=name[-4:]), CLERK)
            slot = OpenSlot(
                doctor=doctor["id"],
                start_time=start,
                end_time=start + dt.timedelta(hours=2),
                max_capacity=self._capacity,
            )
            self.doctors.append(doctor["id"])
            self.slots.append((await ask(engine, slot, CLERK))["id"])
        self.laboratory = (await ask(engine, AddService(name="Laboratory", settings=LABORATORY), CLERK))["id"]

    async def _patient(self, engine: Engine, random: Random) -> None:
        await trio.sleep(random.uniform(0, 90) * MINUTE)
        patient = (await ask(engine, RegisterPatient(name=PersonName("Asha Rao")), CLERK))["id"]
        if random.random() < 0.3:
            needs = ("children",) if random.random() < 0.3 else ()
            await tried(engine, JoinQueue(service_id=self.laboratory, patient_id=patient, needs=needs), CLERK)
            return
        booking = BookToken(slot_id=random.choice(self.slots), patient_id=patient, category=random.choice(TIERS))
        token = await tried(engine, booking, CLERK)
        if token is None or random.random() < 0.12:
            return  # he does not come
        await trio.sleep(random.uniform(0, 40) * MINUTE)
        if random.random() < 0.1:
            await tried(engine, CancelToken(token_id=token["id"], reason=FreeText("ill")), CLERK)
            return
        for _ in range(4):
            if await tried(engine, CheckIn(token_id=token["id"]), CLERK) is not None:
                return
            await trio.sleep(10 * MINUTE)

    async def _serve(
        self, engine: Engine, service: str, counter: str, who: Principal, random: Random, ends: float
    ) -> None:
        while trio.current_time() < ends:
            called = await tried(engine, CallNext(service_id=service, counter=counter), who)
            if called is None or called["ticket"] is None:
                await trio.sleep(random.uniform(5, 60))
                continue
            await self._at_counter(engine, called["ticket"]["id"], who, random)
            if random.random() < 0.1:
                await trio.sleep(random.uniform(6, 20) * MINUTE)  # out for a while

    async def _at_counter(self, engine: Engine, ticket: str, who: Principal, random: Random) -> None:
        await trio.sleep(random.uniform(10, 90))
        drawn = random.random()
        if drawn < 0.15:
            await tried(engine, TicketNoAnswer(ticket_id=ticket), who)
            return
        if drawn < 0.25:
            await tried(engine, ParkTicket(ticket_id=ticket), who)
            await trio.sleep(random.uniform(1, 9) * MINUTE)
            await tried(engine, ResumeTicket(ticket_id=ticket), who)
            return
        await tried(engine, StartTicket(ticket_id=ticket), who)
        await trio.sleep(random.uniform(2, 9) * MINUTE)
        await tried(engine, CompleteTicket(ticket_id=ticket), who)
        if drawn > 0.9:
            await trio.sleep(10)
            if await tried(engine, UndoTicket(ticket_id=ticket), who) is not None:
                await trio.sleep(MINUTE)
                await tried(engine, CompleteTicket(ticket_id=ticket), who)

    async def _by_slot(self, engine: Engine, random: Random, ends: float) -> None:
        while trio.current_time() < ends:
            reply = await engine.view("main", ListSlotTokens(slot_id=self.slots[1], status="CONFIRMED"), DOCTOR)
            token = next((one["id"] for one in read(reply)["items"] if one["phase"] == "ARRIVED"), None)
            if token is None or await tried(engine, CallToken(token_id=token), DOCTOR) is None:
                await trio.sleep(random.uniform(5, 60))
                continue
            await trio.sleep(random.uniform(10, 60))
            await tried(engine, StartConsult(token_id=token), DOCTOR)
            await trio.sleep(random.uniform(3, 12) * MINUTE)
            await tried(engine, CompleteConsult(token_id=token), DOCTOR)


async def ask(engine: Engine, command: Any, who: Principal) -> Any:
    """The answer."""
    return read(await engine.ask("main", command, who))


async def tried(engine: Engine, command: Any, who: Principal) -> Any:
    """The answer, or nothing where it was refused."""
    try:
        return await ask(engine, command, who)
    except Rejected:
        return None
