"""The RFC 6962 Merkle tree over one hospital's records, grown at its right edge, and proofs from its stored nodes.

A leaf is the hash that a record begins with (``SHA-256(0x00 | entry)``), a node ``SHA-256(0x01 | left | right)``.
``Tree`` keeps the roots of the perfect subtrees that make up the log, at most one for each bit of its size: enough to
append and to tell the root. What proofs need besides is every 256th hash: the node (level, number) is the root over
the leaves from ``number * 256**level`` up to before ``(number + 1) * 256**level``; level 0 are the leaves themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Self

from engine.errors import LogCorrupt

HASH: Final = 32
"""Bytes of a hash."""

WIDTH: Final = 8
"""A stored node's height above those of the level below it."""

EMPTY_ROOT: Final = sha256(b"").digest()

Hashes = Callable[[int, int, int], Awaitable[Sequence[bytes]]]
"""``(level, first, count)`` to the stored hashes of that level, in order."""


class Node(NamedTuple):
    """One stored hash of the tree."""

    level: int
    number: int
    hash: bytes


class Tree:
    """A tree of ``size`` leaves as the roots of its perfect subtrees, largest first (``peaks``)."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def extend(self, leaves: Iterable[bytes]) -> list[Node]:
        """Append leaves, of which the first 32 bytes count (a stored record will do); the nodes that became whole."""
        peaks, size, whole = self.peaks, self.size, list[Node]()
        for leaf in leaves:
            rest, node = size, leaf[:HASH]
            size += 1
            if size & 255:
                while rest & 1:
                    node = sha256(b"\x01" + peaks.pop() + node).digest()
                    rest >>= 1
            else:
                height = 0
                while rest & 1:
                    node = sha256(b"\x01" + peaks.pop() + node).digest()
                    rest >>= 1
                    height += 1
                    if not height % WIDTH:
                        whole.append(Node(height // WIDTH, (size >> height) - 1, node))
            peaks.append(node)
        self.size = size
        return whole

    def copy(self) -> Tree:
        """Another tree that is the same now."""
        return Tree(self.size, self.peaks)

    def root(self) -> bytes:
        """The root over all leaves."""
        return root_of(self.peaks)

    def encoded(self) -> bytes:
        """Size (8 bytes, big-endian) and peaks, as the store keeps them."""
        return self.size.to_bytes(8, "big") + b"".join(self.peaks)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What ``encoded`` gave; ``LogCorrupt`` for anything else. No bytes at all are the empty tree."""
        if not data:
            return cls()
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + HASH * size.bit_count():
            raise LogCorrupt("the edge of the hash tree has not the length that its size says")
        return cls(size, [data[at : at + HASH] for at in range(8, len(data), HASH)])


def root_of(peaks: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees, largest first."""
    if not peaks:
        return EMPTY_ROOT
    *rest, root = peaks
    for peak in reversed(rest):
        root = sha256(b"\x01" + peak + root).digest()
    return root


async def grown(stored: bytes, head: int, hashes: Hashes) -> tuple[Tree, list[Node]]:
    """The tree of a log of ``head`` records from what the store kept of it, and the nodes that it did not keep.

    A log of a program that knew no tree has none yet. ``LogCorrupt`` when the tree is ahead of the log.
    """
    tree, nodes = Tree.decode(stored), list[Node]()
    if tree.size > head:
        raise LogCorrupt(f"the hash tree has {tree.size} leaves, the log {head} entries")
    while tree.size < head:
        nodes += tree.extend(await hashes(0, tree.size, min(head - tree.size, 10_000)))
    return tree, nodes


async def root_at(size: int, hashes: Hashes) -> bytes:
    """The root that the log had at this size."""
    return root_of([await _perfect(begin, height, hashes) for begin, height in _peaks(0, size)])


async def inclusion_proof(index: int, size: int, hashes: Hashes) -> list[bytes]:
    """RFC 6962, section 2.1.1: that leaf ``index`` (from 0) is in the tree of this size. From the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    begin, end, path = 0, size, list[tuple[int, int]]()
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    return [await _over(*part, hashes) for part in reversed(path)]


async def consistency_proof(old: int, size: int, hashes: Hashes) -> list[bytes]:
    """RFC 6962, section 2.1.2: that the tree of size ``old`` is the beginning of this. Empty from 0, or for itself."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} leaves never grew from {old}")
    if old in (0, size):
        return []
    begin, end, path, whole = 0, size, list[tuple[int, int]](), True
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin, whole = middle, False
    if not whole:
        path.append((begin, end))
    return [await _over(*part, hashes) for part in reversed(path)]


def included(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether this proof shows that ``leaf`` (its hash) is number ``index`` of the tree with this root."""
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for other in proof:
        if not last:
            return False
        if place & 1 or place == last:
            node = sha256(b"\x01" + other + node).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + other).digest()
        place, last = place >> 1, last >> 1
    return not last and node == root


def consistent(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether this proof shows that the tree (size, root) begins with the tree (old, old root)."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if not old:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for other in path[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            first = sha256(b"\x01" + other + first).digest()
            second = sha256(b"\x01" + other + second).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = sha256(b"\x01" + second + other).digest()
        place, last = place >> 1, last >> 1
    return not last and first == old_root and second == root


def _split(count: int) -> int:
    """The largest power of two below ``count``, which is 2 at least."""
    return 1 << (count - 1).bit_length() - 1


def _peaks(begin: int, end: int) -> list[tuple[int, int]]:
    """Perfect subtrees, as (first leaf, height), that cover a range which begins where one of its size may."""
    parts = []
    while begin < end:
        height = (end - begin).bit_length() - 1
        parts.append((begin, height))
        begin += 1 << height
    return parts


async def _over(begin: int, end: int, hashes: Hashes) -> bytes:
    return root_of([await _perfect(first, height, hashes) for first, height in _peaks(begin, end)])


async def _perfect(begin: int, height: int, hashes: Hashes) -> bytes:
    level, above = divmod(height, WIDTH)
    found = await hashes(level, begin >> level * WIDTH, 1 << above)
    if len(found) != 1 << above:
        raise LogCorrupt(f"the hash tree lacks nodes of level {level} from leaf {begin} on")
    tree = Tree()
    tree.extend(found)
    return tree.root()
