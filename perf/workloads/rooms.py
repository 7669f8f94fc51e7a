"""Rooms: what a look, a judgement and a choice cost, whether offers hold, and room bookings over HTTP beside OPD ones.

Over HTTP one server is asked in turn for tokens and for rooms, by the same number of connections: the bookings of a
room go through more hands (the room, the clinic's day, doctor and patient), and should not cost much more for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from perf.client import Load, Loaded, send
from perf.figures import Incorrect, Row, Target, ratios
from perf.load.clinic_rules import HARD, SOFT
from perf.load.clinics import equip
from perf.load.founding import Engineer, found_people
from perf.load.plan import Site
from perf.load.rooming import USERS, Wants
from perf.serving import server
from perf.size import Size, Tell
from perf.town import HOSPITAL, Town, bookings, found
from perf.verify.log import examine
from perf.workloads import room_choice, room_offers

SECTION: Final = "rooms over HTTP"

_SLOTS: Final = 100
_PATIENTS: Final = 500

CLINICS: Final = {"10 rooms, 3 rules": (10, 1, 2), f"50 rooms, {HARD + SOFT} rules": (50, HARD, SOFT)}
"""Rooms, hard and soft rules."""

_LIKE_OPD: Final = next(iter(CLINICS))


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of all three subjects."""
    return [
        *room_choice.measure(size, tell),
        *(await room_offers.measure(folder, size, tell)),
        *(await over_http(folder, size, tell)),
    ]


async def over_http(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Tokens and rooms in turn, closed loop."""
    data = folder / "data"
    tell("a hospital with its patients, and two clinics")
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        town = await found(engine, size.requests)
        capacity = -(-size.requests // _SLOTS)
        days = [await town.open_day(_SLOTS, capacity) for _ in range(size.rounds)]
        engineer = Engineer(engine)
        clinics: dict[str, Wants] = {}
        for name, (rooms, hard, soft) in CLINICS.items():
            # Doctors and patients of their own: slots and appointments are on the same days.
            site = await found_people(engineer, Site(HOSPITAL), doctors=USERS, patients=_PATIENTS)
            await equip(engineer, site, rooms, hard, soft)
            clinics[name] = Wants(site)
    values: dict[str, list[float]] = defaultdict(list)
    flags = ["serve", "--data", str(data), "--dev", "--bind", "127.0.0.1:0", "--no-request-log", "--log-level", "error"]
    async with server("gateway", flags) as served:
        for turn, slots in enumerate(days):
            tell(f"rooms over HTTP, round {turn + 1} of {size.rounds}")
            tokens = [msgspec.json.encode(command).decode() for command in bookings(slots, town.patients)]
            loads = {"tokens": ("/api/v1/tokens/", tokens)}
            for name, wants in clinics.items():
                loads[name] = ("/api/v1/appointments/", list(_bodies(wants, turn, size.requests)))
            for name, (path, bodies) in loads.items():
                before = served.busy()
                loaded = _checked(name, await send(Load(served.port, path, size.connections, bodies)), len(bodies))
                values[f"{name} busy"].append((served.busy() - before) / len(bodies) * 1e6)
                values[f"{name} rate"].append(loaded.rate)
                values[f"{name} p50"].append(loaded.p50)
                values[f"{name} p99"].append(loaded.p99)
    tell("counting what was booked")
    await _verify(data, town, days, size, tell)
    return _rows(values, size)


def _bodies(wants: Wants, turn: int, count: int) -> Iterator[str]:
    """So many bookings, on days that no other round has."""
    first = turn * 2 * (-(-count // USERS) // 2 + 1)
    for number in range(count):
        at, user = divmod(number, USERS)
        yield wants.booking(wants.people(first + at, user), wants.apart(first + at, user))


def _checked(name: str, loaded: Loaded, count: int) -> Loaded:
    if loaded.statuses != {201: count} or loaded.ids != count:
        raise Incorrect(f"{name}: {count} answers of 201 were due, {loaded.statuses} came, with {loaded.ids} ids")
    return loaded


async def _verify(data: Path, town: Town, days: list[list[str]], size: Size, tell: Tell) -> None:
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        await engine.until_ready()
        for slots in days:
            await Town(engine, town.doctors, town.patients).verify(slots, len(town.patients))
    verdicts = await examine(data, {}, tell)
    wrong = [f"{check.name}: {check.detail}" for check in verdicts.checks() if not check.ok]
    wanted, booked = len(CLINICS) * len(days) * size.requests, sum(sums.booked for sums in verdicts.rooms)
    if wrong or booked != wanted:
        raise Incorrect(f"{wanted} rooms were acknowledged, {booked} are booked; {'; '.join(wrong)}")


def _rows(values: dict[str, list[float]], size: Size) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    rows: list[Row] = []
    for name, what in (("tokens", "OPD booking"), *((name, f"room booking, {name}") for name in CLINICS)):
        least = Target("least", 20) if name in CLINICS else None
        rows.append(row(what, "answers/s", f"{name} rate", f"{size.connections} connections, closed loop", least))
        rows.append(row("  p50", "ms", f"{name} p50"))
        rows.append(row("  p99", "ms", f"{name} p99"))
        rows.append(row("  server", "µs/answer", f"{name} busy", "its processor time, all threads"))
    for name in CLINICS:
        values[f"of {name}"] = list(ratios(values[f"{name} rate"], values["tokens rate"]))
        target = Target("least", 70) if name == _LIKE_OPD else None
        rows.append(row(f"rooms of OPD bookings, {name}", "%", f"of {name}", "answers per second", target))
    return rows
