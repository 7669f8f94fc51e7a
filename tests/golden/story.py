"""A story in which every event of version 1 happens once at least. Run it to write the corpus: see ``__main__``.

The corpus is written once for each version of the entry's format and never again: old logs must be readable for ever.
New events of the same version are added by a further story, in a further file.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import trio
from trio.testing import MockClock

from engine.actors.hospital import Category
from engine.decider import FreeText, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_category import ChangeCategory
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.doctors import AddDoctor, RemoveDoctor, UpdateDoctor
from engine.decisions.hold_seat import ConfirmHold, HoldSeat, ReleaseHold
from engine.decisions.hospital import ChangePolicy
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import MergePatients, RegisterPatient, RemovePatient, UpdatePatient
from engine.decisions.reschedule_token import RescheduleToken
from engine.decisions.slot_templates import AddSlotTemplate, ChangeSlotTemplate, GenerateSlots, RemoveSlotTemplate
from engine.decisions.undo_token import UndoToken
from engine.decisions.waiting_list import LeaveWaitingList
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from tests.engine.living import CLERK, START, living, read

CORPUS = Path(__file__).with_name("version-1.msgpack")
TODAY = dt.datetime.fromtimestamp(START / 1_000_000, dt.UTC)
MINUTE = 60


class Corpus(msgspec.Struct):
    """The stored records of hospital ``main`` in order, and the keys that open their sealed texts."""

    records: list[bytes]
    keys: dict[bytes, bytes]


class Story:
    """Somebody at a desk."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def say(self, command: Any) -> Any:
        """Send a command; gives its answer."""
        reply = await self.engine.ask("main", command, CLERK)
        return read(reply) if reply.body else None

    async def doctor(self, specialization: str) -> str:
        """A new doctor's id."""
        return str((await self.say(AddDoctor(name=PersonName("Dr. Rao"), specialization=specialization)))["id"])

    async def slot(self, doctor: str, minutes: int, capacity: int, length: int = 30) -> str:
        """A slot that begins so many minutes from the start of the story."""
        begins = TODAY + dt.timedelta(minutes=minutes)
        ends = begins + dt.timedelta(minutes=length)
        made = await self.say(OpenSlot(doctor=doctor, start_time=begins, end_time=ends, max_capacity=capacity))
        return str(made["id"])

    async def patient(self, name: str = "Asha Rao") -> str:
        """A new patient's id."""
        return str((await self.say(RegisterPatient(name=PersonName(name))))["id"])

    async def book(self, slot: str, category: Category = "ONLINE", patient: str | None = None) -> str:
        """A new token's (or entry's) id."""
        who = patient or await self.patient()
        return str((await self.say(BookToken(slot_id=slot, patient_id=who, category=category)))["id"])


