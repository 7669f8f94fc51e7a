"""Proofs from a log as it is read: that an entry is in it, that it continues what it was, and under which names.

Each proof is checked before it is given away: one that does not hold is a fault of the log, not of who asks. Knows
trees and checkpoints, and neither keys nor what entries say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec

from engine.errors import Invalid, LogCorrupt
from engine.eventlog.checkpoint import BadNote, Head, Note
from engine.eventlog.store import Signed
from engine.eventlog.tree import HASH, consistency_proof, consistent, included, inclusion_proof, root_at
from replay.walking import Source


class Inclusion(msgspec.Struct, frozen=True):
    """That the entry at ``position`` is the leaf ``index`` of the tree that a checkpoint speaks of."""

    log: str
    position: int
    index: int
    size: int
    leaf: bytes
    root: bytes
    proof: tuple[bytes, ...]
    checkpoint: str


class Consistency(msgspec.Struct, frozen=True):
    """That the log of ``size`` entries begins with that of ``old``; the checkpoints where they were kept."""

    log: str
    old: int
    size: int
    old_root: bytes
    root: bytes
    proof: tuple[bytes, ...]
    old_checkpoint: str | None
    checkpoint: str | None


async def prove_entry(source: Source, log: str, position: int, size: int | None = None) -> Inclusion:
    """By the newest checkpoint, or that of this size. ``Invalid`` when there is none that covers the entry."""
    signed = await newest(source, log) if size is None else await kept(source, log, size)
    if signed is None:
        which = "yet" if size is None else f"of {size} entries"
        raise Invalid(f"{log} has no checkpoint {which}", field="size")
    if not 1 <= position <= signed.size:
        raise Invalid(f"the checkpoint covers the entries 1 to {signed.size}, not {position}", field="position")
    found = await source.read(log, position, 1)
    if not found or found[0][0] != position:
        raise LogCorrupt(f"{log}: entry {position} is not there, and a checkpoint of {signed.size} is")
    record = found[0][1]
    leaf = sha256(b"\x00" + record[HASH:]).digest()
    if leaf != record[:HASH]:
        raise LogCorrupt(f"{log}: entry {position} has not the hash that it begins with")
    head = _head(signed)
    proof = await inclusion_proof(position - 1, signed.size, partial(source.hashes, log))
    if not included(leaf, position - 1, signed.size, head.root, proof):
        raise LogCorrupt(f"{log}: entry {position} is not what the checkpoint of {signed.size} was signed over")
    return Inclusion(
        log, position, position - 1, signed.size, leaf, head.root, tuple(proof), signed.note.decode()
    )  # fmt: skip


async def prove_growth(source: Source, log: str, old: int, size: int) -> Consistency:
    """From one size to another. ``Invalid`` when the log was never of these sizes."""
    head = await source.head(log)
    if not 0 < old <= size <= head:
        raise Invalid(f"{log} has {head} entries: say two sizes from 1 to there, the smaller first", field="size")
    hashes = partial(source.hashes, log)
    before, after = await kept(source, log, old), await kept(source, log, size)
    old_root, root = await root_at(old, hashes), await root_at(size, hashes)
    for signed, found in ((before, old_root), (after, root)):
        if signed is not None and _head(signed).root != found:
            raise LogCorrupt(f"{log} is not what the checkpoint of {signed.size} was signed over")
    proof = await consistency_proof(old, size, hashes)
    if not consistent(old, old_root, size, root, proof):
        raise LogCorrupt(f"{log}: the nodes of the tree between {old} and {size} contradict each other")
    notes = [None if signed is None else signed.note.decode() for signed in (before, after)]
    return Consistency(log, old, size, old_root, root, tuple(proof), *notes)


async def newest(source: Source, log: str) -> Signed | None:
    """The checkpoint of the largest size."""
    if not await source.checkpoints(log, 0, 1):
        return None

    async def none_above(size: int) -> bool:
        return not await source.checkpoints(log, size, 1)

    high = max(1, await source.head(log))
    while not await none_above(high):  # of a log that has lost entries
        high *= 2
    return await kept(source, log, await _first(0, high, none_above))


async def kept(source: Source, log: str, size: int) -> Signed | None:
    """The checkpoint of exactly this size."""
    found = await source.checkpoints(log, size - 1, 1)
    return found[0] if found and found[0].size == size else None


async def origins(source: Source, log: str) -> list[str]:
    """All names under which checkpoints of the log were made, in order. None is ever taken up again."""
    last = await newest(source, log)
    if last is None:
        return []
    [present] = await source.checkpoints(log, 0, 1)
    names = [_head(present).origin]
    while names[-1] != _head(last).origin:

        async def is_another(size: int) -> bool:
            [next_one] = await source.checkpoints(log, size, 1)
            return _head(next_one).origin != names[-1]

        [present] = await source.checkpoints(log, await _first(present.size, last.size - 1, is_another), 1)
        names.append(_head(present).origin)
    return names


async def _first(low: int, high: int, holds: Callable[[int], Awaitable[bool]]) -> int:
    """The smallest number of these for which it holds, as it does for all above it, and for ``high``."""
    while low < high:
        middle = (low + high) // 2
        if await holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _head(signed: Signed) -> Head:
    try:
        head = Note.parse(signed.note).head()
    except BadNote as fault:
        raise LogCorrupt(f"the checkpoint of {signed.size} entries cannot be read: {fault.detail}") from None
    if head.size != signed.size:
        raise LogCorrupt(f"the checkpoint kept for {signed.size} entries speaks of {head.size}")
    return head


def plain(proof: Inclusion | Consistency) -> dict[str, Any]:
    """For JSON: bytes in base64."""
    return dict(msgspec.to_builtins(proof))
