"""A hospital at work, for whoever wants to look at one: a day of arrivals, run live and faster than real.

Everything goes through the engine as anybody's commands would; what it refuses (a full day, a second token) is part
of the day. Slots stand in real time, from the present hour on; arrivals follow the shape of a day, ``speed`` times
as fast, and are spread over the slots as the day goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import click
import msgspec
import trio

from engine.actors.service.state import Counter as Desk
from engine.actors.service.state import ServiceSettings
from engine.clock import Clock, SystemClock
from engine.decider import FreeText, PersonName
from engine.decisions import DECISIONS
from engine.errors import DeadlinePassed, Rejected, Unavailable
from engine.eventlog.entry import Principal
from engine.runtime import Engine
from engine.views.queues import GetBoard
from gateway.arrivals import Arrival, Category, day_of, gaps
from gateway.auth import DEV_HOSPITAL
from gateway.demo_rooms import DayClinic
from gateway.demo_wards import Inpatients

DOCTORS = (
    ("Dr. Mira Anand", "Cardiology"),
    ("Dr. Tomas Berg", "Cardiology"),
    ("Dr. Lucia Conti", "General Medicine"),
    ("Dr. Samuel Dlamini", "General Medicine"),
    ("Dr. Yuki Endo", "Paediatrics"),
    ("Dr. Farid Farhat", "Orthopaedics"),
)
SLOT_HOURS, SLOTS_EACH = 2, 4
CAPACITY = 12
CLINIC_PATIENTS = 60
WARD_PATIENTS = 50
PATIENTS = 340  # somewhat more than there are seats, so that waiting lists fill and promotions happen
CONSULT_MINUTES = (4.0, 12.0)
SAMPLE_MINUTES = (2.0, 5.0)
LABORATORY = ServiceSettings(
    location="Ground floor", expected_minutes=5, counters=(Desk(name="1", location="Room 4"), Desk(name="2"))
)
TESTED_SHARE = 0.3
CANCELLED_SHARE = 0.05
TOLD_EVERY = 5.0  # seconds

CLERK = Principal("demo-desk", "clerk")
CLINICIAN = Principal("demo-doctor", "clinician")
ADMIN = Principal("demo-admin", "admin")

COMMANDS = {kind.__name__: kind for kind in DECISIONS}


class DemoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``speed``: minutes of the simulated day per real minute; ``seconds``: end by itself after so many."""

    seed: int = 1
    speed: float = 60.0
    seconds: float | None = None
    patients: int = PATIENTS


