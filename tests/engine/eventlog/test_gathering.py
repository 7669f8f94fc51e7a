"""Commits of several entries leave a pause in which the next ones gather; who waits for the end of the line rests."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from engine.eventlog.log import Log, LogLimits
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.tree import Tree


class Patience(trio.abc.Instrument):
    """Cancels ``scope`` after so many steps of all tasks: no clock goes on while somebody asks again and again."""

    def __init__(self, scope: trio.CancelScope, steps: int) -> None:
        self._scope = scope
        self._left = steps

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """One step more."""
        self._left -= 1
        if not self._left:
            self._scope.cancel()


async def test_who_waits_for_the_end_of_the_line_rests_while_entries_gather(autojump_clock: MockClock):
    store = MemoryStore(MemoryDisk())
    await store.open()
    log = Log(store, LogLimits(batch_entries=2, gather_seconds=0.1))
    tail = log.open_tail("main", Tree(), list)
    async with trio.open_nursery() as nursery:
        patience = Patience(nursery.cancel_scope, 1_000)
        trio.lowlevel.add_instrument(patience)
        nursery.start_soon(log.write_forever)
        for record in (b"1", b"2", b"3"):
            log.append(tail, record)
        await log.flushed()
        trio.lowlevel.remove_instrument(patience)
        nursery.cancel_scope.cancel()
    assert (tail.durable, trio.current_time()) == (3, 0.1)
