"""``matron-replay accesses``: who looked at a patient, or at whom somebody looked; when, from where, and why."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from engine.eventlog.directory import BESIDE
from replay.accesses import Access, Sought, accesses
from replay.calling import WELL, WrongCall, data_option, hospital_option, json_option, print_json, run, the_one
from replay.moments import moments_between, zone_of
from replay.selecting import checked_id
from replay.showing import clock, rfc3339
from replay.sources import open_source


@click.command(name="accesses")
@click.argument("patient", default="")
@click.option("--principal", default="", metavar="NAME", help="At whom this account looked.")
@data_option
@hospital_option
@click.option("--from", "since", default="", metavar="MOMENT", help="From this time (or position of the log) on.")
@click.option("--to", "until", default="", metavar="MOMENT", help="Up to this time or position.")
@click.option("--limit", type=click.IntRange(min=1), default=sys.maxsize, help="So many at most, the latest ones.")
@json_option
def show_accesses(
    patient: str, principal: str, data: Path, only: str | None, since: str, until: str, limit: int, as_json: bool
) -> None:
    """Who looked at PATIENT (an id), or at whom an account looked; both, and it is when the one looked at the other.

    \b
    Example: matron-replay accesses 0193a1d2-7b34-7d18-9c02-1a2b3c4d5e6f --data ./data --from 2026-11-01
    """
    if not patient and not principal:
        raise WrongCall("Say whose accesses: a patient's id, or --principal NAME.")
    run(_show, Sought(patient, principal), data, only, (since, until), limit, as_json)


async def _show(
    sought: Sought, data: Path, only: str | None, between: tuple[str, str], limit: int, as_json: bool
) -> int:
    if sought.patient:
        checked_id(sought.patient, "a patient")
    async with open_source(data) as source:
        hospital = await the_one(source, only)
        zone = await zone_of(source, hospital)
        start, end = await moments_between(source, hospital + BESIDE, *between, zone)
        found = [access async for access in accesses(source, hospital, sought, start, end)]
    shown = found[-limit:]
    if as_json:
        looks = [document(access) for access in shown]
        print_json({"hospital": hospital, **msgspec.structs.asdict(sought), "count": len(found), "accesses": looks})
    else:
        _print(shown, zone, sought)
        if len(shown) < len(found):
            click.echo(f"the latest {len(shown):,} of {len(found):,}", err=True)
    return WELL


def document(access: Access) -> dict[str, object]:
    """A look for JSON."""
    written = {"written": rfc3339(access.written)} if access.written != access.time else {}
    return {
        "position": access.position,
        "time": rfc3339(access.time),
        **written,
        "who": access.who,
        "query": access.query,
        "purpose": access.purpose or None,
        "patients": access.patients,
    }


def _print(found: list[Access], zone: str, sought: Sought) -> None:
    table = Table("position", "time", "who", "role", "from", "purpose", "query", "patients")
    for each in table.columns:
        each.overflow = "fold"
    for column in (0, 7):
        table.columns[column].justify = "right"
    for access in found:
        whom = f"{len(access.patients):,}" if sought.patient or len(access.patients) > 1 else access.patients[0]
        who = access.who
        table.add_row(
            f"{access.position:,}", clock(access.time, zone), who.name, who.role, who.source, access.purpose,
            access.query, whom,
        )  # fmt: skip
    Console().print(table)
