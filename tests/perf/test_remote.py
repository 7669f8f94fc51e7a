"""A load on a server that runs already: hospitals of its own, and what was acknowledged read back from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from perf.client import get
from perf.load.order import Answer
from perf.load.plan import Settings, Site
from perf.load.running import Setup, run_load
from perf.scenarios import loads
from perf.serving import Served, server
from perf.verify.answers import Told
from perf.verify.remote import verify_remote


def quiet(*_: object) -> None:
    pass


@asynccontextmanager
async def gateway(tmp_path: Path) -> AsyncIterator[Served]:
    flags = ["serve", "--data", str(tmp_path / "data"), "--dev", "--bind", "127.0.0.1:0", "--no-request-log"]
    async with server("gateway", [*flags, "--log-level", "error"]) as served:
        yield served


@pytest.mark.parametrize("name", ["booking-storm", "queue-rush", "morning-peak"])
async def test_a_load_on_a_server_of_somebody_else_is_read_back(name: str, tmp_path):
    settings = Settings(rate=60.0, seconds=1.0, connections=8, warm=0.1, hospitals=2)
    async with gateway(tmp_path) as served:
        setup = Setup(folder=tmp_path, target=("127.0.0.1", served.port))
        repeat = await run_load(loads()[name], settings, setup, quiet, quiet)
        assert (await get(served.port, "/api/v1/hospital/"))["id"] == "main", "its own hospital is left alone"
        assert (await get(served.port, "/api/v1/patients/"))["items"] == []
    assert repeat.measured.bad == 0
    assert repeat.sound, [check for check in repeat.checks if not check.ok]
    counts = {check.name: check.count for check in repeat.checks}
    assert counts["every acknowledged write can be read back"] > 5
    assert repeat.after is not None
    assert all(sample.processes == 0 for sample in repeat.samples), "its processes are not ours to look at"


async def test_what_cannot_be_read_back_is_found(tmp_path):
    settings = Settings(rate=60.0, seconds=0.5, connections=8, warm=0.1)
    sites: list[Site] = []
    told = Told()

    async def prepared(founder, settings):
        sites.extend(await loads()["booking-storm"].prepare(founder, settings))
        return sites

    async with gateway(tmp_path) as served:
        setup = Setup(folder=tmp_path, target=("127.0.0.1", served.port))
        scenario = loads()["booking-storm"]
        repeat = await run_load(replace(scenario, prepare=prepared), settings, setup, quiet, quiet)
        assert repeat.sound
        hospital = next(path for path in (tmp_path / "run").iterdir() if path.suffix == ".jsonl").read_bytes()
        name = hospital.split(b'","')[1].decode()
        [site] = [replace(one, hospital=name) for one in sites]
        lost = Answer(
            "lost", name, "book", True, 201, position=9, id="00000000-0000-7000-8000-000000000000", made="tokens"
        )
        told.acknowledged[b"1"] = lost
        checks = await verify_remote("127.0.0.1", served.port, "", [replace(site, capacity=0)], {name: told})
    wrong = {check.name: check.detail for check in checks if not check.ok}
    assert "book lost was acknowledged" in wrong["every acknowledged write can be read back"]
    assert "seats" in wrong["no seat beyond the capacity"]
    assert "never acknowledged" in wrong["nothing that was refused was done"]
