"""The front door may break; the engine behind it, its address and its clients' next requests do not."""

from __future__ import annotations

import os
import socket
from typing import Any, cast

import httpx2
import trio

from engine.runtime import Engine
from gateway.app import create_app
from gateway.auth import Nobody
from gateway.keeping import another, keep_serving
from gateway.server import DoorSettings, open_sockets, serve
from tests.gateway.surface import ScriptedEngine


async def test_a_door_that_breaks_is_made_anew_on_the_same_address():
    shutdown, broken, doors = trio.Event(), trio.Event(), 0

    async def door(app: Any, **how: Any) -> None:
        nonlocal doors
        doors += 1
        if doors > 1:
            await serve(app, **how)
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: serve(app, **how))
            await broken.wait()
            raise RuntimeError("the door broke")

    engine = ScriptedEngine()
    app = create_app(cast("Engine", engine), Nobody(), engine.page)
    sockets = open_sockets("127.0.0.1:0")
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    async with trio.open_nursery() as nursery:
        kept = await nursery.start(keep_serving, app, sockets, DoorSettings(), shutdown, door)
        assert kept.binds == (url,)
        async with httpx2.AsyncClient(base_url=url) as client:
            assert (await client.get("/health/live")).status_code == 200
        broken.set()
        async with httpx2.AsyncClient(base_url=url, timeout=10) as client:
            assert (await client.post("/api/v1/patients/", json={"name": "x"})).status_code == 200
        assert doors == 2
        shutdown.set()
    assert all(sock.fileno() == -1 for sock in sockets)


def test_another_handle_of_a_listening_socket_lets_no_process_wait_for_a_client():
    """All handles are one to the kernel: a process that accepts where nobody waits would stand still."""
    [ours] = open_sockets("127.0.0.1:0")
    with ours, socket.socket(fileno=os.dup(ours.fileno())) as theirs, another(theirs) as copy:
        assert [os.get_blocking(each.fileno()) for each in (ours, theirs, copy)] == [False] * 3
