"""``matron-replay redecide``: every command decided again over the states that it met; the same must come of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from engine.errors import Invalid
from replay.calling import FOUND, WELL, chosen, of_a_log, print_json, progress, run
from replay.deciding.redeciding import Named, Redecided
from replay.deciding.redeciding import redecide as redecided
from replay.moments import position_of
from replay.sources import open_source
from replay.walking import Source


@click.command()
@of_a_log
@click.option("--from", "since", default="", help="From this moment on: a position or a time. Default: the beginning.")
@click.option("--to", "until", default="", help="Up to this moment, which counts. Default: the end.")
def redecide(data: Path, only: str | None, since: str, until: str, master_key: Path | None, as_json: bool) -> None:
    """Decide every command again, refused ones too: same states, same instant, same rules, so the same events.

    Under the rule-book version that decided then, a difference is a fault: exit code 1. Where the log was decided by
    another version, what the present rules would do otherwise is listed as that, and is no fault. What rests on text
    that cannot be opened any more, or was not kept of a refused command, cannot be judged and is counted.

    \b
    Example: matron-replay redecide --data ./data --from 2026-11-22T08:00
    """
    run(_redecide, data, only, since, until, master_key, as_json)


async def _redecide(
    data: Path, only: str | None, since: str, until: str, master_key: Path | None, as_json: bool
) -> int:
    results = []
    async with open_source(data, master_key) as source:
        with progress(as_json) as bars:
            for hospital in await chosen(source, only):
                first, last = await _span(source, hospital, since, until)
                task = bars.add_task(f"deciding {hospital} again", total=last)
                results.append(await redecided(source, hospital, first, last, partial(bars.advance, task)))
    sound = all(result.sound for result in results)
    if as_json:
        rows = [{**msgspec.to_builtins(result), "sound": result.sound} for result in results]
        print_json({"hospitals": rows, "sound": sound})
    else:
        for result in results:
            _print(result)
    return WELL if sound else FOUND


async def _span(source: Source, hospital: str, since: str, until: str) -> tuple[int, int]:
    last = await position_of(source, hospital, until) if until else await source.head(hospital)
    first = await position_of(source, hospital, since) if since else 1
    if since and not since.strip().isdigit():
        first += 1  # a time stands for the log just after it
    first = max(first, 1)
    if first > last + 1:
        raise Invalid(f"in the log of {hospital} --from is after --to", field="from")
    return first, last


def _print(result: Redecided) -> None:
    console = Console()
    table = Table("command", "decided again", "refused", "same", "different", "by other rules", "cannot be judged")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row in sorted(result.by_command.items()):
        numbers = (row.decided, row.refused, row.same, row.different, row.other_rules, row.not_judged)
        table.add_row(name, *(f"{number:,}" for number in numbers))
    span = f"positions {result.first:,} to {result.last:,}"
    console.print(f"{result.hospital}: {result.entries:,} decisions taken again, {span}")
    console.print(table)
    for title, named in (
        ("Decided otherwise than the log says", result.different),
        ("Other rules decided then; the present ones would do otherwise", result.other_rules),
        ("Cannot be judged", result.not_judged),
    ):
        _print_named(console, title, named)
    if result.fault:
        console.print(result.fault, highlight=False, markup=False)
    judged = "every decision that can be judged is" if result.not_judged else "every decision is"
    console.print(f"{judged} the same" if result.sound else "the log is not what these rules decided")


def _print_named(console: Console, title: str, named: list[Named]) -> None:
    if named:
        console.print(f"{title} (the first {len(named)}):")
    for one in named:
        console.print(f"  {one.position:>9}  {one.name}  (rules of version {one.rulebook})", highlight=False)
        for why in one.why:
            console.print(f"             {why}", highlight=False, markup=False)
