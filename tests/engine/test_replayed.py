"""That the comparison which every engine's end brings with it happens, and finds a state that the log does not give."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from engine.eventlog.memory_store import MemoryDisk
from tests import replaying
from tests.engine.living import CLERK, living, patient


async def test_an_engine_that_stops_is_held_against_its_log(autojump_clock: MockClock):
    before = replaying.compared
    async with living(MemoryDisk()) as engine:
        await engine.ask("main", patient(), CLERK)
    assert replaying.compared == before + 1


async def meddle() -> None:
    """A state is changed behind the log's back."""
    async with living(MemoryDisk()) as engine:
        await engine.ask("main", patient(), CLERK)
        engine.partitions["main"].state("hospital:self").name = "Somewhere Else"


async def test_a_state_that_no_event_tells_of_is_found(autojump_clock: MockClock):
    with pytest.raises(BaseExceptionGroup) as found:
        await meddle()
    assert found.group_contains(AssertionError, match="a replay of the log does not give")
