"""WebSockets through the front door, on real sockets."""

from __future__ import annotations

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from tests.gateway.front_door import (
    Socket,
    eventually,
    read_all,
    running,
    upgrade,
)

pytestmark = pytest.mark.usefixtures("each_way_through_the_door")


def masked(*events: TextMessage | BytesMessage | Ping | CloseConnection) -> bytes:
    client = Connection(ConnectionType.CLIENT)
    return b"".join(client.send(event) for event in events)


async def test_a_websocket_echoes_and_answers_pings():
    async with running() as door, await door.connect() as stream:
        client = await Socket(stream).open()
        await client.send(TextMessage(data="hello"))
        assert await client.next() == TextMessage(data="hello")
        await client.send(Ping(payload=b"p"))
        assert await client.next() == Pong(payload=b"p")


async def test_bytes_behind_an_upgrade_are_the_first_frames():
    async with running() as door, await door.connect() as stream:
        client = await Socket(stream).open(behind=masked(TextMessage(data="early")))
        assert await client.next() == TextMessage(data="early")


@pytest.mark.parametrize("path", ["/ws", "/late"])
async def test_a_stray_byte_behind_an_upgrade_hurts_nobody_else(path):
    async with running() as door:
        async with await door.connect() as stream:
            await stream.send_all(upgrade(path) + b"\xff" * 40)
            door.app.go_on.set()
            said = await read_all(stream)
            assert said.startswith(b"HTTP/1.1 101 ")
            assert b"\x03\xea" in said  # 1002, protocol error
        await door.still_serves()
        assert door.failures == []


async def test_permessage_deflate_is_not_agreed_on():
    async with running() as door, await door.connect() as stream:
        client = await Socket(stream).open(extra=b"sec-websocket-extensions: permessage-deflate\r\n")
        assert b"sec-websocket-extensions" not in client.head.lower()
        await stream.send_all(b"\xc1\x85\0\0\0\0hello")  # a frame marked as compressed all the same
        end = await client.next()
        assert isinstance(end, CloseConnection)
        assert end.code == 1002
        await eventually(lambda: door.app.outcomes != [])
        assert door.app.outcomes[0] == "closed 1002"


@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 256 * 1024, True), ("x" * (256 * 1024 + 1), False), ("é" * 140_000, False)]
)
async def test_a_websocket_message_may_have_256_kib(text, fits):
    async with running() as door, await door.connect() as stream:
        client = await Socket(stream).open()
        await client.send(TextMessage(data=text))
        answer = await client.next()
        if fits:
            assert answer == TextMessage(data=text)
        else:
            assert isinstance(answer, CloseConnection)
            assert answer.code == 1009


async def test_the_close_code_of_either_side_reaches_the_other():
    async with running() as door:
        async with await door.connect() as stream:
            client = await Socket(stream).open()
            await client.send(CloseConnection(code=4000))
            end = await client.next()
            assert isinstance(end, CloseConnection)
            assert end.code == 4000
        await door.emptied()
        assert door.app.outcomes == ["closed 4000", "the websocket learned of it"]
        async with await door.connect() as stream:
            client = await Socket(stream).open()
            await client.send(TextMessage(data="bye"))
            end = await client.next()
            assert isinstance(end, CloseConnection)
            assert (end.code, end.reason) == (4001, "bye")


async def test_sending_to_a_websocket_whose_peer_left_raises():
    async with running() as door:
        async with await door.connect() as stream:
            await Socket(stream).open()
        await door.emptied()
        assert door.app.outcomes == ["closed 1006", "the websocket learned of it"]
        assert door.failures == []


async def test_sending_to_a_websocket_whose_peer_stopped_reading_raises():
    async with running() as door, await door.connect(receive_buffer=4096) as stream:
        await stream.send_all(upgrade("/feed"))
        await eventually(lambda: door.app.outcomes == ["the websocket learned of it"])
        await door.still_serves()


async def test_a_websocket_whose_app_fails_is_closed_with_1011():
    async with running() as door, await door.connect() as stream:
        end = await (await Socket(stream).open("/ws-boom")).next()
        assert isinstance(end, CloseConnection)
        assert end.code == 1011
        assert len(door.failures) == 1
