"""The counters of the morning: somebody calls, waits, gives up, sends on, and takes back what was a slip.

They work the doctors' own queues, which open at the first check-in, and a laboratory that patients are sent to.
"""

from __future__ import annotations

from random import Random
from typing import Any

import trio

from engine.actors.service.state import Counter, Priority, ServiceSettings, ServiceStatus
from engine.decider import FreeText
from engine.decisions.call_next import CallNext, CallTicket
from engine.decisions.join_queue import JoinQueue
from engine.decisions.serve_ticket import (
    CancelTicket,
    CompleteTicket,
    ParkTicket,
    PrioritizeTicket,
    RecallTicket,
    ResumeTicket,
    StartTicket,
    TicketNoAnswer,
    TicketNoShow,
)
from engine.decisions.services import AddService, EndServiceDay, SetServiceStatus
from engine.decisions.transfer_ticket import TransferTicket
from engine.decisions.undo_ticket import UndoTicket
from engine.views.queues import GetBoard, GetIntegrity, GetQueue, GetStatistics, GetTicket
from tests.simulation.client import Client

PRIORITIES: tuple[Priority, ...] = ("high", "medium", "low", "low")
STATUSES: tuple[ServiceStatus, ...] = ("paused", "inactive", "emergency", "active", "active")
LIMITS: tuple[dict[Priority, int], ...] = ({}, {"low": 1})
SHARES: tuple[dict[Priority, int], ...] = ({}, {"high": 2, "medium": 1, "low": 1})
SERVICE = {"confirm_arrival": (True, True, False), "carry_over": (True, False), "max_calls": (1, 2, 3)}


class Counters:
    """Everybody who stands behind a counter, until ``length`` seconds have passed."""

    def __init__(self, client: Client, random: Random, doctors: list[str], patients: list[str], length: float) -> None:
        self.client = client
        self.random = random
        self.doctors = doctors
        self.patients = patients
        self.length = length
        self.laboratory = ""

    async def open(self) -> None:
        """The laboratory, with two counters."""
        chosen: dict[str, Any] = {name: self.random.choice(values) for name, values in SERVICE.items()}
        settings = ServiceSettings(
            counters=(Counter(name="1"), Counter(name="2")),
            max_wait_minutes=self.random.choice(LIMITS),
            shares=self.random.choice(SHARES),
            requeue_minutes=self.random.choice((0, 1)),
            recall_seconds=1,
            stale_minutes=1,
            parked_minutes=1,
            exclusive_group=self.random.choice(("", "laboratory")),
            **chosen,
        )
        while not self.laboratory and trio.current_time() < self.length:
            done = await self.client.do(AddService(name="Laboratory", settings=settings))
            self.laboratory = done["id"] if done else ""
            await trio.sleep(0.1)  # what refuses at once must not stop the clock

    async def people(self, nursery: trio.Nursery) -> None:
        """Two at the laboratory, one for each doctor, and a kiosk."""
        await self.open()
        if self.laboratory:
            nursery.start_soon(self._kiosk)
            for counter in ("1", "2"):
                nursery.start_soon(self._counter, self.laboratory, counter)
        for doctor_id in self.doctors:
            nursery.start_soon(self._counter, doctor_id, "1")

    async def _kiosk(self) -> None:
        random, client = self.random, self.client
        while trio.current_time() < self.length:
            await trio.sleep(random.uniform(2, 20))
            patient = random.choice(self.patients) if self.patients and random.random() < 0.7 else None
            join = JoinQueue(service_id=self.laboratory, patient_id=patient, priority=random.choice(PRIORITIES))
            await client.do(join)
            await client.ask(self._query())
            if random.random() < 0.1:
                await client.do(SetServiceStatus(service_id=self.laboratory, status=random.choice(STATUSES)))
            elif random.random() < 0.03:
                await client.do(EndServiceDay(service_id=self.laboratory))

    def _query(self) -> Any:
        queries = (GetBoard, GetIntegrity, GetQueue, GetStatistics)
        return self.random.choice(queries)(service_id=self.laboratory)

    async def _counter(self, service_id: str, counter: str) -> None:
        random, client = self.random, self.client
        while trio.current_time() < self.length:
            await trio.sleep(random.uniform(3, 15))
            queue = await client.ask(GetQueue(service_id=service_id))
            if queue is None:
                continue
            called = await self._called(service_id, counter, queue)
            if called is not None:
                await self._serve(called["id"], counter, service_id)
            elif queue["parked"] and random.random() < 0.7:
                await client.do(ResumeTicket(ticket_id=queue["parked"][0]["id"]))

    async def _called(self, service_id: str, counter: str, queue: Any) -> Any:
        random, client = self.random, self.client
        if queue["items"] and random.random() < 0.2:
            ticket = random.choice(queue["items"])["id"]
            return await client.do(CallTicket(ticket_id=ticket, counter=counter, reason=FreeText("in pain")))
        done = await client.do(CallNext(service_id=service_id, counter=counter))
        return done["ticket"] if done else None

    async def _serve(self, ticket_id: str, counter: str, service_id: str) -> None:
        random, client = self.random, self.client
        await trio.sleep(random.uniform(0.5, 5))
        reason = FreeText("as it is")
        match random.randrange(12):
            case 0:
                await client.do(RecallTicket(ticket_id=ticket_id))
                await client.do(TicketNoAnswer(ticket_id=ticket_id))
            case 1:
                await client.do(TicketNoAnswer(ticket_id=ticket_id))
            case 2:
                await client.do(ParkTicket(ticket_id=ticket_id, reason=reason))
            case 3:
                await client.do(UndoTicket(ticket_id=ticket_id))
            case 4:
                await client.do(random.choice((TicketNoShow, CancelTicket))(ticket_id=ticket_id, reason=reason))
                await client.do(UndoTicket(ticket_id=ticket_id))
            case 5 if self.laboratory:
                await client.do(ParkTicket(ticket_id=ticket_id))
                to = self.laboratory if service_id != self.laboratory else random.choice(self.doctors)
                await client.do(TransferTicket(ticket_id=ticket_id, to_service=to, reason=reason))
            case 6:
                await client.do(TicketNoAnswer(ticket_id=ticket_id))
                priority = random.choice(PRIORITIES)
                await client.do(PrioritizeTicket(ticket_id=ticket_id, priority=priority, reason=reason))
            case _:
                await client.do(StartTicket(ticket_id=ticket_id))
                await trio.sleep(random.uniform(1, 15))
                await client.do(CompleteTicket(ticket_id=ticket_id, counter=counter))
                if random.random() < 0.2:
                    await client.do(UndoTicket(ticket_id=ticket_id))
        await client.ask(GetTicket(ticket_id=ticket_id))
