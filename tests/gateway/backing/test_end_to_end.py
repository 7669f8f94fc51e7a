"""A served log, backed up under load, shipped, killed and restored: what was acknowledged and shipped is there."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
import trio
from click.testing import CliRunner, Result

from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.vault import MASTER_FILE
from replay.__main__ import main as replay
from replay.segments.source import SegmentSource
from tests.gateway.backing.house import matron
from tests.serving import serving


class Load:
    """Desks that register patients and look at them. ``acknowledged``: position and id of each."""

    def __init__(self, url: str) -> None:
        self.acknowledged: dict[int, str] = {}
        self.looked = 0
        self._url = url

    async def desk(self) -> None:
        """Until the server is gone."""
        async with httpx2.AsyncClient(base_url=f"{self._url}/api/v1", timeout=5) as client:
            try:
                while True:
                    made = await client.post("/patients/", json={"name": "Marked Name", "dob": "1980-02-29"})
                    assert made.status_code == 201, made.text
                    id = made.json()["id"]
                    self.acknowledged[int(made.headers["Event-Sequence"])] = id
                    seen = await client.get(f"/patients/{id}/", headers={"Purpose-Of-Use": "TREAT"})
                    self.looked += seen.status_code == 200
            except (httpx2.TransportError, AssertionError):
                return


def replayed(command: str, data: Path) -> Result:
    """The auditors' tool on this folder, in this process."""
    return CliRunner().invoke(replay, [command, "--data", str(data)])


def restored(*arguments: object) -> Any:
    done = matron("restore", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


async def under_load(url: str, backup: Path, shipped: Path, data: Path, kill: Any) -> tuple[Load, Any]:
    """Back up in the middle of it, ship on for a while, and kill."""
    load = Load(url)
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(load.desk)
        await trio.sleep(0.5)
        command = [sys.executable, "-m", "gateway", "backup", "--data", data, "--to", backup, "--with-keys", "--json"]
        said = await trio.run_process([str(part) for part in command], capture_stdout=True)
        made = json.loads(said.stdout)
        with trio.fail_after(30):
            while not await beyond(shipped, made["logs"]["main"]["checkpoint_size"] + 50):  # noqa: ASYNC110
                await trio.sleep(0.1)
        kill()
    return load, made


async def beyond(shipped: Path, position: int) -> bool:
    """Whether so much has been shipped, and signed since the backup was made."""
    if not list(shipped.rglob("*.segment")):  # noqa: ASYNC240
        return False
    async with SegmentSource(shipped) as source:
        last = await source.last_checkpoint("main")
        return last is not None and last.size > position


async def entries(data: Path, log: str) -> dict[int, dict[str, Any]]:
    """What a log says at each position."""
    async with LmdbReader(data) as reader:
        found = await reader.read(log, 1, 1 << 20)
    return {position: msgspec.msgpack.decode(record[32:], ext_hook=bytes_of)[0] for position, record in found}


def bytes_of(code: int, data: memoryview) -> bytes:
    return bytes(data)


@pytest.fixture(scope="module")
def struck(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Load, Any]:
    """The folder of all of it, once for the tests of what is left."""
    place = tmp_path_factory.mktemp("struck")
    config = place / "matron.toml"
    config.write_text(f'[audit]\nseconds = 0.5\nship = "{place / "shipped"}"\n')
    with serving(place / "data", "--config", str(config)) as server:
        load, made = trio.run(under_load, server.url, place / "backup", place / "shipped", place / "data", server.kill)
    return place, load, made


def test_what_was_acknowledged_and_shipped_is_there_after_a_kill(struck: tuple[Path, Load, Any]) -> None:
    place, load, made = struck
    new = place / "whole"
    said = restored("--from", place / "backup", "--segments", place / "shipped", "--data", new)
    main, beside = said["restored"]["logs"]
    assert main["entries"] > main["of_backup"] == made["logs"]["main"]["entries"]
    assert beside["entries"] > 0
    shipped = {position: id for position, id in load.acknowledged.items() if position <= main["entries"]}
    assert len(shipped) > made["logs"]["main"]["entries"] // 2
    log = trio.run(entries, new, "main")
    assert {position: log[position]["changes"][0]["actor"] for position in shipped} == {
        position: f"patient:{id}" for position, id in shipped.items()
    }
    looks = trio.run(entries, new, "main.access")
    assert {one["command"]["purpose"] for one in looks.values()} == {"TREAT"}
    for command in ("check", "verify"):
        found = replayed(command, new)
        assert found.exit_code == 0, found.output
    with serving(new) as server:
        known = next(id for position, id in shipped.items() if position <= main["of_backup"])
        said = httpx2.get(f"{server.url}/api/v1/patients/{known}/").json()
        assert said["name"] == "Marked Name"
        told = httpx2.get(f"{server.url}/api/v1/patients/{known}/accesses/", timeout=20).json()
        assert [(one["query"], one["purpose"]) for one in told["items"]] == [
            ("GetPatient", None), ("GetPatient", "TREAT"),
        ]  # fmt: skip
        assert server.stop() == 0


def test_a_backup_kept_apart_from_its_key_is_judged_whole_once_the_key_is_given(struck: tuple[Path, Load, Any]) -> None:
    place, _, _ = struck
    apart = shutil.copytree(place / "backup", place / "apart")
    key = (apart / MASTER_FILE).rename(place / "master.key")
    told = {}
    for name, more in (("without", ()), ("with", ("--master-key", str(key)))):
        said = CliRunner().invoke(replay, ["redecide", "--data", str(apart), "--json", *more])
        assert said.exit_code == 0, said.output
        (told[name],) = json.loads(said.stdout)["hospitals"]
    assert "RegisterPatient" in {one["name"] for one in told["without"]["not_judged"]}
    assert told["with"]["not_judged"] == []
    assert told["with"]["by_command"]["RegisterPatient"]["same"] > 50


def test_a_log_that_lost_signed_entries_serves_under_a_new_origin(struck: tuple[Path, Load, Any]) -> None:
    place, _, made = struck

    async def newest() -> bytes:
        async with SegmentSource(place / "shipped") as source:
            last = await source.last_checkpoint("main")
            assert last is not None
            return last.note

    (place / "known.note").write_bytes(trio.run(newest))
    new = place / "short"
    said = restored("--from", place / "backup", "--checkpoint", place / "known.note", "--data", new)
    lost = said["restored"]["lost"]["main"]
    assert lost["size"] > made["logs"]["main"]["entries"]
    with serving(new) as server:
        httpx2.post(f"{server.url}/api/v1/patients/", json={"name": "Dev Roy"}).raise_for_status()
        assert not (new / "origin.json").exists()
        assert server.stop() == 0
    begun = [one for one in trio.run(entries, new, "main").values() if one["name"] == "BeginOrigin"]
    assert [(one["command"]["previous"], one["command"]["size"]) for one in begun] == [(lost["previous"], lost["size"])]
    verified = replayed("verify", new)
    assert verified.exit_code == 0, verified.output
