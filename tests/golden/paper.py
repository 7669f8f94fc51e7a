"""A seventh story of version 1: a morning without the program, entered from paper in the afternoon."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import trio
from trio.testing import MockClock

from engine.decider import FreeText
from engine.decisions.book_token import BookToken
from engine.decisions.call_next import CallTicket
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.join_queue import JoinQueue
from engine.decisions.no_show import MarkNoShow
from engine.decisions.serve_ticket import CompleteTicket, StartTicket
from engine.decisions.services import AddService
from engine.eventlog.memory_store import MemoryDisk
from tests.engine.living import living
from tests.golden.story import MINUTE, TODAY, Corpus, Story

CORPUS = Path(__file__).with_name("version-1-paper.msgpack")


def told(minutes: int) -> dt.datetime:
    """So many minutes after the story begins."""
    return TODAY + dt.timedelta(minutes=minutes)


async def tell(desk: Story) -> None:
    """Who was seen, who did not come, who went away; a ticket of the pharmacy."""
    slot = await desk.slot(await desk.doctor("Cardiology"), 60, 4, length=120)
    absent, away, marked = [await desk.book(slot) for _ in range(3)]
    pharmacy = (await desk.say(AddService(name="Pharmacy")))["id"]
    await trio.sleep(240 * MINUTE)  # the slot is over; the clock has marked whoever was booked

    patient = await desk.patient()
    walked_in = BookToken(slot_id=slot, patient_id=patient, category="WALKIN", occurred_at=told(65))
    seen = (await desk.say(walked_in))["id"]
    for token in (seen, marked):
        await desk.say(CheckIn(token_id=token, occurred_at=told(66)))
        for step, minutes in ((CallToken, 70), (StartConsult, 71), (CompleteConsult, 80)):
            await desk.say(step(token_id=token, occurred_at=told(minutes)))
    for token in (absent, away):
        await desk.say(CheckIn(token_id=token, occurred_at=told(67)))
    await desk.say(CancelToken(token_id=away, occurred_at=told(90), reason=FreeText("could not wait")))
    late = (await desk.say(BookToken(slot_id=slot, patient_id=patient, category="WALKIN", occurred_at=told(100))))["id"]
    gone = FreeText("left before being called")
    await desk.say(MarkNoShow(token_id=late, occurred_at=told(110), force=True, reason=gone))

    joined = JoinQueue(service_id=pharmacy, patient_id=patient, occurred_at=told(82))
    ticket = (await desk.say(joined))["id"]
    await desk.say(CallTicket(ticket_id=ticket, counter="1", occurred_at=told(85)))
    await desk.say(StartTicket(ticket_id=ticket, occurred_at=told(86)))
    await desk.say(CompleteTicket(ticket_id=ticket, occurred_at=told(88)))


async def corpus() -> Corpus:
    """Tell the story and keep what it wrote."""
    disk = MemoryDisk()
    async with living(disk) as engine:
        await tell(Story(engine))
    return Corpus(disk.entries["main"], disk.keys)


def written() -> Corpus:
    """The corpus as told now."""
    return trio.run(corpus, clock=MockClock(autojump_threshold=0))
