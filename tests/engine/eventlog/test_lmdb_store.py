"""What only a log on disk can show: locks, crashes, damage, a map that is full, readers in other processes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import lmdb
import pytest
import trio
import trio.testing

from engine.errors import CommitFailed, LogCorrupt, Unavailable
from engine.eventlog import lmdb_store
from engine.eventlog.directory import unsafe_file_system
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.lmdb_store import MAX_HOSPITALS, LmdbStore, raw_environment
from engine.eventlog.store import Batch, Round

ROOT = Path(__file__).parents[3]


def log_at(path: Path, map_size: int = 1 << 30) -> LmdbStore:
    return LmdbStore(path / "log", map_size=map_size, allow_any_filesystem=True)


def program(source: str, *args: object) -> subprocess.Popen[str]:
    """Another process of this tree that runs ``source``."""
    command = [sys.executable, "-c", source, *map(str, args)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LmdbStore]:
    made = log_at(tmp_path)
    await made.open()
    yield made
    await made.close()


def modes_below(folder: Path) -> dict[str, int]:
    """Permissions by path of all that is in it."""
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in folder.rglob("*")}


# Who may write


async def test_a_second_engine_on_the_same_log_is_refused(store: LmdbStore, tmp_path: Path):
    second = log_at(tmp_path)
    with pytest.raises(Unavailable) as refused:
        await second.open()
    assert refused.value.code == "log_in_use"
    await store.close()
    await second.open()
    assert await second.write([Batch("north", 0, [b"a"])]) == [1]
    await second.close()
    await store.open()
    assert await store.head("north") == 1


async def test_a_store_whose_epoch_is_over_writes_no_more(store: LmdbStore, tmp_path: Path):
    await store.write([Batch("north", 0, [b"a"])])
    # Another engine that did not see our lock, as when somebody has deleted the lock file.
    usurper = """
import lmdb, sys
env = lmdb.open(sys.argv[1], map_size=1 << 30, max_dbs=9, lib_version=0)
with env.begin(write=True) as txn:
    txn.put(b"epoch", (2).to_bytes(8, "big"), db=env.open_db(b"meta", txn=txn))
"""
    other = program(usurper, tmp_path / "log" / "log")
    other.communicate()
    assert other.returncode == 0
    for _ in range(2):
        with pytest.raises(CommitFailed):
            await store.write([Batch("north", 1, [b"b"])], [(b"p1", b"k1")])
    assert await store.read_keys([b"p1"]) == {}
    await store.open()
    assert await store.write([Batch("north", 1, [b"b"])]) == [2]


# What is on disk


async def test_files_are_the_owners_alone(store: LmdbStore, tmp_path: Path):
    await store.write([Batch("north", 0, [b"a"])], [(b"p1", b"k1")])
    found = modes_below(tmp_path)
    files = dict.fromkeys([f"log/{name}/{file}.mdb" for name in ("log", "keys") for file in ("data", "lock")], 0o600)
    assert found == {"log": 0o700, "log/log": 0o700, "log/keys": 0o700, "log/lock": 0o600} | files


async def test_subject_keys_are_not_in_the_logs_file(store: LmdbStore, tmp_path: Path):
    await store.write([Batch("north", 0, [b"a"])], [(b"p1", b"the key of p1")])
    await store.close()
    assert b"the key of p1" in (tmp_path / "log" / "keys" / "data.mdb").read_bytes()
    assert b"the key of p1" not in (tmp_path / "log" / "log" / "data.mdb").read_bytes()
    await store.open()


async def test_appended_entries_lie_densely_for_every_hospital(store: LmdbStore, tmp_path: Path):
    records = [bytes(690)] * 100
    for turn in range(20):
        await store.write([Batch(name, turn * 100, records) for name in ("a", "b", "c")])
    used = 1 << 30
    used -= store.space().map
    assert used < 1.25 * 20 * 3 * sum(map(len, records))


def test_the_settings_that_durability_rests_on_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LMDB_DEFAULT_LIB_VERSION", "1")
    with raw_environment(tmp_path / "raw", 1 << 20) as env:
        assert env.lib_version()[:2] == (0, 9)
        flags = env.flags()
    assert (flags["sync"], flags["metasync"], flags["lock"]) == (True, True, True)
    assert (flags["writemap"], flags["map_async"]) == (False, False)


async def test_a_flipped_byte_is_not_noticed_here_but_by_the_leaf_hash(store: LmdbStore, tmp_path: Path):
    entry = b"what was decided" * 10
    await store.write([Batch("north", 0, [hashlib.sha256(b"\0" + entry).digest() + entry])])
    await store.close()
    data = tmp_path / "log" / "log" / "data.mdb"
    at = data.read_bytes().index(entry)
    with data.open("r+b") as file:
        file.seek(at)
        file.write(b"W")
    await store.open()
    [(_, record)] = await store.read("north", 1, 1)
    assert record[32:] == b"W" + entry[1:]
    assert hashlib.sha256(b"\0" + record[32:]).digest() != record[:32]


async def test_a_gap_in_the_positions_is_corruption(store: LmdbStore, tmp_path: Path):
    for head, record in enumerate((b"a", b"b", b"c")):
        await store.write([Batch("north", head, [record])])
    await store.close()
    with raw_environment(tmp_path / "log" / "log", 1 << 30) as env, env.begin(write=True) as txn:
        txn.delete((2).to_bytes(8, "big"), db=env.open_db(b"entries/north", txn=txn))
    await store.open()
    for start in (1, 2):
        with pytest.raises(LogCorrupt):
            await store.read("north", start, 9)
    assert await store.read("north", 3, 9) == [(3, b"c")]


@pytest.mark.parametrize("damage", ["another format", "no log", "not LMDB"])
async def test_what_is_not_a_log_of_this_format_is_not_opened(tmp_path: Path, damage: str):
    folder = tmp_path / "log" / "log"
    folder.mkdir(parents=True)
    if damage == "not LMDB":
        (folder / "data.mdb").write_bytes(b"something else" * 1000)
    else:
        with raw_environment(folder, 1 << 20) as env, env.begin(write=True) as txn:
            for name in (b"meta", b"pages", b"rounds", b"archive") if damage == "another format" else ():
                env.open_db(name, txn=txn)
            txn.put(b"format", b"matron-log 99", db=env.open_db(b"meta" if damage != "no log" else None, txn=txn))
    for make in (log_at(tmp_path), LmdbReader(tmp_path / "log")):
        with pytest.raises(LogCorrupt):
            await make.open()


# Where it may be


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/srv/log", None),
        ("/srv/share/log", "nfs4"),
        ("/srv/share", "nfs4"),
        ("/srv/sharelog", None),
        ("/srv/two words/log", "tmpfs"),
        ("/run/log", None),  # the later mount hides the tmpfs below
        ("/ssh/log", "fuse.sshfs"),
        ("/var/lib/docker/x", "overlay"),
    ],
)
def test_file_systems_that_lose_a_log_are_told_apart(tmp_path: Path, path: str, reason: str | None):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda / ext4 rw 0 0\n"
        "server:/x /srv/share nfs4 rw 0 0\n"
        "tmpfs /srv/two\\040words tmpfs rw 0 0\n"
        "tmpfs /run tmpfs rw 0 0\n"
        "/dev/sdb /run xfs rw 0 0\n"
        "host: /ssh fuse.sshfs rw 0 0\n"
        "overlay /var/lib/docker overlay rw 0 0\n"
    )
    found = unsafe_file_system(Path(path), mounts)
    assert found is None if reason is None else found is not None and reason in found


async def test_a_log_is_refused_where_it_would_be_lost_unless_told_otherwise():
    shared_memory = Path("/dev/shm/matron-never-created")  # noqa: S108  a tmpfs on every Linux
    with pytest.raises(Unavailable) as refused:
        await LmdbStore(shared_memory).open()
    assert refused.value.code == "unsafe_file_system"
    assert not await trio.Path(shared_memory).exists()


# Crashes and full maps

WRITER = """
import sys, trio
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.store import Batch

