"""The witness as a process of its own: killed at any point it remembers what it said; and beside a server."""

from __future__ import annotations

import re
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import trio

from engine.eventlog.checkpoint import Note, Verifier
from gateway.audit.client import Client, Unreached
from replay.witnessing.witness import SEEN
from tests.replay.grown_log import OWNER, GrownLog
from tests.serving import Desk, Server, serving

LOG = GrownLog("hospital.example/main")


class Process:
    """``matron-replay witness`` on this folder; ``key`` is what it printed."""

    def __init__(self, state: Path, trusted: str) -> None:
        self._command = [
            *(sys.executable, "-m", "replay", "witness", "--state", str(state), "--name", "w.example/1"),
            *("--log", trusted, "--bind"),
        ]
        self._out = state.parent / "witness.out"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.key = ""

    def start(self) -> None:
        """On a free port at first, on the same one later."""
        bind = self.url.removeprefix("http://") or "127.0.0.1:0"
        with self._out.open("wb") as out:
            self._process = subprocess.Popen([*self._command, bind], stdout=out, stderr=out)
        trio.run(self._listening)

    async def _listening(self) -> None:
        assert self._process is not None
        with trio.fail_after(60):
            while not (found := re.search(r"listens on (http://[\d.]+:\d+)\n(\S+)\n", self._out.read_text())):
                assert self._process.poll() is None, self._out.read_text()
                await trio.sleep(0.05)
        self.url, self.key = found.groups()

    def another(self) -> subprocess.CompletedProcess[str]:
        """A second one on the same folder."""
        return subprocess.run([*self._command, "127.0.0.1:0"], capture_output=True, text=True, check=False)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()


@contextmanager
def witness_of(state: Path, trusted: str) -> Iterator[Process]:
    process = Process(state, trusted)
    process.start()
    try:
        yield process
    finally:
        process.kill()


async def grow(url: str, seen: int, until: int) -> int:
    """Show it one size after the other, from ``seen`` on, as long as it answers; the last that it cosigned."""
    client = Client(url, ssl.create_default_context())
    for size in range(seen + 1, until + 1):
        try:
            answer = await client.post("add-checkpoint", await LOG.question(seen, size))
        except Unreached:
            break
        assert answer.status == 200, answer
        seen = size
    await client.close()
    return seen


async def seen_by(url: str) -> int:
    """The size that it says it has seen, asked with one that is surely another."""
    client = Client(url, ssl.create_default_context())
    answer = await client.post("add-checkpoint", await LOG.question(9_999, 9_999))
    await client.close()
    assert (answer.status, answer.kind) == (409, "text/x.tlog.size")
    return int(answer.body)


def kill_while_it_is_asked(state: Path, times: int) -> None:
    with witness_of(state, f"{LOG.origin}={b64encode(OWNER.key).decode()}") as witness:
        cosigned, key = 0, witness.key
        for turn in range(times):

            async def ask_and_kill(cosigned: int, turn: int) -> int:
                async with trio.open_nursery() as nursery:

                    @nursery.start_soon
                    async def kill() -> None:
                        await trio.sleep(0.2 + 0.013 * turn)
                        witness.kill()

                    return await grow(witness.url, cosigned, cosigned + 5_000)

            cosigned = trio.run(ask_and_kill, cosigned, turn)
            witness.start()
            assert witness.key == key
            seen = trio.run(seen_by, witness.url)
            assert seen in (cosigned, cosigned + 1)  # one may have been written, and its answer lost
            assert len(list((state / SEEN).glob("[0-9a-f]*"))) == 1
            cosigned = seen
        assert cosigned > times


def test_a_witness_that_is_killed_remembers_all_that_it_said(tmp_path: Path):
    kill_while_it_is_asked(tmp_path / "w", 1)


@pytest.mark.long
def test_one_folder_has_one_witness(tmp_path: Path):
    with witness_of(tmp_path / "w", f"{LOG.origin}={b64encode(OWNER.key).decode()}") as witness:
        refused = witness.another()
    assert refused.returncode == 2
    assert "Another witness works in" in refused.stderr


@pytest.mark.long
def test_a_witness_that_is_killed_again_and_again(tmp_path: Path):
    kill_while_it_is_asked(tmp_path / "w", 20)


@pytest.mark.long
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_server_has_its_log_cosigned_and_both_can_be_killed(tmp_path: Path, workers: str):
    data, config = tmp_path / "data", tmp_path / "m.toml"
    with serving(data) as server:
        server.stop()
    base = Verifier.parse((data / "signing.key.pub").read_text())
    with witness_of(tmp_path / "w", f"{base.name}/*={base.text()}") as witness:
        config.write_text(
            f'[audit]\nseconds = 1\nwitnesses = [{{url = "{witness.url}", vkey = "{witness.key}"}}]\n'
        )  # fmt: skip
        verifier = Verifier.parse(witness.key)
        with serving(data, "--config", str(config), "--workers", workers) as server:
            for turn in range(3):
                register(server, 50 * (turn + 1))
                head = cosigned_up_to_the_end(server)
                witness.kill()
                register(server, 3)  # while it is away
                witness.start()
                assert cosigned_up_to_the_end(server) == head + 3
                server.kill()
                server.start()
            audit = httpx2.get(f"{server.url}/health/audit").json()
            [standing] = audit["witnesses"]
            assert standing["logs"]["main"]["alarm"] is None
            server.stop()
    [file] = [file for file in (tmp_path / "w" / SEEN).iterdir() if b"/access\n" not in file.read_bytes()]
    note = Note.parse(file.read_bytes())
    assert note.signed_by(verifier)
    assert note.signed_by(Verifier(f"{base.name}/main", base.key))


def register(server: Server, patients: int) -> None:
    desk = Desk(server.url)
    desk.patients(patients)
    desk.close()


def cosigned_up_to_the_end(server: Server) -> int:
    """Wait until all entries of the log are cosigned; their number."""

    async def look() -> int:
        with trio.fail_after(30):
            while True:
                audit = httpx2.get(f"{server.url}/health/audit").json()
                entries = int(audit["logs"]["main"]["entries"])
                if audit["witnesses"][0]["logs"].get("main", {}).get("size") == entries:
                    return entries
                await trio.sleep(0.05)

    return trio.run(look)
