"""Live queues: a rush to one, the cost of depth, and calls while hundreds follow over WebSockets."""

from __future__ import annotations

from pathlib import Path

from perf.figures import Row
from perf.machine import forget
from perf.size import Size, Tell
from perf.workloads import queue_depth, queue_rush, streams


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    rows: list[Row] = []
    for part in (queue_rush, queue_depth, streams):
        rows += await part.measure(folder, size, tell)
        forget()
    return rows
