"""``matron-replay report``: some days of a log as one page, with their proof, for whoever audits."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import trio

from engine import calendar
from engine.errors import Invalid
from engine.eventlog.checkpoint import Verifier
from engine.eventlog.directory import BESIDE
from replay.calling import FOUND, WELL, WrongCall, of_a_log, print_json, progress, run, the_one
from replay.moments import time_at, zone_of
from replay.reporting.audit_report import report as page
from replay.reporting.material import Range, gather, stretch_between
from replay.sources import open_source
from replay.verifier import Wrong
from replay.verifying import PUBLIC_FILE, Demands, keys_of
from replay.walking import Source
from replay.whatif.comparing import compare
from replay.whatif.variation import several


@click.command()
@of_a_log
@click.option("--day", default="", help="The local day, YYYY-MM-DD; else the log's last.")
@click.option("--from", "since", default="", help="The first of several local days.")
@click.option("--to", "until", default="", help="The last of them.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The page to write.")
@click.option("--key", "keys", multiple=True, help="The log's verifier key, NAME+ID+KEY; else the one beside the log.")
@click.option("--witness", "witnesses", multiple=True, help="A witness's verifier key; may be repeated.")
@click.option("--without-reasons", is_flag=True, help="Leave out what people typed as reasons.")
@click.option(
    "--policy", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy to try on that day, as a section of its own; as in what-if.",
)  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="A field of a policy to try.")
@click.option("--capacity", "capacity", multiple=True, metavar="[SLOT=]N|x1.2", help="Seats to try.")
def report(
    data: Path, only: str | None, day: str, since: str, until: str, out: Path, keys: tuple[str, ...],
    witnesses: tuple[str, ...], without_reasons: bool, files: tuple[Path, ...], settings: tuple[str, ...],
    capacity: tuple[str, ...], master_key: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Write an audit report: one HTML file that needs nothing else and names no patient.

    What is in it: the stretch and its proof, findings, what was asked and refused, by whom, waits, overrides with their
    reasons, what ran late, erasures, who looked. The exit code is 1 where something does not hold.

    \b
    Example: matron-replay report --data ./data --day 2026-11-22 --out report.html
    """
    if day and (since or until):
        raise WrongCall("Say either --day, or --from and --to.")
    tried = (files, settings, capacity)
    if any(tried) and since != until:
        raise WrongCall("A policy is tried on one day: say --day.")
    run(
        _report,
        data,
        only,
        (day or since, day or until),
        out,
        keys,
        witnesses,
        not without_reasons,
        tried,
        master_key,
        as_json,
    )


async def _report(
    data: Path, only: str | None, days: tuple[str, str], out: Path, keys: tuple[str, ...], witnesses: tuple[str, ...],
    reasons: bool, asked: tuple[tuple[Path, ...], tuple[str, ...], tuple[str, ...]], master_key: Path | None,
    as_json: bool,
) -> int:  # fmt: skip
    variations = several(*asked)
    async with open_source(data, master_key) as source:
        hospital = await the_one(source, only)
        stretch = await _stretch(source, hospital, *days)
        demands = await _demands(source, data, hospital, keys, witnesses)
        with progress(as_json) as bar:
            total = 3 * await source.head(hospital)
            task = bar.add_task(f"reading {hospital}", total=total)
            advance = partial(bar.advance, task)
            tried = await compare(source, hospital, stretch.days[0], variations) if variations else None
            try:
                found = await gather(
                    source, data, hospital, stretch, demands, reasons=reasons, what_if=tried, advance=advance
                )
            except Wrong as wrong:
                raise WrongCall(str(wrong.args[-1])) from wrong
            bar.update(task, completed=total)
    await trio.Path(out).write_text(page(found), "utf-8")
    if as_json:
        print_json({"out": str(out), **found.verdicts(), "sound": found.sound})
    else:
        verdict = "sound" if found.sound else "NOT SOUND"
        click.echo(f"{out}: positions {stretch.first:,} to {stretch.last:,}, {verdict}")
    return WELL if found.sound else FOUND


async def _stretch(source: Source, hospital: str, since: str, until: str) -> Range:
    """The days that are meant, the log's last one where nothing is said."""
    try:
        named = [calendar.shift(day, 0) for day in (since, until) if day]
    except ValueError:
        raise Invalid("a day is YYYY-MM-DD", field="day") from None
    if not named:
        last = await time_at(source, hospital, await source.head(hospital))
        named = [calendar.local_day(last, await zone_of(source, hospital))]
    return await stretch_between(source, hospital, named[0], named[-1])


async def _demands(
    source: Source, data: Path, hospital: str, keys: tuple[str, ...], witnesses: tuple[str, ...]
) -> Demands:
    """Which keys must have signed; where none is known, signatures are not asked for."""
    file = trio.Path(data) / PUBLIC_FILE
    if keys or not await file.is_file():
        return Demands(keys, witnesses, unsigned=not keys)
    given = [Verifier.parse(text) for text in (await file.read_text()).splitlines() if text]
    found = [key for log in (hospital, hospital + BESIDE) for key in await keys_of(source, log, given)]
    return Demands(tuple(dict.fromkeys(found)), witnesses)
