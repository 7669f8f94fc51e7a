"""The harness itself: every workload runs small, counts what it did, and a run that went wrong counts for nothing."""

from __future__ import annotations

import msgspec
import pytest
from click.testing import CliRunner

from engine.errors import Rejected
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from perf.__main__ import WORKLOADS, main
from perf.callers import ask_all
from perf.client import Load, Loaded, send
from perf.figures import Incorrect, Row, Target
from perf.serving import server
from perf.size import Size
from perf.town import HOSPITAL, bookings, found
from perf.workloads import booking, depth, http, memory, recovery
from perf.yardsticks import BareFsync, RawLmdb, python_speed

TINY = Size(
    rounds=2, bookings=20, requests=20, connections=4, deep=60, probes=20, entries=100, slots=4, any_disk=True,
    settle=False,
)  # fmt: skip


def quiet(_: str) -> None:
    pass


def store(path):
    return LmdbStore(path / "data", allow_any_filesystem=True)


def named(rows: list[Row]) -> dict[str, Row]:
    assert all(len(row.values) >= 1 and min(row.values) >= 0 for row in rows)
    return {row.name.strip(): row for row in rows}


async def test_bookings_in_process_are_measured_beside_lmdb_and_fsync(tmp_path, monkeypatch):
    monkeypatch.setattr(booking, "_FSYNCS", 2)
    rows = named(await booking.measure(tmp_path, TINY, quiet))
    assert len(rows["raw LMDB"].values) == TINY.rounds
    assert 500 < rows["record"].median < 5_000
    assert rows["of raw LMDB"].target == Target("least", 20)
    assert rows["hot slot of spread"].verdict


async def test_bookings_over_http_are_measured_beside_bare_starlette_on_both_servers(tmp_path):
    rows = named(await http.measure(tmp_path, TINY, quiet))
    assert rows["booking of Starlette on Hypercorn"].target == Target("least", 200)
    assert rows["booking of Starlette on our door"].median > 0


async def test_depth_compares_a_deep_slot_and_a_deep_list_with_shallow_ones(tmp_path):
    rows = named(await depth.measure(tmp_path, TINY, quiet))
    assert {"booking, slot of 60", "booking, waiting list of 60"} <= set(rows)


async def test_recovery_comes_to_the_same_states_with_and_without_a_snapshot(tmp_path):
    rows = named(await recovery.measure(tmp_path, TINY, quiet))
    assert rows["from entries alone"].target == Target("least", 100_000)
    assert not rows["ready with a snapshot"].verdict, "judged only at a million entries"


async def test_memory_is_measured_in_a_fresh_process(tmp_path):
    rows = named(await memory.measure(tmp_path, TINY, quiet))
    assert "extrapolated" in rows["100,000 slots of 15 tokens"].note


async def test_a_town_counts_what_was_booked_and_what_waits(tmp_path):
    async with open_engine(store(tmp_path)) as engine:
        town = await found(engine, patients=6, doctors=2)
        slots = await town.open_day(2, 2)
        run = await ask_all(engine, HOSPITAL, bookings(slots, town.patients[:4]), callers=3)
        assert len(run.replies) == len(run.waits) == 4
        assert run.waits == sorted(run.waits)
        await ask_all(engine, HOSPITAL, bookings(slots, town.patients[4:]), callers=3, outcome="waiting")
        assert await town.count(slots) == (4, 2)
        with pytest.raises(Incorrect):
            await town.verify(slots, 5, 2)


async def test_a_booking_that_was_not_a_success_spoils_the_run(tmp_path):
    async with open_engine(store(tmp_path)) as engine:
        town = await found(engine, patients=2, doctors=1)
        slots = await town.open_day(1, 1)
        with pytest.raises(Incorrect, match="1 of 2 commands"):
            await ask_all(engine, HOSPITAL, bookings(slots, town.patients), callers=1)
        again = bookings(await town.open_day(1, 2), [town.patients[0]] * 2)
        with pytest.RaisesGroup(Rejected):
            await ask_all(engine, HOSPITAL, again, callers=1)


async def test_the_client_sends_each_body_once_and_counts_the_answers():
    async with server("perf.bare", ["door"]) as served:
        loaded = await send(Load(served.port, "/", 3, ["{}"] * 10))
        assert (loaded.statuses, loaded.ids) == ({201: 10}, 1)
        assert loaded.rate > 0
        assert served.busy() > 0


def test_an_answer_that_is_not_created_spoils_a_run_over_http():
    loaded = Loaded(1.0, {201: 9, 409: 1}, 9, 1.0, 1.0)
    with pytest.raises(Incorrect, match="409"):
        http._check("matron", loaded, 10, different=10)


async def test_a_server_that_does_not_start_is_told():
    with pytest.RaisesGroup(pytest.RaisesExc(Incorrect, match="did not start")):
        async with server("gateway", ["--help"]):
            pass


def test_yardsticks_write_what_they_say(tmp_path):
    raw = RawLmdb(tmp_path / "raw")
    assert raw.write([b"x" * 100] * 250) > 0
    assert raw.write([b"y" * 100]) > 0
    raw.close()
    fsync = BareFsync(tmp_path)
    assert fsync.write(3, 10) > 0
    fsync.close()
    assert (tmp_path / "fsync").stat().st_size == 30
    assert python_speed() > 0


def test_the_command_writes_json_and_exits_well_whatever_the_verdict(tmp_path, monkeypatch):
    async def measure(folder, size, tell):
        tell("measuring")
        return [Row(section="s", name="n", unit="u", values=(float(size.rounds),))]

    monkeypatch.setitem(WORKLOADS, "booking", measure)
    file = tmp_path / "figures.json"
    done = CliRunner().invoke(
        main, ["bench", "--only", "booking", "--rounds", "3", "--data", str(tmp_path), "--json", str(file)]
    )
    assert done.exit_code == 0, done.output
    assert msgspec.json.decode(file.read_bytes())["rows"][0]["median"] == 3
    assert list(tmp_path.glob("matron-perf-*")) == []


def test_the_command_fails_when_a_run_was_not_correct(tmp_path, monkeypatch):
    async def measure(folder, size, tell):
        raise Incorrect("a token is missing")

    monkeypatch.setitem(WORKLOADS, "booking", measure)
    done = CliRunner().invoke(main, ["bench", "--only", "booking", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "a token is missing" in done.output
