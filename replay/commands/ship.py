"""``matron-replay ship``: a log copied into segments in another folder, once or for as long as it grows."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Final

import click
import msgspec
import trio

from engine.errors import Unavailable
from engine.eventlog.directory import LogDirectory
from engine.eventlog.lmdb_reader import LmdbReader
from replay.calling import WELL, WrongCall, print_json, run
from replay.segment_writing import LIMIT
from replay.shipping import Shipment

POLL: Final = 0.5
"""Seconds between two looks at the log."""


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
@click.option("--supervised", is_flag=True, hidden=True, help="Follow until stdin ends; tell on stdout how far it is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def ship(data: Path, folder: Path, follow: bool, rotate: int, supervised: bool, as_json: bool) -> None:
    """Copy entries and checkpoints into segments, which the independent verifier reads (docs/verify.md).

    It may be stopped or killed at any time: what a crash cut off is mended by the next start. No keys are copied, so
    sealed text stays sealed. A folder that holds another log, or more than this log has, is refused.

    \b
    Example: matron-replay ship --data ./data --to /mnt/audit/shipped --follow
    """
    run(_ship, data, folder, follow, rotate, supervised, as_json)


async def _ship(data: Path, folder: Path, follow: bool, rotate: int, supervised: bool, as_json: bool) -> int:
    lock = LogDirectory(folder, (), allow_any_filesystem=True)
    try:
        lock.claim()
        lock.sync()
    except Unavailable:
        raise WrongCall(f"Somebody else ships into {folder}.") from None
    except OSError as error:
        raise WrongCall(f"{folder} cannot be written: {error.strerror}") from error
    ends = trio.Event()
    try:
        async with trio.open_nursery() as nursery:
            if supervised:  # whoever started it decides, also where a signal reaches all processes
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                nursery.start_soon(_end_with_stdin, ends)
            elif follow:
                await nursery.start(_end_on_signal, ends)
            async with await _opened(data, ends if follow or supervised else None) as reader:
                shipment = Shipment(reader, folder, limit=rotate)
                try:
                    await _turns(shipment, ends if follow or supervised else None, supervised)
                finally:
                    shipment.close()
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as several:  # the nursery's wrapping of the one thing that went wrong
        raise several.exceptions[0] from None
    finally:
        lock.release()
    if not supervised:
        _print(shipment, as_json)
    return WELL


async def _opened(data: Path, ends: trio.Event | None) -> LmdbReader:
    """The log; who follows waits for one that is not there yet."""
    while True:
        reader = LmdbReader(data)
        try:
            await reader.open()
        except Unavailable as error:
            if ends is None or ends.is_set():
                raise WrongCall(f"The log in {data} cannot be read: {error}") from error
            await trio.sleep(POLL)
        else:
            return reader


async def _turns(shipment: Shipment, ends: trio.Event | None, tells: bool) -> None:
    """Once; or again and again until the end begins, and then once more, for the last that was written."""
    told = None
    while True:
        last = ends is None or ends.is_set()
        await shipment.turn()
        if tells and shipment.far != told:
            told = dict(shipment.far)
            print_json([msgspec.to_builtins(one) for one in told.values()], line=True)
            sys.stdout.flush()
        if last or ends is None:
            return
        with trio.move_on_after(POLL):
            await ends.wait()


async def _end_on_signal(ends: trio.Event, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for _ in signals:
            ends.set()


async def _end_with_stdin(ends: trio.Event) -> None:
    async with trio.lowlevel.FdStream(sys.stdin.fileno()) as stdin:
        while await stdin.receive_some():
            pass
    ends.set()


def _print(shipment: Shipment, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([msgspec.to_builtins(one) for one in shipment.far.values()], indent=2))
        return
    for one in shipment.far.values():
        click.echo(f"{one.log}: {one.shipped:,} of {one.head:,} entries are there, signed up to {one.signed:,}")
    if not shipment.far:
        click.echo("the log has no entries yet")
