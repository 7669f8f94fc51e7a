"""The client that asks witnesses, before servers that keep to nothing."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import trio

from engine.errors import Invalid
from gateway.audit.client import Answer, Client, Unreached

Serve = Callable[[trio.SocketStream], Awaitable[None]]
TLS = ssl.create_default_context()
FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nok"


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    """The URL of whoever serves so."""

    async def contained(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):  # the client has had enough
            await serve(stream)

    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(partial(trio.serve_tcp, contained, 0, host="127.0.0.1"))
        yield f"http://127.0.0.1:{listener.socket.getsockname()[1]}/prefix/"
        nursery.cancel_scope.cancel()


def saying(*pieces: bytes) -> Serve:
    """Hears something, says this, and goes."""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        for piece in pieces:
            await stream.send_all(piece)

    return serve


async def endless(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(b"HTTP/1.1 200 OK\r\n")
    while True:
        await stream.send_all(b"x-more: " + b"x" * 1_000 + b"\r\n")


@pytest.mark.parametrize(
    ("serve", "told"),
    [
        (saying(), "bad_answer"),
        (saying(b"nonsense\r\n\r\n"), "bad_answer"),
        (saying(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok"), "bad_answer"),
        (saying(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"), "bad_answer"),
        (saying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), "bad_answer"),
        (saying(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 70_000), "bad_answer"),
        (endless, "bad_answer"),
    ],
)
async def test_what_is_no_answer_is_none(serve: Serve, told: str):
    async with server(serve) as url:
        client = Client(url, TLS)
        for _ in range(2):
            with pytest.raises(Unreached, match=told), trio.fail_after(5):
                await client.post("add-checkpoint", b"question")


async def test_a_connection_is_kept_and_made_anew_when_it_was_closed_meanwhile():
    connections: list[trio.SocketStream] = []
    heads: list[bytes] = []

    async def serve(stream: trio.SocketStream) -> None:
        connections.append(stream)
        for _ in range(2):
            heads.append(await stream.receive_some())
            await stream.send_all(FINE)

    async with server(serve) as url:
        client = Client(url, TLS)
        for _ in range(5):
            assert await client.post("add-checkpoint", b"question") == Answer(200, "text/plain", b"ok")
        await client.close()
    assert len(connections) == 3
    assert heads[0].startswith(b"POST /prefix/add-checkpoint HTTP/1.1\r\nHost: 127.0.0.1:")
    assert heads[0].endswith(b"\r\n\r\nquestion")


async def test_an_answer_before_the_question_was_heard_is_taken():
    async def serve(stream: trio.SocketStream) -> None:
        await stream.send_all(FINE.replace(b"\r\ncontent-length", b"\r\nconnection: close\r\ncontent-length"))
        await trio.sleep_forever()

    async with server(serve) as url:
        client = Client(url, TLS)
        with trio.fail_after(5):
            assert (await client.post("add-checkpoint", b"question")).status == 200


@pytest.mark.parametrize(
    ("host", "addresses", "told"),
    [
        ("witness.example", [], "connection_failed"),
        ("witness.example", ["93.184.216.34"], "refused_plain_http"),
        ("witness.example", ["127.0.0.1", "93.184.216.34"], "refused_plain_http"),
        ("witness.example", ["::ffff:93.184.216.34"], "refused_plain_http"),
        ("witness.example", ["fe80::1%eth0%"], "unknown_host"),
    ],
)
async def test_plain_http_stays_in_the_house(host: str, addresses: list[str], told: str):
    async def resolve(name: str, port: int) -> list[str]:
        return addresses

    with pytest.raises(Unreached, match=told), trio.fail_after(5):
        await Client(f"http://{host}:1", TLS, resolve).post("add-checkpoint", b"")


async def test_a_host_that_nobody_knows_is_told():
    async def resolve(name: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(Unreached, match="unknown_host"):
        await Client("https://witness.example", TLS, resolve).post("add-checkpoint", b"")


@pytest.mark.parametrize("url", ["http://", "http://user@w", "http://w/#x", "ftp://w", "http://127.1", "http://w:0"])
def test_a_url_that_cannot_be_meant_is_refused(url: str):
    with pytest.raises(Invalid):
        Client(url, TLS)
