"""``matron-replay explain``: why this place, this room, this doctor, this bed, or why it was refused."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from replay.calling import FOUND, WELL, of_a_log, print_json, progress, run, the_one
from replay.explaining import explain as explained
from replay.explaining.telling import ENTRIES
from replay.sources import open_source


@click.command()
@click.argument("what", metavar="POSITION|ID")
@of_a_log
@click.option("--limit", type=click.IntRange(1), default=ENTRIES, show_default=True, help="Entries told of an id.")
def explain(what: str, data: Path, only: str | None, limit: int, master_key: Path | None, as_json: bool) -> None:
    """Explain an entry by its position, or all that happened to a token, ticket, appointment, admission, referral …

    Each entry is decided again over the states that it met, and watched: who asked what, under which rules and which
    policy; each rule that was asked, by its number and in its own words; who and what could have been chosen instead,
    with points, load and the reasons against it; or what was refused, and what the rule compared.

    \b
    Exit code 1: a decision comes out otherwise now than the log says.
    Examples: matron-replay explain 4711 --data ./data
              matron-replay explain 01a0e707-ae37-793b-abd1-84b3de27c144 --data ./data --json
    """
    run(_explain, data, only, what.strip(), limit, master_key, as_json)


async def _explain(data: Path, only: str | None, what: str, limit: int, master_key: Path | None, as_json: bool) -> int:
    async with open_source(data, master_key) as source:
        hospital = await the_one(source, only)
        number = int(what) if what.isascii() and what.isdigit() else None
        with progress(as_json) as bars:
            total = await source.head(hospital) if number is None else number
            task = bars.add_task(f"folding {hospital}", total=total)
            found = await explained(
                source, hospital, what if number is None else number, limit=limit, advance=partial(bars.advance, task)
            )
    if as_json:
        print_json(found)
    else:
        for line in found.lines():
            click.echo(line)
    return WELL if found.same else FOUND
