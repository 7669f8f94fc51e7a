"""The documentation page in a real browser: it shows every operation, and needs nothing but this server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.serving import serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=60000",
    # Whatever is not this machine does not exist.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

pytestmark = pytest.mark.browser


def test_every_operation_is_shown_and_nothing_is_asked_of_anybody_else(tmp_path: Path) -> None:
    assert CHROMIUM is not None
    with serving(tmp_path / "data") as server:
        document = httpx2.get(f"{server.url}/api/openapi.json").json()
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"{server.url}/api/docs"]
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=120, env={**os.environ, "LANG": "C.UTF-8"}
        )
    operations = sum(
        method in ("get", "put", "post", "delete") for path in document["paths"].values() for method in path
    )
    assert len(re.findall(r'class="opblock ', shown.stdout)) == operations > 50
    complaints = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
