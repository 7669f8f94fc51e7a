"""What one booking costs in a slot, or a waiting list, of thousands, against one of ten.

Told by the processor time of the engine's thread, so that the disk has no say in it.
"""

from __future__ import annotations

from pathlib import Path

from engine.eventlog.lmdb_store import LmdbStore
from engine.process import settle_memory
from engine.runtime import open_engine
from perf.callers import ask_all
from perf.figures import Row, Target
from perf.size import Size, Tell
from perf.town import HOSPITAL, Town, bookings, found

SECTION = "depth"
SHALLOW = 10
CALLERS = 50


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    rows: list[Row] = []
    async with open_engine(LmdbStore(folder / "data", allow_any_filesystem=size.any_disk)) as engine:
        tell("a hospital with its patients")
        town = await found(engine, size.deep)
        settle_memory()
        for name, waiting in (("slot", False), ("waiting list", True)):
            tell(f"a {name} of {size.deep}")
            rows.extend(await _compare(town, size, name, waiting=waiting))
    return rows


async def _compare(town: Town, size: Size, name: str, *, waiting: bool) -> list[Row]:
    deep_costs: list[float] = []
    shallow_costs: list[float] = []
    outcome = "waiting" if waiting else "created"
    probes = size.probes // size.rounds
    [deep] = await town.open_day(1, 1 if waiting else size.deep)
    patients = town.patients
    seated = 0
    if waiting:
        await ask_all(town.engine, HOSPITAL, bookings([deep], patients[:1]), callers=1)
        patients, seated = patients[1:], 1
    ahead = len(patients) - probes * size.rounds
    await ask_all(town.engine, HOSPITAL, bookings([deep], patients[:ahead]), callers=500, outcome=outcome)
    for turn in range(size.rounds):
        first = ahead + turn * probes
        run = await ask_all(
            town.engine, HOSPITAL, bookings([deep], patients[first : first + probes]), callers=CALLERS, outcome=outcome
        )
        deep_costs.append(run.busy / probes * 1e6)
        shallow_costs.append(await _shallow(town, probes, waiting=waiting))
    if waiting:
        await town.verify([deep], seated, len(patients))
    else:
        await town.verify([deep], len(patients))
    compared = tuple(one / other for one, other in zip(deep_costs, shallow_costs, strict=True))
    note = "processor time of the engine's thread"
    return [
        Row(section=SECTION, name=f"booking, {name} of {SHALLOW}", unit="µs", values=tuple(shallow_costs), note=note),
        Row(section=SECTION, name=f"booking, {name} of {size.deep:,}", unit="µs", values=tuple(deep_costs), note=note),
        Row(section=SECTION, name="  one by the other", unit="times", values=compared, target=Target("most", 2)),
    ]


async def _shallow(town: Town, probes: int, *, waiting: bool) -> float:
    """µs of a booking where about ten are: from the fifth to the fifteenth of each slot."""
    half, slots = SHALLOW // 2, -(-probes // SHALLOW)
    opened = await town.open_day(slots, 1 if waiting else 2 * SHALLOW)
    outcome = "waiting" if waiting else "created"
    patients = town.patients
    if waiting:
        await ask_all(town.engine, HOSPITAL, bookings(opened, patients[:slots]), callers=CALLERS)
        patients = patients[slots:]
    await ask_all(town.engine, HOSPITAL, bookings(opened, patients[: half * slots]), callers=CALLERS, outcome=outcome)
    wanted = bookings(opened, patients[half * slots : half * slots + probes])
    run = await ask_all(town.engine, HOSPITAL, wanted, callers=CALLERS, outcome=outcome)
    return run.busy / probes * 1e6
