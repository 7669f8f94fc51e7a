"""What a server's account of itself says of a load: the account after it, less the account before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from perf.runs import Repeat

POLICIES: Final = "policies"
"""The cache of clinics' compiled rules, as the server's account calls it."""


class Durations(msgspec.Struct, frozen=True):
    """Of a histogram, in seconds; ``most`` is since the server's start."""

    count: int
    total: float
    p50: float
    p99: float
    most: float

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0


def counted(repeat: Repeat, *path: str) -> float | None:
    """How much a count grew; ``None`` where the server does not tell it."""
    before, after = _found(repeat.before, path), _found(repeat.after, path)
    if not isinstance(after, int | float):
        return None
    return after - (before if isinstance(before, int | float) else 0)


def gauge(repeat: Repeat, *path: str) -> Any:
    """What it is afterwards."""
    return _found(repeat.after, path)


def durations(repeat: Repeat, *path: str) -> Durations | None:
    """What a histogram took in meanwhile; ``None`` where the server does not tell it."""
    before, after = _found(repeat.before, path), _found(repeat.after, path)
    if not isinstance(after, dict) or "buckets" not in after:
        return None
    earlier = before if isinstance(before, dict) else {"count": 0, "sum": 0.0, "buckets": []}
    seen: dict[float | None, int] = dict(_pairs(earlier))
    buckets = [(bound, count - seen.get(bound, 0)) for bound, count in _pairs(after)]
    count = after["count"] - earlier["count"]
    if not count:
        return Durations(0, 0.0, 0.0, 0.0, 0.0)
    most = after["max"]
    p50, p99 = (_percentile(buckets, count, share, most) for share in (0.50, 0.99))
    return Durations(count, after["sum"] - earlier["sum"], p50, p99, most)


def lasting(repeat: Repeat, seconds: float, *path: str) -> float:
    """Seconds that those of a histogram took together, at the least, which lasted longer than so many each."""
    before, after = _found(repeat.before, path), _found(repeat.after, path)
    if not isinstance(after, dict) or "buckets" not in after:
        return 0.0
    seen: dict[float | None, int] = dict(_pairs(before)) if isinstance(before, dict) else {}
    total, under, counted_sofar = 0.0, 0.0, 0
    for bound, count in _pairs(after):
        since = count - seen.get(bound, 0)
        if under >= seconds:
            total += (since - counted_sofar) * under
        under, counted_sofar = bound or under, since
    return total


def hits(repeat: Repeat) -> list[tuple[str, int, int]]:
    """(cache, hits, misses) of the load."""
    caches = gauge(repeat, "caches")
    if not isinstance(caches, Mapping):
        return []
    return [
        (
            name,
            round(counted(repeat, "caches", name, "hits") or 0),
            round(counted(repeat, "caches", name, "misses") or 0),
        )
        for name in caches
    ]


def _found(account: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        account = account.get(name) if isinstance(account, dict) else None
    return account


def _pairs(histogram: dict[str, Any]) -> list[tuple[float | None, int]]:
    return [(bound, count) for bound, count in histogram["buckets"]]


def _percentile(buckets: list[tuple[float | None, int]], count: int, share: float, most: float) -> float:
    wanted = count * share
    for bound, seen in buckets:
        if seen >= wanted and bound is not None:
            return min(bound, most)
    return most
