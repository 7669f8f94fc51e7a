"""The process and the machine that a measurement runs on: what they are, how much memory is held.

Knows no workload. Memory means anonymous resident bytes: the log's map is the page cache's and not counted.
"""

from __future__ import annotations

import gc
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import trio

from engine.eventlog.entry import FORMAT as ENTRY_FORMAT
from engine.eventlog.entry import RULEBOOK
from engine.eventlog.lmdb_reads import FORMAT, MAP_SIZE
from engine.process import GC_THRESHOLDS, SWITCH_INTERVAL

_LIBRARIES: Final = ("trio", "lmdb", "msgspec", "starlette", "hypercorn", "h11", "cryptography")


def forget() -> None:
    """Give back what an engine before this one left: when it was ready it had its memory set aside from collection."""
    gc.unfreeze()
    gc.collect()


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


def system() -> dict[str, Any]:
    """What a report tells of the machine and the log beyond that."""
    return {
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "distribution": _distribution(),
        "matron": _version(),
        "implementation": f"{platform.python_implementation()} {platform.python_version()}",
        "log": {"file": FORMAT.decode(), "entry": ENTRY_FORMAT, "rule book": RULEBOOK, "map": MAP_SIZE},
    }


def _version() -> str:
    try:
        return version("matron")
    except PackageNotFoundError:
        return "not installed, run from its source"


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


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


async def settle_disk() -> None:
    """Have the kernel write all that it was given so far: nobody's commits are to wait for what others have left."""
    await trio.to_thread.run_sync(os.sync)
