"""``matron-replay ship``: a log copied into segments in another folder, once or for as long as it grows."""

from __future__ import annotations

import signal
from pathlib import Path

import click
import trio

from replay.calling import WELL, print_json, run
from replay.segments.process import ship as ship_log
from replay.segments.shipping import Shipped
from replay.segments.writing import LIMIT


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="The data folder, live or stopped.")
@click.option(
    "--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="The folder of segments, on another disk or host; what it holds already is gone on with.",
)  # fmt: skip
@click.option("--follow", is_flag=True, help="Go on with what comes, until SIGINT or SIGTERM.")
@click.option(
    "--rotate", type=click.IntRange(min=1_000), default=LIMIT, show_default=True, help="Bytes of a file of segments."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def ship(data: Path, folder: Path, follow: bool, rotate: int, as_json: bool) -> None:
    """Copy entries and checkpoints into segments, which the independent verifier reads (docs/verify.md).

    It may be stopped or killed at any time: what a crash cut off is mended by the next start. No keys are copied, so
    sealed text stays sealed. A folder that holds another log, or more than this log has, is refused.

    \b
    Example: matron-replay ship --data ./data --to /mnt/audit/shipped --follow
    """
    run(_ship, data, folder, follow, rotate, as_json)


async def _ship(data: Path, folder: Path, follow: bool, rotate: int, as_json: bool) -> int:
    far: dict[str, Shipped] = {}
    if not follow:
        await ship_log(data, folder, rotate, far.update, None)
    else:
        ends = trio.Event()
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(_end_on_signal, ends)
                click.echo(f"Shipping what comes from {data} to {folder}; Ctrl-C ends it.", err=True)
                await ship_log(data, folder, rotate, far.update, ends)
                nursery.cancel_scope.cancel()
        except BaseExceptionGroup as several:  # the nursery's wrapping of the one thing that went wrong
            raise several.exceptions[0] from None
    if as_json:
        print_json(list(far.values()))
    else:
        for one in far.values():
            click.echo(f"{one.log}: {one.shipped:,} of {one.head:,} entries are there, signed up to {one.signed:,}")
    return WELL


async def _end_on_signal(ends: trio.Event, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for _ in signals:
            ends.set()
