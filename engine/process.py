"""How the Python process is set up for an engine: turns between threads, garbage collection, open files."""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SWITCH_INTERVAL: Final = 0.0005
"""Seconds that the engine's thread may keep the interpreter while the log's writer wants it back.

The writer gives it up for each call into LMDB and needs it again a few times in every commit; with Python's 5 ms a
commit under load would take tens of milliseconds instead of one or two.
"""

GC_THRESHOLDS: Final = (50_000, 20, 100)
"""Objects are counted in millions here and hardly ever form cycles: look for these rarely."""


DESCRIPTORS: Final = 65_536
"""Open files to allow, where the system lets us: each connection is one, and the usual 1,024 are soon used up."""


def tune_process() -> None:
    """Call once, before anything is made."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*GC_THRESHOLDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for rubbish meanwhile: for reading a log, which makes millions of objects and no cycles."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def settle_memory(*, rubbish: bool = True) -> None:
    """Call when recovery is over: what is there by then stays, and is not looked through again.

    Without ``rubbish`` nothing is collected before: a process that has only just read its log has made no cycles,
    and looking for them through a million entries' states would take more than a second. A process that was not
    tuned is left alone: it may open one engine after another, and what is set aside is never given back.
    """
    if gc.get_threshold() != GC_THRESHOLDS:
        return
    if rubbish:
        gc.collect()
    gc.freeze()
