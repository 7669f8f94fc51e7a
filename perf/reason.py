"""Why a measurement counts for nothing, in one sentence."""

from __future__ import annotations

from engine.errors import Unavailable
from perf.figures import Incorrect


def reason(error: BaseException) -> str | None:
    """Of whatever ended it; ``None`` for a fault of the harness itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, Incorrect):
        return f"Not correct: {error}"
    if isinstance(error, (Unavailable, OSError)):
        return f"Cannot measure here: {error}"
    return None
