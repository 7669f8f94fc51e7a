"""A server that is not only killed while it serves, but frozen, and killed while it starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.serving import Server


class StruckServer(Server):
    """``matron serve --dev``, at the mercy of a test."""

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def start_and_kill(self, seconds: float) -> None:
        """Start it, and kill it so many seconds later, whatever it is doing then."""
        bind = self.url.removeprefix("http://")
        command = [sys.executable, "-m", "gateway", "serve", "--dev", "--data", str(self.data), "--bind", bind]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()


@contextmanager
def struck(data: Path, *more: str) -> Iterator[StruckServer]:
    """A server that is ready."""
    server = StruckServer(data, "--no-request-log", *more)
    try:
        server.start()
        yield server
    finally:
        server.close()
