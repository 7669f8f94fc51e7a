"""Gateway processes as an operator has them: they die, are renewed, and end, and nobody who asks is the worse off."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import trio

from tests.gateway.live import until
from tests.serving import Desk, Server, replay_check, serving

PATIENT = {"name": "Asha Rao"}
PAGES = ["/health/live", "/health/ready", "/health/load", "/health/notifications", "/api/docs"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "data", "--workers", "2", "--no-request-log") as found:
        yield found


def children(parent: int) -> list[int]:
    """The processes that this one started and that live."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(int(folder.name))
    return sorted(found)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


class Callers:
    """Requests that are made until they are told to stop, each on a connection of its own; what became of them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.made: list[str] = []
        self.broken: list[str] = []
        self.stop = False

    async def call(self, number: int) -> None:
        count = 0
        never_kept = httpx2.Limits(max_keepalive_connections=0)
        async with httpx2.AsyncClient(base_url=self.url, timeout=15, limits=never_kept) as client:
            while not self.stop:
                count += 1
                try:
                    answer = await client.post("/api/v1/patients/", json={"name": f"{number} {count}"})
                except httpx2.ConnectError:
                    self.broken.append("refused")
                except httpx2.TransportError as error:
                    self.broken.append(type(error).__name__)
                else:
                    if answer.status_code == 201:
                        self.made.append(answer.json()["id"])
                    else:
                        self.broken.append(str(answer.status_code))


async def test_a_process_that_dies_takes_only_its_own_requests_along_and_is_replaced(server: Server) -> None:
    callers = Callers(server.url)
    parent = server.pid
    first = children(parent)
    assert len(first) == 2
    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(callers.call, number)
        await until(lambda: len(callers.made) > 20)
        os.kill(first[0], signal.SIGKILL)
        await until(lambda: len(children(parent)) == 2 and first[0] not in children(parent))
        enough = len(callers.made) + 20
        await until(lambda: len(callers.made) > enough)
        callers.stop = True
    assert "refused" not in callers.broken
    assert len(callers.broken) <= 6  # one for each who was being served by it, at most
    desk = Desk(server.url)
    kept = {each["id"] for page in pages(desk) for each in page}
    assert kept.issuperset(callers.made)
    desk.close()
    assert server.stop() == 0
    assert replay_check(server.data).returncode == 0


def pages(desk: Desk) -> Iterator[list[dict[str, str]]]:
    """All patients, page by page."""
    cursor: str | None = None
    while True:
        found = desk.get("/patients/", limit=200, **({"cursor": cursor} if cursor else {}))
        yield found["items"]
        cursor = found.get("next_cursor")
        if not cursor:
            return


async def test_processes_are_renewed_without_a_refused_connection_or_a_lost_request(server: Server) -> None:
    callers = Callers(server.url)
    first = children(server.pid)
    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(callers.call, number)
        await until(lambda: len(callers.made) > 20)
        os.kill(server.pid, signal.SIGHUP)
        with trio.fail_after(30):
            while not (len(children(server.pid)) == 2 and not set(first) & set(children(server.pid))):  # noqa: ASYNC110
                await trio.sleep(0.05)
        enough = len(callers.made) + 20
        await until(lambda: len(callers.made) > enough)
        callers.stop = True
    assert callers.broken == []


class Heard:
    """One follower of the stream, as Server-Sent Events, until it is let go or has what it waits for."""

    def __init__(self, url: str, topic: str) -> None:
        self.url = f"{url}/api/v1/stream?topics={topic}"
        self.kinds: list[str] = []
        self.at = 0

    async def follow(self, until: str) -> None:
        """Go on from where it stopped."""
        query = f"&after={self.at}" if self.at else ""
        self.kinds.clear()
        with trio.CancelScope() as scope:
            async with httpx2.AsyncClient(timeout=20) as client, client.stream("GET", self.url + query) as answer:
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        said = json.loads(line[6:])
                        self.kinds.append(said["type"])
                        self.at = said.get("seq", self.at)
                    if until in self.kinds:
                        scope.cancel()


async def test_a_stream_goes_on_over_a_renewal_of_its_process(server: Server) -> None:
    desk = Desk(server.url)
    service = desk.post("/services/", {"name": "Laboratory"})["id"]
    heard = Heard(server.url, f"service:{service}")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(heard.follow, "closing")
        await until(lambda: heard.kinds)
        os.kill(server.pid, signal.SIGHUP)
    assert (heard.kinds[0], heard.kinds[-1]) == ("snapshot", "closing")
    desk.close()  # its connection may end at the very moment at which it asks again
    desk = Desk(server.url)
    desk.post(f"/services/{service}/tickets/", {"priority": "low"})
    await heard.follow("deltas")
    assert "snapshot" not in heard.kinds
    desk.close()


async def test_without_the_engine_its_gateway_processes_end_and_the_address_is_free(server: Server) -> None:
    workers = children(server.pid)
    server.kill()
    await until(lambda: not any(map(alive, workers)))
    host, port = server.url.removeprefix("http://").split(":")
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((host, int(port)))
        again.listen()


async def test_what_is_under_way_is_answered_when_it_stops(server: Server) -> None:
    workers = children(server.pid)
    body = json.dumps(PATIENT)
    head = "POST /api/v1/patients/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    async with await trio.open_tcp_stream("127.0.0.1", int(server.url.rpartition(":")[2])) as stream:
        await stream.send_all((head + body[:5]).encode())
        await trio.sleep(0.3)
        os.kill(server.pid, signal.SIGTERM)
        await trio.sleep(0.3)
        await stream.send_all(body[5:].encode())
        with trio.fail_after(10):
            assert (await stream.receive_some(65_536)).startswith(b"HTTP/1.1 201")
    assert await trio.to_thread.run_sync(server.wait) == 0
    assert not any(map(alive, workers))


def test_the_outcome_is_the_same_whoever_is_asked_with_a_key(server: Server) -> None:
    answers = []
    for _ in range(8):  # each on a connection of its own: both processes are met
        answer = httpx2.post(f"{server.url}/api/v1/patients/", json=PATIENT, headers={"Idempotency-Key": "one"})
        answers.append((answer.status_code, answer.json()["id"], answer.headers["event-sequence"]))
    assert len(set(answers)) == 1


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/health/load", "/health/notifications", "/api/docs"]
)
def test_the_pages_are_the_same(server: Server, path: str) -> None:
    assert httpx2.get(f"{server.url}{path}").status_code == 200
