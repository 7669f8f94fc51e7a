"""Room bookings by Matron and by FastAPI with a PostgreSQL exclusion constraint, in turn, on the same machine and disk.

Each books the same appointments by fifty connections that ask again when they are answered: a room that nobody holds,
with the least equipment, for a doctor and a patient who are nowhere else. Each answers when the booking is durable.
First up to five want the same time in a clinic of ten rooms, and come in no order; then forty want one time of a clinic
of fifty, and come together.
"""

from __future__ import annotations

import stat
from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

from engine.decider import PersonName
from engine.decisions.clinics import AddClinic
from engine.decisions.doctors import AddDoctor
from engine.decisions.patients import RegisterPatient
from engine.decisions.room_rules import ActivateRules, AddRule
from engine.decisions.rooms import AddRoom
from engine.eventlog.lmdb_store import LmdbStore
from engine.rules.kinds import EquipmentParsimony, RoomTypeMatch
from engine.runtime import open_engine
from gateway.auth import DEV_HOSPITAL
from perf.baselines import rooms as fastapi
from perf.baselines.room_plan import CLEANING, TYPE, WARMING, Ids, RoomPlan, bodies, equipment, warming
from perf.client import Load as Closed
from perf.client import Loaded, send
from perf.figures import Incorrect, Row, Target
from perf.load.founding import Engineer
from perf.load.plan import Settings
from perf.load.sampling import cpu, family_of
from perf.load.scenario import Compared, Comparison, Context
from perf.machine import settle_disk
from perf.serving import server
from perf.verify.log import examine

STACK: Final = "fastapi"
MATRON: Final[dict[str, tuple[str, ...]]] = {"matron": (), "matron in two": ("--workers", "1")}
"""As one process; and with a gateway process beside the engine's, as the stack has its database beside it."""

_AIM: Final = 2.0
_QUICK_WARMING: Final = 40
_PATH: Final = "/api/v1/appointments/"


class Kind(NamedTuple):
    """One of the loads."""

    name: str
    plan: RoomPlan


KINDS: Final = (
    Kind("5 of 10 rooms", RoomPlan(rooms=10, together=5, bookings=6_000)),
    Kind("40 at once, 50 rooms", RoomPlan(rooms=50, together=40, bookings=6_000, rush=True)),
)
QUICK: Final = (Kind("5 of 10 rooms", RoomPlan(rooms=10, together=5, bookings=60)),)


async def measure(context: Context) -> Compared:
    """The stack, where it is installed, in turn with Matron, as often as asked."""
    made = Compared()
    if why := fastapi.missing():
        made.left_out[STACK] = why
    values: dict[str, list[float]] = defaultdict(list)
    kinds = QUICK if context.quick else KINDS
    # A database server does not run as root; its own user must be able to come to its folder.
    context.folder.chmod(context.folder.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH | stat.S_IRGRP | stat.S_IROTH)
    for turn in range(context.repeats):
        for kind in kinds:
            for name in (STACK, *MATRON):
                if name in made.left_out:
                    continue
                context.tell(f"{name}, {kind.name}, {turn + 1} of {context.repeats}")
                folder = context.folder / f"{name.replace(' ', '-')}-{turn}-{kind.plan.rooms}"
                folder.mkdir(mode=0o755)
                if name in MATRON:
                    await _matron(context, kind, folder, name, values)
                    continue
                try:
                    made.about[name] = await _stack(context, kind, folder, values)
                except OSError as error:
                    made.left_out[name] = f"it could not be started: {error}"
    made.rows = _rows(values, kinds, context)
    return made


async def _stack(context: Context, kind: Kind, folder: Path, values: dict[str, list[float]]) -> dict[str, str]:
    async with fastapi.running(folder, kind.plan, context.tell) as running:
        await settle_disk()
        before = sum(map(cpu, running.pids))
        loaded = await send(Closed(running.port, running.path, context.settings.connections, running.bodies))
        _keep(values, STACK, kind, loaded, sum(map(cpu, running.pids)) - before)
        wanted = kind.plan.bookings + WARMING
        if (count := await fastapi.booked(running)) != wanted:
            raise Incorrect(f"{STACK}: {wanted} were acknowledged, {count} are booked")
        return running.about


