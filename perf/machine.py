"""The process and the machine that a measurement runs on: what is tuned, what it was, how much memory it holds.

Knows no workload. Memory means anonymous resident bytes: the log's map is the page cache's and not counted.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

SWITCH_INTERVAL: Final = 0.0005
"""Seconds after which the commit's thread gives the interpreter back to the engine's; Python's own is 0.005."""

GC_THRESHOLDS: Final = (100_000, 50, 100)

_LIBRARIES: Final = ("trio", "lmdb", "msgspec", "starlette", "hypercorn", "h11")


def tune() -> None:
    """The settings of a server's process; called again after a set-up, whose objects are then left alone."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def anonymous_memory() -> int:
    """Bytes of this process that are resident and in no file."""
    gc.collect()
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("this system does not tell anonymous memory")


def environment(folder: Path) -> dict[str, Any]:
    """What a reader must know to compare figures."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "file_system": _file_system(folder),
        "switch_interval_seconds": SWITCH_INTERVAL,
        "gc_thresholds": list(GC_THRESHOLDS),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _file_system(folder: Path) -> str:
    place, kind, longest = str(folder.resolve()), "", 0
    for line in Path("/proc/self/mounts").read_text("utf-8").splitlines():
        _, where, what, *_ = line.split(" ")
        if len(where) >= longest and (place == where or place.startswith(where.rstrip("/") + "/")):
            kind, longest = what, len(where)
    return kind
