"""The log of what took long: a line for each such command and query, with the parts of its way.

It says the row that leads to it, never what was asked: no body, no id of anybody. In an overload everything is slow:
so many lines a second are written, and how many were not.
"""

from __future__ import annotations

import logging
from typing import Final

import trio

from engine.timing import Slow, SlowLimit
from gateway.observing.settings import LogSettings
from gateway.routes import BASE, TABLE

LINES: Final = 20
"""Lines of a second; what comes beyond is only counted."""

ROUTES: Final = {row.name: BASE + row.path for row in reversed(TABLE)} | {"Batch": f"{BASE}/batch"}
"""The (first) path that leads to each command and query."""

log = logging.getLogger("matron.slow")


class SlowLog:
    """Hears of each (``tell``)."""

    def __init__(self) -> None:
        self._begun = float("-inf")
        self._written = 0
        self._left_out = 0

    def tell(self, slow: Slow) -> None:
        """Write it down, if there is room in this second."""
        now = trio.current_time()
        if now - self._begun >= 1.0:
            self._begun, self._written = now, 0
        if self._written >= LINES:
            self._left_out += 1
            return
        self._written += 1
        waited, decided, durable = slow.shares
        fields = {
            slow.sort: slow.name,
            "request_id": slow.request_id or None,
            "route": ROUTES.get(slow.name),
            "hospital": slow.hospital,
            "outcome": slow.outcome,
            "ms": _ms(slow.seconds),
            "waited_ms": _ms(waited),
            "decided_ms": _ms(decided),
            "durable_ms": _ms(durable),
            "behind": slow.behind,
            "pending_entries": slow.pending,
        }
        if self._left_out:
            fields["left_out"], self._left_out = self._left_out, 0
        log.warning("slow %s", slow.sort, extra={"fields": fields})


def slow_limit(settings: LogSettings, *, shares: bool = False) -> SlowLimit:
    """What the engine is told of it."""
    if not settings.slow_ms:
        return SlowLimit(shares=shares)
    return SlowLimit(settings.slow_ms / 1_000, SlowLog().tell, shares)


def _ms(seconds: float) -> float:
    return round(seconds * 1_000, 2)
