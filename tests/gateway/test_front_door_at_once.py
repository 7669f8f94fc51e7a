"""Requests that an app takes at once: answered by whoever has the answer, on connections whose tasks sleep."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress

import msgspec
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gateway.door.short import ShortConnection
from gateway.server import DoorSettings
from tests.gateway.front_door import GET, QUICK, Browser, Running, eventually, read_all, running

POST = b"POST %s HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%s"
PATIENT = DoorSettings(linger_timeout=0.1, graceful_timeout=0.5)
OK = [(b"content-length", b"4")]


def post(path: bytes, body: bytes = b"") -> bytes:
    return POST % (path, len(body), body)


def connection_of(door: Running) -> ShortConnection:
    [connection] = door.door._connections
    assert isinstance(connection, ShortConnection)
    return connection


async def test_requests_come_and_go_while_the_task_of_their_connection_sleeps():
    async with running(PATIENT) as door, await door.connect() as stream:
        browser = Browser(stream)
        await browser.ask(post(b"/echo", b"0"))
        task = connection_of(door).asleep
        for turn in range(1, 20):
            answer = await browser.ask(post(b"/echo", b"%d" % turn))
            assert (answer.status, answer.body) == (200, b"%d" % turn)
            assert connection_of(door).asleep is task is not None
        assert connection_of(door).requests == 20


async def test_an_answer_comes_when_the_app_has_it_and_others_are_served_meanwhile():
    async with running(PATIENT) as door, await door.connect() as one, await door.connect() as two:
        await one.send_all(post(b"/later"))
        await door.app.entered.wait()
        assert (await Browser(two).ask(post(b"/echo", b"hi"))).body == b"hi"
        door.app.askers[0].answer(200, OK, b"late")
        browser = Browser(one)
        assert (await browser.read()).body == b"late"
        assert (await browser.ask(post(b"/echo", b"again"))).body == b"again"
        door.app.askers[0].answer(200, OK, b"more")  # once is enough
        assert (await browser.ask(post(b"/echo", b"third"))).body == b"third"


@pytest.mark.parametrize("together", [1, 2, 3, 7])
async def test_what_is_sent_ahead_is_answered_in_order(together: int):
    told = [post(b"/echo", b"a"), post(b"/later"), GET % b"/ignore", post(b"/echo", b"b"), post(b"/task", b"c")]
    told += [post(b"/close", b"d"), post(b"/echo", b"never")]
    pieces = [b"".join(told[at : at + together]) for at in range(0, len(told), together)]
    async with running(PATIENT) as door, await door.connect() as stream:
        door.app.go_on.set()
        async with trio.open_nursery() as nursery:

            async def answer_later() -> None:
                await door.app.entered.wait()
                await wait_all_tasks_blocked(0.01)
                door.app.askers[0].answer(200, OK, b"late")

            nursery.start_soon(answer_later)
            for piece in pieces:
                with suppress(trio.BrokenResourceError):
                    await stream.send_all(piece)
            said = await read_all(stream)
        assert [part.rpartition(b"\r\n\r\n")[2] for part in said.split(b"HTTP/1.1 ")[1:]] == [
            b"a", b"late", b"ignored", b"b", b"c", b"d",
        ]  # fmt: skip


async def test_a_client_that_sends_on_while_it_waits_costs_nothing_until_it_is_answered():
    async with running(PATIENT) as door, await door.connect() as stream:
        await stream.send_all(post(b"/later"))
        await door.app.entered.wait()
        await stream.send_all(post(b"/echo", b"ahead"))
        connection = connection_of(door)
        await eventually(lambda: connection.number not in connection.hall._guests)
        door.app.askers[0].answer(200, OK, b"late")
        browser = Browser(stream)
        assert [(await browser.read()).body, (await browser.read()).body] == [b"late", b"ahead"]
        assert connection.number in connection.hall._guests


@pytest.mark.parametrize("reset", [False, True])
async def test_a_client_that_goes_while_it_waits_is_let_go_when_its_answer_is_there(reset: bool):
    async with running(PATIENT) as door:
        stream = await door.connect()
        await stream.send_all(post(b"/later"))
        await door.app.entered.wait()
        if reset:
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await stream.aclose()
        connection = connection_of(door)
        await eventually(lambda: connection.number not in connection.hall._guests)
        before = os.times()
        await trio.sleep(0.1)
        spent = os.times()
        assert spent.user + spent.system - before.user - before.system < 0.08, "a closed socket must not be looked at"
        assert door.door.open_connections == 1
        door.app.askers[0].answer(200, OK, b"late")
        await door.emptied()
        assert not door.failures


async def test_who_waits_for_an_answer_does_not_rest():
    async with running(QUICK) as door, await door.connect() as stream:
        await stream.send_all(post(b"/later"))
        await trio.sleep(4 * QUICK.keep_alive_timeout)
        door.app.askers[0].answer(200, OK, b"late")
        assert (await Browser(stream).read()).body == b"late"
        assert await read_all(stream) == b"", "the rest after it ended as every rest does"
        await door.emptied()


async def test_the_last_request_of_a_connection_is_answered_as_the_last():
    settings = msgspec.structs.replace(PATIENT, keep_alive_max_requests=3)
    async with running(settings) as door, await door.connect() as stream:
        browser = Browser(stream)
        said = [await browser.ask(post(b"/echo", b"x")), await browser.ask(GET % b"/ignore")]
        said.append(await browser.ask(post(b"/echo", b"x")))
        assert [answer.headers.get("connection") for answer in said] == [None, None, "close"]
        assert await read_all(stream) == b""


@pytest.mark.parametrize("path", [b"/boom", b"/fail"])
async def test_what_fails_is_answered_reported_and_the_end_of_its_connection(path: bytes):
    async with running(PATIENT) as door:
        said = await door.talk(post(path) + post(b"/echo", b"never"))
        assert said.startswith(b"HTTP/1.1 500 ")
        assert said.count(b"HTTP/1.1") == 1
        assert [type(error) for error in door.failures] == [RuntimeError]
        await door.still_serves()


async def test_an_answer_that_would_be_two_is_none():
    async with running(PATIENT) as door:
        said = await door.talk(post(b"/bad-header", b"x"))
        assert said.startswith(b"HTTP/1.1 500 ")
        assert b"set-cookie" not in said
        await door.still_serves()


async def test_an_answer_larger_than_the_kernel_takes_arrives_whole_and_one_that_is_not_read_ends():
    async with running(QUICK) as door:
        async with await door.connect() as stream:
            answer = await Browser(stream).ask(post(b"/large"))
            assert len(answer.body) == 32_000_000
        async with await door.connect(receive_buffer=4096) as stream:
            await stream.send_all(post(b"/large"))
            await eventually(lambda: door.door.open_connections == 0)
        await door.still_serves()


async def test_the_rest_of_a_request_in_its_task_has_a_context_of_its_own():
    async with running(PATIENT) as door, await door.connect() as stream:
        browser = Browser(stream)
        door.app.go_on.set()
        assert (await browser.ask(post(b"/task", b"x"))).body == b"x"
        assert (await browser.ask(GET % b"/context")).body == b"clean"


async def test_what_is_under_way_when_the_door_closes_is_answered_as_the_last():
    async with running(PATIENT) as door, await door.connect() as stream, await door.connect() as resting:
        await stream.send_all(post(b"/later"))
        await door.app.entered.wait()
        door.shutdown.set()
        assert await read_all(resting) == b""
        assert not door.ended.is_set()
        door.app.askers[0].answer(200, OK, b"late")
        answer = await Browser(stream).read()
        assert (answer.body, answer.headers["connection"]) == (b"late", "close")
        await door.ended.wait()
        assert door.app.withdrawn == 0


async def test_what_is_not_answered_in_the_time_that_closing_gives_is_withdrawn():
    async with running(QUICK) as door:
        stream = await door.connect()
        await stream.send_all(post(b"/later"))
        await door.app.entered.wait()
        door.shutdown.set()
        await door.ended.wait()
        assert door.app.withdrawn == 1
        door.app.askers[0].answer(200, OK, b"late")  # nobody is there any more, and nothing breaks
        assert not door.failures
        await stream.aclose()


async def test_what_has_arrived_when_a_rest_is_ended_is_served():
    async with running(PATIENT) as door, await door.connect() as stream:
        browser = Browser(stream)
        await browser.ask(post(b"/echo", b"x"))
        connection = connection_of(door)
        os.write(stream.socket.fileno(), post(b"/echo", b"just now"))  # and nobody has a turn in between
        connection.end_rest()
        assert (await browser.read()).body == b"just now"
        assert (await browser.ask(post(b"/echo", b"on"))).body == b"on"


async def test_a_rest_that_is_over_cannot_be_ended():
    async with running(PATIENT) as door, await door.connect() as stream:
        await stream.send_all(post(b"/later") + post(b"/echo", b"ahead"))
        await door.app.entered.wait()
        connection_of(door).end_rest()  # whoever ends many rests, a few at a time, comes too late for this one
        door.app.askers[0].answer(200, OK, b"late")
        browser = Browser(stream)
        assert [(await browser.read()).body, (await browser.read()).body] == [b"late", b"ahead"]


async def test_what_fails_behind_its_answer_is_reported_and_answered_once():
    async with running(PATIENT) as door, await door.connect() as stream:
        browser = Browser(stream)
        assert (await browser.ask(post(b"/answer-and-boom", b"once"))).body == b"once"
        assert (await browser.ask(post(b"/echo", b"on"))).body == b"on"
        assert [type(error) for error in door.failures] == [RuntimeError]


async def test_a_connection_that_breaks_where_it_rests_ends_and_no_other_does(monkeypatch: pytest.MonkeyPatch):
    async with running(PATIENT) as door, await door.connect() as other:
        assert (await Browser(other).ask(post(b"/echo", b"x"))).body == b"x"
        async with await door.connect() as stream:
            browser = Browser(stream)
            await browser.ask(post(b"/echo", b"x"))
            here = stream.socket.getsockname()
            [broken] = [
                each for each in door.door._connections if isinstance(each, ShortConnection) and each.client == here
            ]

            def breaks(data: bytes) -> bool:
                raise ZeroDivisionError

            monkeypatch.setattr(broken, "_take", breaks)
            await stream.send_all(post(b"/echo", b"x"))
            assert await read_all(stream) == b""
        assert (await Browser(other).ask(post(b"/echo", b"y"))).body == b"y"
        assert [type(error) for error in door.failures] == [ZeroDivisionError]


@pytest.mark.parametrize("asked", [post(b"/echo", b"last"), GET % b"/ignore"])
async def test_what_comes_between_the_end_of_a_rest_and_the_connection_s_is_answered(asked: bytes):
    async with running(PATIENT) as door, await door.connect() as stream:
        browser = Browser(stream)
        await browser.ask(post(b"/echo", b"first"))
        await eventually(lambda: connection_of(door) in door.door.resting)
        door.door.close_idle()
        assert os.write(stream.socket.fileno(), asked) == len(asked)  # before its task has its turn
        answer = await browser.read()
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert await read_all(stream) == b""


async def test_a_rest_that_was_too_long_ends_and_nothing_is_said():
    async with running(DoorSettings(keep_alive_timeout=0.2)) as door, await door.connect() as stream:
        assert (await Browser(stream).ask(post(b"/echo", b"first"))).body == b"first"
        assert await read_all(stream) == b""
        await eventually(lambda: not door.door._connections)
