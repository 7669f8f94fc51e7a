"""The Merkle tree: the published roots, and proofs at every size against a plain tree."""

from __future__ import annotations

from functools import partial
from hashlib import sha256

import pytest

from engine.errors import LogCorrupt
from engine.eventlog.memory_store import MemoryStore
from engine.eventlog.store import Batch
from engine.eventlog.tree import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    consistent,
    grown,
    included,
    inclusion_proof,
    root_at,
)

# The eight leaves of the reference implementations' tests, and the roots over the first 1 to 8 of them.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = [sha256(b"\x00" + bytes.fromhex(text)).digest() for text in INPUTS]


def plain_root(leaves):
    """The definition of section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


def leaf(number):
    return sha256(b"\x00leaf %d" % number).digest()


async def stored(count, step=97):
    """A store with so many records, written in batches, and its level reader."""
    store = MemoryStore()
    await store.open()
    tree = Tree()
    while tree.size < count:
        records = [leaf(number) for number in range(tree.size, min(tree.size + step, count))]
        head = tree.size
        nodes = tree.extend(records)
        await store.write([Batch("main", head, records, tree.encoded(), nodes)])
    return store, partial(store.hashes, "main")


def test_the_published_roots():
    tree = Tree()
    assert tree.root() == EMPTY_ROOT == sha256(b"").digest()
    for one, root in zip(LEAVES, ROOTS, strict=True):
        tree.extend([one])
        assert tree.root().hex() == root


def test_a_tree_is_the_same_however_it_was_grown():
    leaves = [leaf(number) for number in range(700)]
    at_once, one_by_one = Tree(), Tree()
    nodes = at_once.extend(leaves)
    found = [node for one in leaves for node in one_by_one.extend([one])]
    assert (at_once.encoded(), nodes) == (one_by_one.encoded(), found)
    assert at_once.root() == plain_root(leaves)
    assert [(node.level, node.number) for node in nodes] == [(1, 0), (1, 1)]
    assert nodes[1].hash == plain_root(leaves[256:512])


def test_nodes_of_the_second_level():
    leaves = [leaf(number) for number in range(2 * 65_536)]
    nodes = Tree().extend(leaves)
    high = [node for node in nodes if node.level == 2]
    assert [node.number for node in high] == [0, 1]
    assert high[1].hash == plain_root(leaves[65_536:])
    assert len(nodes) == 2 * 256 + 2


def test_what_is_kept_comes_back():
    tree = Tree()
    for size in range(70):
        again = Tree.decode(tree.encoded())
        assert (again.size, again.root()) == (size, tree.root())
        tree.extend([leaf(size)])
    assert Tree.decode(b"").size == 0
    for broken in (b"\x00", tree.encoded()[:-1], tree.encoded() + bytes(32)):
        with pytest.raises(LogCorrupt):
            Tree.decode(broken)


async def test_proofs_of_every_leaf_and_every_size():
    count = 70
    _, hashes = await stored(count, step=3)
    leaves = [leaf(number) for number in range(count)]
    for size in range(1, count + 1):
        root = plain_root(leaves[:size])
        assert await root_at(size, hashes) == root
        for index in range(size):
            proof = await inclusion_proof(index, size, hashes)
            assert included(leaves[index], index, size, root, proof)
            assert not included(leaves[index - 1], index, size, root, proof) or size == 1
            assert not included(leaves[index], index, size, root, [*proof, bytes(32)])
            if proof:
                assert not included(leaves[index], index, size, root, proof[:-1])
        for old in range(size + 1):
            proof = await consistency_proof(old, size, hashes)
            before = plain_root(leaves[:old])
            assert consistent(old, before, size, root, proof)
            assert not consistent(old, sha256(before).digest(), size, root, proof)
            assert not consistent(old, before, size, sha256(root).digest(), proof) or not old
            assert not consistent(old, before, size, root, [*proof, bytes(32)])


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 1_000, 66_000])
async def test_proofs_over_stored_nodes(size):
    _, hashes = await stored(66_000, step=1_000)
    leaves = [leaf(number) for number in range(size)]
    root = plain_root(leaves)
    assert await root_at(size, hashes) == root
    for index in (0, 1, 200, size // 2, size - 1):
        assert included(leaves[index], index, size, root, await inclusion_proof(index, size, hashes))
    for old in (1, 2, 200, 255, 256, size // 2, size - 1, size):
        if old <= size:
            proof = await consistency_proof(old, size, hashes)
            assert consistent(old, plain_root(leaves[:old]), size, root, proof)


async def test_a_log_without_a_tree_gets_one():
    store = MemoryStore()
    await store.open()
    records = [leaf(number) for number in range(600)]
    await store.write([Batch("main", 0, records)])
    tree, nodes = await grown(await store.tree("main"), 600, partial(store.hashes, "main"))
    assert tree.root() == plain_root(records)
    assert [node.number for node in nodes] == [0, 1]
    with pytest.raises(LogCorrupt):
        await grown(tree.encoded(), 599, partial(store.hashes, "main"))


async def test_what_is_not_in_the_tree_has_no_proof():
    _, hashes = await stored(5)
    with pytest.raises(ValueError):
        await inclusion_proof(5, 5, hashes)
    with pytest.raises(ValueError):
        await consistency_proof(6, 5, hashes)
    with pytest.raises(LogCorrupt):
        await root_at(6, hashes)
