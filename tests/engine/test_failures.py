"""What goes wrong, and what is true afterwards: disks that fail or fill, bugs of ours, bytes that flip."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.actor import MAILBOX
from engine.actors import KINDS
from engine.decider import PersonName
from engine.decisions.patients import UpdatePatient
from engine.errors import (
    CommitFailed,
    LogCorrupt,
    Overloaded,
    Unavailable,
)
from engine.eventlog.entry import checked
from engine.eventlog.log import LogLimits
from engine.eventlog.memory_store import CommitTorn, MemoryDisk, MemoryStore
from engine.eventlog.store import Space
from engine.runtime import EngineSettings, open_engine
from engine.views.people import GetPatient
from tests.engine.living import CLERK, TrioClock, hold_keys, living, patient, read

NOBODY = "01900000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("step", "fault", "applied"),
    [
        ("before", OSError(5, "EIO"), False),
        ("data", OSError(28, "ENOSPC"), False),
        ("data", CommitFailed("map full"), False),
        ("meta", CommitTorn(applied=False), False),
        ("meta", CommitTorn(applied=True), True),
        ("after", OSError(5, "EIO"), True),
    ],
)
async def test_law_9_a_failed_commit_is_settled_by_what_the_log_says(
    autojump_clock: MockClock, step: str, fault: Exception, applied: bool
):
    disk = MemoryDisk()
    broken: list[str] = []

    async def faults(at: str) -> None:
        if at == step and len(disk.entries.get("main", ())) == (3 if step == "after" else 2) and not broken:
            broken.append(step)
            raise fault

    async with living(disk, faults=faults) as engine:
        kept = await engine.ask("main", patient("Kept"), CLERK)
        if applied:
            assert (await engine.ask("main", patient("Lost?"), CLERK, key="k")).position == 3
        else:
            with pytest.raises(Unavailable) as refused:
                await engine.ask("main", patient("Lost?"), CLERK, key="k")
            assert refused.value.outcome == "not_applied"
        assert broken == [step]
        await engine.until_ready()
        again = await engine.ask("main", patient("Lost?"), CLERK, key="k")
        assert again.replayed is applied
        assert read(await engine.view("main", GetPatient(patient_id=read(kept)["id"]), CLERK))["name"] == "Kept"
        assert len(disk.entries["main"]) == 3


async def test_writes_are_refused_while_space_is_short_and_go_on_when_it_is_back(autojump_clock: MockClock):
    store = MemoryStore()
    async with open_engine(store, clock=TrioClock()) as engine:
        await engine.until_ready()
        from engine.decisions.hospital import AddHospital

        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
        made = read(await engine.ask("main", patient(), CLERK))
        store.free = Space(disk=1024, map=1 << 36)
        await engine.ask("main", patient(), CLERK)  # space is looked at with each commit: this one is still taken
        with pytest.raises(Unavailable) as refused:
            await engine.ask("main", patient(), CLERK)
        assert (refused.value.code, refused.value.outcome) == ("storage_full", "not_applied")
        assert read(await engine.view("main", GetPatient(patient_id=made["id"]), CLERK))["id"] == made["id"]
        store.free = Space(disk=1 << 40, map=1 << 36)
        await engine.ask("main", patient(), CLERK)


async def test_law_11_a_full_mailbox_refuses_at_once_and_loses_nothing(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        one = read(await engine.ask("main", patient(), CLERK))["id"]
    names = [f"P{number}" for number in range(1_100)]
    done, refused = list[str](), list[Overloaded]()
    async with living(disk) as engine:
        keys = hold_keys(engine)

        async def ask(name: str) -> None:
            try:
                await engine.ask("main", UpdatePatient(patient_id=one, name=PersonName(name)), CLERK)
                done.append(name)
            except Overloaded as refusal:
                refused.append(refusal)

        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(ask, name)
            await trio.sleep(1)
            assert engine.load()["mailboxes"]["waiting"] == MAILBOX + 1  # one in hand, its patient's key on its way
            assert (done, len(refused)) == ([], 1_100 - MAILBOX - 1)
            keys.set()
        assert engine.load()["mailboxes"] == {
            "open": 0, "waiting": 0, "longest": MAILBOX + 1, "refused": len(refused),
        }  # fmt: skip
    assert {(refusal.code, refusal.outcome) for refusal in refused} == {("mailbox_full", "not_applied")}
    assert len(done) == MAILBOX + 1
    assert len(disk.entries["main"]) == 2 + len(done)


async def test_law_11_a_stalled_disk_refuses_further_writes(autojump_clock: MockClock):
    disk = MemoryDisk()

    async def faults(step: str) -> None:
        if step == "data" and len(disk.entries.get("main", ())) == 1:
            await trio.sleep(20)

    settings = EngineSettings(log=LogLimits(pending_seconds=5))
    async with living(disk, faults=faults, settings=settings) as engine, trio.open_nursery() as nursery:
        nursery.start_soon(lambda: engine.ask("main", patient(), CLERK, within=60))
        await trio.sleep(6)
        with pytest.raises(Overloaded) as refused:
            await engine.ask("main", patient(), CLERK)
        assert refused.value.code == "disk_stalled"


async def test_law_10_a_bug_in_decide_costs_one_request(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    disk = MemoryDisk()
    async with living(disk) as engine:
        with monkeypatch.context() as patch:
            patch.setitem(KINDS, "patient", dataclasses.replace(KINDS["patient"], decide=broken))
            with pytest.raises(Unavailable) as refused:
                await engine.ask("main", patient(), CLERK)
        assert refused.value.code == "internal_error"
        assert (await engine.ask("main", patient(), CLERK)).position == 2


async def test_law_10_a_bug_in_evolve_costs_its_actors_a_moment_and_the_log_nothing(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    disk = MemoryDisk()
    async with living(disk) as engine:
        made = read(await engine.ask("main", patient("Before"), CLERK))
        cell = engine.partitions["main"].book.cell(f"patient:{made['id']}")
        assert cell is not None

        def half(state: Any, event: Any) -> None:
            state.version = 99
            raise ZeroDivisionError

        right = cell.decider
        cell.decider = dataclasses.replace(right, evolve=half)
        change = UpdatePatient(patient_id=made["id"], name=PersonName("After"))
        codes: list[str] = []

        async def ask() -> None:
            with pytest.raises(Unavailable) as refused:
                await engine.ask("main", change, CLERK)
            codes.append(refused.value.code)

        with caplog.at_level(logging.CRITICAL, "matron.engine"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask)
                nursery.start_soon(ask)
        assert sorted(codes) == ["internal_error", "quarantined"]
        await trio.sleep(1)
        seen = read(await engine.view("main", GetPatient(patient_id=made["id"]), CLERK))
        assert (seen["name"], seen["version"]) == ("Before", 1)
        assert read(await engine.ask("main", change, CLERK))["name"] == "After"
        assert len(disk.entries["main"]) == 3


async def test_a_damaged_snapshot_is_set_aside(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("main", patient(), CLERK)
        live = engine.state_hash("main")
    place, page = next(iter(disk.pages.items()))
    disk.pages[place] = page[:-1] + bytes([page[-1] ^ 1])
    async with living(disk) as engine:
        assert engine.partitions["main"].book.snapshot == 0
        assert engine.state_hash("main") == live


async def test_a_flipped_byte_in_the_log_stops_the_start(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("main", patient(), CLERK)
    disk.rounds.clear()
    record = disk.entries["main"][1]
    disk.entries["main"][1] = record[:100] + bytes([record[100] ^ 1]) + record[101:]
    with pytest.RaisesGroup(LogCorrupt, flatten_subgroups=True, allow_unwrapped=True):
        async with living(disk):
            pass


async def test_a_flipped_byte_behind_a_snapshot_is_found_in_the_background(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("main", patient(), CLERK)
    record = disk.entries["main"][0]
    disk.entries["main"][0] = record[:100] + bytes([record[100] ^ 1]) + record[101:]
    async with living(disk) as engine:
        await trio.sleep(5)
        assert "position 1" in engine.ready().detail["log_damage"]


async def test_law_13_entry_times_rise_though_the_clock_steps_back(autojump_clock: MockClock):
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, clock=clock) as engine:
        await engine.ask("main", patient(), CLERK)
        clock.step = -3_600_000_000
        await engine.ask("main", patient(), CLERK)
        codec = engine.partitions["main"].book.codec
        times = [codec.decode(checked(record)).time for record in disk.entries["main"]]
    assert times == sorted(set(times))


async def test_stopping_answers_what_was_accepted(autojump_clock: MockClock):
    disk, replies = MemoryDisk(), []

    async def faults(step: str) -> None:
        await trio.sleep(0.1)

    async with trio.open_nursery() as nursery, living(disk, faults=faults) as engine:

        async def ask() -> None:
            replies.append(await engine.ask("main", patient(), CLERK))

        for _ in range(100):
            nursery.start_soon(ask)
        await trio.sleep(0.01)
        assert replies == []
    assert len(replies) == 100
    assert len(disk.entries["main"]) == 101


async def test_a_lost_key_costs_the_commands_that_need_it_and_no_others(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        lost = read(await engine.ask("main", patient("Lost"), CLERK))["id"]
    kept = {name: key for name, key in disk.keys.items() if lost.replace("-", "") not in name.hex()}
    assert len(kept) == len(disk.keys) - 1
    disk.keys.clear()
    disk.keys.update(kept)
    async with living(disk) as engine:
        with pytest.raises(Unavailable) as refused:
            await engine.ask("main", UpdatePatient(patient_id=lost, name=PersonName("X")), CLERK)
        assert refused.value.code == "internal_error"
        await engine.ask("main", patient("Another"), CLERK)
