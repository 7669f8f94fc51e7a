"""A whole day of a hospital in some seconds: seeded arrivals, a virtual clock, the same day again for the same seed.

The engine is the real one, on a log in memory. Patients book ahead or on the day, come on time, late or not at all,
and wait for a seat where there is none; doctors see whoever has come, and one of them runs late. At the end a second
engine reads the log, and its report must be the first one's to the last byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any, Final

import msgspec
import trio

from engine.decider import SECOND, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import RegisterPatient
from engine.errors import InvalidTransition, Rejected
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.runtime import Engine, EngineSettings, open_engine
from engine.views.report import DailyReport
from engine.views.slots import GetSlot, ListSlotTokens
from gateway.arrivals import Arrival, day_of
from gateway.auth import DEV_HOSPITAL
from gateway.demo import CANCELLED_SHARE, CAPACITY, CONSULT_MINUTES, DOCTORS, PATIENTS, SLOT_HOURS
from perf.figures import Incorrect
from perf.virtual import VirtualClock, run

MIDNIGHT: Final = datetime(2026, 9, 28, tzinfo=UTC)
BEGINS: Final = 6 * 3600
"""Second of the day at which the desk opens and whoever booked ahead has a token."""
FIRST_HOUR, TURNS = 7, 6
MINUTE: Final = 60
LATE: Final = 20
"""Minutes by which one doctor is late in the first slot."""

DESK = Principal("desk", "clerk")
DOCTOR = Principal("doctor", "clinician")
OFFICE = Principal("office", "admin")


class Day(msgspec.Struct, frozen=True):
    """What one day came to. ``refused`` counts refusals by code; ``log`` is the SHA-256 of all entries in order."""

    seed: int
    patients: int
    report: dict[str, Any]
    refused: dict[str, int]
    entries: int
    log: str


def live(seed: int, patients: int = PATIENTS) -> Day:
    """Live through the day of this seed; ``Incorrect`` when the log does not give the same report again."""
    return run(seed, _Hospital(seed, patients).live)


class _Hospital:
    def __init__(self, seed: int, patients: int) -> None:
        self.seed = seed
        self.arrivals = day_of(seed, patients)
        self.refused: Counter[str] = Counter()
        self.clock = VirtualClock(int(MIDNIGHT.timestamp() + BEGINS) * SECOND, seed)
        self.disk = MemoryDisk()
        self.slots: list[list[str]] = []  # by doctor, then by turn of the day
        self.random = self._drawn("hospital")

    async def live(self) -> Day:
        async with self._engine() as engine:
            await self._open(engine)
            booked = {
                number: token
                for number, one in enumerate(self.arrivals)
                if one.booked_before and (token := await self._book(engine, one)) is not None
            }
            async with trio.open_nursery() as nursery:
                for number, one in enumerate(self.arrivals):
                    if number in booked or not one.booked_before:
                        nursery.start_soon(self._patient, engine, number, one, booked.get(number))
                late = self.random.randrange(len(DOCTORS))
                for number, slots in enumerate(self.slots):
                    nursery.start_soon(self._doctor, engine, number, slots, LATE if number == late else 0)
            report = await self._report(engine)
        async with self._engine() as engine:
            if await self._report(engine) != report:
                raise Incorrect("the log does not give the report that was given live")
        entries = self.disk.entries[DEV_HOSPITAL]
        return Day(
            seed=self.seed,
            patients=len(self.arrivals),
            report=msgspec.msgpack.decode(report),
            refused=dict(sorted(self.refused.items())),
            entries=len(entries),
            log=sha256(b"".join(entries)).hexdigest(),
        )

    @asynccontextmanager
    async def _engine(self) -> AsyncIterator[Engine]:
        settings = EngineSettings(checking=True)
        async with open_engine(MemoryStore(self.disk), clock=self.clock, settings=settings) as engine:
            await engine.until_ready()
            yield engine

    async def _open(self, engine: Engine) -> None:
        await self._do(engine, OFFICE, AddHospital(hospital_id=DEV_HOSPITAL, name="Main Hospital", time_zone="UTC"))
        for name, field in DOCTORS:
            doctor = await self._do(engine, OFFICE, AddDoctor(name=PersonName(name), specialization=field))
            opened = []
            for turn in range(TURNS):
                start = MIDNIGHT + timedelta(hours=FIRST_HOUR + turn * SLOT_HOURS)
                end = start + timedelta(hours=SLOT_HOURS)
                slot = OpenSlot(doctor=doctor["id"], start_time=start, end_time=end, max_capacity=CAPACITY)
                opened.append(str((await self._do(engine, OFFICE, slot))["id"]))
            self.slots.append(opened)

    async def _book(self, engine: Engine, one: Arrival) -> str | None:
        """A token, or a place in a waiting list, in the slot of some doctor in which the patient comes."""
        patient = await self._do(engine, DESK, RegisterPatient(name=PersonName(one.name)))
        turn = int(one.second / 3600 - FIRST_HOUR) // SLOT_HOURS
        slot = self.random.choice(self.slots)[min(max(turn, 0), TURNS - 1)]
        made = await self._try(engine, DESK, BookToken(slot_id=slot, patient_id=patient["id"], category=one.category))
        return None if made is None else str(made["id"])

    async def _patient(self, engine: Engine, number: int, one: Arrival, token: str | None) -> None:
        await self._until(one.second)
        token = token or await self._book(engine, one)
        if token is None or not one.comes:
            return  # whom nobody cancels, the clock will mark
        if self._drawn(f"patient {number}").random() < CANCELLED_SHARE:
            await self._try(engine, DESK, CancelToken(token_id=token))
            return
        while True:
            try:
                await engine.ask(DEV_HOSPITAL, CheckIn(token_id=token), DESK)
                return
            except InvalidTransition as refusal:
                if refusal.facts.get("from_state") != "WAITING":
                    self.refused[refusal.code] += 1
                    return
            except Rejected as refusal:
                self.refused[refusal.code] += 1
                return
            await trio.sleep(10 * MINUTE)  # waits for a seat, and asks again

    async def _doctor(self, engine: Engine, number: int, slots: Sequence[str], late: int) -> None:
        random = self._drawn(f"doctor {number}")
        for turn, slot in enumerate(slots):
            await self._until((FIRST_HOUR + turn * SLOT_HOURS) * 3600)
            if late and not turn:
                await self._do(engine, DOCTOR, DelaySlot(slot_id=slot, delay_minutes=late))
                await trio.sleep(late * MINUTE)
            while await self._goes_on(engine, slot):
                token = await self._next(engine, slot)
                if token is None:
                    await trio.sleep(MINUTE)
                    continue
                for step in (CallToken(token_id=token), StartConsult(token_id=token)):
                    await self._do(engine, DOCTOR, step)
                await trio.sleep(random.uniform(*CONSULT_MINUTES) * MINUTE)
                await self._do(engine, DOCTOR, CompleteConsult(token_id=token))

    async def _goes_on(self, engine: Engine, slot: str) -> bool:
        """Until the slot has ended and whoever came in time has been seen."""
        reply = await engine.view(DEV_HOSPITAL, GetSlot(slot_id=slot), DOCTOR)
        return msgspec.msgpack.decode(reply.body)["status"] != "CLOSED" or await self._next(engine, slot) is not None

    async def _next(self, engine: Engine, slot: str) -> str | None:
        reply = await engine.view(DEV_HOSPITAL, ListSlotTokens(slot_id=slot, status="CONFIRMED"), DOCTOR)
        items = msgspec.msgpack.decode(reply.body)["items"]
        return next((str(one["id"]) for one in items if one["phase"] == "ARRIVED"), None)

    async def _report(self, engine: Engine) -> bytes:
        return (await engine.view(DEV_HOSPITAL, DailyReport(date=MIDNIGHT.date()), OFFICE)).body

    async def _until(self, second: float) -> None:
        await trio.sleep(max(0.0, second - BEGINS - trio.current_time()))

    async def _do(self, engine: Engine, who: Principal, command: Any) -> dict[str, Any]:
        return dict(msgspec.msgpack.decode((await engine.ask(DEV_HOSPITAL, command, who)).body))

    async def _try(self, engine: Engine, who: Principal, command: Any) -> dict[str, Any] | None:
        try:
            return await self._do(engine, who, command)
        except Rejected as refusal:
            self.refused[refusal.code] += 1
            return None

    def _drawn(self, whose: str) -> Random:
        """Everybody has a chance of his own, so that one more patient changes nobody else's."""
        return Random(f"{self.seed}/{whose}")  # noqa: S311  it makes up a day, and guards nothing


def told(day: Day) -> str:
    """The day as it is printed."""
    total = day.report["totals"]
    waits, lists = total["waits"], total["waiting_list"]["by_status"]
    lines = [
        f"{day.report['date']}, seed {day.seed}: {day.patients} patients, {len(DOCTORS)} doctors",
        f"tokens        {total['tokens']}: {_counts(total['by_status'])}",
        f"by category   {_counts(total['by_category'])}",
        f"waiting list  {_counts(lists)}",
        f"waits         {waits['count']}: {waits['average']} min on average, p50 {waits['p50']}, p95 {waits['p95']}",
        f"utilisation   {total['utilisation']}, {total['overrides']} above the capacity",
        f"delays        {total['delays']['slots']} slots, {total['delays']['max']} min at most",
        f"refused       {_counts(day.refused)}",
        *(
            f"  {one['name']:<20}{one['specialization']:<18}{one['tokens']:>4} tokens  "
            f"{one['by_status']['COMPLETED']:>3} seen  p95 {one['waits']['p95']} min"
            for one in day.report["doctors"]
        ),
        f"log           {day.entries} entries, sha256 {day.log}",
        "recomputed from the log: equal",
    ]
    return "\n".join(lines)


def _counts(of: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in of.items() if count) or "none"
