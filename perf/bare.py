"""The yardstick of the front door: Starlette answering a POST of a booking's size, and nothing behind it.

``python -m perf.bare hypercorn|door`` serves it on a free port and says where, until it is terminated: on Hypercorn's
own server loop, or on the gateway's door, with the same settings.
"""

from __future__ import annotations

import signal
import sys
from typing import Final

import click
import hypercorn.trio
import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.process import settle_memory, tune_process
from gateway.door.settings import DoorConfig
from gateway.server import DoorSettings, serve

_BODY: Final = b'{"id":"%s"}' % (b"0" * 900)
"""About as long as the answer to a booking."""


async def answer(request: Request) -> Response:
    """Read the whole body, answer a fixed one."""
    await request.body()
    return Response(_BODY, 201, media_type="application/json")


app = Starlette(routes=[Route("/", answer, methods=["POST"])])


async def _serve(kind: str) -> None:
    over = trio.Event()
    settings = DoorSettings()
    async with trio.open_nursery() as nursery:
        if kind == "hypercorn":
            config = DoorConfig(settings)
            config.bind = ["127.0.0.1:0"]
            config.keep_alive_timeout = settings.keep_alive_timeout
            [place] = await nursery.start(hypercorn.trio.serve, app, config)
        else:
            door = await nursery.start(_door, settings, over)
            [place] = door.binds
        click.echo(f"serves on {place}")
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                over.set()
                nursery.cancel_scope.cancel()
                break


async def _door(
    settings: DoorSettings, over: trio.Event, *, task_status: trio.TaskStatus[object] = trio.TASK_STATUS_IGNORED
) -> None:
    await serve(app, bind="127.0.0.1:0", settings=settings, shutdown=over, task_status=task_status)


if __name__ == "__main__":
    tune_process()
    settle_memory()
    trio.run(_serve, sys.argv[1])
