"""``matron-replay check``: the log folded twice, and held against the states that the live engine wrote down."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import msgspec
from rich.table import Table

from engine.eventlog.lmdb_reader import LmdbReader
from replay.calling import (
    FOUND,
    WELL,
    WrongCall,
    chosen,
    console,
    data_option,
    hospital_option,
    json_option,
    print_json,
    progress,
    run,
)
from replay.check import Checked, check_hospital
from replay.sources import open_source


@click.command()
@data_option
@hospital_option
@json_option
def check(data: Path, only: str | None, as_json: bool) -> None:
    """Fold the log twice and compare: with itself, and with the states that the live engine wrote down.

    No room, doctor or patient may ever have been in two appointments at one time; no bed and no member of the staff
    given twice, in part, or out of turn.

    \b
    Example: matron-replay check --data ./data
    """
    run(_check, data, only, as_json)


async def _check(data: Path, only: str | None, as_json: bool) -> int:
    results = []
    async with open_source(data) as source:
        if not isinstance(source, LmdbReader):
            raise WrongCall("check compares with the engine's snapshots, which only a data folder or a backup has.")
        with progress(as_json) as bar:
            for hospital in await chosen(source, only):
                task = bar.add_task(f"folding {hospital}", total=2 * await source.head(hospital))
                results.append(await check_hospital(source, hospital, partial(bar.advance, task)))
    if as_json:
        rows = [{**msgspec.to_builtins(result), "equal": result.equal, "sound": result.sound} for result in results]
        equal, sound = (all(getattr(result, name) for result in results) for name in ("equal", "sound"))
        print_json({"hospitals": rows, "equal": equal, "sound": sound})
    else:
        _print(results)
    return WELL if all(result.sound for result in results) else FOUND


def _print(results: list[Checked]) -> None:
    table = Table("hospital", "entries", "actors", "appointments", "admissions", "state hash", "live states", "verdict")
    for column in (1, 2, 3, 4, 6):
        table.columns[column].justify = "right"
    for result in results:
        verdict = "equal" if result.equal else result.fault or "; ".join(result.differing[:3]) or "the folds differ"
        if result.overlapping:
            verdict += f"; {result.overlapping:,} overlaps: {'; '.join(result.overlaps[:3])}"
        if result.misassigned:
            verdict += f"; {result.misassigned:,} faults of assignments: {'; '.join(result.unsound[:3])}"
        table.add_row(
            result.hospital,
            f"{result.entries:,}",
            f"{result.actors:,}",
            f"{result.appointments:,}",
            f"{result.admissions:,}",
            result.state_hash[:16],
            f"{result.live_states:,}",
            verdict,
        )
    console().print(table)
