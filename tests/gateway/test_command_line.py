"""``matron`` as it is started and stopped: what it refuses to start with, and that stopping loses nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import trio
from click.testing import CliRunner

from gateway.__main__ import BAD_CONFIG, BAD_LOG, FAILED, main
from gateway.auth import add_key
from gateway.demo import DOCTORS
from gateway.demo_rooms import DOCTORS as SURGEONS

ROOT = Path(__file__).resolve().parents[2]
MATRON = [sys.executable, "-m", "gateway"]


def run(*args: str, **environ: str):
    return CliRunner(env={**environ}).invoke(main, list(args))


@asynccontextmanager
async def serving(*args: str, expect: int = 0) -> AsyncIterator[tuple[trio.Process, httpx2.AsyncClient]]:
    """A process of its own that serves, and a client of it; ended by SIGTERM within seconds."""
    command = [*MATRON, *args, "--bind", "127.0.0.1:0"]
    process = await trio.lowlevel.open_process(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, env=dict(os.environ)
    )
    assert process.stdout is not None
    try:
        said = b""
        with trio.fail_after(20):
            while not (found := re.search(rb"http://[\d.:]+", said)) or b"\n" not in said:
                piece = await process.stdout.receive_some()
                assert piece, said
                said += piece
        async with httpx2.AsyncClient(base_url=found.group().decode()) as client:
            yield process, client
        process.send_signal(signal.SIGTERM)
        with trio.fail_after(10):
            assert await process.wait() == expect
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await process.stdout.aclose()


def test_serving_without_keys_and_without_dev_is_refused_with_what_to_do(tmp_path):
    result = run("serve", "--data", str(tmp_path))
    assert result.exit_code == BAD_CONFIG
    assert "matron keys add" in result.output
    assert "--dev" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "args",
    [
        ["serve", "--dev"],
        ["serve", "--dev", "--data", "d", "--bind", "0.0.0.0:8000"],
        ["serve", "--dev", "--data", "d", "--keys", "k.toml"],
        ["serve", "--data", "d", "--keys", "no_such_file.toml"],
        ["serve", "--dev", "--data", "d", "--bind", "nonsense"],
        ["check"],
        ["demo", "--bind", "0.0.0.0:1"],
    ],
)
def test_what_cannot_be_served_safely_is_refused_at_the_start(args):
    assert run(*args).exit_code == BAD_CONFIG


def test_a_keys_file_without_a_key_is_refused(tmp_path):
    (tmp_path / "keys.toml").touch()
    assert run("serve", "--data", "d", "--keys", str(tmp_path / "keys.toml")).exit_code == BAD_CONFIG


def test_a_key_is_printed_once_and_only_its_hash_is_kept(tmp_path):
    file = tmp_path / "keys.toml"
    roles = ["--role", "clerk", "--role", "auditor"]
    args = ["keys", "add", "front-desk", *roles, "--hospital", "main", "--file", str(file)]
    result = run(*args)
    assert result.exit_code == 0
    secret = result.stdout.strip()
    assert secret.startswith("matron_")
    assert secret not in file.read_text()
    assert run(*args).exit_code == BAD_CONFIG
    assert run("check", "--keys", str(file)).exit_code == 0


def test_check_prints_every_setting_with_its_source(tmp_path):
    add_key(tmp_path / "keys.toml", "a", ["admin"], "main")
    result = run("check", "--keys", str(tmp_path / "keys.toml"), MATRON_LIMITS_JSON_DEPTH="7")
    assert result.exit_code == 0
    assert "limits.json_depth = 7  # environment" in result.output
    assert 'bind = "127.0.0.1:8000"  # default' in result.output


def test_check_of_a_log_that_is_none_says_so(tmp_path):
    (tmp_path / "log").write_bytes(b"no log" * 1000)
    result = run("check", "--dev", "--data", str(tmp_path))
    assert result.exit_code == BAD_LOG


async def test_it_starts_serves_stops_and_starts_again_with_all_that_was_answered(tmp_path):
    data = str(tmp_path / "data")
    async with serving("serve", "--dev", "--data", data) as (_, client):
        assert (await client.get("/health/ready")).status_code == 200
        made = await client.post("/api/v1/patients/", json={"name": "Kept"}, headers={"Idempotency-Key": "k"})
        assert made.status_code == 201
        async with httpx2.AsyncClient(base_url=client.base_url) as other:
            added = await other.post(
                "/api/v1/hospitals/", json={"hospital_id": "north", "name": "North", "time_zone": "UTC"}
            )
            assert added.status_code == 201
    checked = await trio.to_thread.run_sync(lambda: run("check", "--dev", "--data", data))
    assert checked.exit_code == 0, checked.output
    assert "log of main: 2 entries" in checked.output
    async with serving("serve", "--dev", "--data", data) as (_, client):
        assert (await client.get(made.headers["location"])).json()["name"] == "Kept"
        again = await client.post("/api/v1/patients/", json={"name": "Kept"}, headers={"Idempotency-Key": "k"})
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json() == made.json()


async def test_an_address_that_is_taken_and_a_log_that_is_in_use_are_told_apart(tmp_path):
    data = str(tmp_path / "data")
    async with serving("serve", "--dev", "--data", data) as (_, client):
        address = str(client.base_url).removeprefix("http://").rstrip("/")
        for where, bind, code, why in (
            (data, "127.0.0.1:0", BAD_LOG, b"log"),
            (data + "2", address, FAILED, address.encode()),
        ):
            command = [*MATRON, "serve", "--dev", "--data", where, "--bind", bind]
            with trio.fail_after(20):
                ended = await trio.run_process(command, check=False, capture_stderr=True, cwd=ROOT)
            assert ended.returncode == code
            assert why in ended.stderr


async def test_a_hospital_is_added_from_the_command_line_with_a_key_of_the_network(tmp_path):
    file = tmp_path / "keys.toml"
    key = add_key(file, "operator", ["network"], "*")
    async with serving("serve", "--data", str(tmp_path / "data"), "--keys", str(file)) as (_, client):
        with trio.fail_after(15):  # the address is told before the log is read
            while (await client.get("/health/ready")).status_code != 200:
                await trio.lowlevel.checkpoint()
        url = str(client.base_url)
        args = ["hospital", "add", "north", "--name", "North Hospital", "--zone", "Asia/Kolkata", "--url", url]
        refused = await trio.to_thread.run_sync(lambda: run(*args))
        assert refused.exit_code == 1
        assert "unauthenticated" in refused.output
        added = await trio.to_thread.run_sync(lambda: run(*args, MATRON_KEY=key))
        assert added.output == "north added, Asia/Kolkata\n"
        headers = {"Authorization": f"Bearer {key}", "Hospital-Id": "north"}
        assert (await client.get("/api/v1/hospital", headers=headers)).json()["name"] == "North Hospital"


async def test_the_demo_serves_a_hospital_at_work_and_stops(tmp_path):
    async with serving("demo", "--speed", "3600") as (_, client):
        with trio.fail_after(15):
            while True:
                slots = (await client.get("/api/v1/slots/")).json()["items"]
                if sum(slot["current_capacity"] for slot in slots) > 20:
                    break
                await trio.lowlevel.checkpoint()
        report = (await client.get("/api/v1/reports/daily/")).json()
        (clinic,) = (await client.get("/api/v1/clinics/")).json()["items"]
        shown = 0
        for ahead in (0, 1):  # it books for the hours ahead, and some of those may be tomorrow's
            date = (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()
            day = (await client.get(f"/api/v1/clinics/{clinic['id']}/day/", params={"date": date})).json()
            shown += sum(len(room["items"]) for room in day["rooms"])
        assert shown > 10
        assert (await client.get(f"/clinics/{clinic['id']}/board")).status_code == 200
        assert len((await client.get("/api/v1/doctors/")).json()["items"]) == len(DOCTORS) + len(SURGEONS)
        assert json.dumps(report)
