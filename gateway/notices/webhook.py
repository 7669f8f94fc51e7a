"""A webhook: one POST of JSON for each notice, signed as the Standard Webhooks specification has it.

It knows what is sent and what an answer means. The connection goes to an address that was checked, and is kept for the
next notice; answers are not read beyond a small bound.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable
from typing import Final

import msgspec

from engine import calendar
from engine.actors.destination.places import Target
from gateway.notices.addresses import Reach
from gateway.notices.notice import Notice
from gateway.notices.undelivered import Undelivered
from gateway.outgoing.client import Connections, Response, Unreached

LARGEST_ANSWER: Final = 64 * 1024
"""Bytes of an answer's body, which is thrown away; beyond it the connection is."""
LONGEST_WAIT: Final = 3_600.0
"""Seconds of a ``Retry-After`` that are believed."""
IDLE: Final = 20.0
"""Seconds for which a connection is kept without a notice."""


def body_of(notice: Notice) -> bytes:
    """What is sent: type, time, data; the same bytes at every try."""
    return msgspec.json.encode({"type": notice.type, "timestamp": calendar.moment(notice.at), "data": notice.data})


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the HMAC-SHA256 of id, time and body, in base64; ``secret`` is ``whsec_…`` or the base64 alone."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except BadBase64 as error:
        raise ValueError("a webhook's secret is base64") from error
    signed = b"%s.%d.%s" % (message_id.encode("ascii"), timestamp, body)
    return "v1," + b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")


def signed_headers(message_id: str, wall: int, body: bytes, secrets: Iterable[str]) -> list[tuple[str, str]]:
    """The three headers of the specification, with a signature for each secret in force."""
    timestamp = wall // 1_000_000
    signatures = " ".join(signature(secret, message_id, timestamp, body) for secret in secrets)
    return [("webhook-id", message_id), ("webhook-timestamp", str(timestamp)), ("webhook-signature", signatures)]


class Webhook:
    """One receiver. ``post`` may run several times at once; close it at the end."""

    def __init__(self, target: Target, reach: Reach, tls: ssl.SSLContext) -> None:
        self._target = target
        self._connections = Connections(target, reach.addresses, tls, idle=IDLE, largest=LARGEST_ANSWER)

    async def post(self, body: bytes, headers: list[tuple[str, str]]) -> None:
        """Send; returns when the receiver took it, else raises ``Undelivered``. Bounded only by its caller's scope.

        It may be sent twice, when a connection that was kept is gone: the receiver drops repeats by the id.
        """
        head = [("Content-Type", "application/json"), ("User-Agent", "Matron"), ("Accept", "*/*"), *headers]
        try:
            judge(await self._connections.send("POST", self._target.path, head, body))
        except Unreached as fault:
            raise Undelivered(str(fault)) from None

    def close(self) -> None:
        """Give up the connections that are kept."""
        self._connections.close()


def judge(response: Response) -> None:
    """2xx is delivered, anything else is not; 410 says that nothing more is wanted."""
    status = response.status
    if 200 <= status < 300:
        return
    told = response.headers.get(b"retry-after", b"")
    wait = min(float(told), LONGEST_WAIT) if told.isdigit() and len(told) < 9 else 0.0
    raise Undelivered(f"http_{status}", retry_after=wait, gone=status == 410)
