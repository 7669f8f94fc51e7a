"""A command asked without waiting: called back once, with what a task that waits would have got."""

from __future__ import annotations

from typing import Any

import trio
from trio.testing import MockClock

from engine.decider import PersonName
from engine.decisions.patients import UpdatePatient
from engine.errors import DeadlinePassed, NotFound, Unavailable
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from tests.engine.living import CLERK, Heard, hold_keys, living, patient, read

NOBODY = "01900000-0000-7000-8000-000000000000"


async def submitted(engine: Engine, command: Any, **more: Any) -> Any:
    heard = Heard()
    assert engine.submit("main", command, CLERK, heard, **more) is not None
    return await heard.only()


async def test_a_reply_comes_once_it_is_durable_and_not_before(autojump_clock: MockClock):
    disk, stalled = MemoryDisk(), trio.Event()

    async def faults(step: str) -> None:
        if step == "data" and len(disk.entries.get("main", ())) == 1:
            await stalled.wait()

    async with living(disk, faults=faults) as engine:
        heard = Heard()
        engine.submit("main", patient(), CLERK, heard)
        await trio.sleep(1)
        assert not heard.outcomes
        stalled.set()
        reply = await heard.only()
        assert (reply.outcome, reply.position, read(reply)["name"]) == ("created", 2, "Asha Rao")


async def test_a_refusal_comes_as_one(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        command = UpdatePatient(patient_id=NOBODY, name=PersonName("X"))
        assert isinstance(await submitted(engine, command), NotFound)


async def test_a_key_that_came_before_or_is_under_way_is_left_to_who_can_wait(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        heard = Heard()
        assert engine.submit("main", patient(), CLERK, heard, key="k") is not None
        assert engine.submit("main", patient(), CLERK, heard, key="k") is None
        first = await heard.only()
        assert engine.submit("main", patient(), CLERK, heard, key="k") is None
        again = await engine.ask("main", patient(), CLERK, key="k")
        assert (again.replayed, again.position) == (True, first.position)


async def test_what_is_withdrawn_while_it_waits_is_never_decided(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        one = read(await engine.ask("main", patient(), CLERK))["id"]
    async with living(disk) as engine:
        keys, heard = hold_keys(engine), Heard()
        withdraw = engine.submit("main", UpdatePatient(patient_id=one, name=PersonName("X")), CLERK, heard, key="k")
        assert withdraw is not None
        await trio.sleep(1)
        withdraw()
        keys.set()
        outcome = await heard.only()
        assert isinstance(outcome, DeadlinePassed)
        assert outcome.outcome == "not_applied"
        assert len(disk.entries["main"]) == 2
        await engine.ask("main", UpdatePatient(patient_id=one, name=PersonName("Y")), CLERK, key="k")  # the key is free


async def test_a_deadline_passes_for_what_waits_and_for_what_is_decided(autojump_clock: MockClock):
    disk, stalled = MemoryDisk(), trio.Event()
    async with living(disk) as engine:
        one = read(await engine.ask("main", patient(), CLERK))["id"]
    async with living(disk) as engine:
        keys = hold_keys(engine)
        waiting = await submitted(engine, UpdatePatient(patient_id=one, name=PersonName("X")), within=2)
        keys.set()
        assert (type(waiting), waiting.outcome) == (DeadlinePassed, "not_applied")

    async def faults(step: str) -> None:
        if step == "data":
            await stalled.wait()

    async with living(disk, faults=faults) as engine:
        decided = await submitted(engine, patient(), within=2)
        assert (type(decided), decided.outcome) == (DeadlinePassed, "unknown")
        stalled.set()


async def test_an_answer_that_must_be_opened_first_is(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        one = read(await engine.ask("main", patient(), CLERK))["id"]
    async with living(disk) as engine:
        reply = await submitted(engine, UpdatePatient(patient_id=one, dob=None))
        assert read(reply)["name"] == "Asha Rao"


async def test_a_commit_that_fails_is_told(autojump_clock: MockClock):
    disk, broken = MemoryDisk(), [True]

    async def faults(step: str) -> None:
        if step == "data" and len(disk.entries.get("main", ())) == 1 and broken:
            broken.clear()
            raise OSError("the disk is gone")

    async with living(disk, faults=faults) as engine:
        outcome = await submitted(engine, patient())
        assert isinstance(outcome, Unavailable)
        assert outcome.outcome == "not_applied"
