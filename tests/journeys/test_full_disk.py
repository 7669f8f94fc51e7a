"""A server whose disk is full: writes are refused and say what became of them, reads go on, nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.disks import Disk, Limited, ext4, mountable, tmpfs
from tests.serving import Desk, Server, replay_check, serving

KINDS = {"ext4": ext4, "tmpfs": tmpfs}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small file system of its own; where none can be mounted the limits below stop Matron all the same."""
    kinds = list(mountable())
    mounted = KINDS[kinds[0]](tmp_path) if kinds else None
    yield mounted or Limited(tmp_path)
    if mounted is not None:
        mounted.unmount()


def register(server: Server, count: int) -> list[dict[str, Any]]:
    """Send patients in one batch; gives the results as they came."""
    commands = [{"method": "POST", "path": "/patients/", "body": {"name": f"Patient {n}"}} for n in range(count)]
    answer = httpx2.post(f"{server.url}/api/v1/batch/", json={"commands": commands}, timeout=15)
    if answer.status_code == 503:
        return [{"status": 503, "body": answer.json()}]
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def until_ready(server: Server) -> None:
    """Wait until it has read its log again."""
    for _ in range(200):
        if httpx2.get(f"{server.url}/health/ready").status_code == 200:
            return
        time.sleep(0.05)
    raise AssertionError(server.said()[-2000:])


def listed(server: Server) -> set[str]:
    """All patients that there are."""
    desk, found, cursor = Desk(server.url), set[str](), None
    while True:
        page = desk.get("/patients/", limit=1000, **({"cursor": cursor} if cursor else {}))
        found |= {one["id"] for one in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            desk.close()
            return found


@pytest.mark.parametrize("reserve", [0, 4 << 20], ids=["commits fail", "refused early"])
def test_a_full_disk_stops_writes_only_and_only_while_it_is_full(
    disk: Disk, reserve: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATRON_COMMIT_FREE_DISK", str(reserve))
    monkeypatch.setenv("MATRON_COMMIT_BATCH_ENTRIES", "100")
    with serving(disk.path / "data") as server:
        kept = {result["body"]["id"] for result in register(server, 200)}
        assert len(kept) == 200
        if isinstance(disk, Limited):  # no file system to fill: ask for more room than this one has
            monkeypatch.setenv("MATRON_COMMIT_FREE_DISK", str(1 << 60))
            server.kill()
            server.start()
        else:
            disk.fill()
        refused: list[dict[str, Any]] = []
        for _ in range(30):
            until_ready(server)
            for result in register(server, 500):
                if result["status"] == 201:
                    kept.add(result["body"]["id"])
                else:
                    refused.append(result)
            if refused:
                break
        assert refused
        assert {result["status"] for result in refused} == {503}
        assert {result["body"]["outcome"] for result in refused} == {"not_applied"}
        until_ready(server)
        if reserve:  # what was in line when the disk filled up at once may have failed; from then on nothing is tried
            assert {result["body"]["code"] for result in register(server, 10)} == {"storage_full"}
        assert listed(server) == kept
        if isinstance(disk, Limited):
            monkeypatch.setenv("MATRON_COMMIT_FREE_DISK", "0")
            server.kill()
            server.start()
        else:
            disk.make_room()
        until_ready(server)
        for _ in range(2):  # space is looked at when a write comes
            kept |= {result["body"]["id"] for result in register(server, 50) if result["status"] == 201}
            until_ready(server)
        results = register(server, 50)
        assert {result["status"] for result in results} == {201}
        kept |= {result["body"]["id"] for result in results}
        assert listed(server) == kept
        server.kill()
        server.start()
        assert listed(server) == kept
        assert server.stop() == 0
    assert replay_check(disk.path / "data").returncode == 0
