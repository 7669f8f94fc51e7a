"""Plots as inline SVG: lines over time, and distributions on a logarithmic axis. They draw; they know no run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final, NamedTuple

_WIDE: Final = (940, 260)
_NARROW: Final = (358, 230)
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 26, 34
_MOST: Final = 240
"""Points of a line: more are put together, their greatest counts."""


class Line(NamedTuple):
    """A series by its name; ``points`` in rising order of their first number."""

    name: str
    points: Sequence[tuple[float, float]]


class Axis(NamedTuple):
    """What is measured along it. ``log``: in powers of ten."""

    title: str
    log: bool = False
    ticks: Sequence[tuple[float, str]] = ()


def plot(title: str, x: Axis, y: Axis, lines: Sequence[Line], aim: float | None = None) -> tuple[str, str]:
    """The plot for a wide page, and for a narrow one. ``aim``: a level on the y axis that should be held."""
    return _draw(title, x, y, lines, aim, *_WIDE), _draw(title, x, y, lines, aim, *_NARROW)


def _draw(
    title: str, x: Axis, y: Axis, lines: Sequence[Line], aim: float | None, width: int, height: int
) -> str:  # fmt: skip
    shown = [Line(line.name, _thinned(line.points)) for line in lines if line.points]
    across = _Scale(x, [point[0] for line in shown for point in line.points], _LEFT, width - _RIGHT, width // 90)
    values = [point[1] for line in shown for point in line.points] + ([aim] if aim is not None else [])
    up = _Scale(y, values, height - _BOTTOM, _TOP, 5)
    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">']
    for at, label in up.ticks():
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    bottom = height - _BOTTOM
    for at, label in across.ticks():
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{label}</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    if aim is not None:
        at = up.at(aim)
        parts.append(f'<line class="aim" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
    for number, line in enumerate(shown, 1):
        steps = " ".join(f"{across.at(a):.1f},{up.at(b):.1f}" for a, b in line.points)
        parts.append(f'<path class="s{number}" d="M{steps.replace(" ", " L")}"/>')
    at = _LEFT
    for number, line in enumerate(shown, 1):
        parts.append(f'<text class="s{number}" x="{at}" y="14">— {escape(line.name)}</text>')
        at += 24 + 7 * len(line.name)
    parts.append(f'<text x="{width - _RIGHT}" y="14" text-anchor="end">{escape(y.title)}</text>')
    parts.append(f'<text x="{width - _RIGHT}" y="{height - 4}" text-anchor="end">{escape(x.title)}</text>')
    return "".join([*parts, "</svg>"])


class _Scale:
    """From values to places; the lower end of a linear one is 0."""

    def __init__(self, axis: Axis, values: Sequence[float], begin: float, end: float, most: int) -> None:
        self._axis, self._begin, self._end, self._most = axis, begin, end, max(most, 2)
        given = [value for value in values if value > 0] or [1.0]
        if axis.log:
            self._low, self._high = floor(log10(min(given)) * 2) / 2, ceil(log10(max(given)) * 2 + 1e-9) / 2
        else:
            self._low, self._high = 0.0, max(given)
            if not axis.ticks:
                step = _step(self._high, self._most)
                self._high = ceil(self._high / step - 1e-9) * step

    def at(self, value: float) -> float:
        """Where a value stands."""
        place = log10(max(value, 1e-12)) if self._axis.log else value
        share = (place - self._low) / ((self._high - self._low) or 1.0)
        return self._begin + (self._end - self._begin) * min(max(share, 0.0), 1.0)

    def ticks(self) -> list[tuple[float, str]]:
        """Places that are named."""
        if self._axis.ticks:
            return [(self.at(value), label) for value, label in self._axis.ticks]
        if self._axis.log:
            powers = [n for n in range(floor(self._low), ceil(self._high) + 1) if self._low <= n <= self._high]
            steps = [10.0**n for n in powers]
            if len(steps) < 3:
                steps += [s * 10.0**n for n in range(floor(self._low), ceil(self._high)) for s in (2, 5)]
            return [(self.at(s), _label(s)) for s in sorted(steps) if self._low <= log10(s) <= self._high]
        step = _step(self._high, self._most)
        return [(self.at(n * step), _label(n * step)) for n in range(floor(self._high / step + 1e-9) + 1)]


def _step(high: float, most: int) -> float:
    rough = high / most
    power = 10.0 ** floor(log10(rough))
    return next(power * n for n in (1, 2, 2.5, 5, 10) if power * n >= rough * 0.999)


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.3g}"


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    if len(points) <= _MOST:
        return points
    each = -(-len(points) // _MOST)
    groups = [points[n : n + each] for n in range(0, len(points), each)]
    return [(group[0][0], max(value for _, value in group)) for group in groups]
