"""How often somebody may ask: token buckets for each address and each principal, and a narrow one for signing in.

A bucket is one number, the instant at which it is full again (the leaky bucket as a meter, GCRA): a request costs a
look-up and an addition. There are so many buckets at most; those that nobody touched for longest are forgotten, which
forgives them. Where several processes serve, each has its share of what is set, so that together they keep to it.

What comes from an integration counts by its name alone: a whole hospital's systems may stand behind its one address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from math import ceil
from typing import Annotated, Final

import msgspec
import trio
from msgspec import Meta

from gateway.call import Call
from gateway.problems import Problem
from gateway.routes.row import INTEGRATION

Positive = Annotated[float, Meta(gt=0)]
Burst = Annotated[int, Meta(ge=1)]

UNIX: Final = "unix"
"""What stands in ``trusted_proxies`` for whoever comes over the Unix socket."""

FORWARDED: Final = b"x-forwarded-for"
HOPS: Final = 32
"""Addresses of ``X-Forwarded-For`` that are looked at."""

TOO_MANY: Final = "rate_limited"
_HAIR: Final = 1e-9  # what adding many small numbers may come to


class RateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table ``[rates]``; without effect with ``--dev``. With ``--workers N`` each process has the Nth part."""

    enabled: bool = True
    """Whether anybody is limited at all."""
    principal_per_second: Positive = 2_000.0
    """Requests and commands of one key, token or person, on average,"""
    principal_burst: Burst = 4_000
    """and so many at once."""
    address_per_second: Positive = 2_000.0
    """Requests of one address (of IPv6, of one network of 64 bits), whoever it is,"""
    address_burst: Burst = 4_000
    """and so many at once."""
    integration_per_second: Positive = 10_000.0
    """Requests and commands of a key with the role integration, on average,"""
    integration_burst: Burst = 20_000
    """and so many at once."""
    sign_in_per_minute: Positive = 10.0
    """Tries to sign in from one address, on average,"""
    sign_in_burst: Burst = 10
    """and so many at once."""
    buckets: Annotated[int, Meta(ge=1_000)] = 100_000
    """Addresses, and principals, that are remembered; some 100 bytes each."""
    trusted_proxies: list[str] = []
    """Addresses or networks of proxies whose ``X-Forwarded-For`` is believed; ``unix``: of the Unix socket."""

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        networks(self.trusted_proxies)


