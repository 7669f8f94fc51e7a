"""Where a server's time goes, by a sampling profiler that looks at it from outside: functions, and paths of calls.

The profiler is py-spy, which comes with the extra ``perf``. What it needs and does not find is said, not guessed.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import trio

from perf.runs import Hot, Profile

RATE: Final = 100
"""Samples per second."""

_KEPT: Final = 40
"""Functions, and paths, that are kept."""

_DEPTH: Final = 7
"""Calls of a path that are named, the innermost ones."""

_FRAME: Final = re.compile(r"^(?P<name>.+?) \((?P<file>[^()]*?)(?::\d+)?\)$")
_INSTALL: Final = "install the extra perf: pip install 'matron[perf]'"


async def record(pid: int | None, seconds: float, folder: Path, found: list[Profile]) -> None:
    """Look at this process and its children for so long; ``found`` gets what was seen, or why nothing was."""
    program = profiler()
    if pid is None:
        found.append(Profile(missing="the server is not this machine's to look into"))
        return
    if program is None:
        found.append(Profile(missing=f"py-spy is not installed; {_INSTALL}"))
        return
    file = folder / "profile.folded"
    command = [
        program, "record", "--pid", str(pid), "--subprocesses", "--nonblocking", "--rate", str(RATE), "--format", "raw",
        "--duration", str(max(1, round(seconds))), "--output", str(file),
    ]  # fmt: skip
    done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    if not file.exists():
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        found.append(Profile(missing=f"py-spy could not look into the server ({said[-1]}); {permission()}"))
        return
    found.append(read(file.read_text("utf-8").splitlines(), seconds))


def profiler() -> str | None:
    """Where py-spy is: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


def permission() -> str:
    """What lets one process look into another here."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    level = scope.read_text("ascii").strip() if scope.exists() else "0"
    if level == "0":
        return "it needs the right to trace processes (CAP_SYS_PTRACE in a container)"
    return f"set kernel.yama.ptrace_scope to 0 (it is {level}), or give py-spy CAP_SYS_PTRACE"


def read(lines: Iterable[str], seconds: float) -> Profile:
    """Of folded stacks, the outermost call first, a count behind each."""
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    areas: Counter[str] = Counter()
    samples = 0
    for line in lines:
        stack, _, number = line.rpartition(" ")
        if not number.isdigit() or not stack:
            continue
        count = int(number)
        frames = [called(frame) for frame in stack.split(";") if not frame.startswith(("process ", "thread "))]
        if not frames:
            continue
        samples += count
        own[frames[-1]] += count
        for frame in set(frames):
            total[frame] += count
        paths[" → ".join(frames[-_DEPTH:])] += count
        areas[area(frames)] += count
    if not samples:
        return Profile(missing="the profiler saw the server do nothing")

    def hot(counts: Counter[str]) -> tuple[Hot, ...]:
        return tuple(Hot(name, own[name] / samples, n / samples) for name, n in counts.most_common(_KEPT))

    by_own = [Hot(name, n / samples, total[name] / samples) for name, n in own.most_common(_KEPT)]
    by_total = [one for one in hot(total) if one.name not in own.keys() & {row.name for row in by_own}]
    return Profile(
        samples=samples,
        seconds=seconds,
        rate=RATE,
        functions=(*by_own, *by_total),
        paths=tuple(Hot(name, n / samples, n / samples) for name, n in paths.most_common(_KEPT)),
        areas=tuple(Hot(name, n / samples, n / samples) for name, n in areas.most_common()),
    )


def called(frame: str) -> str:
    """``handle (engine/partition.py)`` of a frame with its line and the place where it is installed."""
    found = _FRAME.match(frame)
    if found is None:
        return frame
    file = found["file"]
    for mark in ("/site-packages/", "/lib/python3.11/", "/lib/python3.12/", "/lib/python3.13/"):
        file = file.rpartition(mark)[2]
    for package in ("engine/", "gateway/", "perf/"):
        at = file.find("/" + package)
        file = file[at + 1 :] if at >= 0 else file
    return f"{found['name']} ({file})"


def area(frames: list[str]) -> str:
    """Which part of the program a sample is of: that of its innermost frame which is of a part."""
    for frame in reversed(frames):
        for area, marks in AREAS.items():
            if any(mark in frame for mark in marks):
                return area
    return "the rest of Python"


AREAS: Final = {
    "disk: LMDB and its writer": ("engine/eventlog/lmdb", "engine/eventlog/directory"),
    "log: encoding and group commit": ("engine/eventlog/",),
    "choosing rooms": ("engine/rules", "engine/decisions/rooming"),
    "rules: deciding and evolving": (
        "engine/actors",
        "engine/decisions",
        "engine/calendar",
        "engine/decider",
        "engine/recurrence",
    ),
    "reads": ("engine/views", "engine/reading"),
    "stream": (
        "engine/feed",
        "engine/channel",
        "engine/subscription",
        "engine/topics",
        "engine/deltas",
        "engine/room_deltas",
    ),
    "actors and mailboxes": ("engine/",),
    "front door": ("gateway/door", "gateway/server"),
    "between processes": ("gateway/link", "gateway/worker"),
    "gateway": ("gateway/",),
    "Starlette and Hypercorn": ("starlette/", "hypercorn/", "h11/", "wsproto/"),
    "scheduler": ("trio/", "outcome/"),
}
"""Parts of the program by what stands in the names of their frames; the first that fits counts."""
