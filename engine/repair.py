"""Rebuilding actors whose rule book failed halfway through evolving: from the log, entry by entry.

Their entry was never appended, so the log is right and only memory is not. Each entry names, for each actor, the
position of the entry before it, so that one actor's history is a chain that is walked back without an index.
"""

from __future__ import annotations

import logging

import trio

from engine.errors import LogCorrupt
from engine.eventlog.entry import checked
from engine.eventlog.log import Log
from engine.eventlog.store import Store
from engine.partition import Partition
from engine.recovery import Cell

_log = logging.getLogger("matron.engine")


async def heal(store: Store, log: Log, partition: Partition, keys: list[str]) -> None:
    """Replace these quarantined actors by what the log says of them."""
    for key in keys:
        broken = partition.book.cells[key]
        assert type(broken) is Cell
        await log.durable(partition.tail, broken.position)  # it cannot change any more: its chain ends there
        healed = await rebuilt(store, partition, key, broken.position)
        healed.due = healed.decider.due(healed.state)
        if partition.book.cells.get(key) is broken:
            partition.book.cells[key] = healed
            partition.book.rearm(healed)
        _log.warning("%s was rebuilt from the log up to position %d", key, healed.position)


async def rebuilt(store: Store, partition: Partition, key: str, position: int) -> Cell:
    """A fresh cell of this actor as of its last entry ``position``, by walking its chain of entries."""
    hospital, codec = partition.book.hospital, partition.book.codec
    chain = []
    while position:
        [record] = await store.read_at(hospital, [position])
        entry = codec.decode(checked(record))
        change = next((change for change in entry.changes if change.actor == key), None)
        if change is None:
            raise LogCorrupt(f"position {position} of {hospital} does not mention {key}, though its chain leads there")
        chain.append((position, change))
        position = change.previous
    cell = partition.book.new_cell(key)
    for count, (place, change) in enumerate(reversed(chain)):
        for event in change.events:
            cell.decider.evolve(cell.state, event)
        cell.version += 1
        cell.position = place
        if count % 100 == 99:
            await trio.lowlevel.checkpoint()
    return cell
