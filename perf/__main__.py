"""``matron-perf``: what Matron does in a second, beside what the machine could do, measured in the same run.

Exit codes: 0 measured (the verdicts stand in the table), 1 a run was not correct: its figures count for nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec
import trio

from engine.process import tune_process
from gateway.demo import PATIENTS
from perf.commands import list_scenarios, profile, run
from perf.day import live, told
from perf.figures import Row
from perf.kept import compare, report
from perf.load.telling import telling
from perf.machine import environment
from perf.reason import reason
from perf.report import document, show
from perf.size import QUICK, Size, Tell
from perf.workloads import access, batches, booking, depth, http, memory, queues, recovery, rooms, sealing, surge

WORKLOADS: dict[str, Callable[[Path, Size, Tell], Awaitable[list[Row]]]] = {
    "booking": booking.measure,
    "http": http.measure,
    "sealing": sealing.measure,
    "access": access.measure,
    "batches": batches.measure,
    "depth": depth.measure,
    "queues": queues.measure,
    "rooms": rooms.measure,
    "surge": surge.measure,
    "recovery": recovery.measure,
    "memory": memory.measure,
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure Matron."""


@main.command()
@click.option(
    "--json", "file", type=click.Path(dir_okay=False), help="Write the figures to this file; '-': print them."
)
@click.option("--only", "names", multiple=True, type=click.Choice(list(WORKLOADS)), help="May be given repeatedly.")
@click.option("--quick", is_flag=True, help="Seconds instead of minutes: see that it works, believe no figure.")
@click.option("--rounds", type=click.IntRange(1), help="How often each thing is measured.")
@click.option("--entries", type=click.IntRange(100), help="Entries of the log that is recovered.")
@click.option("--slots", type=click.IntRange(1), help="Slots whose memory is measured.")
@click.option("--full", is_flag=True, help="A million entries to recover, 100,000 slots in memory.")
@click.option("--any-disk", is_flag=True, help="Also where an engine refuses its log (tmpfs and the like).")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), default=Path(), show_default="here",
    help="Where the logs are written, and deleted again: a disk like the one in service.",
)  # fmt: skip
def bench(
    file: str | None, names: tuple[str, ...], quick: bool, rounds: int | None, entries: int | None, slots: int | None,
    full: bool, any_disk: bool, data: Path,
) -> None:  # fmt: skip
    """Bookings in process and over HTTP, depth, queues, rooms, a surge, recovery, memory, each beside its yardstick.

    \b
    Example: matron-perf bench --only booking --json figures.json
    """
    size = QUICK if quick else Size()
    if full:
        size = msgspec.structs.replace(size, entries=1_000_000, slots=memory.WHOLE)
    chosen = {"rounds": rounds, "entries": entries, "slots": slots, "any_disk": any_disk}
    size = msgspec.structs.replace(size, **{name: value for name, value in chosen.items() if value is not None})
    data.mkdir(parents=True, exist_ok=True)
    about = environment(data)
    rows: list[Row] = []
    tune_process()
    try:
        with telling() as told:
            for name in names or WORKLOADS:
                with TemporaryDirectory(prefix="matron-perf-", dir=data) as folder:
                    rows.extend(trio.run(WORKLOADS[name], Path(folder), size, told.step))
    except BaseException as error:
        why = reason(error)
        if why is None:
            raise
        click.echo(why, err=True)
        sys.exit(1)
    if file is not None:
        made = msgspec.json.format(msgspec.json.encode(document(about, rows)))
        if file == "-":
            click.echo(made)
            return
        Path(file).write_bytes(made + b"\n")
    show(about, rows)


@main.command()
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--patients", type=click.IntRange(1, 5_000), default=PATIENTS, show_default=True)
def day(seed: int, patients: int) -> None:
    """A whole day of a hospital under a virtual clock: the same seed gives the same day, to the last byte of its log.

    \b
    Example: matron-perf day --seed 7
    """
    click.echo(told(live(seed, patients)))


main.add_command(list_scenarios)
main.add_command(run)
main.add_command(profile)
main.add_command(compare)
main.add_command(report)


if __name__ == "__main__":
    os.environ.pop("MATRON_CONFIG", None)
    main()