class Demo:
    """One simulated day over an engine."""

    def __init__(self, settings: DemoSettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.done: Counter[str] = Counter()
        self._clock = clock or SystemClock()
        self._random = Random(settings.seed)  # noqa: S311  it makes up a day, and guards nothing
        self._slots: list[list[str]] = []  # by turn of the day, then by doctor
        self._doctors: list[str] = []
        self._laboratory = ""

    async def run(self, engine: Engine, address: str, shutdown: trio.Event) -> None:
        """Seed the hospital, tell where it is, live through a day; then stay until ``shutdown``."""
        arrivals = day_of(self.settings.seed, self.settings.patients)
        admin, clerk = (partial(self._do, engine, who) for who in (ADMIN, CLERK))
        clinic = DayClinic(admin, clerk, self._clock, self.settings.seed)
        wards = Inpatients(admin, clerk, self._clock, self.settings.seed)
        with trio.move_on_after(self.settings.seconds if self.settings.seconds is not None else float("inf")):
            await self._seed(engine)
            await clinic.open([one.name for one in day_of(self.settings.seed + 1, CLINIC_PATIENTS)])
            await wards.open([one.name for one in day_of(self.settings.seed + 2, WARD_PATIENTS)], self._laboratory)
            booked = await self._book_ahead(engine, arrivals)
            self._welcome(address, clinic.id, wards.wards[0] if wards.wards else "")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tell)
                served = [(doctor, "1", CONSULT_MINUTES) for doctor in self._doctors]  # whose queue has his id
                served += [(self._laboratory, desk.name, SAMPLE_MINUTES) for desk in LABORATORY.counters]
                for number, behind in enumerate(served):
                    nursery.start_soon(self._serve, engine, *behind, number)
                nursery.start_soon(self._run_late, engine)
                nursery.start_soon(clinic.live)
                nursery.start_soon(wards.live)
                await self._arrive(engine, arrivals, booked)
                await shutdown.wait()
                nursery.cancel_scope.cancel()
        shutdown.set()

    async def _seed(self, engine: Engine) -> None:
        doctors = [
            await self._do(engine, ADMIN, "AddDoctor", name=PersonName(name), specialization=field)
            for name, field in DOCTORS
        ]
        self._doctors = [doctor["id"] for doctor in doctors if doctor is not None]
        laboratory = await self._do(engine, ADMIN, "AddService", name="Laboratory", settings=LABORATORY)
        self._laboratory = laboratory["id"] if laboratory is not None else ""
        now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._clock.wall())
        start = now.replace(minute=0, second=0, microsecond=0)
        for turn in range(SLOTS_EACH):
            begins = start + timedelta(hours=SLOT_HOURS * turn)
            times = {"start_time": begins, "end_time": begins + timedelta(hours=SLOT_HOURS)}
            made = [
                await self._do(engine, ADMIN, "OpenSlot", doctor=doctor, max_capacity=CAPACITY, **times)
                for doctor in self._doctors
            ]
            self._slots.append([slot["id"] for slot in made if slot is not None])

    async def _book_ahead(self, engine: Engine, arrivals: Sequence[Arrival]) -> dict[int, str]:
        """Who booked on an earlier day has a token before the day begins."""
        booked: dict[int, str] = {}
        for number, arrival in enumerate(arrivals):
            if arrival.booked_before:
                token = await self._book(engine, arrival, number / len(arrivals))
                if token is not None:
                    booked[number] = token
        return booked

    async def _book(self, engine: Engine, arrival: Arrival, share_of_day: float) -> str | None:
        """The id of the token (or of the place in the waiting list) of a new patient."""
        patient = await self._do(engine, CLERK, "RegisterPatient", name=PersonName(arrival.name))
        turn = self._slots[min(int(share_of_day * SLOTS_EACH), SLOTS_EACH - 1)]
        if patient is None or not turn:
            return None
        slot = self._random.choice(turn)
        asked: dict[str, Any] = {"slot_id": slot, "patient_id": patient["id"]}
        if arrival.category == "EMERGENCY":
            token = await self._do(engine, CLERK, "InsertEmergency", **asked)
        else:
            category: Category = arrival.category
            token = await self._do(engine, CLERK, "BookToken", **asked, category=category)
        return str(token["id"]) if token is not None else None

    async def _arrive(self, engine: Engine, arrivals: list[Arrival], booked: dict[int, str]) -> None:
        """The day: each patient books or comes at his time, or does not."""
        for number, (gap, arrival) in enumerate(gaps(arrivals, self.settings.speed)):
            await trio.sleep(gap)
            token = booked.get(number)
            if token is None:
                if arrival.booked_before:
                    continue
                token = await self._book(engine, arrival, number / len(arrivals))
            if token is None:
                continue
            if self._random.random() < CANCELLED_SHARE:
                await self._do(engine, CLERK, "CancelToken", token_id=token)
            elif arrival.comes:
                await self._do(engine, CLERK, "CheckIn", token_id=token)
            else:
                absent = {"token_id": token, "force": True, "reason": FreeText("did not come")}
                await self._do(engine, CLERK, "MarkNoShow", **absent)

    async def _serve(
        self, engine: Engine, service: str, counter: str, minutes: tuple[float, float], number: int
    ) -> None:
        """Whoever is behind a counter: calls the next, serves him, and sends some of them to the laboratory."""
        random = Random(self.settings.seed * 1000 + number)  # noqa: S311  as above
        while True:
            ticket = await self._called(engine, service, counter)
            if ticket is None:
                await trio.sleep(0.5)
                continue
            await trio.sleep(random.uniform(0.5, 2) * 60 / self.settings.speed)
            await self._do(engine, CLINICIAN, "StartTicket", ticket_id=ticket["id"])
            await trio.sleep(random.uniform(*minutes) * 60 / self.settings.speed)
            await self._do(engine, CLINICIAN, "CompleteTicket", ticket_id=ticket["id"], counter=counter)
            if service != self._laboratory and random.random() < TESTED_SHARE:
                asked = {"service_id": self._laboratory, "patient_id": ticket["patient_id"]}
                await self._do(engine, CLERK, "JoinQueue", **asked)

    async def _called(self, engine: Engine, service: str, counter: str) -> dict[str, Any] | None:
        """The next one, if anybody waits; a doctor's queue is not there before the first patient is."""
        try:
            reply = await engine.view(DEV_HOSPITAL, GetBoard(service_id=service), CLINICIAN)
        except (Rejected, Unavailable, DeadlinePassed):
            return None
        if not msgspec.msgpack.decode(reply.body)["waiting"]:
            return None
        called = await self._do(engine, CLINICIAN, "CallNext", service_id=service, counter=counter)
        return None if called is None else called["ticket"]

    async def _run_late(self, engine: Engine) -> None:
        """One of the doctors is late this day."""
        await trio.sleep(10)
        slot = self._random.choice(self._slots[0])
        await self._do(engine, CLINICIAN, "DelaySlot", slot_id=slot, delay_minutes=20)

    async def _do(self, engine: Engine, who: Principal, name: str, /, **fields: Any) -> dict[str, Any] | None:
        """Ask for a command; its answer, or ``None`` when it was refused. Both are counted."""
        try:
            reply = await engine.ask(DEV_HOSPITAL, COMMANDS[name](**fields), who)
        except Rejected as refusal:
            self.done[refusal.code] += 1
            return None
        except (Unavailable, DeadlinePassed):
            self.done["not taken"] += 1
            return None
        self.done[f"{name} {reply.outcome}" if reply.outcome == "waiting" else name] += 1
        return dict(msgspec.msgpack.decode(reply.body)) if reply.body else {}

    async def _tell(self) -> None:
        while True:
            await trio.sleep(TOLD_EVERY)
            click.echo("  ".join(f"{name} {count}" for name, count in sorted(self.done.items())))

    def _welcome(self, address: str, clinic: str, ward: str) -> None:
        slot = self._slots[0][0]
        click.echo(
            f"""
A hospital with {len(DOCTORS)} doctors, a day clinic, wards and {self.settings.patients} patients of the day is at work.
  interface      {address}/api/v1/
  documentation  {address}/api/docs
  a slot's line  curl {address}/api/v1/slots/{slot}/tokens/
  waiting rooms  {address}/board/{self._doctors[0]}   {DOCTORS[0][1]}
                 {address}/board/{self._laboratory}   Laboratory
  day of rooms   {address}/clinics/{clinic}/board
  a ward's beds  {address}/wards/{ward}/board
  alerts         {address}/alerts
  the report     curl {address}/api/v1/reports/daily/
Stop it with Ctrl-C.
"""
        )
