"""A newcomer's first minutes: ``make run``, two requests, stop. Knows HTTP and signals, nothing of the product's code.

It exits 0 when the demo became ready, listed its doctors, took a patient, and ended with status 0 on SIGTERM.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

READY_WITHIN = 420  # s, installation included: it downloads all packages
DEMO_WITHIN = 60  # s from ready until the demo's doctors are there
STOP_WITHIN = 30  # s from SIGTERM until the end


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(bind: str, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """Status and decoded body; status 0 while nobody listens."""
    connection = HTTPConnection(bind, timeout=10)
    try:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    except (OSError, HTTPException):
        return 0, None
    finally:
        connection.close()


def child_of(parent: int) -> int:
    """The process that make runs the recipe in, which is matron itself."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[1]) == parent:
            return int(stat.parent.name)
    sys.exit("make runs no process")


def main() -> None:
    bind = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    with subprocess.Popen(["make", "run", f"BIND={bind}"], start_new_session=True) as make:
        try:
            while (status := ask(bind, "GET", "/health/ready")[0]) != 200:
                if make.poll() is not None:
                    sys.exit(f"make run ended with {make.returncode} before it was ready")
                if time.monotonic() - began > READY_WITHIN:
                    sys.exit(f"not ready after {READY_WITHIN} s: /health/ready answers {status}")
                time.sleep(0.25)
            ready = time.monotonic()
            print(f"ready after {ready - began:.1f} s", flush=True)

            while not ((doctors := ask(bind, "GET", "/api/v1/doctors/"))[0] == 200 and doctors[1]["items"]):
                if time.monotonic() - ready > DEMO_WITHIN:
                    sys.exit(f"no doctors after {DEMO_WITHIN} s: {doctors}")
                time.sleep(0.25)
            patient = ask(bind, "POST", "/api/v1/patients/", {"name": "Asha Verma"})
            if patient[0] != 201:
                sys.exit(f"a patient was not taken: {patient}")
            print(f"{len(doctors[1]['items'])} doctors listed, one patient taken", flush=True)

            os.kill(child_of(make.pid), signal.SIGTERM)
            stopping = time.monotonic()
            code = make.wait(STOP_WITHIN)
            print(f"stopped after {time.monotonic() - stopping:.1f} s with status {code}", flush=True)
            if code != 0:
                sys.exit("SIGTERM is to end it with status 0")
        finally:
            if make.poll() is None:
                os.killpg(make.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
