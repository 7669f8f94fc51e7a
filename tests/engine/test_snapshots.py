"""Snapshots as a cache: what another program wrote is set aside, and replaced for good."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from engine.decisions.join_queue import JoinQueue
from engine.decisions.services import AddService
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import EngineSettings
from tests.engine.living import CLERK, living, patient, read


async def test_rounds_of_another_program_are_replaced_by_the_first_of_this_one(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
):
    disk = MemoryDisk()
    for _ in range(2):
        async with living(disk) as engine:
            await engine.ask("main", patient(), CLERK)
    assert len(disk.rounds["main"]) == 2
    monkeypatch.setattr("engine.snapshots._CODE", "0" * 64)
    async with living(disk) as engine:
        assert engine.partitions["main"].book.snapshot == 0
    assert len(disk.rounds["main"]) == 1
    async with living(disk) as engine:
        book = engine.partitions["main"].book
        assert book.snapshot == book.head == 3


async def test_states_that_grow_with_the_day_are_written_as_seldom_as_they_are_large(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=EngineSettings(snapshot_entries=10)) as engine:
        service = read(await engine.ask("main", AddService(name="Laboratory"), CLERK))["id"]
        for _ in range(600):  # each in the one state of the service's day
            await engine.ask("main", JoinQueue(service_id=service), CLERK)
            await trio.sleep(2)
        during = list(disk.rounds["main"].values())
        log = disk.entries["main"]
        sizes = {
            made.number: sum(len(disk.pages["main", made.number, page]) for page in range(made.pages))
            for made in during
        }
    assert len(during) > 5
    assert sizes[during[-1].number] > 5 * sizes[during[1].number], "they did grow"
    for before, after in pairwise(during[1:]):
        behind = after.position - before.position
        grown = sum(map(len, log[before.position : after.position]))
        assert behind >= 10
        assert grown >= 2 * sizes[before.number] or behind >= 50
        assert behind <= 50 + 3, "a start reads no more than that"
    async with living(disk) as engine:
        assert engine.partitions["main"].book.head == len(log)
