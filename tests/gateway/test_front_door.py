"""The front door on real sockets: HTTP as it should be, its bounds, how it contains failures and how it stops."""

from __future__ import annotations

import errno
import json
import resource
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from gateway.server import Door, DoorSettings, open_sockets, serve
from tests.gateway.front_door import QUICK, Browser, Socket, TinyApp, eventually, read_all, running, upgrade

GET = b"GET %s HTTP/1.1\r\nhost: h\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%s"


pytestmark = pytest.mark.usefixtures("each_way_through_the_door")


def masked(*events: TextMessage | BytesMessage | Ping | CloseConnection) -> bytes:
    client = Connection(ConnectionType.CLIENT)
    return b"".join(client.send(event) for event in events)


# HTTP


async def test_a_connection_carries_one_request_after_another():
    async with running() as door, await door.connect() as stream:
        browser = Browser(stream)
        for word in (b"one", b"two", b"three"):
            assert (await browser.ask(POST % (len(word), word))).body == word
        assert door.door.open_connections == 1


async def test_a_target_that_names_scheme_and_host_is_its_path():
    async with running() as door, await door.connect() as stream:
        browser = Browser(stream)
        for target in (b"http://testserver/ignore", b"HTTPS://x:1/ignore?a=1"):
            assert (await browser.ask(GET % target)).body == b"ignored"


async def test_head_and_body_leave_in_one_piece():
    async with running() as door, await door.connect() as stream:
        await stream.send_all(GET % b"/ignore")
        assert (await stream.receive_some(65536)).endswith(b"\r\n\r\nignored")


async def test_pipelined_requests_are_answered_in_their_order():
    async with running() as door, await door.connect() as stream:
        browser = Browser(stream)
        await stream.send_all(POST % (1, b"1") + POST % (1, b"2") + GET % b"/ignore")
        assert [(await browser.read()).body for _ in range(3)] == [b"1", b"2", b"ignored"]


async def test_an_answer_to_head_has_the_length_but_no_body():
    async with running() as door, await door.connect() as stream:
        browser = Browser(stream)
        answer = await browser.ask(b"HEAD /ignore HTTP/1.1\r\nhost: h\r\n\r\n", b"HEAD")
        assert (answer.headers["content-length"], answer.body) == ("7", b"")
        assert (await browser.ask(GET % b"/ignore")).body == b"ignored"


async def test_no_content_has_neither_length_nor_body():
    async with running() as door, await door.connect() as stream:
        browser = Browser(stream)
        answer = await browser.ask(GET % b"/none")
        assert (answer.status, answer.body) == (204, b"")
        assert {"content-length", "transfer-encoding"}.isdisjoint(answer.headers)
        assert (await browser.ask(GET % b"/ignore")).body == b"ignored"


async def test_a_chunked_body_arrives_whole():
    async with running() as door, await door.connect() as stream:
        head = b"POST /echo HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        assert (await Browser(stream).ask(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")).body == b"abcde"


async def test_a_client_that_waits_for_100_gets_it_when_the_app_reads():
    async with running() as door, await door.connect() as stream:
        browser = Browser(stream)
        head = b"POST /echo HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        assert (await browser.ask(head)).status == 100
        assert (await browser.ask(b"hi")).body == b"hi"