async def _matron(context: Context, kind: Kind, folder: Path, name: str, values: dict[str, list[float]]) -> None:
    data, plan = folder / "data", kind.plan
    async with open_engine(LmdbStore(data, allow_any_filesystem=context.any_disk)) as engine:
        await engine.until_ready()
        ids = await _found(Engineer(engine), plan)
    count = _QUICK_WARMING if context.quick else WARMING
    flags = ["serve", "--data", str(data), "--dev", "--bind", "127.0.0.1:0", "--no-request-log", "--log-level", "error"]
    async with server("gateway", [*flags, *MATRON[name]]) as served:
        warm = await send(Closed(served.port, _PATH, context.settings.connections, warming(plan, ids, count)))
        _sound(name, warm, count)
        await settle_disk()
        before = sum(map(cpu, family_of(served.pid)))
        loaded = await send(Closed(served.port, _PATH, context.settings.connections, bodies(plan, ids)))
        _keep(values, name, kind, loaded, sum(map(cpu, family_of(served.pid))) - before)
    verdicts = await examine(data, {}, context.tell)
    wrong = [f"{check.name}: {check.detail}" for check in verdicts.checks() if not check.ok]
    booked = sum(sums.booked - sums.without_room for sums in verdicts.rooms)
    if wrong or booked != plan.bookings + count:
        raise Incorrect(f"{name}: {plan.bookings + count} were acknowledged, {booked} are booked; {'; '.join(wrong)}")


async def _found(engineer: Engineer, plan: RoomPlan) -> Ids:
    """The clinic that the stack has in its tables."""
    await engineer.add(DEV_HOSPITAL)

    async def make(*commands: object, outcome: str = "created") -> list[str]:
        return await engineer.make(DEV_HOSPITAL, list(commands), outcome)

    [clinic] = await make(AddClinic(name="Clinic"))
    await make(
        *(
            AddRoom(
                clinic_id=clinic, name=f"Room {number}", type=TYPE, equipment=equipment(number), capacity=2,
                cleaning_minutes=CLEANING,
            )
            for number in range(plan.rooms)
        )
    )  # fmt: skip
    await make(
        AddRule(clinic_id=clinic, rule=RoomTypeMatch(name="The type that is asked for")),
        AddRule(clinic_id=clinic, rule=EquipmentParsimony(name="The least equipment")),
    )
    await make(ActivateRules(clinic_id=clinic), outcome="ok")
    people = range(plan.together)
    doctors = await make(*(AddDoctor(name=PersonName(f"Number {n}"), specialization="Medicine") for n in people))
    return Ids(clinic, doctors, await make(*(RegisterPatient(name=PersonName(f"Number {n}")) for n in people)))


def _sound(name: str, loaded: Loaded, count: int) -> None:
    if loaded.statuses != {201: count} or loaded.ids != count:
        raise Incorrect(f"{name}: {count} answers of 201 were due, {loaded.statuses} came, with {loaded.ids} ids")


def _keep(values: dict[str, list[float]], name: str, kind: Kind, loaded: Loaded, busy: float) -> None:
    _sound(name, loaded, kind.plan.bookings)
    for what, value in (
        ("rate", loaded.rate), ("p50", loaded.p50), ("p99", loaded.p99), ("busy", busy / kind.plan.bookings * 1e6),
    ):  # fmt: skip
        values[f"{name} {kind.name} {what}"].append(value)


def _rows(values: dict[str, list[float]], kinds: tuple[Kind, ...], context: Context) -> list[Row]:
    rows: list[Row] = []
    notes = {"rate": f"{context.settings.connections} connections, closed loop", "busy": "of all its processes"}
    for kind in kinds:
        for name in (STACK, *MATRON):
            for what, unit in (("rate", "bookings/s"), ("p50", "ms"), ("p99", "ms"), ("busy", "µs/booking")):
                if found := values[f"{name} {kind.name} {what}"]:
                    label = f"{name}, {kind.name}" + ("" if what == "rate" else f": {what}")
                    rows.append(_row(label, unit, found, notes.get(what, "")))
        for ours in MATRON:
            pairs = zip(values[f"{ours} {kind.name} rate"], values[f"{STACK} {kind.name} rate"], strict=False)
            if ratios := [mine / theirs for mine, theirs in pairs]:
                rows.append(_row(f"{ours} by {STACK}, {kind.name}", "times", ratios, "", Target("least", _AIM)))
    return rows


def _row(name: str, unit: str, values: list[float], note: str, target: Target | None = None) -> Row:
    return Row(section="room baselines", name=name, unit=unit, values=tuple(values), note=note, target=target)


SCENARIO: Final = Comparison(
    name="room-baselines",
    objective="The same room bookings by FastAPI with an exclusion constraint, and by Matron, in turn.",
    expected=(
        "twice the rate of FastAPI with asyncpg, tuned",
        "no room, doctor or patient in two places at one time in either of them",
    ),
    defaults=Settings(connections=50),
    quick=Settings(connections=10),
    measure=measure,
)