async def tell(engine: Engine) -> None:
    """The story."""
    desk = Story(engine)
    reason = FreeText("as the patient wished")
    rao, bose, away = [await desk.doctor(name) for name in ("Cardiology", "Cardiology", "Dermatology")]
    await desk.say(UpdateDoctor(doctor_id=away, specialization="Paediatrics"))
    await desk.say(RemoveDoctor(doctor_id=away))

    # Names, and two records of one person.
    twin, person, gone = [await desk.patient(name) for name in ("A. Rao", "Asha Rao", "Nobody")]
    await desk.say(UpdatePatient(patient_id=person, name=PersonName("Asha R. Rao")))
    await desk.say(RemovePatient(patient_id=gone))
    first = await desk.slot(rao, 10, 2)
    await desk.book(first, patient=twin)
    await desk.say(MergePatients(patient_id=twin, into=person))

    # A full slot: waiting, passing over, leaving, promotion, more numbers than planned.
    second = await desk.book(first)
    waiting = [await desk.book(first) for _ in range(3)]
    await desk.say(LeaveWaitingList(entry_id=waiting[0], reason=reason))
    await desk.say(CancelToken(token_id=second, reason=reason))
    await desk.say(UndoToken(token_id=(await checked_in(desk, waiting[1]))))
    await desk.say(ChangeSlot(slot_id=first, max_capacity=4))
    await desk.say(ChangeSlot(slot_id=first, paused=True))
    await desk.say(ChangeSlot(slot_id=first, paused=False))

    # A consultation, a change of tier, an emergency, a move.
    await checked_in(desk, waiting[1])
    for step in (CallToken, StartConsult, CompleteConsult):
        await desk.say(step(token_id=waiting[1]))
    await desk.say(ChangeCategory(token_id=waiting[2], category="FOLLOWUP", reason=reason))
    later = await desk.slot(rao, 60, 3)
    await desk.book(later, "EMERGENCY")
    await desk.say(RescheduleToken(token_id=waiting[2], slot_id=later, reason=reason))

    # Holds.
    held = await desk.say(HoldSeat(slot_id=later))
    await desk.say(ConfirmHold(hold_id=held["id"], patient_id=await desk.patient(), category="WALKIN"))
    await desk.say(ReleaseHold(hold_id=(await desk.say(HoldSeat(slot_id=first)))["id"]))

    # Delays run on; a slot is cancelled and its patients find a place elsewhere.
    await desk.say(DelaySlot(slot_id=first, delay_minutes=25))
    await desk.slot(bose, 60, 5)
    await desk.say(CancelSlot(slot_id=later, reason=reason))

    # Weekly plans.
    plan: dict[str, Any] = {"weekdays": ("MON", "TUE"), "start_time": "09:00", "end_time": "10:00"}
    made = await desk.say(AddSlotTemplate(doctor=bose, max_capacity=10, valid_from=dt.date(2027, 3, 1), **plan))
    await desk.say(ChangeSlotTemplate(template_id=made["id"], max_capacity=12, valid_from=dt.date(2027, 3, 1), **plan))
    await desk.say(GenerateSlots(template_id=made["id"], from_date=dt.date(2027, 3, 1), to_date=dt.date(2027, 3, 14)))
    await desk.say(RemoveSlotTemplate(template_id=made["id"]))

    await late_and_lifted(desk, rao, bose)


async def checked_in(desk: Story, token: str) -> str:
    """A patient is there."""
    await desk.say(CheckIn(token_id=token))
    return token


async def late_and_lifted(desk: Story, rao: str, bose: str) -> None:
    """What only the clock brings about: no-shows, late comers, offers, lifts, the end of slots."""
    await desk.say(ChangePolicy(max_wait_minutes={"WALKIN": 10}, promotion="offer", offer_minutes=5))
    slot = await desk.slot(rao, 120, 2, length=60)
    await trio.sleep(110 * MINUTE)
    absent, there = await desk.book(slot), await desk.book(slot, "WALKIN")
    entry = await desk.book(slot, patient=await desk.patient("Who is offered a seat"))
    await checked_in(desk, there)
    await trio.sleep(26 * MINUTE)  # the first is marked, the second lifted, and the third is offered the seat
    await trio.sleep(6 * MINUTE)  # who does not take it
    await checked_in(desk, absent)
    other = await desk.slot(bose, 150, 1, length=60)
    missing, waits = await desk.book(other), await desk.book(other)
    await desk.say(ChangePolicy(promotion="auto"))
    await trio.sleep(30 * MINUTE)
    await checked_in(desk, missing)  # too late: the seat has gone to who waited
    assert entry != waits
    # A seat goes past somebody who has a token elsewhere by now.
    await desk.say(ChangePolicy(double_booking="day"))
    third, fourth = await desk.slot(rao, 400, 1), await desk.slot(bose, 400, 1)
    keeper = await desk.book(third)
    busy = await desk.patient("Busy")
    await desk.book(third, patient=busy)
    await desk.say(ChangePolicy(double_booking="off"))
    await desk.book(fourth, patient=busy)
    await desk.say(ChangePolicy(double_booking="day"))
    await desk.say(CancelToken(token_id=keeper))
    await trio.sleep(400 * MINUTE)


async def corpus() -> Corpus:
    """Tell the story and keep what it wrote."""
    disk = MemoryDisk()
    async with living(disk) as engine:
        await tell(engine)
    return Corpus(disk.entries["main"], disk.keys)


def written() -> Corpus:
    """The corpus as told now."""
    return trio.run(corpus, clock=MockClock(autojump_threshold=0))
