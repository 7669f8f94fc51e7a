"""A thousand patients who are admitted at once, in process: the slowest, with enough of everything and with too little.

Each round has a hospital of its own. All ask at the same instant, so the last waits for all others; an answer comes
once it is durable. Where beds are short the others wait, and are served as beds are made ready, one commit each.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.decisions.admissions import AdmitPatient
from engine.decisions.beds import CleanBed
from engine.decisions.discharge import DischargePatient
from engine.eventlog.lmdb_store import LmdbStore
from engine.process import settle_memory
from engine.runtime import Engine, open_engine
from perf.callers import Run, ask_all
from perf.figures import Incorrect, Row, Target
from perf.load.founding import Engineer
from perf.load.plan import Site
from perf.load.wards import admission, found_wards
from perf.size import Size, Tell
from perf.verify.log import examine

SECTION: Final = "surge"

_LIMIT: Final = 1_000.0
"""Milliseconds for the slowest of all."""

_CLEANERS: Final = 8


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    values: dict[str, list[float]] = defaultdict(list)
    data = folder / "surge"
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        await engine.until_ready()
        for turn in range(size.rounds):
            tell(f"surge, round {turn + 1} of {size.rounds}")
            await _surge(engine, f"enough-{turn}", size.surge, values)
            await _shortage(engine, f"short-{turn}", size.surge, values)
    tell("checking what was given to whom")
    verdicts = await examine(data, {}, tell)
    wrong = [f"{check.name}: {check.detail}" for check in verdicts.checks() if not check.ok]
    admitted = sum(sums.admitted for sums in verdicts.wards)
    if wrong or admitted != 2 * size.rounds * size.surge:
        raise Incorrect(f"{admitted} were admitted; {'; '.join(wrong)}")
    return _rows(values, size)


async def _surge(engine: Engine, hospital: str, crowd: int, values: dict[str, list[float]]) -> None:
    """There is enough: everybody is assigned in the commit that admits him or her."""
    site = await _found(engine, hospital, crowd, beds=round(crowd * 1.6) + 60)
    run = await _admit(engine, site)
    if (waiting := sum(status != "assigned" for status in _statuses(run))) > 0:
        raise Incorrect(f"{waiting} of {crowd} wait, and there is enough of everything")
    _waits("enough", run, values)


async def _shortage(engine: Engine, hospital: str, crowd: int, values: dict[str, list[float]]) -> None:
    """There are beds for some; each of those leaves, and each bed that is made ready serves one who waits."""
    site = await _found(engine, hospital, crowd, beds=round(crowd * 0.36) + 4)
    run = await _admit(engine, site)
    _waits("short", run, values)
    ids = [msgspec.msgpack.decode(reply.body) for reply in run.replies]
    lying = [one for one in ids if one["status"] == "assigned"]
    leave = [DischargePatient(admission_id=one["id"]) for one in lying]
    await ask_all(engine, hospital, leave, callers=_CLEANERS, outcome="ok")
    settle_memory()
    cleaning = [CleanBed(bed_id=one["bed_id"]) for one in lying]
    cleaned = await ask_all(engine, hospital, cleaning, callers=_CLEANERS, outcome="ok")
    served = sum(msgspec.msgpack.decode(reply.body)["state"] == "occupied" for reply in cleaned.replies)
    if served == 0:
        raise Incorrect("beds were made ready, and nobody who waited was given one")
    values["drain rate"].append(cleaned.rate)
    values["drain p95"].append(cleaned.wait(0.95))
    values["drain busy"].append(cleaned.busy / len(cleaned.replies) * 1e6)
    values["served"].append(100 * served / len(lying))


async def _found(engine: Engine, hospital: str, crowd: int, beds: int) -> Site:
    founder = Engineer(engine)
    staff = {"doctors": crowd // 8 + 10, "nurses": crowd // 3 + 20}
    site = await found_wards(founder, hospital, patients=crowd, beds=beds, **staff)
    settle_memory()
    return site


async def _admit(engine: Engine, site: Site) -> Run:
    commands: list[AdmitPatient] = [admission(patient, number) for number, patient in enumerate(site.patients)]
    return await ask_all(engine, site.hospital, commands, callers=len(commands))


def _statuses(run: Run) -> list[Any]:
    return [msgspec.msgpack.decode(reply.body)["status"] for reply in run.replies]


def _waits(name: str, run: Run, values: dict[str, list[float]]) -> None:
    values[f"{name} rate"].append(run.rate)
    values[f"{name} p50"].append(run.wait(0.5))
    values[f"{name} p95"].append(run.wait(0.95))
    values[f"{name} slowest"].append(run.waits[-1] * 1000)
    values[f"{name} busy"].append(run.busy / len(run.replies) * 1e6)


def _rows(values: dict[str, list[float]], size: Size) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    rows: list[Row] = []
    for key, what in (("enough", "enough of everything"), ("short", "beds for one in three")):
        target = Target("most", _LIMIT)
        rows += [
            row(
                f"{size.surge:,} admitted at once, {what}, slowest",
                "ms",
                f"{key} slowest",
                "the last waits for all",
                target,
            ),
            row("  p50", "ms", f"{key} p50"),
            row("  p95", "ms", f"{key} p95"),
            row("  admissions", "1/s", f"{key} rate"),
            row("  engine", "µs/admission", f"{key} busy", "its thread's processor time"),
        ]
    return [
        *rows,
        row("beds made ready while others wait", "beds/s", "drain rate", f"{_CLEANERS} cleaners, closed loop"),
        row("  p95", "ms", "drain p95", "who waited is served in the same commit"),
        row("  engine", "µs/bed", "drain busy", "its thread's processor time"),
        row("  of them given to who waits", "%", "served"),
    ]
