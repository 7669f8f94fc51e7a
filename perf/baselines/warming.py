"""What a baseline is asked before it is measured, so that its connections, threads and statements are there."""

from __future__ import annotations

from typing import Final

from perf.baselines.plan import Running, warming
from perf.client import Load, send
from perf.figures import Incorrect

_CONNECTIONS: Final = 50


async def warm(running: Running) -> None:
    """Book in the slot that does not count; ``Incorrect`` unless every booking is a success."""
    asked = warming(running.plan)
    loaded = await send(Load(running.port, running.path, _CONNECTIONS, asked))
    if loaded.statuses != {201: len(asked)} or loaded.ids != len(asked):
        raise Incorrect(f"{running.name}: {len(asked)} answers of 201 were due, {loaded.statuses} came")
