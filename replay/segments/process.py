"""The process that ships: a folder of its own, a log that may not be there yet, and when to end.

``python -m replay.segments.process DATA FOLDER`` is started by ``gateway.audit.shipping`` alone: it follows until its
standard input ends, and tells on its standard output, in lines of JSON, how far each log has come. Whoever started it
decides when it ends, also where a signal reaches all processes of a terminal or a service. It loads no rule book.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import trio

from engine.errors import LogCorrupt, Rejected, Unavailable
from engine.eventlog.directory import LogDirectory
from engine.eventlog.lmdb_reader import LmdbReader
from replay.segments.shipping import Shipment, Shipped
from replay.segments.writing import LIMIT

POLL: Final = 0.5
"""Seconds between two looks at the log."""

Told = Callable[[dict[str, Shipped]], None]


class CannotShip(Rejected):
    """The folder is another's, or cannot be written, or there is no log."""

    code = "cannot_ship"
    family = "conflict"


async def ship(data: Path, folder: Path, rotate: int, tell: Told, ends: trio.Event | None) -> None:
    """Ship what there is; with ``ends``, what comes until then too. ``tell`` is called where something has come."""
    lock = LogDirectory(folder, (), allow_any_filesystem=True)
    try:
        lock.claim()
        lock.sync()
    except Unavailable:
        raise CannotShip(f"Somebody else ships into {folder}.") from None
    except OSError as error:
        raise CannotShip(f"{folder} cannot be written: {error.strerror}") from error
    try:
        async with await _opened(data, ends) as reader:
            shipment = Shipment(reader, folder, limit=rotate)
            try:
                await _turns(shipment, tell, ends)
            except OSError as error:  # what a full disk has cut off is mended by the next start
                raise CannotShip(f"{folder} cannot be written: {error.strerror}") from error
            finally:
                shipment.close()
    finally:
        lock.release()


async def _opened(data: Path, ends: trio.Event | None) -> LmdbReader:
    """The log; who follows waits for one that is not there yet."""
    while True:
        reader = LmdbReader(data)
        try:
            await reader.open()
        except Unavailable as error:
            if ends is None or ends.is_set():
                raise CannotShip(f"The log in {data} cannot be read: {error}") from error
            with trio.move_on_after(POLL):
                await ends.wait()
        else:
            return reader


async def _turns(shipment: Shipment, tell: Told, ends: trio.Event | None) -> None:
    """Once; or again and again until the end begins, and then once more, for the last that was written."""
    told = None
    while True:
        last = ends is None or ends.is_set()
        await shipment.turn()
        if shipment.far != told:
            told = dict(shipment.far)
            tell(told)
        if last or ends is None:
            return
        with trio.move_on_after(POLL):
            await ends.wait()


async def _supervised(data: Path, folder: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    ends = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_end_with_stdin, ends)
        await ship(data, folder, LIMIT, _tell, ends)
        nursery.cancel_scope.cancel()


async def _end_with_stdin(ends: trio.Event) -> None:
    async with trio.lowlevel.FdStream(sys.stdin.fileno()) as stdin:
        while await stdin.receive_some():
            pass
    ends.set()


def _tell(far: dict[str, Shipped]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(list(far.values())) + b"\n")
    sys.stdout.flush()


def main() -> None:
    """Exit codes: 0 ended as told, 1 it could not go on; why stands on standard error."""
    try:
        trio.run(_supervised, Path(sys.argv[1]), Path(sys.argv[2]))
    except* (Rejected, LogCorrupt, Unavailable, OSError) as faults:
        sys.stderr.write(f"{faults.exceptions[0]}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
