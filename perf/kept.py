"""``matron-perf compare`` and ``report``: what kept runs say, beside each other or as a document."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from perf.comparing import Compared, differences
from perf.comparing import compare as compared
from perf.figures import Incorrect
from perf.report import number
from perf.reporting.assembly import report as assembled
from perf.reporting.material import gather
from perf.reporting.summary import title
from perf.runs import load_all, moment
from replay.reporting.document import html, markdown

_RUNS = Path("perf-runs")
_PLACE = click.Path(exists=True, path_type=Path)
_WIDTH = 130


@click.command()
@click.argument("first", type=_PLACE)
@click.argument("second", type=_PLACE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(first: Path, second: Path, as_json: bool) -> None:
    """Tell noise from change: two runs, or two folders of runs of the same scenarios.

    \b
    Example: matron-perf compare before/ perf-runs/
    """
    try:
        ours, theirs = load_all([first]), load_all([second])
        found = compared(ours, theirs)
    except Incorrect as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for difference in differences(ours, theirs):
        click.echo(f"differs too: {difference}")
    _show(found)


@click.command()
@click.argument("runs", nargs=-1, type=_PLACE)
@click.option("--baseline", "baseline", type=_PLACE, help="A run, or a folder of runs, to compare with.")
@click.option(
    "--bench", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Figures of `bench --json`."
)
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write one page here.")
@click.option("--md", "text", type=click.Path(dir_okay=False, path_type=Path), help="Write Markdown here.")
def report(
    runs: tuple[Path, ...], baseline: Path | None, bench: Path | None, page: Path | None, text: Path | None
) -> None:
    """Report on runs (default: all that are kept, the newest of each scenario); Markdown goes to standard output.

    \b
    Example: matron-perf report --html report.html --md report.md
    """
    places = list(runs) or ([_RUNS] if _RUNS.is_dir() else [])
    try:
        material = gather(
            load_all(places), made=moment().strftime("%Y-%m-%d %H:%M:%S UTC"),
            command=" ".join(["matron-perf", *sys.argv[1:]]), bench=bench,
            baseline=load_all([baseline]) if baseline else [], baseline_name=str(baseline or ""),
        )  # fmt: skip
        blocks = assembled(material)
    except Incorrect as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if page is not None:
        page.write_text(html(title(material), blocks), "utf-8")
    if text is not None:
        text.write_text(markdown(blocks), "utf-8")
    if page is None and text is None:
        click.echo(markdown(blocks))


def _show(found: list[Compared]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for name in ("scenario", "figure"):
        table.add_column(name)
    for name in ("before", "after", "ratio", "interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("unit", "verdict", "how"):
        table.add_column(name)
    for one in found:
        interval = f"{one.low:.3f} .. {one.high:.3f}"
        row = (one.scenario, one.name, number(one.first), number(one.second), f"{one.ratio:.3f}", interval, one.unit)
        table.add_row(*row, one.word, one.how, style="bold" if one.word == "change" else "")
    console.print(table)
