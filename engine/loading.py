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
from engine.feed import Feed
from engine.gauges import Gauges
from engine.notary import Notary
from engine.partition import Partition
from engine.process import Collector, process_figures
from engine.scheduler import Scheduler
from engine.snapshots import Snapshots


def load_of(
    begun: float, partitions: list[Partition], log: Log, gauges: Gauges, *, collector: Collector, feed: Feed,
    accesses: Accesses, scheduler: Scheduler, notary: Notary | None, snapshots: Snapshots,
) -> dict[str, Any]:  # fmt: skip
    """The whole of it; ``begun``: when the engine did, on trio's clock. Only ``by_log`` names hospitals."""
    now = trio.current_time()
    return {
        "uptime": round(now - begun, 3),
        "process": process_figures(),
        "collector": collector.document(),
        "log": {
            "pending_entries": log.pending,
            "pending_bytes": log.pending_bytes,
            "pending_seconds": round(log.pending_seconds, 6),
            "pending_age": round(log.pending_age, 6),
            "space": {"disk": log.space.disk, "map": log.space.map},
            "entries": sum(partition.tail.head for partition in partitions),
            "full": log.full,
        },
        "stream": {**asdict(feed.counts), **feed.kept()},
        "accesses": accesses.document(),
        "timers": {
            "set": sum(len(partition.book.timers) for partition in partitions),
            "fired": scheduler.fired,
            "held": scheduler.held,
            "late": scheduler.late.document(),
        },
        "waiting_longest": round(waiting_longest(partitions, now), 6),
        "checkpoint_faults": 0 if notary is None else notary.faults,
        "by_log": {
            "unsigned_seconds": {} if notary is None else notary.unsigned(),
            "snapshot_seconds": {hospital: round(now - at, 3) for hospital, at in snapshots.written.items()},
        },
        "operations": gauges.operations(),
        **gauges.document(sum(len(partition.mailboxes) for partition in partitions), policies=policies(partitions)),
    }


def standing_of(hospitals: int, log: Log, scheduler: Scheduler, accesses: Accesses, damage: str) -> dict[str, Any]:
    """What an operator wants to know of an engine that serves; ``damage``: of its log, if any was found."""
    detail: dict[str, Any] = {
        "hospitals": hospitals,
        "pending_entries": log.pending,
        "timers_held": scheduler.held,
        "storage_full": log.full,
        **accesses.trouble(),
    }
    return {**detail, "log_damage": damage} if damage else detail


def waiting_longest(partitions: list[Partition], now: float) -> float:
    """How long the message has waited that waits longest for its actor (s); 0 where none does."""
    came = [mailbox.since for partition in partitions for mailbox in partition.mailboxes.values()]
    return max([now - since for since in came if since is not None], default=0.0)
