"""The front door's sockets: how it stops, what it listens on, and TLS."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import ExitStack
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
from hypercorn.trio.worker_context import WorkerContext

from gateway.door.hall import Hall
from gateway.door.settings import DoorConfig
from gateway.server import Door, DoorSettings, Line, open_sockets, serve
from tests.gateway.front_door import (
    GET,
    POST,
    QUICK,
    Browser,
    TinyApp,
    eventually,
    read_all,
    running,
    upgrade,
)

pytestmark = pytest.mark.usefixtures("each_way_through_the_door")


BRIEF = DoorSettings(newcomer_timeout=0.2)

# Stopping


async def test_idle_connections_end_at_once_when_the_door_closes():
    async with running(BRIEF) as door, await door.connect() as fresh, await door.connect() as used:
        await Browser(used).ask(GET % b"/ignore")
        await trio.sleep(BRIEF.newcomer_timeout)
        started = trio.current_time()
        door.shutdown.set()
        await door.ended.wait()
        assert trio.current_time() - started < 0.5
        assert await read_all(fresh) == b"" == await read_all(used)
        with pytest.raises(OSError):
            await door.connect()


async def test_who_was_let_in_just_before_the_door_closes_is_heard():
    async with running(DoorSettings()) as door, await door.connect() as late, await door.connect() as silent:
        door.shutdown.set()
        await trio.sleep(1)  # a client on a busy machine
        await late.send_all(GET % b"/ignore")
        assert (await Browser(late).read()).body == b"ignored"
        with trio.fail_after(4):
            assert await read_all(silent) == b""
            await door.ended.wait()


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


async def test_all_who_wait_come_in_at_once_however_long_a_turn_takes():
    [sock] = open_sockets("127.0.0.1:0")
    sock.setblocking(False)
    with sock, ExitStack() as stack:
        async with trio.open_nursery() as nursery:
            door = _door(max_connections=100)
            line = Line(door, sock, None, nursery, Hall(door))
            for _ in range(40):
                stack.enter_context(socket.create_connection(sock.getsockname()))
            for expected in (32, 40, 40):
                assert line.look() == 0.0
                assert door.open_connections == expected
            nursery.cancel_scope.cancel()


async def test_whoever_cannot_come_in_is_told_at_once_however_many_they_are():
    [sock] = open_sockets("127.0.0.1:0")
    sock.setblocking(False)
    with sock, ExitStack() as stack:
        async with trio.open_nursery() as nursery:
            door = _door(max_connections=10)
            line = Line(door, sock, None, nursery, Hall(door))
            clients = [stack.enter_context(socket.create_connection(sock.getsockname())) for _ in range(200)]
            assert line.look() == 0.0
            assert (door.open_connections, door.refused) == (10, 190)
            for client in clients[10:]:
                client.settimeout(5)
                assert client.recv(1000).startswith(b"HTTP/1.1 503 ")
            nursery.cancel_scope.cancel()


async def test_those_outside_are_answered_between_the_requests_of_a_long_turn():
    [sock] = open_sockets("127.0.0.1:0")
    sock.setblocking(False)
    with sock, ExitStack() as stack:
        async with trio.open_nursery() as nursery:
            door = _door(max_connections=1)
            door.lookouts.append(Line(door, sock, None, nursery, Hall(door)).look)
            clients = [stack.enter_context(socket.create_connection(sock.getsockname())) for _ in range(2)]
            door.look_outside()
            assert (door.open_connections, door.refused) == (1, 1)
            clients.append(stack.enter_context(socket.create_connection(sock.getsockname())))
            door.look_outside()
            assert door.refused == 1, "they were looked at just now"
            nursery.cancel_scope.cancel()


def _door(max_connections: int) -> Door:
    settings = DoorSettings(max_connections=max_connections)
    config, context = DoorConfig(settings), WorkerContext(None)
    return Door(app=_nobody, settings=settings, config=config, context=context, on_failure=None, binds=())


async def _nobody(scope: object, receive: object, send: object) -> None:
    raise AssertionError("nobody asks here")
