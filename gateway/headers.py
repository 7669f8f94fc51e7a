"""What the headers of a request ask for: a key, a version, a deadline, an id of its own.

Each is a pure function of the headers, as a dictionary of lower-case names; a header that is there and means
nothing is refused, except in ``Prefer``, which by its own standard is then as good as absent.
"""

from __future__ import annotations

import re
import secrets

from gateway.problems import Problem, invalid

Headers = dict[bytes, bytes]

VISIBLE = re.compile(rb"[\x21-\x7e]{1,255}")
ENTITY_TAG = re.compile(rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
WAIT = re.compile(rb'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?=$|[,;])', re.IGNORECASE)
DRAWN = 128  # ids at a time
OWN_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


def idempotency_key(headers: Headers) -> str | None:
    """``Idempotency-Key``: 1 to 255 visible ASCII characters."""
    given = headers.get(b"idempotency-key")
    if given is None:
        return None
    if not VISIBLE.fullmatch(given):
        raise invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    return given.decode("ascii")


def if_match(headers: Headers) -> int | None:
    """The version that ``If-Match`` names; ``None`` when there is none or any will do (``*``)."""
    given = headers.get(b"if-match")
    if given is None or given.strip() == b"*":
        return None
    tag = ENTITY_TAG.fullmatch(given.strip())
    if tag is None:
        raise invalid("If-Match", 'must be one entity tag such as "3", or *')
    weak, version = tag.groups()
    if weak or not version.isdigit() or len(version) > 15:
        # Well formed, but no version of ours ever had this tag: so it is not the present one.
        raise Problem("stale_version", "The entity tag in If-Match is not the present version.", outcome="not_applied")
    return int(version)


def unchanged(headers: Headers, tag: str) -> bool:
    """Whether ``If-None-Match`` says that the client has this version already."""
    given = headers.get(b"if-none-match")
    if given is None:
        return False
    return given.strip() == b"*" or any(found[1] == tag.strip('"').encode() for found in ENTITY_TAG.findall(given))


def preferred_wait(headers: Headers) -> int | None:
    """The seconds of ``Prefer: wait=N``."""
    given = headers.get(b"prefer")
    found = WAIT.search(given) if given is not None else None
    return int(found.group(1)) if found else None


class FreshIds:
    """Ids for requests that bring none: 64 random bits each, drawn from the system for many at a time.

    Each call of the system is a moment at which another thread, a commit's for one, may take the interpreter away.
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left: list[str] = []

    def next(self) -> str:
        """An id that nobody was given before."""
        if not self._left:
            drawn = secrets.token_hex(DRAWN * 8)
            self._left = [drawn[at : at + 16] for at in range(0, len(drawn), 16)]
        return self._left.pop()


def request_id(headers: Headers, fresh: FreshIds) -> str:
    """The request's id: the client's ``X-Request-Id`` when it is a plain word, else a new one."""
    given = headers.get(b"x-request-id")
    if given is not None and OWN_ID.fullmatch(given):
        return given.decode("ascii")
    return fresh.next()
