"""After every test that ran an engine: its log, folded anew, gives the states that it had in memory, byte for byte."""

from __future__ import annotations

from engine.eventlog.keys import Keyring
from engine.eventlog.store import Store
from engine.partition import Partition
from engine.recovery import Book, Cell
from engine.runtime import Engine

READ = 2_000
compared = 0
"""Hospitals that were compared in this process."""


async def stop_and_compare(engine: Engine) -> None:
    """Stop as ever; then hold every hospital's states against a replay of its log."""
    before = engine.ready()
    await _stop(engine)
    if not before.ready or "log_damage" in before.detail:
        return
    for partition in engine.partitions.values():
        await compare(engine._store, partition)


async def compare(store: Store, partition: Partition) -> None:
    """Fail unless the replayed states are the live ones; nothing to say where the end of the log was lost.

    An engine whose stop met a failed commit reads its log anew and decides on, also while the log is read here.
    """
    global compared  # noqa: PLW0603 - a count for the test of this very thing
    book = partition.book
    if await store.head(book.hospital) != book.head:
        return
    again = Book(book.hospital, Keyring(book.hospital, bytes))
    while again.head < book.head and not partition.superseded:
        for _ in again.folded(await store.read(book.hospital, again.head + 1, READ)):
            pass
    if partition.superseded:
        return
    live = {key: book.freeze(cell) for key, cell in book.cells.items() if type(cell) is Cell and not cell.quarantined}
    replayed = {key: again.freeze(cell) for key, cell in again.cells.items() if type(cell) is Cell}
    assert set(book.cells) == set(again.cells), f"{book.hospital}: other actors than in the log"
    different = [key for key, frozen in live.items() if replayed[key] != frozen]
    assert different == [], f"{book.hospital}: states that a replay of the log does not give"
    compared += 1


_stop = Engine.stop


def install() -> None:
    """From here on every engine that stops is held against its log."""
    Engine.stop = stop_and_compare  # type: ignore[assignment,method-assign]
