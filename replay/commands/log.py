"""``matron-replay log``: what was asked of a hospital, by whom, and what came of it, entry by entry."""

from __future__ import annotations

import signal
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Final

import click
import msgspec
import trio

from engine.eventlog.directory import BESIDE
from replay.calling import WELL, WrongCall, of_a_log, print_json, run, the_one
from replay.moments import moments_between, zone_of
from replay.selecting import Reading, Wanted, checked_id
from replay.showing import Showing, lines
from replay.sources import open_source

POLL: Final = 0.5
"""Seconds between two looks at a log that is followed."""
LAST: Final = 10
"""Entries that come before what is followed."""


class Options(msgspec.Struct, frozen=True):
    """How the entries are chosen and printed."""

    wanted: Wanted
    since: str
    until: str
    limit: int
    follow: bool
    access: bool
    master_key: Path | None
    as_json: bool


@click.command()
@of_a_log
@click.option("--from", "since", default="", metavar="MOMENT", help="From this position or time on.")
@click.option("--to", "until", default="", metavar="MOMENT", help="Up to this position or time.")
@click.option("--actor", default="", help="That changed this actor: a key (slot:01a0…), or a kind (slot).")
@click.option("--patient", default="", metavar="ID", help="That name this patient anywhere.")
@click.option("--principal", default="", metavar="NAME", help="That this account asked for.")
@click.option("--type", "type_name", default="", metavar="NAME", help="Of this command, or with this event.")
@click.option("--refused", is_flag=True, help="Refused commands only.")
@click.option("--limit", type=click.IntRange(min=1), default=None, help="So many entries at most.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until SIGINT; without --from: the last 10 first.")
@click.option("--access", is_flag=True, help="The access log: who looked at which patients.")
def log(
    data: Path, only: str | None, since: str, until: str, actor: str, patient: str, principal: str, type_name: str,
    refused: bool, limit: int | None, follow: bool, access: bool, master_key: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Print entries in order, with --json one a line.

    \b
    Example: matron-replay log --data ./data --from 08:00 --type TokenCancelled
    """
    wanted = Wanted(actor=actor, patient=patient.lower(), principal=principal, type=type_name, refused=refused)
    if follow and until:
        raise WrongCall("--follow goes on without end: leave out --to, or --follow.")
    run(_log, data, only, Options(wanted, since, until, limit or sys.maxsize, follow, access, master_key, as_json))


async def _log(data: Path, only: str | None, options: Options) -> int:
    if options.wanted.patient:
        checked_id(options.wanted.patient, "a patient")
    async with open_source(data, options.master_key) as source:
        hospital = await the_one(source, only)
        name = hospital + BESIDE if options.access else hospital
        zone = await zone_of(source, hospital)
        reading = Reading(source, name, hospital)
        showing = Showing(source, hospital, reading.keys)
        start, head = await moments_between(source, name, options.since, options.until, zone)
        if options.follow and not options.since:
            start = max(1, head - LAST + 1)
        left = options.limit

        async def show(start: int, until: int) -> None:
            nonlocal left
            async with aclosing(reading.entries(options.wanted, start, until)) as entries:
                async for entry in entries:
                    shown = await showing.entry(entry)
                    if options.as_json:
                        print_json(shown, line=True)
                    else:
                        for line in lines(shown, zone):
                            click.echo(line)
                    left -= 1
                    if not left:
                        return
            sys.stdout.flush()

        await show(start, head)
        if options.follow and left:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_until_interrupted, nursery.cancel_scope)
                position = head
                while left:
                    await trio.sleep(POLL)
                    head = await source.head(name)
                    if head > position:
                        await show(position + 1, head)
                        position = head
                nursery.cancel_scope.cancel()
    return WELL


async def _until_interrupted(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
            return
