"""How hard an engine and its process work, as plain maps: counters and histograms since the start.

Everything is counted elsewhere; here it is only put side by side for whoever asks.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import trio

from engine.access import Accesses
from engine.census import policies
from engine.eventlog.log import Log
from engine.gauges import Gauges
from engine.partition import Partition
from engine.process import Collector, process_figures
from engine.scheduler import Scheduler
from engine.subscription import FeedCounts


def load_of(
    begun: float, partitions: list[Partition], log: Log, gauges: Gauges, *, collector: Collector, stream: FeedCounts,
    accesses: Accesses, scheduler: Scheduler,
) -> dict[str, Any]:  # fmt: skip
    """The whole of it; ``begun``: when the engine did, on trio's clock."""
    return {
        "uptime": round(trio.current_time() - begun, 3),
        "process": process_figures(),
        "collector": collector.document(),
        "log": {
            "pending_entries": log.pending,
            "pending_bytes": log.pending_bytes,
            "pending_seconds": round(log.pending_seconds, 6),
            "entries": sum(partition.tail.head for partition in partitions),
            "full": log.full,
        },
        "stream": asdict(stream),
        "accesses": accesses.document(),
        "timers": {
            "set": sum(len(partition.book.timers) for partition in partitions),
            "fired": scheduler.fired,
            "held": scheduler.held,
        },
        **gauges.document(sum(len(partition.mailboxes) for partition in partitions), policies=policies(partitions)),
    }
