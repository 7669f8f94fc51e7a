"""A real server in a process of its own, on a real disk: started as its user would, killed as a power cut would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

JSON = dict[str, Any]


class Server:
    """``matron serve --dev`` on this folder, or without ``--dev``; ``url`` ends without a slash. ``hours``: its clock's
    lead before this machine's."""

    def __init__(self, data: Path, *more: str, dev: bool = True, hours: int = 0) -> None:
        self.data = data
        self._program = ["tests.shifted", f"{hours}"] if hours else ["gateway"]
        self._dev = ["--dev"] if dev else []
        self._more = more
        self._log = (data.parent / f"{data.name}.log").open("ab")
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, on a port of the system's choice at first and on the same one later; returns when it is ready."""
        bind = self.url.removeprefix("http://") or "127.0.0.1:0"
        command = [sys.executable, "-m", *self._program, "serve", *self._dev, "--data", str(self.data), "--bind", bind]
        begun = self._log.tell()
        self._process = subprocess.Popen(
            [*command, *self._more], stdout=self._log, stderr=self._log, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        for _ in range(1_200):
            assert self._process.poll() is None, f"it ended: {self.said(begun)}"
            if found := re.search(r"on (http://[\d.]+:\d+)", self.said(begun)):
                self.url = found[1]
                break
            time.sleep(0.05)
        with httpx2.Client() as client:  # one: to make one takes longer than a start from a snapshot
            for _ in range(1_200):
                try:
                    if client.get(f"{self.url}/health/ready").status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                time.sleep(0.05)
        raise AssertionError(f"it never got ready: {self.said(begun)}")

    def said(self, since: int = 0) -> str:
        """What it wrote to its output."""
        return Path(self._log.name).read_bytes()[since:].decode()

    def kill(self) -> None:
        """As a power cut: SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Of the process that was started; with gateway processes, the one that has the engine."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(30)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._log.close()


@contextmanager
def serving(data: Path, *more: str, dev: bool = True, hours: int = 0) -> Iterator[Server]:
    """A server that is ready."""
    server = Server(data, *more, dev=dev, hours=hours)
    try:
        server.start()
        yield server
    finally:
        server.close()


def replay_check(data: Path) -> subprocess.CompletedProcess[str]:
    """``matron-replay check`` on this folder."""
    command = [sys.executable, "-m", "replay", "check", "--data", str(data), "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Desk:
    """A client that writes with one connection pool; every unexpected status is an error."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=f"{url}/api/v1", timeout=15)

    def post(self, path: str, body: JSON, status: int = 201, **headers: str) -> JSON:
        """Send a body and get the answer's."""
        answer = self._client.post(path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        made: JSON = answer.json()
        return made

    def get(self, path: str, **parameters: Any) -> JSON:
        """Read."""
        answer = self._client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        found: JSON = answer.json()
        return found

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def doctor(self, specialization: str = "Cardiology") -> str:
        """A new doctor's id."""
        return str(self.post("/doctors/", {"name": "Dr. Rao", "specialization": specialization})["id"])

    def slot(self, doctor: str, start: str, end: str, capacity: int) -> str:
        """A new slot's id."""
        times = {"start_time": start, "end_time": end}
        return str(self.post("/slots/", {"doctor": doctor, **times, "max_capacity": capacity})["id"])

    def patients(self, count: int) -> list[str]:
        """New patients' ids."""
        commands = [{"method": "POST", "path": "/patients/", "body": {"name": f"Patient {n}"}} for n in range(count)]
        results = self.post("/batch/", {"commands": commands}, 200)["results"]
        assert all(result["status"] == 201 for result in results)
        return [result["body"]["id"] for result in results]
