"""Referrals over a living engine that stops and starts again: the lists, the timers, and what the disk may show."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.decider import FreeText, PersonName
from engine.decisions.facilities import AddBranch, AddFacility, AddTest, AddTestType
from engine.decisions.practitioners import AddPractitioner
from engine.decisions.referral_results import AcknowledgeResult
from engine.decisions.referral_tests import UpdateTestStatus
from engine.decisions.referrals import CreateReferral
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from tests.engine.living import CLERK, TrioClock, living, patient, read

SECRET = "a shadow on the left lung"


async def ask(engine: Engine, command: Any) -> Any:
    return read(await engine.ask("main", command, CLERK))


async def a_referral(engine: Engine, **more: Any) -> Any:
    facility = (await ask(engine, AddFacility(name="North")))["id"]
    branch = (await ask(engine, AddBranch(facility_id=facility, name="Near")))["id"]
    kind = (await ask(engine, AddTestType(name="Imaging")))["id"]
    test = (await ask(engine, AddTest(facility_id=facility, name="Scan", test_type_id=kind)))["id"]
    dr = (await ask(engine, AddPractitioner(name=PersonName("Dr. Ada Rao"), principal="ada")))["id"]
    who = (await ask(engine, patient()))["id"]
    wanted = CreateReferral(patient_id=who, branch_id=branch, tests=(test,), practitioner_id=dr, **more)
    return await ask(engine, wanted)


def lists(engine: Engine) -> set[tuple[str, str, str]]:
    """Every list in which something of this area stands."""
    rows = engine.partitions["main"].book.directory.rows()
    return {row for row in rows if row[0].startswith(("refer", "facilit", "branch", "tests", "pract", "tech"))}


async def test_the_lists_are_after_a_restart_what_they_were(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        made = await a_referral(engine, clinical_information=FreeText(SECRET))
        step = {"referral_id": made["id"], "referral_test_id": made["tests"][0]["id"]}
        await ask(engine, UpdateTestStatus(status="Received", **step))
        done = await ask(engine, UpdateTestStatus(status="Completed", result=FreeText(SECRET), critical=True, **step))
        before = lists(engine)
    assert done["status"] == "Completed"
    assert (f"referrals:branch:{made['branch_id']}:Completed", made["id"], f"referral:{made['id']}") in before
    assert not any(SECRET.encode() in entry for entry in disk.entries["main"])
    async with living(disk, clock=TrioClock()) as engine:
        assert lists(engine) == before
        shown = await ask(engine, AcknowledgeResult(referral_id=made["id"]))
        assert shown["tests"][0]["result"] == SECRET
        assert {**shown, "history": []} == {
            **done,
            "history": [],
            "version": shown["version"],
            "updated_at": shown["updated_at"],
            "awaits_acknowledgement": False,
            "acknowledge_by": None,
            "acknowledged_at": shown["acknowledged_at"],
            "acknowledged_by": CLERK.name,
        }


async def test_a_referral_expires_although_the_engine_was_stopped_meanwhile(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        made = await a_referral(engine)
    await trio.sleep(91 * 24 * 3_600)
    async with living(disk, clock=TrioClock()) as engine:
        await trio.sleep(60)
        tables = {row[0] for row in lists(engine) if row[1] == made["id"]}
        assert "referrals:Expired" in tables
        assert "referrals:Pending" not in tables


async def test_the_same_command_again_makes_one_referral(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        made = await a_referral(engine)
        command = CreateReferral(
            patient_id=made["patient_id"],
            branch_id=made["branch_id"],
            tests=(made["tests"][0]["test_id"],),
            practitioner_id=made["practitioner_id"],
        )
        first = read(await engine.ask("main", command, CLERK, key="k"))
        second = read(await engine.ask("main", command, CLERK, key="k"))
        assert first == second
        assert len([row for row in lists(engine) if row[0] == "referrals"]) == 2


@pytest.mark.parametrize("at_once", [20])
async def test_of_many_who_take_the_same_step_at_one_instant_one_does(at_once: int, autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        made = await a_referral(engine)
        step = UpdateTestStatus(status="Received", referral_id=made["id"], referral_test_id=made["tests"][0]["id"])
        outcomes: list[str] = []

        async def take() -> None:
            try:
                outcomes.append((await ask(engine, step))["status"])
            except Exception as refusal:
                outcomes.append(getattr(refusal, "code", repr(refusal)))

        async with trio.open_nursery() as nursery:
            for _ in range(at_once):
                nursery.start_soon(take)
        assert sorted(outcomes) == ["Received", *["no_change"] * (at_once - 1)]
