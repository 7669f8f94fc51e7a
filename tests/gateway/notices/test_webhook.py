"""Webhooks on the wire: signed as specified, to the address that was checked, and bounded whatever comes back."""

from __future__ import annotations

import socket
import ssl
from base64 import b64decode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from engine.actors.destination.places import target_of
from gateway.notices.addresses import Reach
from gateway.notices.notice import Notice
from gateway.notices.undelivered import Undelivered
from gateway.notices.webhook import LARGEST_ANSWER, Webhook, body_of, signature, signed_headers
from tests.gateway.notices.certificates import certify, trusting
from tests.gateway.notices.receiver import Receiver, is_signed, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUJD" * 8
HERE = Reach("127.0.0.0/8")
TLS = ssl.create_default_context()
CALLED = Notice("7.1", 7, "patient_called", "t1", "s1", 1_770_000_000_000_000, {"code": "LAB-7", "counter": "2"})


def headers(message_id: str = "main.7.1", body: bytes = b"", *secrets: str) -> list[tuple[str, str]]:
    return signed_headers(message_id, 1_770_000_000_000_000, body, secrets or (SECRET,))


async def refused(webhook: Webhook, body: bytes = b"{}") -> Undelivered:
    with pytest.raises(Undelivered) as why:
        await webhook.post(body, headers(body=body))
    return why.value


def test_the_signature_is_that_of_the_published_example():
    body = b'{"test": 2432232314}'
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body) == wanted
    assert signature(SECRET.removeprefix("whsec_"), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body) == wanted


@pytest.mark.parametrize("changed", ["id", "time", "body", "secret"])
def test_whatever_is_changed_changes_the_signature(changed: str):
    plain = {"secret": SECRET, "id": "main.7.1", "time": 1, "body": b"{}"}
    other = {"secret": OTHER, "id": "main.7.2", "time": 2, "body": b"{ }"}
    given: dict[str, Any] = {**plain, changed: other[changed]}
    first = signature(SECRET, "main.7.1", 1, b"{}")
    assert signature(given["secret"], given["id"], given["time"], given["body"]) != first


def test_a_secret_that_is_no_base64_is_an_error_here_and_not_at_the_receiver():
    with pytest.raises(ValueError):
        signature("whsec_$$$", "main.7.1", 1, b"")


def test_two_secrets_give_two_signatures():
    signed = dict(headers("main.7.1", b"{}", SECRET, OTHER))["webhook-signature"].split(" ")
    assert [len(b64decode(one.removeprefix("v1,"))) for one in signed] == [32, 32]


def test_a_body_says_what_happened_and_when_and_is_the_same_at_every_try():
    said = msgspec.json.decode(body_of(CALLED))
    assert said == {
        "type": "patient_called", "timestamp": "2026-02-02T02:40:00Z", "data": {"code": "LAB-7", "counter": "2"},
    }  # fmt: skip
    assert body_of(CALLED) == body_of(CALLED)


async def test_a_request_has_the_name_of_its_url_and_is_verified_by_whoever_has_the_secret():
    async with receiving(Receiver()) as receiver:
        webhook = Webhook(target_of(receiver.url), HERE, TLS)
        body = body_of(CALLED)
        await webhook.post(body, headers("main.7.1", body, SECRET, OTHER))
        (taken,) = receiver.taken
        assert is_signed(taken, SECRET)
        assert is_signed(taken, OTHER)
        assert not is_signed(taken._replace(body=body + b" "), SECRET)
        assert taken.headers["content-type"] == "application/json"
        assert taken.headers["host"] == f"127.0.0.1:{receiver.port}"
        webhook.close()


async def test_the_connection_is_kept_and_made_anew_when_the_receiver_closed_it():
    receiver = Receiver()
    body = body_of(CALLED)
    async with receiving(receiver):
        webhook = Webhook(target_of(receiver.url), HERE, TLS)
        for _ in range(3):
            await webhook.post(body, headers(body=body))
        assert receiver.connections == 1
    async with receiving(receiver):
        await webhook.post(body, headers(body=body))
        assert (receiver.connections, len(receiver.taken)) == (2, 4)
        webhook.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 410, 429, 500, 503])
