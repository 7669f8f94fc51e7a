"""Durations counted in buckets that grow by 1 % each: percentiles to within half a percent, however many there were.

Two histograms add up, so parts that were measured by several processes give one whole. Knows no unit but the second.
"""

from __future__ import annotations

from math import exp, log
from typing import Final

import msgspec

_STEPS: Final = 1 / log(1.01)
"""Buckets for each factor of e."""

_LEAST: Final = 1e-6
"""Seconds; what is shorter counts as this."""


class Histogram(msgspec.Struct):
    """``counts`` by bucket; ``total`` and ``most`` are exact, in seconds."""

    count: int = 0
    total: float = 0.0
    most: float = 0.0
    counts: dict[int, int] = msgspec.field(default_factory=dict)

    def add(self, seconds: float) -> None:
        """Count one."""
        bucket = bucket_of(seconds)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.count += 1
        self.total += seconds
        self.most = max(self.most, seconds)

    def merge(self, other: Histogram) -> None:
        """Count all of another."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.count += other.count
        self.total += other.total
        self.most = max(self.most, other.most)

    def percentile(self, share: float) -> float:
        """Seconds within which this share lies; 0 where nothing was counted."""
        return percentile(self.counts, self.count, share, self.most)

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    def rising(self) -> list[tuple[float, float]]:
        """(seconds, share of all that lies at or under it), in rising order: the distribution's curve."""
        seen, points = 0, []
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            points.append((middle(bucket), seen / self.count))
        return points


def bucket_of(seconds: float) -> int:
    """The bucket in which a duration is counted."""
    return int(log(seconds / _LEAST) * _STEPS) if seconds > _LEAST else 0


def middle(bucket: int) -> float:
    """The seconds that a bucket stands for."""
    return _LEAST * exp((bucket + 0.5) / _STEPS)


def percentile(counts: dict[int, int], count: int, share: float, most: float) -> float:
    """Of counts by bucket: seconds within which this share lies, never more than the most."""
    wanted, seen = min(int(count * share), count - 1), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen > wanted:
            return min(middle(bucket), most)
    return 0.0


def together(parts: list[Histogram]) -> Histogram:
    """One of many."""
    whole = Histogram()
    for part in parts:
        whole.merge(part)
    return whole
