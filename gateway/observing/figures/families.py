"""The sorts of families there are, and how a number becomes one. Every name begins with ``matron_``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Figures = dict[str, Any]

_EACH: Final = 5
"""Of the engine's ten buckets to a decade every fifth is shown."""


def name(metric: str) -> str:
    """The name of one of ours."""
    return f"matron_{metric}"


def gauge(metric: str, said: str, value: float | None) -> Metric:
    """A number that goes up and down; ``None``: there is none now, and only the family is told."""
    return GaugeMetricFamily(name(metric), said, value=None if value is None else float(value))


def counter(metric: str, said: str, value: float) -> Metric:
    """A number that only grows; ``_total`` is put behind its name."""
    return CounterMetricFamily(name(metric), said, value=value)


def by(
    metric: str, said: str, label: str, values: Mapping[str, float],
    kind: type[CounterMetricFamily] | type[GaugeMetricFamily] = CounterMetricFamily,
) -> Metric:  # fmt: skip
    """The same number of several."""
    family = kind(name(metric), said, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family


def each(
    metric: str, said: str, all: dict[str, Figures], key: str,
    kind: type[CounterMetricFamily] | type[GaugeMetricFamily] = GaugeMetricFamily,
) -> Metric:  # fmt: skip
    """The same number of every hospital; of one that has none, nothing."""
    return by(
        metric, said, "hospital", {hospital: one[key] for hospital, one in all.items() if one[key] is not None}, kind
    )


def counted(metric: str, said: str, label: str, all: dict[str, Figures], known: Iterable[str] = ()) -> Metric:
    """How many of each sort there are in every hospital."""
    family = labelled(metric, said, label)
    for hospital, one in all.items():
        for sort, count in {**dict.fromkeys(known, 0), **one[metric]}.items():
            family.add_metric((hospital, sort), count)
    return family


def histogram(metric: str, said: str, document: Figures, every: int = _EACH) -> Metric:
    """One of ``engine.gauges``; of its buckets each of so many is shown."""
    shown = [pair for place, pair in enumerate(document["buckets"]) if place % every == 0 or pair[0] is None]
    buckets = [(bound_of(bound), count) for bound, count in shown]
    return HistogramMetricFamily(name(metric), said, buckets=buckets, sum_value=document["sum"])


def labelled(metric: str, said: str, *labels: str) -> GaugeMetricFamily:
    """A gauge of each hospital, by further labels."""
    return GaugeMetricFamily(name(metric), said, labels=("hospital", *labels))


def timed(metric: str, said: str, label: str, documents: dict[str, Figures]) -> Metric:
    """How long each of several takes, with all its buckets."""
    family = HistogramMetricFamily(name(metric), said, labels=(label,))
    for each, document in sorted(documents.items()):
        buckets = [(bound_of(bound), count) for bound, count in document["buckets"]]
        family.add_metric((each,), buckets, document["sum"])
    return family


def bound_of(bound: float | None) -> str:
    """An upper bound as a label."""
    return "+Inf" if bound is None else str(bound)