async def test_what_is_no_success_is_a_failed_try_and_no_redirect_is_followed(status: int):
    receiver = Receiver(lambda id, said: status)
    receiver.extra = [("location", "http://127.0.0.1:1/elsewhere"), ("retry-after", "17")]
    async with receiving(receiver):
        webhook = Webhook(target_of(receiver.url), HERE, TLS)
        why = await refused(webhook, body_of(CALLED))
        assert (why.reason, why.retry_after, why.gone) == (f"http_{status}", 17.0, status == 410)
        assert len(receiver.asked) == 1
        webhook.close()


@pytest.mark.parametrize(("told", "believed"), [("-1", 0), ("1e9", 0), ("99999999", 3600), ("soon", 0), ("9" * 30, 0)])
async def test_a_receiver_may_not_ask_for_just_any_pause(told: str, believed: float):
    receiver = Receiver(lambda id, said: 503)
    receiver.extra = [("retry-after", told)]
    async with receiving(receiver):
        webhook = Webhook(target_of(receiver.url), HERE, TLS)
        assert (await refused(webhook, body_of(CALLED))).retry_after == believed
        webhook.close()


async def speak_to(talk: Callable[[trio.SocketStream], Awaitable[None]]) -> Undelivered | None:
    """A webhook to somebody who speaks like this; why it failed, if it did."""
    why: Undelivered | None = None
    async with trio.open_nursery() as nursery:

        async def contained(stream: trio.SocketStream) -> None:
            try:
                await talk(stream)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            finally:
                with trio.CancelScope(shield=True):
                    await trio.aclose_forcefully(stream)

        listeners: list[trio.SocketListener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, contained, listeners)
        webhook = Webhook(target_of(f"http://127.0.0.1:{port}/"), HERE, TLS)
        try:
            with trio.fail_after(5):
                await webhook.post(b"{}", headers())
        except Undelivered as trouble:
            why = trouble
        webhook.close()
        nursery.cancel_scope.cancel()
    return why


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "bad_answer"),
        (b"SSH-2.0-x\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000, "bad_answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-length: 1\r\n\r\n", "bad_answer"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (LARGEST_ANSWER + 100_000), None),
        (b"HTTP/1.0 204 OK\r\n\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 OK\r\n\r\n", None),
        (b"HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 500 No\r\n\r\n", None),
    ],
)
async def test_whatever_comes_back_is_a_success_or_a_failed_try(answer: bytes, reason: str | None):
    async def talk(stream: trio.SocketStream) -> None:
        await stream.receive_some(65_536)
        await stream.send_all(answer)

    why = await speak_to(talk)
    assert (why and why.reason) == reason


async def test_nobody_there_is_a_failed_try():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert (await refused(Webhook(target_of(url), HERE, TLS))).reason == "connection_failed"


async def test_a_name_that_leads_inside_is_not_connected_to():
    async with receiving(Receiver()) as receiver:

        async def rebound(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        target = target_of(f"https://hooks.example.org:{receiver.port}/")
        assert (await refused(Webhook(target, Reach(resolve=rebound), TLS))).reason == "refused_address"
        assert receiver.connections == 0


async def test_over_tls_the_receiver_proves_the_name_of_the_url(tmp_path: Path):
    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    reach = Reach("127.0.0.0/8", here)
    server, trusted = certify(tmp_path, "hooks.example.org")
    receiver = Receiver()
    async with receiving(receiver, server):
        body = body_of(CALLED)
        webhook = Webhook(target_of(f"https://hooks.example.org:{receiver.port}/x"), reach, trusting(trusted))
        for _ in range(2):
            await webhook.post(body, headers(body=body))
        assert [one.headers["host"] for one in receiver.taken] == [f"hooks.example.org:{receiver.port}"] * 2
        webhook.close()
        other = target_of(f"https://other.example.org:{receiver.port}/x")
        assert (await refused(Webhook(other, reach, trusting(trusted)), body)).reason == "tls_failed"
        unknown = target_of(f"https://hooks.example.org:{receiver.port}/x")
        assert (await refused(Webhook(unknown, reach, TLS), body)).reason == "tls_failed"
        assert len(receiver.asked) == 2
