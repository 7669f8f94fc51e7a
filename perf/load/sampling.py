"""A look at processes once a second: processor time, memory, disk (``/proc``); and the server's account of itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import trio

from perf.client import answer, body, status
from perf.figures import Incorrect
from perf.runs import Sample

_TICK: Final = os.sysconf("SC_CLK_TCK")
_EVERY: Final = 1.0
_TRIES: Final = 20
"""Answers of which the shortest tells the way there and back."""

_GAUGES: Final = {
    "commits": ("commits", "count"), "entries": ("commits", "entries"), "lag": ("loop_lag", "sum"),
    "waiting": ("mailboxes", "waiting"), "longest": ("mailboxes", "longest"), "refused": ("mailboxes", "refused"),
    "pending": ("log", "pending_entries"), "paused": ("collector", "pauses", "sum"),
}  # fmt: skip


class Account:
    """The server's own account of its load, over a connection that is kept; nothing where it gives none."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self._place = (host, port)
        self._head = f"Host: {host}\r\n" + (f"Authorization: Bearer {key}\r\n" if key else "")
        self._link: trio.socket.SocketType | None = None
        self.told = True

    async def read(self) -> dict[str, Any] | None:
        """All of it; ``None`` where it is not told."""
        if not self.told:
            return None
        with trio.move_on_after(5.0):
            try:
                got = await self._get("/health/load")
            except (OSError, Incorrect):
                self.close()
                return None
            if status(got) == 200:
                found: dict[str, Any] = body(got)
                return found
            self.told = status(got) not in (401, 403, 404)
        return None

    async def round_trip(self) -> float:
        """Seconds of the shortest of some answers that need no engine."""
        taken = []
        for _ in range(_TRIES):
            begun = trio.current_time()
            await self._get("/health/live")
            taken.append(trio.current_time() - begun)
        return min(taken)

    async def _get(self, path: str) -> bytes:
        if self._link is None:
            self._link = trio.socket.socket()
            await self._link.connect(self._place)
        await self._link.send(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())
        return await answer(self._link)

    def close(self) -> None:
        """End the connection."""
        if self._link is not None:
            self._link.close()
            self._link = None


async def watch(
    account: Account, pid: int | None, senders: Sequence[int], begun: float, samples: list[Sample],
) -> None:  # fmt: skip
    """Look once a second until cancelled; ``pid`` stands for its children too, ``None``: they are elsewhere."""
    turn = 0
    while True:
        samples.append(look(pid, senders, trio.current_time() - begun, await account.read()))
        turn += 1
        await trio.sleep_until(begun + turn * _EVERY)


def look(pid: int | None, senders: Sequence[int], at: float, account: dict[str, Any] | None) -> Sample:
    """One look."""
    totals = dict.fromkeys(("rss", "anonymous", "read_bytes", "write_bytes", "threads"), 0)
    family = [] if pid is None else family_of(pid)
    for one in family:
        for name, value in _process(one).items():
            totals[name] += value
    return Sample(
        at=at,
        cpu=sum(map(cpu, family)),
        sender_cpu=sum(map(cpu, senders)),
        processes=len(family),
        load={} if account is None else _gauges(account),
        **totals,
    )


def family_of(pid: int) -> list[int]:
    """A process and all that it started, and those in turn."""
    found, at = [pid], 0
    while at < len(found):
        for thread in _listed(Path(f"/proc/{found[at]}/task")):  # a child is listed with the thread that started it
            with suppress(OSError):
                found.extend(map(int, (thread / "children").read_text("ascii").split()))
        at += 1
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def cpu(pid: int) -> float:
    """Seconds of processor time so far, all threads together; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def _process(pid: int) -> dict[str, int]:
    found: dict[str, int] = {}
    wanted = {"VmRSS": ("rss", 1024), "RssAnon": ("anonymous", 1024), "Threads": ("threads", 1),
              "read_bytes": ("read_bytes", 1), "write_bytes": ("write_bytes", 1)}  # fmt: skip
    for file in ("status", "io"):
        try:
            lines = Path(f"/proc/{pid}/{file}").read_text("utf-8").splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, value = line.partition(":")
            if name in wanted:
                key, unit = wanted[name]
                found[key] = int(value.split()[0]) * unit
    return found


def _gauges(account: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, path in _GAUGES.items():
        value: Any = account
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, int | float):
            found[name] = float(value)
    return found
