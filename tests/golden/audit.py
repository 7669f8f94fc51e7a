"""A sixth story of version 1: a log that goes on under another origin, and people who are erased from it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import trio
from trio.testing import MockClock

from engine.decider import Contact, FreeText, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_token import CancelToken
from engine.decisions.doctors import AddDoctor
from engine.decisions.erase_patient import ErasePatient, ErasureReason
from engine.decisions.origins import BeginOrigin
from engine.decisions.patients import MergePatients, RegisterPatient, UpdatePatient
from engine.errors import Rejected
from engine.eventlog.memory_store import MemoryDisk
from tests.engine.living import living
from tests.golden.story import Corpus, Story

CORPUS = Path(__file__).with_name("version-1-audit.msgpack")
WHY = ErasureReason("asked for in writing")


async def tell(desk: Story) -> None:
    """A restore, a visit that is over, two records of one person, and nothing of the person left."""
    await desk.say(
        BeginOrigin(
            origin="matron.example/main/2", previous="matron.example/main", size=7, root="ab" * 32, reason="restored"
        )
    )
    doctor = (await desk.say(AddDoctor(name=PersonName("Dr. Rao"), specialization="Cardiology")))["id"]
    twin = (await desk.say(RegisterPatient(name=PersonName("J. Doe"), phone=Contact("+1 555 0100"))))["id"]
    person = (await desk.say(RegisterPatient(name=PersonName("Jane Doe"), email=Contact("jane@example.org"))))["id"]
    await desk.say(MergePatients(patient_id=twin, into=person))
    token = await desk.book(await desk.slot(doctor, 60, 3), patient=person)
    with suppress(Rejected):
        await desk.say(ErasePatient(patient_id=person, reason=WHY))
    await desk.say(CancelToken(token_id=token, reason=FreeText("she feels better")))
    await desk.say(ErasePatient(patient_id=person, reason=WHY))
    for command in (
        UpdatePatient(patient_id=person, name=PersonName("Jane Again")),
        BookToken(slot_id=await desk.slot(doctor, 200, 1), patient_id=person, category="ONLINE"),
    ):
        with suppress(Rejected):
            await desk.say(command)


async def corpus() -> Corpus:
    """Tell the story and keep what it wrote."""
    disk = MemoryDisk()
    async with living(disk) as engine:
        await tell(Story(engine))
    return Corpus(disk.entries["main"], disk.keys)


def written() -> Corpus:
    """The corpus as told now."""
    return trio.run(corpus, clock=MockClock(autojump_threshold=0))
