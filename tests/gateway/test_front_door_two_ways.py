"""Any bytes, cut anywhere, are answered alike on both ways through the door; and which way plain ones go."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import h11
import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.door.head import LARGEST_PLAIN_BODY, plain_head
from gateway.door.short import ShortConnection
from gateway.server import DoorSettings
from tests.gateway.front_door import FAST_PATH, GET, POST, Browser, Running, eventually, read_all, running
from tests.gateway.test_front_door_attacks import ATTACKS
from tests.gateway.test_front_door_smuggling import CASES

PATHS = ("/seen", "/echo", "/ignore", "/none", "/half", "/boom", "/bad-header", "/short", "/silent", "/%41%zz?a=%20&b")
CLOSE = b"GET /seen HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
PATIENT = DoorSettings(max_head_bytes=2048, linger_timeout=0.1)
SEEN = b"POST /seen HTTP/1.1\r\nhost: h\r\n%s\r\n%s"


async def both(pieces: Sequence[bytes], script: Sequence[dict[str, Any]] = ()) -> list[tuple[list[Any], list[str]]]:
    """What each way says to these pieces, sent one after the other, and what its app and its door had to report."""
    found = []
    for fast in (True, False):
        token = FAST_PATH.set(fast)
        async with running(PATIENT) as door:
            door.app.script = list(script)
            async with await door.connect() as stream:
                said = await speak(stream, pieces)
            await door.emptied()
            found.append((told(said), [f"{len(door.failures)} failures", *door.app.outcomes]))
        FAST_PATH.reset(token)
    return found


async def speak(stream: trio.SocketStream, pieces: Sequence[bytes]) -> bytes:
    """Send each piece when the one before it has been taken, end, and read to the end."""
    with suppress(trio.BrokenResourceError):
        for piece in pieces:
            await stream.send_all(piece)
            await trio.testing.wait_all_tasks_blocked(0.001)
        await stream.send_eof()
    return await read_all(stream)


def told(said: bytes) -> list[Any]:
    """Answers without what differs from second to second, or in nothing but its order."""
    parts = re.split(rb"(HTTP/1\.1 \d{3} \r\n(?:[^\r\n]+\r\n)*\r\n)", said)
    return [sorted(line for line in part.lower().split(b"\r\n") if not line.startswith(b"date: ")) for part in parts]


def heads() -> st.SearchStrategy[bytes]:
    """Requests as clients write them, and here and there as none should."""
    line = st.sampled_from(
        (
            b"x: 1", b"X-Long:  a  b ", b"Connection: keep-alive", b"connection: close", b"Connection: upgrade",
            b"accept: */*", b"Expect: 100-continue", b"Transfer-Encoding: chunked", b"Content-Length: 2",
            b"content-length: 3", b"upgrade: h2c", b"empty:", b"obs: \xe9", b"tab:\ta\tb\t", b"ctl: \x01", b" folded",
            b"x : 1", b": 1", b"x: a\rb", b"x: a\nb", b"Host: h",
        )
    )  # fmt: skip
    return st.builds(
        lambda method, path, version, lines, body: (
            b"%s %s HTTP/%s\r\nhost: h\r\n" % (method, path.encode(), version)
            + b"".join(line + b"\r\n" for line in lines)
            + (b"content-length: %d\r\n" % len(body) if body is not None else b"")
            + b"\r\n"
            + (body or b"")
        ),
        st.sampled_from((b"GET", b"GET", b"POST", b"POST", b"POST", b"HEAD", b"PUT", b"get", b"BREW")),
        st.sampled_from(PATHS),
        st.sampled_from((b"1.1",) * 8 + (b"1.0", b"2.0")),
        st.lists(line, max_size=2),
        st.none() | st.binary(max_size=40),
    )


def broken(data: bytes) -> st.SearchStrategy[bytes]:
    """The bytes as they are, or with one of them changed, doubled or left out."""
    at = st.integers(0, max(0, len(data) - 1))
    other = st.sampled_from((b"", b"\r", b"\n", b"\r\n", b"\0", b" ", b":", b"\xff", b"0"))
    changed = st.builds(lambda at, other: data[:at] + other + data[at + 1 :], at, other)
    return st.just(data) | changed | st.builds(lambda at, other: data[:at] + other + data[at:], at, other)


def cut(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """The bytes in one to four pieces."""
    places = st.lists(st.integers(0, len(data)), max_size=3).map(sorted)
    return places.map(
        lambda at: [piece for a, b in zip([0, *at], [*at, len(data)], strict=True) if (piece := data[a:b])]
    )


TALKS = st.lists(heads(), min_size=1, max_size=3).map(b"".join).flatmap(broken).flatmap(cut)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=TALKS)
@example(pieces=[GET % b"/seen" + CLOSE])
@example(pieces=[SEEN[:9], SEEN[9:] % (b"content-length: 4\r\n", b"ab"), b"cd" + CLOSE])
@example(pieces=[SEEN % (b"content-length: 4\r\n", b"a"), b"b", b"c"])
@example(pieces=[POST % (2, b"hi") + CLOSE[:11], CLOSE[11:]])
async def test_any_bytes_cut_anywhere_are_answered_alike(pieces):
    short, long = await both(pieces)
    assert short == long


@pytest.mark.parametrize("name", sorted(CASES) + sorted(ATTACKS))
async def test_every_attack_is_answered_alike_whole_and_cut(name):
    data = (CASES.get(name) or ATTACKS[name])[0][:5000] + CLOSE
    for pieces in ([data], [data[: len(data) // 2], data[len(data) // 2 :]], [data[:30], data[30:]]):
        short, long = await both(pieces)
        assert short == long


@given(data=st.lists(heads(), min_size=1, max_size=2).map(b"".join).flatmap(broken))
def test_a_head_that_is_plain_is_one_that_h11_reads_alike(data):
    head = plain_head(data, 16_384)
    if head is None:
        return
    reader = h11.Connection(h11.SERVER)
    reader.receive_data(data)
    request = reader.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method.decode(), request.http_version) == (head.method, b"1.1")
    assert request.target == head.path + (b"?" + head.query if b"?" in request.target else b"")
    assert list(request.headers) == head.headers
    assert data[head.end :] == reader.trailing_data[0]
    framing = h11._connection._body_framing(request.method, request)
    assert framing == ("content-length", (head.length,))
    assert head.close == (b"close" in h11._headers.get_comma_header(request.headers, b"connection"))


def answers() -> st.SearchStrategy[list[dict[str, Any]]]:
    """What apps send for an answer, and here and there what none should."""
    header = st.sampled_from(
        (
            (b"content-type", b"text/plain"), (b"Content-Length", b"2"), (b"content-length", b"2"),
            (b"content-length", b"0"), (b"content-length", b"+2"), (b"connection", b"close"),
            (b"Connection", b"keep-alive"), (b"transfer-encoding", b"chunked"), (b"x", b" 1 "), (b"y", b""),
            (b"bad name", b"1"), (b"x", b"a\r\nset-cookie: b"), (b"x", b"\xe9"), (b"x", b"a\x01"), (b":x", b"1"),
            ("text", "text"), (b"", b"1"), (b"x", b"a\0"), (b"x", b"a \t b"), (b"keep-alive", b"timeout=5"),
        )
    )  # fmt: skip
    start = st.builds(
        lambda status, headers: {"type": "http.response.start", "status": status, "headers": headers},
        st.sampled_from((200, 200, 200, 201, 204, 304, 404, 500, 599, 100, 700)),
        st.lists(header, max_size=3),
    )
    body = st.builds(
        lambda body, more: {"type": "http.response.body", "body": body, "more_body": more},
        st.sampled_from((b"", b"ab", b"a", b"x" * 70_000)),
        st.booleans(),
    )
    other = st.sampled_from(({"type": "http.response.body"}, {"type": "http.response.trailers"}, {"type": "nonsense"}))
    usual = st.builds(lambda start, body: [start, body], start, st.just({"type": "http.response.body", "body": b"ab"}))
    return usual | st.builds(
        lambda start, bodies, end: [*start, *bodies, *end],
        st.lists(start, min_size=1, max_size=2),
        st.lists(body, max_size=3),
        st.lists(body | other, max_size=1),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    script=[
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2"), (b"x", b"a\r\nb: c")]},
        {"type": "http.response.body", "body": b"ab"},
    ],
    method=b"GET",
)
@given(script=answers(), method=st.sampled_from((b"GET", b"GET", b"HEAD", b"POST")))
async def test_whatever_an_app_sends_leaves_alike(script, method):
    request = method + (SEEN % (b"", b"")).removeprefix(b"POST").replace(b"/seen", b"/script")
    short, long = await both([request + CLOSE], script)
    assert short == long


# The short way's own


@asynccontextmanager
async def on_the_short_way() -> AsyncIterator[tuple[Running, Browser, ShortConnection]]:
    """A client, and its connection as the door has it."""
    async with running() as door, await door.connect() as stream:
        browser = Browser(stream)
        await browser.ask(GET % b"/ignore")
        (connection,) = door.door._connections
        assert isinstance(connection, ShortConnection)
        yield door, browser, connection


def met_h11(connection: ShortConnection) -> bool:
    return "wire" in vars(connection)


@pytest.mark.parametrize(
    "request_bytes",
    [
        GET % b"/ignore?a=b",
        POST % (5, b"hello"),
        POST % (LARGEST_PLAIN_BODY, b"x" * LARGEST_PLAIN_BODY),
        b"HEAD /ignore HTTP/1.1\r\nhost: h\r\n\r\n",
        GET % b"/none",
        GET % b"/context",
    ],
)
async def test_a_plain_request_never_meets_h11(request_bytes):
    async with on_the_short_way() as (_, browser, connection):
        assert (await browser.ask(request_bytes, request_bytes.split(b" ")[0])).status in (200, 204)
        assert not met_h11(connection)


@pytest.mark.parametrize(
    "request_bytes",
    [
        POST % (LARGEST_PLAIN_BODY + 1, b"x" * (LARGEST_PLAIN_BODY + 1)),
        b"POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        GET.replace(b"GET", b"BREW") % b"/ignore",
    ],
)
async def test_after_a_request_on_the_long_way_the_next_goes_the_short_one_again(request_bytes):
    async with on_the_short_way() as (_, browser, connection):
        assert (await browser.ask(request_bytes)).status == 200
        assert met_h11(connection)
        wire = connection.wire
        assert (await browser.ask(GET % b"/ignore" + GET % b"/ignore")).body == b"ignored"
        assert (await browser.read()).body == b"ignored"
        assert connection.wire is wire


async def test_a_stream_begins_on_the_short_way_and_ends_on_the_long_one():
    async with on_the_short_way() as (door, browser, connection):
        door.app.script = [
            {"type": "http.response.start", "status": 200, "headers": []},
            {"type": "http.response.body", "body": b"one ", "more_body": True},
            {"type": "http.response.body", "body": b"two"},
        ]
        answer = await browser.ask(GET % b"/script" + GET % b"/ignore")
        assert (answer.headers["transfer-encoding"], answer.body) == ("chunked", b"one two")
        assert (await browser.read()).body == b"ignored"
        assert met_h11(connection)


async def test_a_request_that_has_arrived_when_the_door_closes_is_answered():
    async with on_the_short_way() as (door, browser, _):
        await eventually(lambda: len(door.door.resting) == 1)
        assert isinstance(browser.stream, trio.SocketStream)
        os.write(browser.stream.socket.fileno(), GET % b"/ignore")
        door.door.close_idle()
        answer = await browser.read()
        assert (answer.body, answer.headers["connection"]) == (b"ignored", "close")
        await door.emptied()
        assert door.door.resting == set()


async def test_a_request_of_which_only_the_head_has_arrived_when_the_door_closes_is_answered_too():
    async with on_the_short_way() as (door, browser, _):
        await eventually(lambda: len(door.door.resting) == 1)
        assert isinstance(browser.stream, trio.SocketStream)
        descriptor = browser.stream.socket.fileno()
        os.write(descriptor, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
        door.door.close_idle()
        await trio.sleep(0.05)
        os.write(descriptor, b"body")
        answer = await browser.read()
        assert (answer.status, answer.body) == (200, b"body")
        await door.emptied()


async def test_with_the_switch_off_every_request_goes_the_long_way():
    token = FAST_PATH.set(False)
    try:
        async with running() as door, await door.connect() as stream:
            await Browser(stream).ask(GET % b"/ignore")
            assert not any(isinstance(connection, ShortConnection) for connection in door.door._connections)
    finally:
        FAST_PATH.reset(token)
