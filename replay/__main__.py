"""``matron-replay``: the auditors' tool. Reads a log, live or stopped, and writes nothing.

Exit codes: 0 all is equal and sound, 1 something is not, 2 the call was wrong or there is no log.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import click
import msgspec
import trio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.lmdb_reader import LmdbReader
from replay.check import Checked, check_hospital


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Replay a hospital's event log: read only, beside a running engine or on a stopped one."""


@main.command()
@click.option(
    "--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="The data folder."
)
@click.option("--hospital", "only", default=None, help="Only this hospital's log.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def check(data: Path, only: str | None, as_json: bool) -> None:
    """Fold the log twice and compare: with itself, and with the states that the live engine wrote down.

    No room, doctor or patient may ever have been in two appointments at one time; no bed and no member of the staff
    given twice, in part, or out of turn.

    \b
    Example: matron-replay check --data ./data
    """
    try:
        results = trio.run(_check, data, only, as_json)
    except (Unavailable, LogCorrupt, OSError) as error:
        click.echo(f"The log in {data} cannot be read: {error}", err=True)
        sys.exit(2)
    if only is not None and not results:
        click.echo(f"There is no log of hospital {only!r} in {data}.", err=True)
        sys.exit(2)
    if as_json:
        rows = [{**msgspec.to_builtins(result), "equal": result.equal, "sound": result.sound} for result in results]
        equal, sound = (all(getattr(result, name) for result in results) for name in ("equal", "sound"))
        click.echo(json.dumps({"hospitals": rows, "equal": equal, "sound": sound}, indent=2))
    else:
        _print(results)
    sys.exit(0 if all(result.sound for result in results) else 1)


async def _check(data: Path, only: str | None, quiet: bool) -> list[Checked]:
    results = []
    console = Console(stderr=True, quiet=quiet)
    async with LmdbReader(data) as reader:
        hospitals = [name for name in await reader.hospitals() if only in (None, name)]
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress:
            for hospital in hospitals:
                total = 2 * await reader.head(hospital)
                task = progress.add_task(f"folding {hospital}", total=total)
                results.append(await check_hospital(reader, hospital, partial(progress.advance, task)))
    return results


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
    Console().print(table)


if __name__ == "__main__":
    main()
