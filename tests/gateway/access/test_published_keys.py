"""Keys that an issuer publishes: fetched at the start, again when one is missing, and kept when nothing can be had."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from engine.errors import Invalid
from gateway.access.published import EVERY, SOONEST, KeySource
from gateway.access.tokens import Tokens
from gateway.outgoing.client import Response, Unreached
from gateway.outgoing.https import fetch
from gateway.problems import Problem
from tests.gateway.access.issuer import RULES, Standing, bearer, jwk, private, token
from tests.gateway.notices.certificates import certify, trusting

URL = "https://people.example/keys"
TLS = ssl.create_default_context()


class Publisher:
    """Answers as a test likes, and knows when it was asked."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.asked: list[float] = []
        self.answer: Response | Exception | None = None

    async def __call__(self, url: str) -> Response:
        assert url == URL
        self.asked.append(trio.current_time())
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or Response(200, {}, json.dumps({"keys": self.keys}).encode(), whole=True)


@asynccontextmanager
async def following(publisher: Publisher, file: Path | None = None) -> AsyncIterator[tuple[KeySource, Tokens]]:
    source = KeySource(file, URL, TLS, Standing(), publisher)
    async with trio.open_nursery() as nursery:
        shutdown = trio.Event()
        nursery.start_soon(source.run, shutdown)
        yield source, Tokens(source, RULES, Standing())
        shutdown.set()


async def test_published_keys_are_had_at_the_start_and_every_ten_minutes(autojump_clock):
    publisher = Publisher(jwk(kid="a"))
    started = trio.current_time()
    async with following(publisher) as (source, tokens):
        with pytest.raises(Problem, match="could not be had yet"):
            tokens.caller(bearer(token(header={"kid": "a"})))
        await trio.sleep(1)
        assert tokens.caller(bearer(token(header={"kid": "a"}))).name == "token:ana"
        assert source.document()["keys"] == 1
        await trio.sleep(2 * EVERY)
    assert [round(asked - started) for asked in publisher.asked] == [0, EVERY, 2 * EVERY]


async def test_a_key_that_is_missing_is_looked_for_at_most_once_a_minute(autojump_clock):
    publisher = Publisher(jwk(kid="a"))
    async with following(publisher) as (_, tokens):
        await trio.sleep(100)
        publisher.keys.append(jwk("Ed25519", 1, kid="b"))
        asked = len(publisher.asked)
        new = bearer(token(private("Ed25519", 1), header={"kid": "b"}))
        with pytest.raises(Problem, match="not known"):
            tokens.caller(new)
        await trio.sleep(1)
        assert tokens.caller(new).name == "token:ana"
        for number in range(50):  # somebody tries keys out
            with pytest.raises(Problem):
                tokens.caller(bearer(token(private("Ed25519", 2), header={"kid": f"c{number}"})))
            await trio.sleep(1)
        assert len(publisher.asked) == asked + 1
        await trio.sleep(60)
        assert len(publisher.asked) == asked + 2


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Unreached("connection_failed"), "connection_failed"),
        (Response(500, {}, b"", whole=True), "http_500"),
        (Response(302, {b"location": b"https://elsewhere.example/"}, b"", whole=True), "http_302"),
        (Response(200, {}, b"<html>", whole=True), "it is not JSON"),
        (Response(200, {}, b'{"keys": []}', whole=True), "it is empty"),
    ],
)
async def test_what_fails_leaves_the_keys_as_they_were_and_says_so(autojump_clock, caplog, answer, code: str):
    publisher = Publisher(jwk(kid="a"))
    async with following(publisher) as (source, tokens):
        await trio.sleep(1)
        publisher.answer = answer
        await trio.sleep(EVERY + SOONEST)
        assert code in source.document()["published"]["failure"]
        assert code in caplog.text
        assert tokens.caller(bearer(token(header={"kid": "a"}))).name == "token:ana"
        publisher.answer = None
        await trio.sleep(SOONEST)
        assert source.document()["published"]["failure"] is None


async def test_a_key_that_is_published_no_longer_opens_nothing(autojump_clock):
    publisher = Publisher(jwk(kid="a"), jwk("Ed25519", 1, kid="b"))
    async with following(publisher) as (_, tokens):
        await trio.sleep(1)
        given = bearer(token(header={"kid": "a"}))
        tokens.caller(given)
        del publisher.keys[0]
        await trio.sleep(EVERY + SOONEST)
        with pytest.raises(Problem, match="not known"):
            tokens.caller(given)


async def test_a_shared_secret_is_not_taken_from_an_address(autojump_clock):
    async with following(Publisher({"kty": "oct", "k": "c2VjcmV0" * 8})) as (source, _):
        await trio.sleep(1)
        assert source.keys() is None


async def test_keys_of_a_file_stand_beside_published_ones_and_are_read_again(autojump_clock, tmp_path: Path):
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"keys": [jwk("P-256", kid="own")]}))
    async with following(Publisher(jwk(kid="a")), file) as (_, tokens):
        mine = bearer(token(private("P-256"), "ES256", header={"kid": "own"}))
        assert tokens.caller(mine).name == "token:ana"  # before anything was fetched
        await trio.sleep(1)
        assert tokens.caller(bearer(token(header={"kid": "a"}))).name == "token:ana"
        file.write_text("{")
        await trio.sleep(5)
        assert tokens.caller(mine).name == "token:ana"
        file.write_text(json.dumps({"keys": [jwk("P-256", 1, kid="own")]}))
        await trio.sleep(5)
        with pytest.raises(Problem):
            tokens.caller(mine)


# -- over sockets ---------------------------------------------------------------------------------------------


async def says(answer: bytes, stream: Any) -> None:
    try:
        await stream.receive_some(65_536)
        await stream.send_all(answer)
        await stream.aclose()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


@asynccontextmanager
async def publishing(folder: Path, answer: bytes) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    server, trusted = certify(folder, "localhost")
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_ssl_over_tcp, partial(says, answer), 0, server, host="127.0.0.1")
        [listener] = await nursery.start(serve)
        port = listener.transport_listener.socket.getsockname()[1]
        yield f"https://localhost:{port}/keys?tenant=main", trusting(trusted)
        nursery.cancel_scope.cancel()


async def test_keys_are_fetched_over_tls_from_whom_is_trusted(tmp_path: Path):
    body = json.dumps({"keys": [jwk(kid="a")]}).encode()
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    async with publishing(tmp_path, answer) as (url, tls):
        assert (await fetch(url, tls)).body == body
        with pytest.raises(Unreached, match="tls_failed"):
            await fetch(url, TLS)
        with pytest.raises(Unreached, match="too_long"):
            await fetch(url, tls, largest=10)
        with pytest.raises(Invalid):
            await fetch(url.replace("https", "http"), tls)


async def test_whoever_says_nothing_is_not_waited_for(tmp_path: Path):
    async def silent(stream: Any) -> None:
        await trio.sleep_forever()

    server, trusted = certify(tmp_path, "localhost")
    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(partial(trio.serve_ssl_over_tcp, silent, 0, server, host="127.0.0.1"))
        port = listener.transport_listener.socket.getsockname()[1]
        with pytest.raises(Unreached, match="timeout"):
            await fetch(f"https://localhost:{port}/", trusting(trusted), seconds=0.1)
        nursery.cancel_scope.cancel()
