"""Segments: their bytes, the log read out of them again, and what a crash leaves at their end."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path

import msgpack  # type: ignore[import-untyped]
import pytest
from trio.testing import MockClock

from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.checkpoint import Head, Line, Note, Verifier
from engine.eventlog.entry import stored
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.store import Batch
from engine.eventlog.tree import Tree, included, inclusion_proof
from engine.recovery import state_hash
from replay.segments.shipping import Shipment
from replay.segments.source import SegmentSource, SegmentWriter
from replay.walking import Walk
from tests.engine.living import CLERK, living, patient
from tests.replay.shipped_logs import SIGNER, files_in, sealing


def record(position: int, size: int = 10) -> bytes:
    """Something stored, of which only the bytes matter."""
    return stored(msgpack.packb([{"position": position}, bytes(size)]))


def note(size: int, root: bytes) -> bytes:
    """A signed checkpoint."""
    text, key = Head("a.example/main", size, root).text(), Verifier("a.example/main", SIGNER.key)
    return Note(text, (Line(key.name, key.id, SIGNER.now(text.encode())),)).bytes()


def fill(folder: Path, count: int, limit: int = 1 << 20, every: int = 100) -> list[bytes]:
    """A log of this many records in ``folder/main``, signed now and then and at its end."""
    records = [record(position) for position in range(1, count + 1)]
    writer = SegmentWriter(folder, "main", limit=limit)
    for position, one in enumerate(records, 1):
        writer.entry(position, one)
        if not position % every or position == count:
            writer.checkpoint(note(position, writer.tree.root()))
    writer.flush()
    writer.close()
    return records


def test_a_segment_has_the_bytes_that_the_documentation_says(tmp_path: Path):
    one = record(1)
    signed = note(1, one[:32])
    writer = SegmentWriter(tmp_path, "main")
    writer.entry(1, one)
    writer.checkpoint(signed)
    writer.flush()
    writer.close()
    header = bytes.fromhex("84a8686f73706974616ca46d61696ea5666972737401a57065616b7390a46d61726bc420") + bytes(32)
    mark = sha256(bytes(32) + (1).to_bytes(8, "big") + signed).digest()
    frames = (b"H", header), (b"E", (1).to_bytes(8, "big") + one), (b"C", mark + signed)
    written = b"".join(kind + len(payload).to_bytes(4, "big") + payload for kind, payload in frames)
    assert files_in(tmp_path / "main") == {"000000000001.segment": b"matron-segment 1\n" + written}


def test_a_file_is_full_at_its_limit_and_the_next_has_the_tree_of_what_is_before_it(tmp_path: Path):
    records = fill(tmp_path, 100, limit=2_000)
    files = files_in(tmp_path / "main")
    assert len(files) > 3
    assert all(len(data) <= 2_000 for data in list(files.values())[:-1])
    second = sorted(files)[1]
    first = int(second.partition(".")[0])
    tree = Tree()
    tree.extend(records[: first - 1])
    assert b"".join(tree.peaks[:1]) in files[second]
    with pytest.raises(ValueError, match="does not follow"):
        SegmentWriter(tmp_path, "main").entry(102, records[0])


async def test_what_was_written_is_read_again_with_its_tree_and_checkpoints(tmp_path: Path):
    records = fill(tmp_path, 700, limit=9_000)
    for path in (tmp_path, tmp_path / "main"):
        async with SegmentSource(path) as source:
            assert await source.hospitals() == ["main"]
            assert await source.head("main") == 700
            assert await source.read("main", 1, 1_000) == list(enumerate(records, 1))
            assert await source.read("main", 695, 3) == [(at, records[at - 1]) for at in (695, 696, 697)]
            assert await source.read("main", 701, 3) == []
            assert await source.read_at("main", [700, 1, 350]) == [records[699], records[0], records[349]]
            assert [kept.size for kept in await source.checkpoints("main", 100, 3)] == [200, 300, 400]
            last = await source.last_checkpoint("main")
            assert last is not None
            assert (last.size, last.note) == (700, note(700, Note.parse(last.note).head().root))
            nodes = Tree().extend(records)
            assert await source.hashes("main", 1, 0, 10) == [node.hash for node in nodes if node.level == 1]
            root = Note.parse(last.note).head().root
            proof = await inclusion_proof(300, 700, partial(source.hashes, "main"))
            assert included(records[300][:32], 300, 700, root, proof)
            assert (await source.head("north"), await source.read("north", 1, 9)) == (0, [])
            assert await source.read_keys([b"main\x00" + bytes(16)]) == {}
            with pytest.raises(LogCorrupt, match="701 is missing"):
                await source.read_at("main", [1, 701])


async def test_one_file_is_a_log_that_begins_where_the_file_does(tmp_path: Path):
    records = fill(tmp_path, 100, limit=2_000)
    last = max((tmp_path / "main").iterdir())
    first = int(last.name.partition(".")[0])
    async with SegmentSource(last) as source:
        assert (await source.first("main"), await source.head("main")) == (first, 100)
        assert await source.read("main", first, 100) == list(enumerate(records, 1))[first - 1 :]
        with pytest.raises(LogCorrupt, match="begin at position"):
            await source.read("main", 1, 1)


async def test_a_file_that_is_lost_is_a_gap_and_one_that_is_cut_is_the_end(tmp_path: Path):
    fill(tmp_path, 100, limit=2_000)
    files = sorted((tmp_path / "main").iterdir())
    files[-1].write_bytes(files[-1].read_bytes()[:-1])
    async with SegmentSource(tmp_path) as source:
        assert await source.head("main") == 100
        assert await source.last_checkpoint("main") is None
        assert source.cut == [files[-1]]
    files[1].unlink()
    async with SegmentSource(tmp_path) as source:
        with pytest.raises(LogCorrupt, match="positions are missing"):
            await source.read("main", 1, 100)


async def test_what_is_no_segment_is_told(tmp_path: Path):
    with pytest.raises(Unavailable, match="no segments"):
        await SegmentSource(tmp_path).open()
    (tmp_path / "x.segment").write_bytes(b"something else")
    with pytest.raises(LogCorrupt, match="no segment"):
        await SegmentSource(tmp_path).open()


async def test_walking_segments_folds_the_states_of_the_log_that_they_are_of(autojump_clock: MockClock, tmp_path: Path):
    disk = MemoryDisk()
    async with living(disk, settings=sealing(5)) as engine:
        for _ in range(12):
            await engine.ask("main", patient(), CLERK)
        live = engine.state_hash("main")
    store = MemoryStore(disk)
    await store.open()
    shipment = Shipment(store, tmp_path)
    await shipment.turn()
    shipment.close()
    async with SegmentSource(tmp_path) as source:
        walk = Walk(source, "main")
        await walk.go(await source.head("main"))
        assert state_hash(walk.book.frozen_states()) == live


async def test_keys_are_read_from_where_they_are_said_to_be(tmp_path: Path):
    fill(tmp_path / "segments", 3)
    store = LmdbStore(tmp_path / "data", allow_any_filesystem=True)
    await store.open()
    await store.write([Batch("main", 0, [record(1)])], [(b"main\x00one", b"k" * 16)])
    kept = await store.read_keys([b"main\x00one"])
    await store.close()
    async with SegmentSource(tmp_path / "segments", tmp_path / "data" / "keys") as source:
        assert await source.read_keys([b"main\x00one", b"main\x00two"]) == kept


# -- the end that a crash leaves ----------------------------------------------------------------------------------


async def test_an_end_that_was_cut_at_any_byte_is_mended(tmp_path: Path):
    fill(tmp_path / "whole", 12, limit=600, every=5)
    whole = files_in(tmp_path / "whole" / "main")
    last, place = max(whole), tmp_path / "again" / "main"
    place.mkdir(parents=True)
    async with SegmentSource(tmp_path / "whole") as source:
        for length in (*range(0, len(whole[last]), 23), len(whole[last]) - 1):
            for name, data in whole.items():
                (place / name).write_bytes(data if name != last else data[:length])
            shipment = Shipment(source, tmp_path / "again", limit=600)
            await shipment.turn()
            shipment.close()
            assert files_in(place) == whole


async def test_more_checkpoints_than_are_looked_at_at_once_are_shipped_in_order(tmp_path: Path):
    fill(tmp_path / "whole", 1_100, limit=90_000, every=1)
    async with SegmentSource(tmp_path / "whole") as source:
        shipment = Shipment(source, tmp_path / "again", limit=90_000)
        await shipment.turn()
        shipment.close()
    assert files_in(tmp_path / "again" / "main") == files_in(tmp_path / "whole" / "main")


def test_zeros_that_a_power_cut_left_are_mended_and_what_was_altered_is_not(tmp_path: Path):
    fill(tmp_path, 12)
    path = tmp_path / "main" / "000000000001.segment"
    whole = path.read_bytes()
    for torn in (whole + bytes(4_096), whole[:-40] + bytes(40), whole[:-600] + bytes(9_000)):
        path.write_bytes(torn)
        writer = SegmentWriter(tmp_path, "main")
        writer.close()
        assert whole.startswith(path.read_bytes())
        assert writer.position >= 6
    path.write_bytes(bytes(100))  # nothing of it was ever durable
    assert (SegmentWriter(tmp_path, "main").position, path.exists()) == (0, False)
    inside = whole.index(record(3)) + 40
    for altered in (
        whole[:inside] + b"\xff" + whole[inside + 1 :],
        whole + b"more" * 9,
        whole[:-50] + b"\xff" + whole[-49:],
    ):
        path.write_bytes(altered)
        with pytest.raises(LogCorrupt, match="move the folder away"):
            SegmentWriter(tmp_path, "main")
        assert path.read_bytes() == altered
