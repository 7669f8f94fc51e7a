"""What a measurement gives: rows of values with unit, target and verdict; medians, spreads, percentiles.

Knows no workload and no way of printing.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Literal

import msgspec


class Incorrect(Exception):
    """A run did not do what it claims to have measured; its figures count for nothing."""


class Target(msgspec.Struct, frozen=True):
    """What a row should reach: the ``least`` it must be, or the ``most`` it may be, in the row's own unit."""

    bound: Literal["least", "most"]
    value: float


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: the value of each round, and what it is. ``note`` says how it came about."""

    section: str
    name: str
    unit: str
    values: tuple[float, ...]
    note: str = ""
    target: Target | None = None

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def verdict(self) -> Literal["", "met", "missed"]:
        if self.target is None:
            return ""
        met = self.median >= self.target.value if self.target.bound == "least" else self.median <= self.target.value
        return "met" if met else "missed"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of an ordered sequence lies."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def ratios(values: Sequence[float], by: Sequence[float]) -> tuple[float, ...]:
    """Round by round in percent: what was measured next to each other is compared, not the means of two hours."""
    return tuple(100 * value / yardstick for value, yardstick in zip(values, by, strict=True))
