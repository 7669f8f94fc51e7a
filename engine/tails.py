"""The end of a log as the store has it, its hash tree with it: where appending goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.eventlog.log import Log, Tail
from engine.eventlog.store import Store
from engine.eventlog.tree import grown


async def open_tail(
    store: Store, log: Log, name: str, fresh_keys: Callable[[], list[tuple[bytes, bytes]]] = list
) -> Tail:
    """Begin at the end of the log of this name; that of one that is not there yet is 0."""
    head, signed = await store.head(name), await store.last_checkpoint(name)
    tree, nodes = await grown(await store.tree(name), head, partial(store.hashes, name))
    return log.open_tail(name, tree, fresh_keys, signed=0 if signed is None else signed.size, nodes=nodes)
