"""``matron-replay integrity``: what must hold in a hospital, over the whole log."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import msgspec
from rich.table import Table

from replay.auditing.integrity import Integrity, audit
from replay.calling import (
    FOUND,
    WELL,
    chosen,
    console,
    data_option,
    hospital_option,
    json_option,
    must_be_whole,
    print_json,
    progress,
    run,
)
from replay.sources import open_source


@click.command()
@data_option
@hospital_option
@json_option
def integrity(data: Path, only: str | None, as_json: bool) -> None:
    """Find what must never be: a seat, room, bed or person given twice, a token or ticket lost, somebody out of turn.

    Told from the events alone; no rule book of the engine is asked. Needs no keys.

    \b
    Example: matron-replay integrity --data ./data
    """
    run(_integrity, data, only, as_json)


async def _integrity(data: Path, only: str | None, as_json: bool) -> int:
    results: list[Integrity] = []
    async with open_source(data) as source:
        with progress(as_json) as bar:
            for hospital in await chosen(source, only):
                await must_be_whole(source, hospital)
                head = await source.head(hospital)
                task = bar.add_task(f"auditing {hospital}", total=head)
                results.append(await audit(source, hospital, partial(bar.advance, task), head))
    sound = all(result.sound for result in results)
    if as_json:
        rows = [{**msgspec.to_builtins(result), "sound": result.sound} for result in results]
        print_json({"hospitals": rows, "sound": sound})
    else:
        _print(results)
    return WELL if sound else FOUND


def _print(results: list[Integrity]) -> None:
    numbers = ("entries", "actors", "tokens", "tickets", "appointments", "admissions")
    table = Table("hospital", *numbers, "findings")
    for column in range(1, len(numbers) + 2):
        table.columns[column].justify = "right"
    for result in results:
        counts = (
            result.entries, result.actors, sum(result.tokens.values()), result.tickets, result.appointments,
            result.admissions, sum(result.counts.values()),
        )  # fmt: skip
        table.add_row(result.hospital, *(f"{count:,}" for count in counts))
    console().print(table)
    for result in results:
        for one in result.findings:
            click.echo(f"{result.hospital} {one.position:>9}  {one.check:<11}  {one.what}")
        left = sum(result.counts.values()) - len(result.findings)
        if left > 0:
            click.echo(f"{result.hospital}: and {left:,} more findings")
