"""What the figures tell: each command's time, what stands still, what happened at the door, how far the proofs are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import trio
from trio.testing import MockClock, memory_stream_pair

from engine.decider import PersonName
from engine.decisions.patients import RegisterPatient, UpdatePatient
from engine.eventlog.log import Log, LogLimits
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.tree import Tree
from engine.process import process_figures
from engine.runtime import Engine
from gateway.backing.backup import LAST_BACKUP
from gateway.health import Vitals
from gateway.link.attend import Attendant
from gateway.link.far_engine import FarEngine
from gateway.metrics import written
from gateway.observing.access_file import AccessFile
from gateway.observing.detail import About
from gateway.observing.proven import Proofs, Shipments
from gateway.routes import BASE
from gateway.tally import MARKS, Tally
from tests.engine.living import CLERK, START, hold_keys, living, read
from tests.gateway.surface import UNKNOWN, ScriptedEngine
from tests.gateway.test_metrics import place, samples

ASHA = RegisterPatient(name=PersonName("Asha Marked"))


async def figures(engine: Engine, **more: Any) -> dict[str, float]:
    """What a scraper reads of this engine."""
    status, body = await Vitals(engine, **more).page("metrics", "")
    assert status == 200
    return samples(written(body).decode())


async def test_each_command_and_each_query_has_its_own_times():
    async with place() as here:
        made = [await here.client.post(f"{BASE}/patients/", json={"name": "Asha Marked"}) for _ in range(3)]
        await here.client.get(f"{BASE}/patients/{made[0].json()['id']}")
        await here.client.get(f"{BASE}/patients/{UNKNOWN}")
        commands = [{"method": "POST", "path": "/patients/", "body": {"name": "Bela Marked"}}] * 4
        await here.client.post(f"{BASE}/batch/", json={"commands": commands})
        text = (await here.client.get("/metrics")).text
    found = samples(text)
    assert found["matron_command_seconds_count{command=RegisterPatient}"] == 3
    assert 0 < found["matron_command_seconds_sum{command=RegisterPatient}"] < 3
    assert found["matron_command_seconds_bucket{command=RegisterPatient,le=+Inf}"] == 3
    assert found["matron_query_seconds_count{query=GetPatient}"] == 2
    assert found["matron_command_seconds_count{command=Batch}"] == 1
    assert "Marked" not in text
    assert made[0].json()["id"] not in text


async def test_each_status_is_counted_and_those_to_be_watched_from_nothing_on():
    async with place() as here:
        await here.client.get(f"{BASE}/patients/{UNKNOWN}")
        found = await here.scraped()
    assert found["matron_http_statuses_total{status=404}"] == 1
    assert [found[f"matron_http_statuses_total{{status={each}}}"] for each in (401, 403, 429, 500, 503)] == [0] * 5


async def test_a_stalled_actor_and_a_stalled_commit_are_seen(autojump_clock: MockClock):
    disk, pause = MemoryDisk(), [0.0]

    async def faults(step: str) -> None:
        if step == "before":
            await trio.sleep(pause[0])

    async with living(disk) as engine:
        asha = read(await engine.ask("main", ASHA, CLERK))["id"]
    async with living(disk, faults=faults) as engine, trio.open_nursery() as nursery:
        let = hold_keys(engine)
        quiet = await figures(engine)
        assert quiet["matron_mailbox_oldest_seconds{}"] == quiet["matron_pending_age_seconds{}"] == 0
        nursery.start_soon(engine.ask, "main", UpdatePatient(patient_id=asha, name=PersonName("A")), CLERK)
        pause[0] = 4.0
        nursery.start_soon(engine.ask, "main", ASHA, CLERK)
        await trio.sleep(3)
        stuck = await figures(engine)
        assert 3 <= stuck["matron_mailbox_oldest_seconds{}"] < 3.1
        assert 3 <= stuck["matron_pending_age_seconds{}"] < 3.1
        assert 3 <= stuck["matron_pending_seconds{}"] < 3.1
        let.set()
        pause[0] = 0.0
        await trio.sleep(2)
        over = await figures(engine)
        assert over["matron_mailbox_oldest_seconds{}"] == over["matron_pending_age_seconds{}"] == 0


async def test_entries_that_nobody_commits_grow_old_too(autojump_clock: MockClock):
    store = MemoryStore()
    await store.open()
    log = Log(store, LogLimits())
    tail = log.open_tail("main", Tree())
    await trio.sleep(5)
    assert log.pending_age == 0
    log.append(tail, b"an entry")
    await trio.sleep(7)
    log.append(tail, b"another")
    assert log.pending_age == 7
    async with trio.open_nursery() as nursery:
        nursery.start_soon(log.write_forever)
        await log.flushed()
        assert log.pending_age == 0
        nursery.cancel_scope.cancel()


async def test_what_happens_at_the_door_is_counted_under_names_that_are_known():
    async with living(MemoryDisk()) as engine:
        tally = Tally()
        for what in ("signed_in", "sign_in_failed", "sign_in_failed", "token_cache_hit", "Asha Marked"):
            tally.mark(what)
        found = await figures(engine, tally=tally)
    assert found["matron_door_events_total{event=sign_in_failed}"] == 2
    assert found["matron_door_events_total{event=signed_in}"] == 1
    assert found["matron_door_events_total{event=break_glass}"] == 0
    assert found["matron_token_cache_total{found=hit}"] == 1
    assert {key for key in found if "Marked" in key} == set()
    assert {"unauthenticated", "denied", "rate_limited", "locked_out"} <= MARKS


async def test_what_gateway_processes_say_is_summed_and_kept_when_one_ends(autojump_clock: MockClock):
    tally = Tally()
    async with living(MemoryDisk()) as engine, trio.open_nursery() as nursery:
        ends, fars = [], []
        for _ in range(2):
            here, there = memory_stream_pair()
            far = FarEngine(there)
            nursery.start_soon(Attendant(here, cast("Engine", ScriptedEngine()), ScriptedEngine().page, tally).run)
            nursery.start_soon(far.run)
            fars.append(far)
            ends.append(there)
        said = {"connections": 3, "refused": 2, "failures": 1, "lost_notes": 4}
        for far in fars:
            far.count([], {**process_figures(), **said}, {"signed_in": 5})
        await trio.sleep(1)
        both = await figures(engine, tally=tally)
        await ends[0].aclose()
        await trio.sleep(1)
        one = await figures(engine, tally=tally)
        nursery.cancel_scope.cancel()
    assert both["matron_door_events_total{event=signed_in}"] == 10
    assert both["matron_link_frames_total{direction=to_engine}"] == 2
    assert both["matron_link_bytes_total{direction=to_engine}"] > 100
    names = ("matron_connections{}", "matron_connections_refused_total{}", "matron_gateway_processes{}")
    assert [both[name] for name in names] == [6, 4, 2]
    assert [one[name] for name in names] == [3, 4, 1]
    assert both["matron_lost_total{what=notes}"] == one["matron_lost_total{what=notes}"] == 8
    assert one["matron_gateway_processes_died_total{}"] == 0, "it was told to end"
    assert one["matron_link_frames_total{direction=to_engine}"] == 2


class Told:
    """Proofs and shipments as they would be told: a witness that is away, a log that is behind."""

    def alarms(self) -> list[str]:
        return ["the log of main is not what it was"]

    def document(self, engine: Any, hospital: str = "") -> dict[str, Any]:
        at = datetime.fromtimestamp(START / 1e6, UTC) - timedelta(seconds=90)
        stands = {"size": 6, "cosigned_at": at, "failure": "timeout", "alarm": None}
        never = {"size": 0, "cosigned_at": None, "failure": None, "alarm": None}
        return {
            "logs": {"main": {"entries": 12, "signed": 10, "behind": 4}},
            "witnesses": [{"witness": "w", "logs": {"main": stands}}, {"witness": "v", "logs": {"main": never}}],
            "running": True,
            "restarts": 3,
        }


@asynccontextmanager
async def proven(data: Path) -> AsyncIterator[Callable[[], Any]]:
    async with living(MemoryDisk()) as engine:
        told = Told()
        more = {"proofs": cast("Proofs", told), "shipments": cast("Shipments", Shipped()), "about": About(data=data)}
        yield lambda: figures(engine, **more)


class Shipped:
    def document(self, hospital: str) -> dict[str, Any]:
        return Told().document(None)


async def test_proofs_shipments_and_backups_are_told_with_how_far_and_how_old(
    tmp_path: Path, autojump_clock: MockClock
):
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "data.mdb").write_bytes(bytes(4096))
    async with proven(tmp_path) as scraped:
        before = await scraped()
        (tmp_path / LAST_BACKUP).touch()
        found = await scraped()
    assert found["matron_checkpoint_unsigned_entries{log=main}"] == 2
    assert found["matron_witness_behind_entries{log=main,witness=w}"] == 4
    assert found["matron_witness_failing{log=main,witness=w}"] == 1
    assert 90 <= found["matron_witness_age_seconds{log=main,witness=w}"] < 95
    assert "matron_witness_age_seconds{log=main,witness=v}" not in found
    assert found["matron_audit_alarms{}"] == 1
    assert found["matron_shipping_behind_entries{log=main}"] == 4
    assert found["matron_shipping_restarts_total{}"] == 3
    assert found["matron_log_bytes{}"] == 4096
    assert "matron_backup_age_seconds{}" not in before
    assert found["matron_backup_age_seconds{}"] >= 0


async def test_what_could_not_be_written_is_counted():
    file, tally = AccessFile(Path("/dev/full")), Tally()
    tally.losing["lost_lines"] = file
    file.write(b"a line\n")
    async with living(MemoryDisk()) as engine:
        found = await figures(engine, tally=tally)
    assert found["matron_lost_total{what=access_lines}"] == 1
    assert found["matron_lost_total{what=notes}"] == 0


async def test_two_scrapes_in_a_row_tell_the_same_marks():
    async with place() as here:
        first, second = await here.scraped(), await here.scraped()
    assert {key for key in first if "door_events" in key} == {key for key in second if "door_events" in key}
    assert first["matron_token_cache_total{found=hit}"] == second["matron_token_cache_total{found=hit}"]
