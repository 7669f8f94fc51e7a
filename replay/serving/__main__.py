"""``python -m replay.serving --data DIR``: reads a log for the audit explorer until nobody asks any more.

Started by a gateway process, with a pipe each way (``gateway.explorer.frames``); it ends when that one closes its end,
also by dying. It reads only, in short transactions, and gives way to the engine for the processor.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Final

import click
import msgspec
import trio

from engine.errors import LogCorrupt, NotFound, Rejected, Unavailable
from gateway.explorer.frames import CANCEL, Asked, Failure, Frames, Garbled, Told, framed
from replay.serving.desk import Desk
from replay.serving.past import Busy
from replay.sources import NoLog, open_source
from replay.walking import Source, Unreadable

PIECE: Final = 64 * 1024
NICE: Final = 10
"""How far this process stands behind the engine for the processor."""

AT_ONCE: Final = 64
"""Calls under way; the gateway keeps to fewer."""

log = logging.getLogger("matron.replay")


async def serve(source: Source, said: trio.abc.ReceiveStream, out: trio.abc.SendStream) -> None:
    """Answer calls as they come until the other end has gone."""
    desk, frames = Desk(source), Frames()
    scopes: dict[int, trio.CancelScope] = {}
    turn, room = trio.Lock(), trio.CapacityLimiter(AT_ONCE)

    async def answer(asked: Asked, scope: trio.CancelScope) -> None:
        with scope:
            async with room:
                told = await answered(desk, asked)
            async with turn:
                await out.send_all(framed(told))
        scopes.pop(asked.id, None)

    async with trio.open_nursery() as nursery:
        async for piece in said:
            for body in frames.take(piece):
                asked = msgspec.msgpack.decode(body, type=Asked)
                if asked.call == CANCEL:
                    if asked.id in scopes:
                        scopes[asked.id].cancel()
                    continue
                scope = scopes[asked.id] = trio.CancelScope()
                nursery.start_soon(answer, asked, scope)
        nursery.cancel_scope.cancel()


async def answered(desk: Desk, asked: Asked) -> Told:
    """What is told of one call, whatever comes of it."""
    try:
        answer = await desk.answer(asked.call, asked.hospital, asked.args)
        result = msgspec.Raw(msgspec.msgpack.encode(answer.value))
        return Told(asked.id, result, patients=sorted(answer.patients))
    except Busy as busy:
        return Told(asked.id, error=Failure("busy", str(busy), read=busy.read, of=busy.of))
    except NotFound as unknown:
        return Told(asked.id, error=Failure("not_found", unknown.detail))
    except Rejected as refusal:
        return Told(asked.id, error=Failure("invalid", refusal.detail, field=str(refusal.facts.get("field", ""))))
    except (LogCorrupt, Unavailable, Unreadable, OSError) as damage:
        return Told(asked.id, error=Failure("unreadable", str(damage)))
    except Exception as bug:
        # Not what it says: a bug may quote somebody's name.
        where = "".join(traceback.format_tb(bug.__traceback__))
        log.error("call %s failed: %s\n%s", asked.call, type(bug).__name__, where)
        return Told(asked.id, error=Failure("failed", type(bug).__name__))


async def live(data: Path) -> None:
    """Open the log, and serve on standard input and output."""
    async with open_source(data) as source:
        said = trio.lowlevel.FdStream(os.dup(sys.stdin.fileno()))
        out = trio.lowlevel.FdStream(os.dup(sys.stdout.fileno()))
        async with said, out:
            await serve(source, said, out)


@click.command(hidden=True)
@click.option("--data", required=True, type=click.Path(exists=True, path_type=Path))
def main(data: Path) -> None:
    """Exit codes: 0 nobody asks any more, 2 there is no log that can be read."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    os.nice(NICE)
    try:
        trio.run(live, data)
    except* NoLog as errors:
        click.echo("; ".join(map(str, errors.exceptions)), err=True)
        sys.exit(2)
    except* (trio.BrokenResourceError, trio.ClosedResourceError, Garbled, KeyboardInterrupt):
        pass  # the other end has gone in the middle of a word


if __name__ == "__main__":
    main()