async def test_a_client_that_waits_for_100_gets_the_answer_when_the_app_does_not_read():
    async with running() as door:
        said = await door.talk(b"POST /ignore HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in said
        await door.still_serves()


async def test_http_1_0_is_answered_and_closed():
    async with running() as door:
        said = await door.talk(b"GET /ignore HTTP/1.0\r\n\r\n")
        assert said.endswith(b"ignored")
        await door.still_serves()


async def test_the_scope_names_the_client_and_has_a_state():
    async with running() as door, await door.connect() as stream:
        answer = await Browser(stream).ask(GET % b"/scope?x=1")
        assert json.loads(answer.body) == {
            "client": list(stream.socket.getsockname()),
            "state": {},
            "path": "/scope",
            "scheme": "http",
        }


async def test_an_answer_has_a_date_and_does_not_name_the_server():
    async with running() as door, await door.connect() as stream:
        headers = (await Browser(stream).ask(GET % b"/ignore")).headers
        assert headers["date"].endswith(" GMT")
        assert "server" not in headers


async def test_context_variables_end_with_their_request():
    async with running() as door, await door.connect() as stream:
        browser = Browser(stream)
        assert [(await browser.ask(GET % b"/context")).body for _ in range(2)] == [b"clean", b"clean"]


async def test_a_client_that_half_closes_gets_its_answer():
    async with running() as door, await door.connect() as stream:
        await stream.send_all(POST % (2, b"hi"))
        await stream.send_eof()
        assert (await read_all(stream)).endswith(b"hi")


async def test_an_app_that_waits_for_it_hears_that_its_client_left():
    async with running() as door:
        async with await door.connect() as stream:
            await stream.send_all(GET % b"/departure")
            await door.app.entered.wait()
        await door.emptied()
        assert door.app.outcomes == ["left"]
        assert door.failures == []


async def test_a_connection_ends_after_its_last_allowed_request():
    async with running(msgspec.structs.replace(QUICK, keep_alive_max_requests=2)) as door:
        said = await door.talk((GET % b"/ignore") * 5)
        assert said.count(b"ignored") == 2
        assert said.count(b"connection: close") == 1


# Attacks: none may fail a connection's task, let alone the server

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


# Failures of the app


@pytest.mark.parametrize("path", [b"/boom", b"/group", b"/bad-header", b"/short"])
async def test_an_app_that_fails_before_anything_left_is_answered_500_and_reported(path):
    async with running() as door:
        said = await door.talk(GET % path)
        assert said.startswith(b"HTTP/1.1 500 ")
        assert b"set-cookie" not in said
        assert (len(door.failures), door.door.failures) == (1, 1)
        await door.still_serves()


async def test_an_app_that_answers_nothing_is_answered_500():
    async with running() as door:
        assert (await door.talk(GET % b"/silent")).startswith(b"HTTP/1.1 500 ")


async def test_an_app_that_fails_half_way_cuts_the_answer_short():
    async with running() as door:
        said = await door.talk(GET % b"/half")
        assert said.endswith(b"\r\n\r\nhalf")
        assert [str(failure) for failure in door.failures] == ["half"]
        await door.still_serves()


async def test_a_report_that_fails_itself_is_contained_too():
    def report(error: Exception) -> None:
        raise ZeroDivisionError

    async with running(on_failure=report) as door:
        await door.talk(GET % b"/boom")
        await door.still_serves()
        assert door.door.failures == 1


async def test_a_websocket_whose_app_fails_is_closed_with_1011():
    async with running() as door, await door.connect() as stream:
        end = await (await Socket(stream).open("/ws-boom")).next()
        assert isinstance(end, CloseConnection)
        assert end.code == 1011
        assert len(door.failures) == 1


# Bounds


async def test_a_head_that_trickles_in_is_cut_off():
    async with running() as door, await door.connect() as stream, trio.open_nursery() as nursery:

        @nursery.start_soon
        async def trickle() -> None:
            with suppress(trio.BrokenResourceError):
                await stream.send_all(b"GET / HTTP/1.1\r\n")
                while True:
                    await stream.send_all(b"x: y\r\n")
                    await trio.sleep(0.02)

        started = trio.current_time()
        assert (await read_all(stream)).startswith(b"HTTP/1.1 408 ")
        assert trio.current_time() - started < 1
        nursery.cancel_scope.cancel()
        await door.still_serves()


async def test_a_body_that_stops_is_cut_off():
    async with running() as door:
        said = await door.talk(b"POST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\nhal")
        assert said.startswith(b"HTTP/1.1 408 ")
        assert door.app.outcomes == ["left while sending"]
        await door.still_serves()


@pytest.mark.parametrize("said_before", [b"", GET % b"/ignore"])
async def test_an_idle_connection_is_closed(said_before):
    async with running() as door:
        started = trio.current_time()
        await door.talk(said_before)
        assert 0.2 < trio.current_time() - started < 1
        await door.still_serves()


@pytest.mark.parametrize("path", [b"/large", b"/endless"])
async def test_a_client_that_stops_reading_is_let_go(path):
    async with running() as door, await door.connect(receive_buffer=4096) as stream:
        started = trio.current_time()
        await stream.send_all(GET % path)
        await door.emptied()
        assert trio.current_time() - started < 1.5
        assert door.app.outcomes in (["large ended"], ["the stream learned of it"])
        assert door.failures == []
        await door.still_serves()


async def test_a_client_that_reads_slowly_but_steadily_gets_all():
    settings = msgspec.structs.replace(QUICK, send_piece=64 * 1024)
    async with running(settings) as door, await door.connect() as stream:
        await stream.send_all(GET % b"/large")
        left, started = 32_000_000, trio.current_time()
        while left > 0:
            left -= len(await stream.receive_some(1_000_000))
            if trio.current_time() - started < 0.5:
                await trio.sleep(0.05)
        assert trio.current_time() - started > QUICK.send_timeout * 2


async def test_a_stream_learns_that_its_reader_left():
    async with running() as door:
        async with await door.connect() as stream:
            await stream.send_all(GET % b"/endless")
            await stream.receive_some(1000)
        await door.emptied()
        assert door.app.outcomes == ["the stream learned of it"]
        assert door.failures == []


async def test_one_connection_too_many_is_refused_and_the_others_go_on():
    async with running(msgspec.structs.replace(QUICK, max_connections=2)) as door:
        async with await door.connect() as first, await door.connect() as second:
            browsers = [Browser(first), Browser(second)]
            for browser in browsers:
                assert (await browser.ask(GET % b"/ignore")).status == 200
            async with await door.connect() as third:
                assert (await read_all(third)).startswith(b"HTTP/1.1 503 ")
            assert door.door.refused == 1
            for browser in browsers:
                assert (await browser.ask(GET % b"/ignore")).status == 200
        await door.emptied()
        await door.still_serves()


async def test_a_door_out_of_descriptors_waits_until_there_are_some():
    async with running() as door:
        with trio.socket.socket() as client:
            before = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, before[1]))
            try:
                await client.connect(("127.0.0.1", door.port))
                await client.send(GET % b"/ignore")
                await eventually(lambda: door.door.failures > 0)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, before)
            assert (await client.recv(65536)).endswith(b"ignored")
        assert {failure.errno for failure in door.failures if isinstance(failure, OSError)} == {errno.EMFILE}
        await door.still_serves()


