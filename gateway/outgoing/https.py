"""One request to a server that the operator named: over TLS only, on its own connection, bounded in bytes and time.

For what is asked now and then: an issuer's keys, a token for a code. Nothing is repeated, since a code is good once.
"""

from __future__ import annotations

import ssl
from typing import Final

import trio

from engine.actors.destination.places import Target, target_of
from engine.errors import Invalid
from gateway.notices.addresses import look_up
from gateway.outgoing.client import Connections, Headers, Response, Unreached

SECONDS: Final = 10.0
"""From the look-up of the name to the last byte of the answer."""
LARGEST: Final = 256 * 1024
"""Bytes of an answer's body."""


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """What is trusted: the system's certificates, and those of a file (PEM); ``OSError`` when it cannot be read."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def https_target(url: str) -> Target:
    """The parts of an ``https`` URL; ``Invalid`` for anything else."""
    target = target_of(url)
    if target.scheme != "https":
        raise Invalid("must be https://", field="url")
    return target


async def fetch(
    url: str, tls: ssl.SSLContext, *, method: str = "GET", headers: Headers = (), body: bytes = b"",
    seconds: float = SECONDS, largest: int = LARGEST,
) -> Response:  # fmt: skip
    """The answer, whatever its status; ``Unreached`` where there is none, or one that is too long."""
    target = https_target(url)
    connections = Connections(target, _addresses, tls, idle=0.0, largest=largest)
    try:
        with trio.fail_after(seconds):
            sent = [("User-Agent", "Matron"), ("Connection", "close"), *headers]
            answer = await connections.send(method, target.path, sent, body)
    except trio.TooSlowError:
        raise Unreached("timeout") from None
    finally:
        connections.close()
    if not answer.whole:
        raise Unreached("too_long")
    return answer


async def _addresses(target: Target) -> list[str]:
    try:
        return list(dict.fromkeys(await look_up(target.host, target.port)))
    except OSError:
        raise Unreached("unknown_host") from None
