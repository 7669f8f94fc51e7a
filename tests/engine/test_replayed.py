"""That the comparison which every engine's end brings with it happens, and finds a state that the log does not give."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.partition import Partition
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


class FailingLate(MemoryStore):
    """A store on which another commit fails while it is read: the states in memory are no longer the engine's."""

    def __init__(self, disk: MemoryDisk, partition: Partition) -> None:
        super().__init__(disk)
        self._partition = partition

    async def read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        """As the store's."""
        self._partition.superseded = True
        return await super().read(hospital, start, limit)


async def test_states_that_were_given_up_while_the_log_was_read_are_held_against_nothing(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("main", patient(), CLERK)
        partition = engine.partitions["main"]
        partition.state("hospital:self").name = "What was decided, and never became durable"
        before = replaying.compared
        store = FailingLate(disk, partition)
        await store.open()
        await replaying.compare(store, partition)
        await store.close()
    assert replaying.compared == before
