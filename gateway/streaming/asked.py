"""What a request for the stream asks for, and who may follow which kind of topic.

Knows the query string and the headers; whether a topic exists the engine says.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from engine.feed import MAX_TOPICS
from gateway.access.guard import Guard
from gateway.auth import Caller, credential, visitor
from gateway.call import Call
from gateway.problems import Problem, invalid
from gateway.routes.row import ADMIN, BASE, EVERYBODY, INTEGRATION, NETWORK, READERS, Role
from gateway.shapes import clip, parameters

OPEN: Final = frozenset({"board", "ticket", "clinic_day", "clinic_rooms", "ward", "wards"})
"""Kinds of topics that need no key: what stands on a wall, and what only the holder of a link can name."""

ROLES: Final[dict[str, frozenset[Role]]] = {
    "service": READERS,
    "slot": READERS,
    "clinic": READERS,
    "alerts": READERS,
    "admissions": READERS,
    "referral": READERS,
    "referrals": READERS,
    "services": EVERYBODY,
    "all": frozenset({INTEGRATION, ADMIN, NETWORK}),
}

LABEL: Final = f"{BASE}/stream"

KNOWN: Final = frozenset({"topics", "after", "hospital"})
POSITION: Final = re.compile(r"\d{1,15}")
RECHECK: Final = 1.0
"""Seconds after which a frame goes out only once whoever follows has proved to be known still."""

PROTOCOL, KEY_PROTOCOL = "matron", "key."
"""Sub-protocols: browsers can give a WebSocket no header, so the key may come as one of them."""


class Asked(msgspec.Struct, frozen=True):
    """A request for the stream that may be granted, once its topics have proved to be there."""

    topics: list[str]
    hospital: str
    caller: Caller
    after: int | None


def asked(call: Call, guard: Guard) -> Asked:
    """Read and check a request; a ``Problem`` when it cannot be understood or its sender may not ask for it."""
    given = parameters(call.scope["query_string"])
    if unknown := sorted(given.keys() - KNOWN):
        raise invalid(clip(unknown[0]), "unknown parameter")
    topics = [name.strip() for name in given.get("topics", "").split(",") if name.strip()]
    if not topics:
        raise invalid("topics", "required: topics with commas in between")
    if len(topics) > MAX_TOPICS:
        raise invalid("topics", f"at most {MAX_TOPICS}")
    named = call.headers.get(b"last-event-id", b"").decode("latin-1") or given.get("after")
    if named is not None and not POSITION.fullmatch(named):
        raise invalid("after", "must be the sequence number of a message")
    kinds = {name.partition(":")[0] for name in topics}
    hospital = given.get("hospital")
    caller = caller_of(call, guard, hospital, needed=not kinds <= OPEN)
    for kind in sorted(kinds - OPEN):
        if (roles := ROLES.get(kind)) is not None:  # an unknown kind is the engine's to deny
            guard.check(call, roles, f"stream:{kind}")
    headers = call.headers if hospital is None else {**call.headers, b"hospital-id": hospital.encode()}
    return Asked(topics, caller.hospital_of(headers), caller, None if named is None else int(named))


def caller_of(call: Call, guard: Guard, hospital: str | None, *, needed: bool) -> Caller:
    """Who asks; a visitor, where nobody says who he is and nobody needs to know."""
    guard.greet(call, LABEL)
    if needed or credential(call.headers) is not None:
        return guard.identify(call, LABEL)
    call.caller = guard.recognise(call) or visitor(hospital)
    return call.caller


def key_among(protocols: list[str]) -> bytes | None:
    """The key that came as a sub-protocol, if one did."""
    found = next((name for name in protocols if name.startswith(KEY_PROTOCOL)), None)
    return None if found is None else found.removeprefix(KEY_PROTOCOL).encode("latin-1", "replace")


def still_known(asked: Asked, call: Call, guard: Guard) -> bool:
    """Whether whoever asked would still be the same caller: a key that was taken out ends its streams too."""
    if asked.caller.kind == "visitor":
        return True
    try:
        return guard.auth.caller(call.headers) == asked.caller
    except Problem:
        return False
