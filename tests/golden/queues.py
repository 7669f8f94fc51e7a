"""A second story of version 1: live queues, and where notices go. What the first one tells happens here as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trio
from trio.testing import MockClock

from engine.actors.destination.places import Url
from engine.actors.destination.state import DeadLetter
from engine.actors.service.state import Counter, ServiceSettings
from engine.decider import FreeText
from engine.decisions.call_next import CallNext, CallTicket
from engine.decisions.check_in import CheckIn
from engine.decisions.destinations import (
    AddDestination,
    AdvanceCursor,
    ChangeDestination,
    RemoveDestination,
    RetryDeadLetters,
    RotateSecret,
)
from engine.decisions.join_queue import JoinQueue
from engine.decisions.patients import MergePatients
from engine.decisions.serve_ticket import (
    CompleteTicket,
    ParkTicket,
    PrioritizeTicket,
    RecallTicket,
    ResumeTicket,
    StartTicket,
    TicketNoAnswer,
)
from engine.decisions.services import AddService, ChangeService, EndServiceDay, SetServiceStatus
from engine.decisions.transfer_ticket import TransferTicket
from engine.decisions.undo_ticket import UndoTicket
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from tests.engine.living import START, living
from tests.golden.story import MINUTE, Corpus, Story

CORPUS = Path(__file__).with_name("version-1-queues.msgpack")
COUNTERS = (Counter(name="1", location="Room 4"), Counter(name="2", skills=("children",)))


async def tell(engine: Engine) -> None:
    """The story."""
    desk = Story(engine)
    reason = FreeText("as the patient wished")
    settings = ServiceSettings(
        counters=COUNTERS, max_wait_minutes={"low": 20}, shares={"high": 2, "low": 1}, parked_minutes=10
    )
    laboratory = (await desk.say(AddService(name="Laboratory", settings=settings)))["id"]
    x_ray = (await desk.say(AddService(name="X-ray", prefix="XR")))["id"]
    await desk.say(ChangeService(service_id=x_ray, name="X-rays", settings=ServiceSettings(exclusive_group="rays")))
    for status in ("paused", "active"):
        await desk.say(SetServiceStatus(service_id=x_ray, status=status, reason=reason))

    async def join(service: str = laboratory, **more: Any) -> str:
        return str((await desk.say(JoinQueue(service_id=service, **more)))["id"])

    patient = await desk.patient()
    first, second, third = await join(patient_id=patient), await join(priority="high"), await join(needs=("children",))
    await desk.say(CallNext(service_id=laboratory, counter="1"))
    await trio.sleep(MINUTE)
    await desk.say(RecallTicket(ticket_id=second))
    await desk.say(TicketNoAnswer(ticket_id=second))
    await desk.say(CallTicket(ticket_id=third, counter="2", reason=reason))
    await desk.say(StartTicket(ticket_id=third))
    await trio.sleep(2 * MINUTE)
    await desk.say(CompleteTicket(ticket_id=third, counter="2"))
    await desk.say(UndoTicket(ticket_id=third))
    await desk.say(ParkTicket(ticket_id=first, reason=reason))
    await trio.sleep(12 * MINUTE)  # too long
    await desk.say(ResumeTicket(ticket_id=first))
    await desk.say(PrioritizeTicket(ticket_id=first, priority="medium", reason=reason))
    waits = await join()
    await trio.sleep(25 * MINUTE)  # longer than the limit
    await desk.say(TransferTicket(ticket_id=waits, to_service=x_ray, reason=reason))
    await visit(desk)
    await notices(desk)
    await desk.say(EndServiceDay(service_id=laboratory))


async def visit(desk: Story) -> None:
    """A token and its ticket, for a patient who turns out to be somebody we know."""
    doctor = await desk.doctor("Cardiology")
    person, twin = await desk.patient("Asha Rao"), await desk.patient("A. Rao")
    token = await desk.book(await desk.slot(doctor, 60, 3), patient=twin)
    await desk.say(CheckIn(token_id=token))
    await desk.say(MergePatients(patient_id=twin, into=person))
    await desk.say(CallNext(service_id=doctor, counter="1"))
    await desk.say(TicketNoAnswer(ticket_id=token))


async def notices(desk: Story) -> None:
    """A destination from its first day to its last."""
    wanted: dict[str, Any] = {
        "name": "Text messages",
        "channel": "webhook",
        "url": Url("https://sms.example.org/matron"),
    }
    made = (await desk.say(AddDestination(**wanted)))["id"]
    await desk.say(ChangeDestination(destination_id=made, active=False, **wanted))
    await desk.say(ChangeDestination(destination_id=made, **{**wanted, "name": "Texts"}))
    await desk.say(RotateSecret(destination_id=made))
    now = START + 3_600_000_000
    dead = DeadLetter("3.1", "patient_called", "a ticket", "refused", 12, now, now)
    await desk.say(AdvanceCursor(destination_id=made, cursor=3, opened=("3.1",)))
    await desk.say(AdvanceCursor(destination_id=made, cursor=4, settled=("3.1",), dead=(dead,), delivered=1))
    await desk.say(RetryDeadLetters(destination_id=made))
    await desk.say(RemoveDestination(destination_id=made))


async def corpus() -> Corpus:
    """Tell the story and keep what it wrote."""
    disk = MemoryDisk()
    async with living(disk) as engine:
        await tell(engine)
    return Corpus(disk.entries["main"], disk.keys)


def written() -> Corpus:
    """The corpus as told now."""
    return trio.run(corpus, clock=MockClock(autojump_threshold=0))