async def test_a_client_that_sends_far_ahead_of_a_waiting_app_is_let_go():
    async with running() as door:
        async with await door.connect() as stream:
            await stream.send_all(GET % b"/departure" + b"GET" * 20_000)
            await eventually(lambda: door.app.outcomes == ["left"])
        await door.still_serves()


async def test_the_listening_socket_bounds_peers_that_vanish():
    sockets = open_sockets("127.0.0.1:0")
    shutdown = trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(
            lambda task_status: serve(TinyApp(), sockets=sockets, shutdown=shutdown, task_status=task_status)
        )
        assert sockets[0].fileno() == -1 or sockets[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
        shutdown.set()


# WebSocket


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


# Stopping


async def test_idle_connections_end_at_once_when_the_door_closes():
    async with running(DoorSettings()) as door, await door.connect() as fresh, await door.connect() as used:
        await Browser(used).ask(GET % b"/ignore")
        started = trio.current_time()
        door.shutdown.set()
        await door.ended.wait()
        assert trio.current_time() - started < 0.5
        assert await read_all(fresh) == b"" == await read_all(used)
        with pytest.raises(OSError):
            await door.connect()


async def test_a_request_in_flight_is_answered_when_the_door_closes():
    async with running(DoorSettings()) as door, await door.connect() as stream:
        await stream.send_all(GET % b"/wait")
        await door.app.entered.wait()
        door.shutdown.set()
        await eventually(lambda: door.door.stopping)
        assert not door.ended.is_set()
        door.app.go_on.set()
        answer = await Browser(stream).read()
        assert (answer.body, answer.headers["connection"]) == (b"waited", "close")
        with trio.fail_after(1):
            await door.ended.wait()


@pytest.mark.parametrize("data", [GET % b"/wait", upgrade(), GET % b"/endless", GET % b"/large", upgrade("/feed")])
async def test_nothing_holds_the_door_beyond_its_grace(data):
    settings = msgspec.structs.replace(QUICK, send_timeout=60.0)
    async with running(settings) as door, await door.connect(receive_buffer=4096) as stream:
        await stream.send_all(data)
        await eventually(lambda: door.door.open_connections == 1)
        await stream.receive_some(1) if b"/wait" not in data else await door.app.entered.wait()
        started = trio.current_time()
        door.shutdown.set()
        await door.ended.wait()
        assert 0.25 < trio.current_time() - started < 0.8
        assert door.door.open_connections == 0
        assert door.failures == []


async def test_a_cancelled_server_ends_at_once_although_a_send_hangs():
    settings = msgspec.structs.replace(QUICK, send_timeout=60.0)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            door: Door = await nursery.start(
                partial(serve, TinyApp(), bind="127.0.0.1:0", settings=settings, shutdown=trio.Event())
            )
            async with await trio.open_tcp_stream("127.0.0.1", int(door.binds[0].rsplit(":", 1)[1])) as stream:
                await stream.send_all(GET % b"/large")
                await stream.receive_some(1)
                nursery.cancel_scope.cancel()
    assert door.open_connections == 0


# Sockets and TLS


async def test_a_unix_socket_is_served_and_its_clients_have_no_address(tmp_path: Path):
    shutdown = trio.Event()
    path = tmp_path / "door"
    async with trio.open_nursery() as nursery:
        await nursery.start(
            lambda task_status: serve(TinyApp(), bind=f"unix:{path}", shutdown=shutdown, task_status=task_status)
        )
        async with await trio.open_unix_socket(path) as stream:
            assert json.loads((await Browser(stream).ask(GET % b"/scope")).body)["client"] is None
        shutdown.set()


async def test_bind_and_sockets_exclude_each_other():
    with pytest.raises(ValueError, match="either"):
        await serve(TinyApp(), shutdown=trio.Event())


async def test_tls_is_served_and_broken_handshakes_are_contained(tmp_path: Path):
    certificate, trust = certify(tmp_path)
    settings = msgspec.structs.replace(
        QUICK, certfile=str(certificate), keyfile=str(certificate), tls_handshake_timeout=0.2
    )
    async with running(settings) as door:
        assert door.door.binds[0].startswith("https://")
        assert await door.talk(GET % b"/ignore") != b"ignored"
        await door.talk(b"")  # a handshake that never comes
        async with await door.connect() as plain:
            tls = trio.SSLStream(plain, trust, server_hostname="localhost", https_compatible=True)
            browser = Browser(tls)
            assert (await browser.ask(POST % (2, b"hi"))).body == b"hi"
            assert json.loads((await browser.ask(GET % b"/scope")).body)["scheme"] == "https"
            assert tls.selected_alpn_protocol() == "http/1.1"
        await door.emptied()
        assert door.failures == []


def certify(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that signed itself, and a client that trusts it and prefers HTTP/2."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "door.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    trust = ssl.create_default_context(cafile=str(pem))
    trust.set_alpn_protocols(["h2", "http/1.1"])
    return pem, trust
