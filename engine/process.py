"""How the Python process is set up for an engine: turns between threads, garbage collection, open files.

The collector's policy. An engine's objects are counted in millions, live for days and form no cycles; cycles come from
exceptions and closed connections, and are few. So what was read at the start is set aside and never looked through
again (``settle_memory``), young objects are looked at in small portions, and all that came since the start only while
nobody asks for anything, after which it is set aside too (``Collector``).

Measured with 200,000 bookings by 500 callers in one process, two cores with other work, pauses from ``/health/load``:
with portions of 50,000 and 20 (as it was) 10 pauses of 6 to 15 ms, 0.5 % of the time, and after 400,000 bookings one
of 20 times as many objects; with 5,000 and 5, pauses of 2 to 3 ms and every fifth of 6 to 15 ms, 1.6 to 2.4 %; with
2,000 and 10 the same share. Setting all aside every second costs nothing (2 pauses), but would keep the cycles of
every connection that was open then, so that is done in quiet hours only.
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from engine.clock import SystemClock
from engine.gauges import Histogram

SWITCH_INTERVAL: Final = 0.0005
"""Seconds that the engine's thread may keep the interpreter while the log's writer wants it back.

The writer gives it up for each call into LMDB and needs it again a few times in every commit; with Python's 5 ms a
commit under load would take tens of milliseconds instead of one or two.
"""

GC_THRESHOLDS: Final = (10_000, 5, 100)
"""Young objects looked through at once, and how many times until those that were left are looked through again."""

_NEVER: Final = 1_000_000_000

_GROWN: Final = 4
"""Looks at the middle generation (50,000 objects each) after which a quiet moment is used to look at all."""

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
    """No search for rubbish meanwhile: for reading a log, which makes millions of objects and no cycles.

    They are set aside before the collector may look again: else its next run would be through all of them.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        settle_memory(rubbish=False)
        if collects:
            gc.enable()


def settle_memory(*, rubbish: bool = True) -> None:
    """Call when recovery is over: what is there by then stays, and is not looked through again.

    Without ``rubbish`` nothing is collected before: a process that has only just read its log has made no cycles,
    and looking for them through a million entries' states would take more than a second. A process that was not
    tuned is left alone: it may open one engine after another, and what is set aside is never given back.
    """
    if not _tuned():
        return
    if rubbish:
        gc.collect()
    gc.freeze()


def _tuned() -> bool:
    return gc.get_threshold()[:2] == GC_THRESHOLDS[:2]


class Collector:
    """The garbage collector while an engine lives: how long it held the process up, noted inside the ``with`` block.

    In a tuned process it does not look through everything by itself there: ``tidy`` does, when that holds nobody up.
    The collector runs in whatever thread made the last object, between any two instructions of it: what is done here
    must not need anything but the machine's clock.
    """

    def __init__(self) -> None:
        self.pauses = Histogram()
        self.collections = [0, 0, 0]
        self.tuned = False
        self._clock = SystemClock()
        self._begun = 0
        self._tidied = 0

    def __enter__(self) -> None:
        self.tuned = _tuned()
        if self.tuned:
            gc.set_threshold(*GC_THRESHOLDS[:2], _NEVER)
        gc.callbacks.append(self._note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gc.callbacks.remove(self._note)
        if self.tuned:
            gc.set_threshold(*GC_THRESHOLDS)

    @property
    def due(self) -> bool:
        """Whether enough has come since the last time that looking through it is worth a pause of 0.1 s or more."""
        return self.collections[1] - self._tidied >= _GROWN

    def tidy(self) -> None:
        """Look through all that came since the start or the last time, and set aside what is left."""
        self._tidied = self.collections[1]
        settle_memory()

    def _note(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._begun = self._clock.monotonic()
        elif self._begun:
            self.pauses.note((self._clock.monotonic() - self._begun) / 1e6)
            self.collections[info["generation"]] += 1

    def document(self) -> dict[str, Any]:
        """Runs by generation, their length, the thresholds, and how many objects are set aside for good."""
        return {
            "collections": list(self.collections),
            "pauses": self.pauses.document(),
            "thresholds": list(gc.get_threshold()),
            "frozen": gc.get_freeze_count(),
        }


def process_figures() -> dict[str, float]:
    """What this process has used: processor (s), memory and threads now, bytes read from disks and written to them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    status, io = _kernel("status"), _kernel("io")
    return {
        "cpu": round(used.ru_utime + used.ru_stime, 6),
        "rss": status.get("VmRSS", 0) * 1024,
        "anonymous": status.get("RssAnon", 0) * 1024,
        "threads": status.get("Threads", 0),
        "read_bytes": io.get("read_bytes", 0),
        "write_bytes": io.get("write_bytes", 0),
    }


def _kernel(file: str) -> dict[str, int]:
    """The numbers that the kernel tells of this process; none where it has no such file, or shows it to nobody."""
    try:
        lines = (Path("/proc/self") / file).read_text().splitlines()
    except OSError:
        return {}
    rows = [line.replace(":", " ").split() for line in lines]
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}
