"""Says in the log when something stands still: an actor, the disk, or the loop itself; and when it goes on.

The same is in the figures, for alerts; this is for whoever has no Prometheus. It looks, and mends nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import trio

LOOK: Final = 1.0
"""Seconds between two looks."""

ACTOR: Final = 5.0
"""Seconds that a command may wait for its actor before that is said,"""
DISK: Final = 2.0
"""an entry for the disk,"""
LOOP: Final = 1.0
"""and a look for its turn."""

log = logging.getLogger("matron.watchdog")

Standing = Callable[[], tuple[float, float]]
"""How long the command has waited that waits longest for its actor, and the oldest entry for the disk (s)."""


async def watch(standing: Standing) -> None:
    """Look, until cancelled."""
    stalled = {"a command waits for its actor": 0.0, "an entry waits for the disk": 0.0}
    while True:
        due = trio.current_time() + LOOK
        await trio.sleep_until(due)
        late = trio.current_time() - due
        if late >= LOOP:
            log.error("the loop stood still for %.1f s", late)
        for (what, longest), seconds, limit in zip(stalled.items(), standing(), (ACTOR, DISK), strict=True):
            if seconds >= limit:
                if not longest:
                    log.error("%s for %.1f s now", what, seconds)
                stalled[what] = max(longest, seconds)
            elif longest:
                log.warning("no longer so: %s (for %.1f s at the longest)", what, longest)
                stalled[what] = 0.0
