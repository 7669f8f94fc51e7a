"""What it costs to decide who may come in: the guard's work for one request, by what the request brings.

The guard is the one of ``matron serve``, with its keys, tokens, sessions and rates, and is asked as the gateway asks
it; beside it, in the same run, bookings over HTTP to a server that lets everybody in, so that what a request costs
without it is known. The share of the two is the figure.
"""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import jwt
import msgspec
import trio

from engine.clock import SystemClock
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from gateway.access.accounts import Account
from gateway.access.credentials import COOKIE
from gateway.access.guard import Guard
from gateway.access.keys import add_key
from gateway.access.opening import open_access
from gateway.access.rates import Limited, RateSettings
from gateway.access.settings import AccessSettings
from gateway.auth import Nobody
from gateway.call import Call
from gateway.config import Config
from gateway.headers import FreshIds
from gateway.routes.row import DESK
from perf.client import Load, send
from perf.figures import Incorrect, Row, Target, ratios
from perf.serving import server
from perf.size import Size, Tell
from perf.town import HOSPITAL, bookings, found

SECTION = "who may come in"
SLOTS = 100
TIMES: Final = 20_000
"""Requests of one round that the guard decides."""
LABEL: Final = "/api/v1/tokens"
KINDS: Final = ("key", "token", "session", "rates")


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    data = folder / "data"
    tell("a hospital with its patients")
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        town = await found(engine, size.requests)
        days = [await town.open_day(SLOTS, -(-size.requests // SLOTS)) for _ in range(size.rounds)]
    asked = prepared(folder)
    values: dict[str, list[float]] = defaultdict(list)
    flags = ["serve", "--data", str(data), "--dev", "--bind", "127.0.0.1:0", "--no-request-log", "--log-level", "error"]
    async with server("gateway", flags) as matron:
        for turn, slots in enumerate(days):
            tell(f"the guard, and bookings over HTTP, round {turn + 1} of {size.rounds}")
            for kind, (guard, headers) in asked.items():
                values[kind].append(decided(guard, headers))
            bodies = [msgspec.json.encode(command).decode() for command in bookings(slots, town.patients)]
            before = matron.busy()
            loaded = await send(Load(matron.port, "/api/v1/tokens/", size.connections, bodies))
            if loaded.statuses != {201: len(bodies)}:
                raise Incorrect(f"{len(bodies)} bookings were due, {loaded.statuses} came")
            values["request"].append((matron.busy() - before) / len(bodies) * 1e6)
    return _rows(values)


def prepared(folder: Path) -> dict[str, tuple[Guard, list[tuple[bytes, bytes]]]]:
    """By kind: a guard, and the headers of a request that it lets in; ``rates``: what counting alone takes."""
    keys, accounts, secret = folder / "keys.toml", folder / "accounts.db", folder / "secret"
    key = add_key(keys, "desk", ["clerk"], HOSPITAL)
    secret.touch(mode=0o600)
    secret.write_text(LABEL * 4)
    unbounded = RateSettings(
        principal_per_second=1e9,
        principal_burst=10**9,
        address_per_second=1e9,
        address_burst=10**9,
        integration_per_second=1e9,
        integration_burst=10**9,
    )
    settings = AccessSettings(accounts=str(accounts), token_keys=str(secret), issuer="bench", audience="matron")
    access = open_access(Config(keys=str(keys), access=settings, rates=unbounded))
    assert access.people is not None
    now = SystemClock().wall()
    access.people.accounts.add(Account(name="ana", grants={HOSPITAL: ["clerk"]}))
    account = access.people.accounts.get("ana")
    assert account is not None
    cookie, session = access.people.sessions.fresh("ana", HOSPITAL)
    access.people.sessions.begin(account, session)
    claims: dict[str, Any] = {"iss": "bench", "aud": "matron", "sub": "ana", "exp": now // 1_000_000 + 86_400}
    token = jwt.encode({**claims, "roles": ["clerk"], "hospital": HOSPITAL}, LABEL * 4, "HS256")
    guard = Guard(access.auth, Limited(unbounded))
    return {
        "key": (guard, [(b"authorization", b"Bearer " + key.encode())]),
        "token": (guard, [(b"authorization", b"Bearer " + token.encode())]),
        "session": (
            guard,
            [(b"cookie", b"%b=%b" % (COOKIE, cookie.encode())), (b"x-csrf-token", session.csrf.encode())],
        ),
        "rates": (Guard(Nobody(), Limited(unbounded)), []),
    }


def decided(guard: Guard, headers: list[tuple[bytes, bytes]]) -> float:
    """µs of processor time that the guard takes for one of so many requests, each a new one."""
    given = [(b"host", b"matron.example"), (b"content-type", b"application/json"), (b"accept", b"*/*"), *headers]
    scope = {"type": "http", "method": "POST", "path": f"{LABEL}/", "client": ("10.0.0.7", 4711), "headers": given}
    fresh = FreshIds()
    calls = [Call(scope, trio.sleep_forever, 10.0, fresh) for _ in range(TIMES)]
    begun = time.thread_time()
    for call in calls:
        guard.admit(call, DESK, LABEL)
    seconds = time.thread_time() - begun
    if any(call.caller is None for call in calls):
        raise Incorrect("somebody came in without a name")
    return seconds / TIMES * 1e6


def _rows(values: dict[str, list[float]]) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    shown = {"key": "an API key", "token": "a token seen before", "session": "a session", "rates": "rates alone"}
    rows = [row("a booking over HTTP", "µs/request", "request", "the server's processor time, all threads, no guard")]
    for kind in KINDS:
        values[f"{kind} share"] = list(ratios(values[kind], values["request"]))
        rows.append(row(shown[kind], "µs/request", kind, f"{TIMES} requests, one after the other"))
        target = None if kind == "rates" else Target("most", 3)
        rows.append(row("  of a booking", "%", f"{kind} share", target=target))
    return rows