async def main():
    store = LmdbStore(sys.argv[1], map_size=1 << 30, allow_any_filesystem=True)
    await store.open()
    head = await store.head("north")
    while True:
        records = [b"%d." % n + bytes(700) for n in range(head + 1, head + 8)]
        [north, south] = await store.write(
            [Batch("north", head, records), Batch("south", head, records)], [(b"p%d" % head, b"k%d" % head)]
        )
        assert north == south == head + 7
        head = north
        print(head, flush=True)

trio.run(main)
"""


async def test_every_write_that_was_reported_survives_kill_nine(tmp_path: Path):
    reported = 0
    for turn in range(10):
        writer = program(WRITER, tmp_path / "log")
        assert writer.stdout is not None
        for _ in range(3 + turn * 5):
            reported = int(writer.stdout.readline())
        writer.kill()
        rest = writer.communicate()[0].splitlines(keepends=True)
        reported = max([reported, *(int(line) for line in rest if line.endswith("\n"))])

        store = log_at(tmp_path)
        await store.open()
        head = await store.head("north")
        assert head >= reported
        assert head == await store.head("south")  # one write is one commit
        assert head % 7 == 0
        for name in ("north", "south"):
            found = await store.read(name, 1, head)
            assert found == [(n, b"%d." % n + bytes(700)) for n in range(1, head + 1)]
        subjects = [b"p%d" % n for n in range(0, head, 7)]
        assert len(await store.read_keys(subjects)) == head // 7
        await store.close()


async def test_a_full_map_fails_the_commit_and_a_larger_one_goes_on_with_nothing_lost(tmp_path: Path):
    small = log_at(tmp_path, map_size=1 << 20)
    await small.open()
    head, record = 0, bytes(3000)

    async def fill() -> None:
        nonlocal head
        while True:
            head = (await small.write([Batch("north", head, [record] * 20)], [(b"p%d" % head, b"k")]))[0] or -1

    with pytest.raises(CommitFailed) as failed:
        await fill()
    assert isinstance(failed.value.__cause__, lmdb.MapFullError)
    assert head > 100
    assert small.space().map < 200_000
    assert await small.read("north", head, 9) == [(head, record)]
    with pytest.raises(CommitFailed):  # even one that would fit: nobody knows what is true before ``open``
        await small.write([])
    await small.open()
    assert await small.head("north") == head
    await small.close()
    large = log_at(tmp_path, map_size=1 << 30)
    await large.open()
    assert await large.read("north", 1, 999) == [(n, record) for n in range(1, head + 1)]
    assert await large.write([Batch("north", head, [record] * 20)]) == [head + 20]
    await large.close()


async def test_a_store_takes_as_many_hospitals_as_it_says_and_refuses_the_next(store: LmdbStore):
    names = sorted(f"h{n}" for n in range(MAX_HOSPITALS))
    assert await store.write([Batch(name, 0, [b"a"]) for name in names]) == [1] * MAX_HOSPITALS
    with pytest.raises(Unavailable) as refused:
        await store.write([Batch("one-more", 0, [b"a"])])
    assert refused.value.code == "too_many_hospitals"
    await store.open()
    assert await store.write([Batch(names[-1], 1, [b"b"])]) == [2]
    assert await store.hospitals() == names


# Readers

AUDITOR = """
import json, sys, trio
from engine.eventlog.lmdb_reader import LmdbReader

