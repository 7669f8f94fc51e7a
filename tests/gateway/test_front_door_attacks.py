"""Bytes that are meant to hurt: none may fail a connection's task, let alone the server."""

from __future__ import annotations

import pytest

from tests.gateway.front_door import (
    GET,
    running,
    upgrade,
)

pytestmark = pytest.mark.usefixtures("each_way_through_the_door")


ATTACKS = {
    "a byte that is no HTTP": (b"\x00\r\n\r\n", b"400"),
    "TLS spoken to a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), b""),
    "0xff in Sec-WebSocket-Extensions": (upgrade(extra=b"sec-websocket-extensions: \xff\r\n"), b"400"),
    "0xff in Sec-WebSocket-Protocol": (upgrade(extra=b"sec-websocket-protocol: a, \xff\r\n"), b"400"),
    "0xff in Connection of an upgrade": (upgrade(extra=b"connection: \xff\r\n"), b"400"),
    "0xff in Connection": (b"GET /ignore HTTP/1.1\r\nhost: h\r\nconnection: \xff, close\r\n\r\n", b"200"),
    "an upgrade without a key": (
        b"GET /ws HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        b"400",
    ),
    "an upgrade of another version": (upgrade().replace(b": 13", b": 12"), b"400"),
    "an upgrade with a body": (upgrade(extra=b"content-length: 3\r\n") + b"abc", b"400"),
    "an upgrade over HTTP/1.0": (upgrade().replace(b"HTTP/1.1", b"HTTP/1.0"), b"400"),
    "a refused upgrade with bytes behind": (upgrade("/refuse") + b"x" * 50, b"403"),
    "h2c with bad base64": (
        GET.replace(
            b"host: h", b"host: h\r\nconnection: upgrade, http2-settings, close\r\nhttp2-settings: %%%%%%"
        ).replace(b"host: h", b"host: h\r\nupgrade: h2c")
        % b"/ignore",
        b"200",
    ),
    "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), b"505"),
    "a request behind Connection: close": (
        b"GET /ignore HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n" + GET % b"/boom",
        b"200",
    ),
    "an early answer while the body comes": (
        b"POST /ignore HTTP/1.1\r\nhost: h\r\ncontent-length: 900000\r\n\r\n" + b"x" * 500_000,
        b"200",
    ),
    "a head too big": (b"GET / HTTP/1.1\r\nhost: h\r\n" + b"x: %s\r\n" % (b"y" * 1000) * 60, b"431"),
    "a line without end": (b"G" * 60_000, b"431"),
    "a bare CR in a header": (b"GET / HTTP/1.1\r\nhost: h\r\nx: a\rb\r\n\r\n", b"400"),
    "a bare LF in a header": (b"GET / HTTP/1.1\r\nhost: h\r\nx: a\nb\r\n\r\n", b"400"),
    "NUL in a header": (b"GET / HTTP/1.1\r\nhost: h\r\nx: a\0b\r\n\r\n", b"400"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    "a negative content-length": (b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: -1\r\n\r\n", b"400"),
    "two content-lengths": (
        b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"400",
    ),
    "a length and chunks": (
        b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"400",
    ),
    "a bad chunk size": (
        b"POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"400",
    ),
    "a chunk longer than it says": (
        b"POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        b"400",
    ),
    "a chunk header without end": (
        b"POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1;" + b"x" * 60_000,
        b"4",
    ),
    "percent-encoded rubbish": (b"GET /%ff%00%zz%c3%28 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n", b"200"),
    "a path that is no ASCII": (b"GET /\xff\xfe HTTP/1.1\r\nhost: h\r\n\r\n", b"400"),
    "a method that is no HEAD": (b"head /ignore HTTP/1.1\r\nhost: h\r\n\r\n", b"405"),
    "a method that is no GET": (b"gET /ignore HTTP/1.1\r\nhost: h\r\n\r\n", b"405"),
    "CONNECT": (b"CONNECT h:443 HTTP/1.1\r\nhost: h\r\n\r\nbytes", b"405"),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_attack_does_more_than_end_its_own_connection(attack):
    data, status = ATTACKS[attack]
    async with running() as door:
        said = await door.talk(data)
        assert said.startswith(b"HTTP/1.1 " + status) if status else True
        assert said.count(b"HTTP/1.1 ") == (1 if said else 0)
        await door.still_serves()
        assert door.failures == []


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_attack_does_more_when_its_client_leaves_at_once(attack):
    async with running() as door:
        async with await door.connect() as stream:
            await stream.send_all(ATTACKS[attack][0])
        await door.still_serves()
        assert door.failures == []
