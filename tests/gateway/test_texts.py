"""Texts that an app hands to a WebSocket together: whole, in order, at once where the peer reads, never to nobody."""

from __future__ import annotations

import pytest
import trio
from wsproto.events import CloseConnection, TextMessage

from gateway.door.streams import text_head
from tests.gateway.front_door import Socket, eventually, running, upgrade


@pytest.mark.parametrize(
    "lengths", [[2], [125, 126, 127], [65_535, 65_536], [5] * 300, [400_000, 2]], ids=lambda lengths: f"{lengths[:3]}"
)
async def test_texts_arrive_whole_and_in_order(lengths: list[int]) -> None:
    async with running() as door, await door.connect() as stream:
        client = await Socket(stream).open("/texts")
        await client.send(TextMessage(data=" ".join(map(str, lengths))))
        for length in lengths:
            assert await client.next() == TextMessage(data="é" + "x" * (length - 2))
        await client.send(CloseConnection(code=1000))
        assert isinstance(await client.next(), CloseConnection)
    assert door.app.outcomes == ["closed 1000", "the websocket learned of it"]
    assert door.failures == []


async def test_texts_arrive_whole_where_the_peer_reads_slowly() -> None:
    async with running() as door, await door.connect(receive_buffer=4_096) as stream:
        client = await Socket(stream).open("/texts")
        await client.send(TextMessage(data="150000 3 150000"))
        got = b""
        while len(got) < 300_000:
            got += await stream.receive_some(10_000)
            await trio.sleep(0.001)
        texts = ["é".encode() + b"x" * (length - 2) for length in (150_000, 3, 150_000)]
        assert got == b"".join(text_head(len(text)) + text for text in texts)


async def test_texts_to_a_peer_that_stopped_reading_end_at_the_bound_of_one_send() -> None:
    async with running() as door, await door.connect(receive_buffer=4_096) as stream:
        await stream.send_all(upgrade("/news"))
        await eventually(lambda: door.app.outcomes == ["the websocket learned of it"])
        await door.still_serves()


async def test_texts_to_a_peer_that_left_end_the_websocket() -> None:
    async with running() as door:
        async with await door.connect() as stream:
            await stream.send_all(upgrade("/news"))
            await stream.receive_some(100_000)
        await eventually(lambda: door.app.outcomes == ["the websocket learned of it"])
        await door.emptied()
    assert door.failures == []