async def main():
    async with LmdbReader(sys.argv[1], map_size=1 << 20) as reader:
        for _ in sys.stdin:
            heads = {name: await reader.head(name) for name in await reader.hospitals()}
            last = {name: (await reader.read(name, head, 9))[0][1][:9].decode() for name, head in heads.items()}
            print(json.dumps([heads, last]), flush=True)

trio.run(main)
"""


async def test_an_auditor_reads_beside_a_running_engine(store: LmdbStore, tmp_path: Path):
    await store.write([Batch("north", 0, [b"first"])])
    auditor = program(AUDITOR, tmp_path / "log")
    to, back = auditor.stdin, auditor.stdout
    assert to is not None
    assert back is not None

    def ask() -> Any:
        to.write("now\n")
        to.flush()
        return json.loads(back.readline())

    assert ask() == [{"north": 1}, {"north": "first"}]
    await store.write([Batch("north", 1, [b"second"]), Batch("south", 0, [b"new here"])])
    assert ask() == [{"north": 2, "south": 1}, {"north": "second", "south": "new here"}]
    await store.write([Batch("south", 1, [bytes(2 << 20), b"past its map"])])
    assert ask() == [{"north": 2, "south": 3}, {"north": "second", "south": "past its "}]
    auditor.communicate()
    assert auditor.returncode == 0


async def test_an_auditor_reads_a_log_that_nobody_runs(store: LmdbStore, tmp_path: Path):
    await store.write([Batch("north", 0, [b"a", b"b"])], [(b"p1", b"k1")])
    await store.write_pages("north", 4, 0, [b"page"])
    await store.seal_round("north", Round(4, 2, 1), drop_older=True)
    await store.write_archive("north", [("slot:1", b"frozen")])
    await store.close()
    async with LmdbReader(tmp_path / "log") as reader:
        assert await reader.hospitals() == ["north"]
        assert await reader.head("south") == 0
        assert await reader.read("north", 1, 9) == [(1, b"a"), (2, b"b")]
        assert await reader.read_at("north", [2]) == [b"b"]
        assert await reader.rounds("north") == [Round(4, 2, 1)]
        assert await reader.read_pages("north", 4, 0, 9) == [b"page"]
        assert await reader.read_archive("north", ["slot:1"]) == {"slot:1": b"frozen"}
        assert await reader.read_keys([b"p1"]) == {b"p1": b"k1"}
    with pytest.raises(Unavailable):
        await reader.head("north")


async def test_an_auditor_without_the_keys_finds_none(store: LmdbStore, tmp_path: Path):
    await store.write([Batch("north", 0, [b"a"])], [(b"p1", b"k1")])
    await store.close()
    (tmp_path / "log" / "keys").rename(tmp_path / "keys elsewhere")
    async with LmdbReader(tmp_path / "log") as reader:
        assert await reader.read_keys([b"p1"]) == {}
        assert await reader.head("north") == 1


async def test_there_is_nothing_to_audit_where_no_log_is(tmp_path: Path):
    with pytest.raises(Unavailable) as refused:
        await LmdbReader(tmp_path / "log").open()
    assert refused.value.code == "log_unusable"


async def test_who_reads_while_the_log_is_opened_again_waits_for_it(
    store: LmdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.write([Batch("north", 0, [b"a", b"b"])])
    closed, go_on = trio.Event(), trio.Event()

    def slowly(*args: Any, **options: Any) -> lmdb.Environment:
        trio.from_thread.run_sync(closed.set)
        trio.from_thread.run(go_on.wait)
        return raw_environment(*args, **options)

    monkeypatch.setattr(lmdb_store, "raw_environment", slowly)
    found: list[object] = []

    async def read() -> None:
        try:
            found.append(await store.read("north", 1, 5))
        except Unavailable as refusal:
            found.append(refusal.code)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(store.open)
        await closed.wait()
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        go_on.set()
    assert found == [[(1, b"a"), (2, b"b")]]
