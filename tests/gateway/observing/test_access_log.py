"""The access log: what a line says, and a file of its own that somebody turns over."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from gateway.access.guard import Guard
from gateway.access.rates import Limited, RateSettings
from gateway.observing.access_file import LOOK, AccessFile, LogsUnusable
from gateway.observing.settings import LogSettings
from gateway.request_log import RequestLog, access_log
from gateway.routes import BASE
from tests.gateway.observing.test_trace import RIGHT, SPAN, TRACE
from tests.gateway.surface import UNKNOWN, As, ScriptedEngine, client_of


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_line_says_who_asked_what_and_what_came_of_it(tmp_path: Path):
    path = tmp_path / "access.log"
    log = access_log(LogSettings(access=str(path)))
    async with client_of(ScriptedEngine(), As("clerk", name="front-desk"), request_log=log) as client:
        answer = await client.get(f"{BASE}/patients/{UNKNOWN}/", headers={"traceparent": RIGHT, "X-Request-Id": "r-7"})
        await client.get(f"{BASE}/no-such-path")
    first, second = lines(path)
    assert set(first) == {
        "time", "level", "logger", "message", "request_id", "trace_id", "span_id", "method", "route", "status", "ms",
        "bytes", "principal", "hospital", "address", "code",
    }  # fmt: skip
    assert (first["level"], first["logger"], first["message"]) == ("info", "matron.request", "request")
    assert (first["request_id"], first["trace_id"]) == ("r-7", TRACE)
    assert first["span_id"] not in ("", SPAN)
    assert (first["method"], first["route"]) == ("GET", f"{BASE}/patients/{{patient_id}}")
    assert (first["status"], first["bytes"], first["code"]) == (200, len(answer.content), None)
    assert (first["principal"], first["hospital"], first["address"]) == ("front-desk", "main", "127.0.0.1")
    assert (second["route"], second["status"], second["code"]) == (None, 404, "not_found")
    assert second["request_id"] != first["request_id"]


async def test_addresses_are_left_out_where_that_is_set(tmp_path: Path):
    path = tmp_path / "access.log"
    log = access_log(LogSettings(access=str(path), addresses=False))
    async with client_of(ScriptedEngine(), request_log=log) as client:
        await client.get("/health/live")
    assert [line["address"] for line in lines(path)] == [None]


async def test_behind_a_proxy_that_is_trusted_the_line_says_for_whom_it_asked(tmp_path: Path):
    path = tmp_path / "access.log"
    log = access_log(LogSettings(access=str(path)))
    guard = Guard(As("clerk"), Limited(RateSettings(trusted_proxies=["127.0.0.1"])))
    async with client_of(ScriptedEngine(), guard, request_log=log) as client:
        await client.get(f"{BASE}/doctors/", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
    assert [line["address"] for line in lines(path)] == ["198.51.100.7"]


async def test_a_network_s_principal_stands_with_the_hospital_that_he_named(tmp_path: Path):
    path = tmp_path / "access.log"
    log = access_log(LogSettings(access=str(path)))
    async with client_of(ScriptedEngine(), As("network", hospital="*"), request_log=log) as client:
        for named in ("north", "No hospital at all"):
            await client.get(f"{BASE}/doctors/", headers={"Hospital-Id": named})
        await client.get(f"{BASE}/doctors/")
    assert [line["hospital"] for line in lines(path)] == ["north", "*", "*"]


async def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path, autojump_clock: MockClock):
    path = tmp_path / "access.log"
    file = AccessFile(path)
    await trio.sleep(LOOK)
    file.write(b"one\n")
    path.rename(tmp_path / "access.log.1")
    file.write(b"two\n")  # nobody has looked yet
    await trio.sleep(LOOK)
    file.write(b"three\n")
    path.rename(tmp_path / "access.log.2")
    file.reopen()  # as SIGHUP does
    file.write(b"four\n")
    file.close()
    assert (tmp_path / "access.log.1").read_text() == "one\ntwo\n"
    assert (tmp_path / "access.log.2").read_text() == "three\n"
    assert path.read_text() == "four\n"
    assert path.stat().st_mode & 0o777 == 0o640 & ~umask()


def umask() -> int:
    had = os.umask(0)
    os.umask(had)
    return had


async def test_lines_of_several_processes_do_not_mix(tmp_path: Path):
    path = tmp_path / "access.log"
    several = [AccessFile(path) for _ in range(3)]
    for number in range(30):
        several[number % 3].write(b"%d %b\n" % (number, b"x" * 500))
    assert [line.split()[0] for line in path.read_text().splitlines()] == [str(number) for number in range(30)]


async def test_a_disk_that_takes_nothing_costs_lines_and_nobody_his_answer(caplog: pytest.LogCaptureFixture):
    file = AccessFile(Path("/dev/full"))
    async with client_of(ScriptedEngine(), request_log=RequestLog(file)) as client:
        for _ in range(3):
            assert (await client.get("/health/live")).status_code == 200
    assert file.dropped == 3
    assert len([record for record in caplog.records if "takes nothing" in record.getMessage()]) == 1


def test_what_cannot_be_written_is_said_before_anything_is_served(tmp_path: Path):
    with pytest.raises(LogsUnusable, match="No such file"):
        access_log(LogSettings(access=str(tmp_path / "nowhere" / "access.log")))


def test_off_is_off():
    assert access_log(LogSettings(access="off")) is None
    assert access_log(LogSettings(), wanted=False) is None
    assert access_log(LogSettings()) is not None
