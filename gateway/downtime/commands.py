"""``matron downtime``: lists for the hours without the network, made ahead, and what was written on them entered after.

Exit codes: 0 done, 1 lines were refused, 2 what was asked for cannot be done, 4 the gateway does not answer.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import trio

from engine.clock import Clock, SystemClock
from gateway.bulk.commands import REFUSED, client_of, connection, counted, finish, progress, say
from gateway.bulk.importing import Told
from gateway.bulk.reading import lines_of
from gateway.client import GatewayClient, Unanswered
from gateway.downtime.entering import entered, planned
from gateway.downtime.pages import forget_before, write_day
from gateway.downtime.sheets import COLUMNS, Asking
from gateway.request_log import log_to_stderr


@click.group()
def downtime() -> None:
    """Lists for the hours without the network, and what was written on them."""


@downtime.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--days", type=click.IntRange(1, 31), default=2, show_default=True, help="Today and the days after it.")
@click.option("--every", type=click.FloatRange(1, 1440), help="Go on, and make them again after so many minutes.")
@click.option("--keep", type=click.IntRange(0, 365), default=1, show_default=True, help="Days before today to keep.")
@connection
def lists(folder: Path, days: int, every: float | None, keep: int, **where: Any) -> None:
    """Make the lists of today and of the days to come in FOLDER, a page to print and a table for each.

    Put FOLDER where it can be read without the network. The key needs a role that may read patients; that they are
    looked at is written down.

    \b
    Example: matron downtime lists /var/lib/matron-lists --every 15 --key-file /etc/matron/lists.key
    """
    log_to_stderr("info")
    with client_of(**where) as gateway:
        finish(_go_on, gateway, folder, days, keep, every, SystemClock())


@downtime.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Look at every line and send none.")
@click.option("--partial", "in_part", is_flag=True, help="Send the lines that are right even where others are wrong.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@connection
def enter(file: Path, dry_run: bool, in_part: bool, as_json: bool, **where: Any) -> None:
    """Enter what was written on paper: FILE is one of the tables that `lists` makes, filled in.

    Times as 9:05; an outcome of no_show or cancelled with the time under "ended". Lines without a time are left alone,
    and so is what the hospital knows already: the same file may be entered again.

    \b
    Example: matron downtime enter 2026-11-22/doctor-001.csv --dry-run
    """
    with client_of(**where) as gateway:
        done = finish(_enter, gateway, file, dry_run, in_part, SystemClock(), quiet=as_json)
    say([done], as_json)
    if done.refused:
        sys.exit(REFUSED)


async def _go_on(gateway: GatewayClient, folder: Path, days: int, keep: int, every: float | None, clock: Clock) -> None:
    while True:
        try:
            await make(gateway, folder, days, keep, clock)
        except Unanswered as error:
            if every is None:
                raise
            click.echo(f"The lists in {folder} stay as they are: {error}", err=True)
        if every is None:
            return
        await trio.sleep(every * 60)


async def make(gateway: GatewayClient, folder: Path, days: int, keep: int, clock: Clock) -> None:
    """The lists of today and the days after it."""
    hospital = await gateway.ask("GET", "/hospital/")
    asking = Asking(gateway, hospital)
    now = _now(clock).astimezone(asking.zone)
    today = now.date()
    for ahead in range(days):
        day = today + timedelta(days=ahead)
        sheets = [sheet async for sheet in asking.sheets(day, None if ahead else now)]
        index = write_day(folder, day.isoformat(), sheets, hospital["name"], now.strftime("%Y-%m-%d %H:%M"))
        click.echo(f"{len(sheets)} lists of {day}: {index}")
    for gone in forget_before(folder, date.fromordinal(today.toordinal() - keep).isoformat()):
        click.echo(f"the lists of {gone} are taken away")


async def _enter(gateway: GatewayClient, file: Path, dry_run: bool, in_part: bool, clock: Clock, quiet: bool) -> Any:
    hospital = await gateway.ask("GET", "/hospital/")
    _, read = lines_of(file, "csv", dict.fromkeys((name for name in COLUMNS if name != "id"), str))
    lines = list(read)
    ready, told = await planned(gateway, lines, ZoneInfo(hospital["time_zone"]), _now(clock))
    wrong = any(one.outcome == "refused" for one in told)
    if dry_run:
        told += [Told(one.number, "added") for one in ready]
    elif not wrong or in_part:
        with progress(quiet) as bar:
            task = bar.add_task(file.name, total=len(ready))
            told += await entered(gateway, ready, partial(bar.advance, task))
    written = {one.line for one in told} | {one.number for one in ready}
    return counted("paper", file, dry_run, told, [line for line in lines if line.number in written])


def _now(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.wall() / 1_000_000, UTC)