class Meter:
    """The buckets of one kind. A level is how many seconds it takes until a bucket is full again."""

    __slots__ = ("_half", "_interval", "_old", "_policy", "_young", "capacity", "name")

    def __init__(self, name: str, per_second: float, burst: int, buckets: int, share: int = 1) -> None:
        burst = ceil(burst / share)
        self.name = name
        self._interval = share / per_second
        self.capacity = burst * self._interval + _HAIR
        self._half = max(1, buckets // 2)
        self._young: dict[object, float] = {}
        self._old: dict[object, float] = {}
        window = max(1, round(burst * self._interval))
        self._policy = (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (name.encode(), burst, window))

    def take(self, key: object, now: float) -> float:
        """Take one; the level then, above ``capacity`` where there was none to take."""
        full = self._at(key)
        level = (full - now if full > now else 0.0) + self._interval
        if level <= self.capacity:
            self._young[key] = now + level
        return level

    def owe(self, key: object, now: float, count: int) -> float:
        """Take so many, also more than there are: who has none left by then waits longer the next time.

        Above ``capacity`` before: nothing is taken, and that level is the answer.
        """
        full = self._at(key)
        level = full - now if full > now else 0.0
        if level > self.capacity:
            return level
        self._young[key] = now + level + count * self._interval
        return level

    def give_back(self, key: object) -> None:
        """One that was taken just now was not meant."""
        self._young[key] = self._at(key) - self._interval

    def headers(self, level: float) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """What an answer says of it (draft-ietf-httpapi-ratelimit-headers): the policy, and what is left."""
        left = int((self.capacity - level) / self._interval) if level < self.capacity else 0
        return self._policy, (b"ratelimit", b'"%b";r=%d;t=%d' % (self.name.encode(), left, ceil(level)))

    def refusal(self, level: float) -> Problem:
        """What somebody is told who asks too much."""
        wait = max(1, ceil(level - self.capacity))
        return Problem(TOO_MANY, f"Too many requests; try again in {wait} s.", headers={"Retry-After": str(wait)})

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def _at(self, key: object) -> float:
        full = self._young.get(key)
        if full is None:
            # Two generations: what was touched since the last turn, and before. Only the younger one grows.
            full = self._old.pop(key, 0.0)
            if len(self._young) >= self._half:
                self._old, self._young = self._young, {}
            self._young[key] = full  # also of who is refused now: he is not to be forgotten for it
        return full


class Limited:
    """The limits of one gateway process."""

    def __init__(self, settings: RateSettings, share: int = 1) -> None:
        most = settings.buckets
        self._address = Meter("address", settings.address_per_second, settings.address_burst, most, share)
        self._principal = Meter("principal", settings.principal_per_second, settings.principal_burst, most, share)
        self._integration = Meter(
            "integration", settings.integration_per_second, settings.integration_burst, most, share
        )
        self._sign_in = Meter("sign-in", settings.sign_in_per_minute / 60, settings.sign_in_burst, most, share)
        self._proxies = Proxies(settings.trusted_proxies) if settings.trusted_proxies else None

    def by_address(self, call: Call) -> None:
        """Count a request of an address."""
        if self._proxies is not None:
            call.source = self._proxies.source(call)
        self._count(self._address, place_of(call.source), call)

    def by_principal(self, call: Call) -> None:
        """Count a request of a caller who is known by now."""
        caller = call.caller
        assert caller is not None
        meter = self._principal
        if INTEGRATION in caller.roles:
            meter = self._integration
            self._address.give_back(place_of(call.source))
        self._count(meter, (caller.hospital, caller.name), call)

    def by_sign_in(self, call: Call) -> None:
        """Count an attempt to become somebody."""
        self._count(self._sign_in, place_of(call.source), call)

    def welcome(self, call: Call) -> None:
        """The attempt was a good one."""
        self._sign_in.give_back(place_of(call.source))

    def by_commands(self, call: Call, count: int) -> None:
        """Count the commands of a message beside the message itself: all are taken, or, above the limit, none."""
        caller = call.caller
        assert caller is not None
        meter = self._integration if INTEGRATION in caller.roles else self._principal
        level = meter.owe((caller.hospital, caller.name), trio.current_time(), count)
        if level > meter.capacity:
            raise meter.refusal(level)

    def _count(self, meter: Meter, key: object, call: Call) -> None:
        level = meter.take(key, call.began)
        call.rate = (meter, level)
        if level > meter.capacity:
            raise meter.refusal(level)


class Proxies:
    """Proxies whose word is taken for where a request came from."""

    def __init__(self, named: Sequence[str]) -> None:
        self._networks = networks(named)
        self._unix = UNIX in named

    def source(self, call: Call) -> str:
        """The last hop that is not one of them; the peer where it is none, or where it says nothing of use."""
        peer = call.source
        if not (self._trusts(peer) if peer else self._unix):
            return peer
        named = call.headers.get(FORWARDED, b"").decode("latin-1").split(",")[-HOPS:]
        for hop in reversed(named):
            hop = hop.strip().strip("[]")
            try:
                address = str(ipaddress.ip_address(hop))
            except ValueError:  # whatever stands before it was said by whoever said this
                return peer
            peer = address
            if not self._trusts(address):
                break
        return peer

    def _trusts(self, address: str) -> bool:
        found = _parsed(address)
        return found is not None and any(found in network for network in self._networks)


def networks(named: Sequence[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """What ``trusted_proxies`` names; ``ValueError`` says which of it is none."""
    return [ipaddress.ip_network(each, strict=False) for each in named if each != UNIX]


def place_of(source: str) -> str:
    """Whom an address stands for: itself, or of IPv6 the network of 64 bits, which is what one customer has."""
    return source if ":" not in source else _place(source)


@lru_cache(maxsize=4_096)
def _place(source: str) -> str:
    found = _parsed(source)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return source if found is None else str(found)


@lru_cache(maxsize=4_096)
def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found
