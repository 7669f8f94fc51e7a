"""A run as it is kept: machine, commit and settings, and of each repeat all that was measured and checked. A JSON file.

Knows how to read and write one; not how it came about, nor how it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.clock import Clock, SystemClock
from perf.audience import Heard
from perf.figures import Incorrect, Row
from perf.load.order import Measured
from perf.load.plan import Settings
from perf.verify.room_sums import RoomSums
from perf.verify.ward_sums import WardSums

FORMAT: Final = 1


class Check(msgspec.Struct, frozen=True):
    """Something that must be true of the log after a load. ``count``: how many things were looked at."""

    name: str
    ok: bool
    count: int = 0
    detail: str = ""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look at processes, ``at`` seconds into the run; times are s, sizes bytes, all since the process's start.

    ``load``: gauges of the server's own account at that instant, where it gives one.
    """

    at: float
    cpu: float = 0.0
    rss: int = 0
    anonymous: int = 0
    read_bytes: int = 0
    write_bytes: int = 0
    threads: int = 0
    processes: int = 0
    sender_cpu: float = 0.0
    load: dict[str, float] = {}


class Hot(msgspec.Struct, frozen=True):
    """A function or a path of calls, and its share (0..1) of all samples: itself, and with all that it called."""

    name: str
    own: float
    total: float


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server's time went, by samples. ``missing``: why there is none."""

    samples: int = 0
    seconds: float = 0.0
    rate: int = 0
    functions: tuple[Hot, ...] = ()
    paths: tuple[Hot, ...] = ()
    areas: tuple[Hot, ...] = ()
    missing: str = ""


class Spell(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a load (seconds from its beginning), with or without an auditor; ``grown``: the log's file (bytes)."""

    begin: float
    end: float
    followed: bool
    grown: int


class Weight(msgspec.Struct, frozen=True):
    """What folding the log took of memory (bytes): up to where the load began, and in all."""

    before: int
    after: int


class Repeat(msgspec.Struct, kw_only=True):
    """One load, from its first request to the last check. ``before``, ``after``: the server's account of itself."""

    saturation: float = 0.0
    rate: float = 0.0
    measured: Measured
    samples: list[Sample] = []
    spells: list[Spell] = []
    """With and without an auditor, by turns; none where nobody was asked to follow the log."""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    round_trip: float = 0.0
    """Seconds of the shortest answer of a server that is not loaded yet: what the way there and back takes."""
    log_bytes: int = 0
    entries: int = 0
    weight: Weight | None = None
    checks: list[Check] = []
    heard: Heard | None = None
    """What those who followed the stream heard."""
    profile: Profile | None = None
    rooms: RoomSums | None = None
    """What became of all who asked for a room; ``None`` where nobody did."""
    wards: WardSums | None = None
    """What became of all who were admitted; ``None`` where nobody was."""

    @property
    def sound(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)


class Run(msgspec.Struct, kw_only=True):
    """A scenario that was run, once or several times."""

    format: int = FORMAT
    scenario: str
    objective: str
    expected: list[str]
    begun: str
    command: str
    commit: str
    server: str
    environment: dict[str, Any]
    settings: Settings
    workers: int = 0
    quick: bool = False
    data: dict[str, int] = {}
    repeats: list[Repeat] = []
    rows: list[Row] = []
    about: dict[str, dict[str, str]] = {}
    left_out: dict[str, str] = {}

    @property
    def violations(self) -> list[Check]:
        """Checks that failed, of all repeats."""
        return [check for repeat in self.repeats for check in repeat.checks if not check.ok]

    @property
    def verdict(self) -> str:
        """``violated``: it counts for nothing. ``missed``: a target was not reached. ``met``; or nothing was judged."""
        if self.violations:
            return "violated"
        verdicts = {row.verdict for row in self.rows}
        return "missed" if "missed" in verdicts else "met" if "met" in verdicts else "told"


def moment(clock: Clock | None = None) -> datetime:
    """Now."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=(clock or SystemClock()).wall())


def save(run: Run, folder: Path) -> Path:
    """Keep it under its scenario's name and the instant at which it began."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = run.begun.replace("-", "").replace(":", "").partition(".")[0].rstrip("Z")
    file = folder / f"{run.scenario}-{stamp}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
    return file


def load(file: Path) -> Run:
    """A kept run; ``Incorrect`` when the file is none."""
    try:
        run = msgspec.json.decode(file.read_bytes(), type=Run)
    except (OSError, msgspec.DecodeError) as error:
        raise Incorrect(f"{file} is no run of matron-perf: {error}") from error
    if run.format != FORMAT:
        raise Incorrect(f"{file} is of format {run.format}, this program knows {FORMAT}")
    return run


def load_all(places: Sequence[Path]) -> list[Run]:
    """Runs of files, and of all files in folders, the oldest first."""
    files = [file for place in places for file in (sorted(place.glob("*.json")) if place.is_dir() else [place])]
    return sorted((load(file) for file in files), key=lambda run: run.begun)
