"""``matron-replay what-if``: a day of the log once more, under another policy."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import trio
from rich.console import Console
from rich.table import Table

from replay.calling import WELL, of_a_log, print_json, progress, run, the_one
from replay.sources import open_source
from replay.whatif.comparing import Comparison, compare
from replay.whatif.page import page
from replay.whatif.rows import headline, notes, plain, wait_rows
from replay.whatif.variation import several

Asked = tuple[tuple[Path, ...], tuple[str, ...], tuple[str, ...], str]


@click.command("what-if")
@of_a_log
@click.option("--day", required=True, help="The local day, YYYY-MM-DD.")
@click.option(
    "--policy", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with one policy to try; several files are several policies.",
)  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="A field of the policy to try.")
@click.option("--capacity", "capacity", multiple=True, metavar="[SLOT=]N|x1.2", help="Seats of a slot, or of all.")
@click.option(
    "--rules", default=None, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with rules of rooms to try: what the day's appointments would have got.",
)  # fmt: skip
@click.option("--ahead", default=0, type=click.IntRange(0, 60), help="From so many days before it holds already.")
@click.option("--html", "html", default=None, type=click.Path(path_type=Path), help="Write a page with plots, too.")
def what_if(
    data: Path, only: str | None, day: str, files: tuple[Path, ...], settings: tuple[str, ...],
    capacity: tuple[str, ...], rules: Path | None, ahead: int, html: Path | None, master_key: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """What would have been under another policy: the same arrivals, decided by the real rule books.

    All --set, --capacity and --rules together are one policy; each --policy file is another. Beside them stand the log
    and the model with nothing changed: how far those two are apart is the model's error.

    \b
    Examples: matron-replay what-if --data ./data --day 2026-11-22 --set max_wait_minutes.WALKIN=30
              matron-replay what-if --data ./data --day 2026-11-22 --capacity x1.2 --set service.LAB.counters=3
    """
    run(_what_if, data, only, day, (files, settings, capacity, str(rules or "")), ahead, html, master_key, as_json)


async def _what_if(
    data: Path, only: str | None, day: str, asked: Asked, ahead: int, html: Path | None,
    master_key: Path | None, as_json: bool,
) -> int:  # fmt: skip
    variations = several(*asked)
    async with open_source(data, master_key) as source:
        hospital = await the_one(source, only)
        with progress(as_json) as bar:
            task = bar.add_task(f"reading {hospital}", total=await source.head(hospital))
            found = await compare(source, hospital, day, variations, ahead=ahead, advance=partial(bar.advance, task))
    if html is not None:
        await trio.Path(html).write_text(page(found), "utf-8")
    if as_json:
        print_json(plain(found))
    else:
        _print(found)
    return WELL


def _print(found: Comparison) -> None:
    console = Console()
    for line in notes(found):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    names = ["log", "model", *(str(number) for number, _ in enumerate(found.variants, 1))]
    for number, one in enumerate(found.variants, 1):
        console.print(f"{number}: {one.name}", highlight=False, markup=False, soft_wrap=True)
    _table(console, "", names, headline(found))
    _table(console, "waits of", names, wait_rows(found))


def _table(console: Console, title: str, names: list[str], rows: list[tuple[str, ...]]) -> None:
    table = Table(title, *names)
    for column in range(1, len(names) + 1):
        table.columns[column].justify = "right"
    for row in rows:
        table.add_row(*row)
    console.print(table)
