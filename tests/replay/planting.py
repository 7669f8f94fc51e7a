"""A day at a desk as an engine wrote it down, and ways to alter it: what the audits must find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import trio
from trio.testing import MockClock

from engine.actors.service.state import Counter, ServiceSettings
from engine.decider import FreeText
from engine.decisions.book_token import BookToken
from engine.decisions.call_next import CallNext, CallTicket
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CompleteConsult, StartConsult
from engine.decisions.hold_seat import ConfirmHold, HoldSeat
from engine.decisions.join_queue import JoinQueue
from engine.decisions.reschedule_token import RescheduleToken
from engine.decisions.serve_ticket import CompleteTicket, ParkTicket, ResumeTicket, StartTicket, TicketNoAnswer
from engine.decisions.services import AddService, EndServiceDay
from engine.decisions.transfer_ticket import TransferTicket
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import Keyring
from engine.eventlog.memory_store import MemoryDisk
from engine.recovery import EVENTS
from replay.auditing.integrity import Audit, Finding
from tests.engine.living import living
from tests.golden.story import Story

Changes = list[tuple[str, tuple[Any, ...]]]


class Told(msgspec.Struct):
    """An entry as the audits see it; what stands in it may be altered."""

    position: int
    time: int
    name: str
    changes: Changes


async def tell(disk: MemoryDisk) -> None:
    """The day, on a disk in memory."""
    async with living(disk) as engine:
        await day(Story(engine))


async def day(desk: Story) -> None:
    """A full slot with a waiting list, a move, a hold, a consultation; a laboratory and its queue."""
    doctor, colleague = await desk.doctor("Cardiology"), await desk.doctor("Cardiology")
    full, later, other = [await desk.slot(*one) for one in ((doctor, 60, 2), (doctor, 120, 3), (colleague, 60, 3))]
    first, second = await desk.book(full), await desk.book(full)
    await desk.book(full, "WALKIN")
    await desk.book(full, "FOLLOWUP")
    await desk.book(full, "WALKIN")
    await desk.say(CancelToken(token_id=first, reason=FreeText("fever is gone")))
    await desk.say(RescheduleToken(token_id=second, slot_id=later))
    held = (await desk.say(HoldSeat(slot_id=other)))["id"]
    await desk.say(ConfirmHold(hold_id=held, patient_id=await desk.patient(), category="ONLINE"))
    seen = await desk.book(other)
    await desk.say(BookToken(slot_id=full, patient_id=await desk.patient(), category="EMERGENCY"))
    await desk.say(CheckIn(token_id=seen))
    await desk.say(CallNext(service_id=colleague, counter="1"))
    for step in (StartConsult, CompleteConsult):
        await desk.say(step(token_id=seen))
    await queues(desk)


async def queues(desk: Story) -> None:
    """Two services, with calls in turn and out of it, a wait elsewhere, a transfer and the end of the day."""
    settings = ServiceSettings(counters=(Counter(name="1"), Counter(name="2")))
    laboratory = (await desk.say(AddService(name="Laboratory", settings=settings)))["id"]
    x_ray = (await desk.say(AddService(name="X-ray", prefix="XR")))["id"]
    line = [
        (await desk.say(JoinQueue(service_id=laboratory, patient_id=await desk.patient(), priority=priority)))["id"]
        for priority in ("low", "low", "high", "low", "low")
    ]
    await desk.say(CallNext(service_id=laboratory, counter="1"))
    await desk.say(StartTicket(ticket_id=line[2]))
    await desk.say(CompleteTicket(ticket_id=line[2]))
    await desk.say(CallNext(service_id=laboratory, counter="1"))
    await desk.say(TicketNoAnswer(ticket_id=line[0]))
    await desk.say(CallTicket(ticket_id=line[3], counter="2", reason=FreeText("is in pain")))
    await desk.say(ParkTicket(ticket_id=line[1]))
    await desk.say(ResumeTicket(ticket_id=line[1]))
    await desk.say(TransferTicket(ticket_id=line[1], to_service=x_ray))
    await desk.say(EndServiceDay(service_id=laboratory))


def told() -> list[Told]:
    """What that day's log says."""
    disk = MemoryDisk()
    trio.run(tell, disk, clock=MockClock(autojump_threshold=0))
    codec = Codec(EVENTS, Keyring("main", bytes))
    entries = [codec.decode(checked(record)) for record in disk.entries["main"]]
    return [
        Told(one.position, one.time, one.name, [(change.actor, change.events) for change in one.changes])
        for one in entries
    ]


def found(entries: Sequence[Told]) -> list[Finding]:
    """What the audits of tokens and queues find in these entries."""
    audit = Audit("main")
    for one in entries:
        audit.changed(one.position, one.changes, one.time, one.name)
    return audit.done().findings


def alter(entries: list[Told], kind: type[Any], number: int, change: Callable[[Any], Any]) -> int:
    """Put another event, or none (``None``), in the place of the so-manyth of its kind; gives its position."""
    seen = 0
    for entry in entries:
        for place, (actor, events) in enumerate(entry.changes):
            for index, event in enumerate(events):
                if type(event) is kind:
                    seen += 1
                    if seen > number:
                        other = change(event)
                        more = () if other is None else other if isinstance(other, tuple) else (other,)
                        entry.changes[place] = (actor, (*events[:index], *more, *events[index + 1 :]))
                        return entry.position
    raise AssertionError(f"there are only {seen} of {kind.__name__}")


def copied(entries: Sequence[Told]) -> list[Told]:
    """The same entries, to be altered."""
    return [Told(one.position, one.time, one.name, list(one.changes)) for one in entries]
