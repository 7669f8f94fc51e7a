"""Whether what a refusal offers can be had: each offer is taken at once, by whoever was refused, and must be given.

In process, one after the other, so that nobody can have been faster. On the way: how long a refusal with its offers
takes, and how often a clinic's compiled rules were at hand.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Final

import msgspec

from engine.actors.clinic.policies import cache_counts
from engine.actors.clinic.state import clinic_key
from engine.decisions.book_appointment import BookAppointment
from engine.errors import Rejected
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import Engine, open_engine
from perf.callers import CLERK
from perf.figures import Incorrect, Row, Target, percentile
from perf.load.clinic_rules import HARD, SOFT
from perf.load.clinics import found_clinic
from perf.load.founding import FAR, Engineer
from perf.load.plan import Site
from perf.load.rooming import USERS
from perf.size import Size, Tell
from perf.town import HOSPITAL
from perf.verify.log import examine

SECTION: Final = "offers of rooms"

_ROOMS: Final = 10
_FIT: Final = 9
"""The first ones; the tenth is for isolation alone. In every other hour all of them are held."""

_TAKEN: Final = 7
"""Rooms that are held before somebody asks for one of them."""

_APART: Final = 3
"""Days from one crowded hour to the next: an offer reaches no other one."""


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    values: dict[str, list[float]] = defaultdict(list)
    data = folder / "offers"
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        await engine.until_ready()
        tell("a clinic of ten rooms and thirty rules")
        site = await found_clinic(
            Engineer(engine), HOSPITAL, rooms=_ROOMS, doctors=USERS, patients=USERS, hard=HARD, soft=SOFT
        )
        desk = _Desk(engine, site)
        for turn in range(size.rounds):
            tell(f"offers of rooms, round {turn + 1} of {size.rounds}")
            await desk.round(size.taken, values)
        cell = engine.partitions[HOSPITAL].book.cell(clinic_key(site.clinic))
        assert cell is not None
        hit, missed = cache_counts(cell.state)
        values["policies"].append(100 * hit / (hit + missed))
    wrong = [f"{check.name}: {check.detail}" for check in (await examine(data, {}, tell)).checks() if not check.ok]
    if wrong:
        raise Incorrect("; ".join(wrong))
    return _rows(values)


class _Desk:
    """Books one after the other. ``hours`` counts those that were crowded."""

    def __init__(self, engine: Engine, site: Site) -> None:
        self.engine = engine
        self.site = site
        self.hours = 0
        self._random = Random("offers")  # noqa: S311  it guards nothing

    async def round(self, attempts: int, values: dict[str, list[float]]) -> None:
        """So many ask for a room that is taken, or for any where none is left, and take what is offered instead."""
        waits: list[float] = []
        offered = failed = 0
        while len(waits) < attempts:
            named = self.hours % 2 == 0
            taken = await self._crowd(_TAKEN if named else _FIT)
            for user in range(_FIT, _FIT + _TAKEN):
                want = self._want(user, room_id=self._random.choice(taken) if named else None)
                begun = perf_counter()
                offers = await self._refused(want)
                waits.append(perf_counter() - begun)
                chosen = self._random.choice([*offers["rooms"], *offers["times"]])
                offered += 1
                failed += not await self._taken(want, chosen)
        waits.sort()
        values["waits p50"].append(1000 * percentile(waits, 0.50))
        values["waits p95"].append(1000 * percentile(waits, 0.95))
        values["offered"].append(offered)
        values["failed"].append(failed)

    async def _crowd(self, count: int) -> list[str]:
        """A new hour in which so many rooms are held."""
        self.hours += 1
        taken = self._random.sample(self.site.rooms[:_FIT], count)
        for user, room in enumerate(taken):
            await self.engine.ask(HOSPITAL, self._want(user, room_id=room), CLERK)
        return taken

    async def _refused(self, want: BookAppointment) -> dict[str, Any]:
        try:
            await self.engine.ask(HOSPITAL, want, CLERK)
        except Rejected as refusal:
            offers: dict[str, Any] = msgspec.to_builtins(refusal.facts["alternatives"])
            if not offers["rooms"] and not offers["times"]:
                raise Incorrect(f"{refusal.code} offered nothing, in a day that is almost empty") from refusal
            return offers
        raise Incorrect("a room that is taken was given again")

    async def _taken(self, want: BookAppointment, offer: dict[str, Any]) -> bool:
        """Whether an offer could be had at once."""
        instead: dict[str, Any] = {"room_id": offer["room_id"]}
        if "start_time" in offer:
            instead |= {name: FAR + _since(offer[name]) for name in ("start_time", "end_time")}
        try:
            await self.engine.ask(HOSPITAL, msgspec.structs.replace(want, **instead), CLERK)
        except Rejected:
            return False
        return True

    def _want(self, user: int, room_id: str | None) -> BookAppointment:
        start: datetime = FAR + timedelta(days=self.hours * _APART, hours=10)
        site = self.site
        return BookAppointment(
            clinic_id=site.clinic, patient_id=site.patients[user], doctor_id=site.doctors[user],
            start_time=start, end_time=start + timedelta(minutes=20), room_id=room_id,
        )  # fmt: skip


def _since(time: int) -> timedelta:
    """From the first day of these loads to an instant (µs)."""
    return timedelta(microseconds=time - round(FAR.timestamp()) * 1_000_000)


def _rows(values: dict[str, list[float]]) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    return [
        row("offers taken at once", "", "offered", "a room at that time, or another time"),
        row("  that could not be had", "", "failed", target=Target("most", 0)),
        row("refusal with its offers, p50", "ms", "waits p50", "in process, 30 rules: each offer is tested"),
        row("  p95", "ms", "waits p95", target=Target("most", 50)),
        row("policy cache", "%", "policies", "compiled rules that were at hand", Target("least", 99)),
    ]
