"""``matron-replay security``: who was refused at the door, who signed in, who broke the glass, whose rights changed."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from engine.eventlog.directory import BESIDE
from replay.calling import WELL, data_option, hospital_option, json_option, print_json, run, the_one
from replay.moments import moments_between, zone_of
from replay.security import Noted, notes
from replay.showing import clock, rfc3339
from replay.sources import open_source


@click.command(name="security")
@click.option("--what", default="", metavar="WORD", help="Only this, such as denied, unauthenticated or break_glass.")
@click.option("--principal", default="", metavar="NAME", help="Only of this account.")
@data_option
@hospital_option
@click.option("--from", "since", default="", metavar="MOMENT", help="From this time (or position of the log) on.")
@click.option("--to", "until", default="", metavar="MOMENT", help="Up to this time or position.")
@click.option("--limit", type=click.IntRange(min=1), default=sys.maxsize, help="So many at most, the latest ones.")
@json_option
def show_security(
    what: str, principal: str, data: Path, only: str | None, since: str, until: str, limit: int, as_json: bool
) -> None:
    """What happened at the door: refusals, sign-ins, broken glass, changes of keys and of people's rights.

    What came again within a minute is one row, with how often it was.

    \b
    Example: matron-replay security --data ./data --what denied --from 2026-11-01
    """
    run(_show, what, principal, data, only, (since, until), limit, as_json)


async def _show(
    what: str, principal: str, data: Path, only: str | None, between: tuple[str, str], limit: int, as_json: bool
) -> int:
    async with open_source(data) as source:
        hospital = await the_one(source, only)
        zone = await zone_of(source, hospital)
        start, end = await moments_between(source, hospital + BESIDE, *between, zone)
        found = [noted async for noted in notes(source, hospital, start, end, what=what, principal=principal)]
    shown = found[-limit:]
    if as_json:
        print_json({"hospital": hospital, "count": len(found), "notes": [document(noted) for noted in shown]})
    else:
        _print(shown, zone)
        if len(shown) < len(found):
            click.echo(f"the latest {len(shown):,} of {len(found):,}", err=True)
    return WELL


def document(noted: Noted) -> dict[str, object]:
    """A note for JSON."""
    written = {"written": rfc3339(noted.written)} if noted.written != noted.time else {}
    return {
        "position": noted.position,
        "time": rfc3339(noted.time),
        **written,
        "what": noted.what,
        "times": noted.times,
        "who": noted.who,
        "facts": noted.facts,
    }


def _print(found: list[Noted], zone: str) -> None:
    table = Table("position", "time", "what", "times", "who", "role", "from", "facts")
    for each in table.columns:
        each.overflow = "fold"
    for column in (0, 3):
        table.columns[column].justify = "right"
    for noted in found:
        who = noted.who
        facts = " ".join(f"{name}={value}" for name, value in noted.facts.items() if name != "times")
        table.add_row(
            f"{noted.position:,}", clock(noted.time, zone), noted.what, f"{noted.times:,}", who.name or "-", who.role,
            who.source, facts,
        )  # fmt: skip
    Console().print(table)
