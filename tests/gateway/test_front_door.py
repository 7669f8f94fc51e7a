"""The front door on real sockets: HTTP as it should be, its bounds, and how it contains an app's failures."""

from __future__ import annotations

import errno
import json
import resource
import socket
from contextlib import suppress

import msgspec
import pytest
import trio

from gateway.server import open_sockets, serve
from tests.gateway.front_door import (
    GET,
    POST,
    QUICK,
    Browser,
    TinyApp,
    eventually,
    read_all,
    running,
)

pytestmark = pytest.mark.usefixtures("each_way_through_the_door")


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
