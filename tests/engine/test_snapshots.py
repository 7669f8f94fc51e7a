"""Snapshots as a cache: what another program wrote is set aside, and replaced for good."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from engine.eventlog.memory_store import MemoryDisk
from tests.engine.living import CLERK, living, patient


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
