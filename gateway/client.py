"""A running gateway as a command on the command line asks it: over HTTP, with a key, on one connection.

Asks again after a lost connection, a full mailbox or a restart, with the same idempotency keys, so that nothing is done
twice; gives up after ``patience``. Knows no command and no row.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import trio

SECONDS: Final = 60.0
"""How long one answer may take to come; the gateway's own deadline is shorter."""

BUSY: Final = frozenset({429, 502, 503, 504})
"""Answers that say: not now."""

PAGE: Final = 1_000
"""Rows of a list asked for at once."""


class Unanswered(Exception):
    """The gateway could not be asked, or said that it cannot answer; the message says why."""


class Refusal(Exception):
    """The gateway said no; ``document`` is its problem document."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(f"{document.get('code', status)}: {document.get('detail', 'no reason was given')}")
        self.status = status
        self.document = document


class GatewayClient:
    """Requests to one gateway, one at a time."""

    def __init__(
        self, url: str, key: str | None = None, hospital: str | None = None, *, ca_file: Path | None = None,
        patience: float = 60.0,
    ) -> None:  # fmt: skip
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise Unanswered(f"{url!r} is no address of a gateway: http://HOST:PORT or https://HOST")
        self.url = url
        self._headers = {"Content-Type": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        if hospital:
            self._headers["Hospital-Id"] = hospital
        self._patience = patience
        if place.scheme == "https":
            trust = ssl.create_default_context(cafile=ca_file)
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                place.hostname, place.port, timeout=SECONDS, context=trust
            )
        else:
            self._connection = http.client.HTTPConnection(place.hostname, place.port, timeout=SECONDS)
        self._base = f"{place.path.rstrip('/')}/api/v1"

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """What is answered, decoded; ``Refusal`` when it is a problem, ``Unanswered`` when there is no answer.

        Only for what may be asked again: reads, and writes with an idempotency key.
        """
        wait, until = 0.25, trio.current_time() + self._patience
        sent = None if body is None else json.dumps(body).encode()
        while True:
            try:
                status, after, text = await trio.to_thread.run_sync(self._once, method, path, sent, headers)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                status, after, text = 0, 0.0, str(error) or type(error).__name__
            if status and status not in BUSY:
                return _read(status, text)
            if trio.current_time() + max(wait, after) > until:
                raise Unanswered(f"no answer from {self.url}: {status or text[:300]}")
            await trio.sleep(max(wait, after))
            wait = min(wait * 2, 8.0)

    async def rows(self, path: str, **parameters: str) -> AsyncIterator[list[dict[str, Any]]]:
        """A list, page by page."""
        cursor: str | None = None
        while True:
            given = {**parameters, "limit": str(PAGE), **({} if cursor is None else {"cursor": cursor})}
            page = await self.ask("GET", f"{path}{'&' if '?' in path else '?'}{urlencode(given)}")
            yield page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, float, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, self._base + path, body, {**self._headers, **named})
        answer = self._connection.getresponse()
        after = answer.headers.get("Retry-After", "0")
        return answer.status, min(float(after), 30.0) if after.isdigit() else 0.0, answer.read().decode()


def _read(status: int, text: str) -> Any:
    try:
        said = json.loads(text) if text else None
    except ValueError:
        said = None
        if status < 300:
            raise Unanswered("what answered is no gateway: its answer is not JSON") from None
    if status >= 300:
        raise Refusal(status, said if isinstance(said, dict) else {})
    return said
