"""A server's certificate replaced while it serves, in one process and in several: nobody is turned away."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from gateway.door.tls import TROUBLE
from tests.gateway.access.certificates import Pair, certify

REQUEST = b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


class Server:
    """``matron serve`` with TLS; ``visit`` makes a new connection."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, trust: ssl.SSLContext) -> None:
        self.process = process
        self.visits = 0
        self._port = port
        self._trust = trust

    def visit(self) -> tuple[str, dict[str, object]]:
        """Who answers, and what of its health. A connection that is refused or cut fails the test."""
        self.visits += 1
        with (
            socket.create_connection(("127.0.0.1", self._port), 30) as plain,
            self._trust.wrap_socket(plain, server_hostname="localhost") as spoken,
        ):
            certificate = spoken.getpeercert()
            spoken.sendall(REQUEST)
            answer = b""
            while data := spoken.recv(65_536):
                answer += data
        assert certificate is not None
        [name] = [part[0][1] for part in certificate["subject"] if part[0][0] == "organizationName"]
        return str(name), json.loads(answer.partition(b"\r\n\r\n")[2])

    def until(self, seen: Callable[[str, dict[str, object]], bool]) -> None:
        """Come again and again, until this has been seen eight times in a row: each process has had its turn."""
        row = 0
        for _ in range(3_000):
            row = row + 1 if seen(*self.visit()) else 0
            if row == 8:
                return
        raise AssertionError("it was never seen")


@contextmanager
def serving(folder: Path, pair: Pair, workers: int) -> Iterator[Server]:
    configured = folder / "matron.toml"
    configured.write_text(f'[door]\ncertfile = "{pair.certificate}"\nkeyfile = "{pair.key}"\n')
    command = [sys.executable, "-m", "gateway", "serve", "--dev", "--data", str(folder / "data"), "--bind"]
    more = ["127.0.0.1:0", "--config", str(configured), "--workers", str(workers), "--log-level", "error"]
    with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            found = re.search(rb"https://127\.0\.0\.1:(\d+)", process.stdout.readline())
            assert found is not None
            yield Server(process, int(found[1]), pair.trust)
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_a_new_certificate_is_taken_up_by_all_processes(tmp_path: Path) -> None:
    pair = certify(tmp_path, "first")
    with serving(tmp_path, pair, workers=2) as server:
        server.until(lambda name, health: name == "first" and health["status"] == "ready")
        certify(tmp_path, "second")
        server.until(lambda name, health: name == "second" and "tls" not in health)


@pytest.mark.long
@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_certificate_is_taken_up_by_none_and_said_until_it_is_mended(tmp_path: Path, workers: int) -> None:
    pair = certify(tmp_path, "first")
    with serving(tmp_path, pair, workers) as server:
        pair.certificate.write_bytes(b"half a certificate")
        server.until(lambda name, health: name == "first" and health.get("tls") == TROUBLE)
        certify(tmp_path, "second")
        server.until(lambda name, health: name == "second" and "tls" not in health)
        server.process.send_signal(signal.SIGHUP)
        for _ in range(200):
            assert server.visit()[0] == "second"


@pytest.mark.parametrize("key", ["nowhere.pem", ""])
def test_a_certificate_that_cannot_be_used_is_told_before_anything_is_served(tmp_path: Path, key: str) -> None:
    configured = tmp_path / "matron.toml"
    configured.write_text('[door]\ncertfile = "nowhere.pem"\n' + (f'keyfile = "{key}"\n' if key else ""))
    checked = CliRunner().invoke(main, ["check", "--dev", "--config", str(configured)])
    assert checked.exit_code == 2
    assert ("nowhere.pem" if key else "given together") in checked.output
