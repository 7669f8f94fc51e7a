"""What came in and went out: requests, connections, what happened at the door, and the link to gateway processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from gateway.observing.figures.families import Figures, bound_of, by, counter, gauge, name
from gateway.tally import BOUNDS

WATCHED: Final = ("401", "403", "404", "409", "429", "500", "503", "504")
"""Statuses that are there before the first of them: an alert can see it rise from nothing."""


def requests(rows: list[list[Any]]) -> Iterator[Metric]:
    """Of all gateway processes together."""
    total = CounterMetricFamily(name("http_requests"), "Requests answered.", labels=("route", "method", "status"))
    seconds = HistogramMetricFamily(
        name("http_request_seconds"), "From a request's head to its answer.", labels=("route", "method")
    )
    exact: dict[str, int] = {}
    classes: dict[tuple[str, str, str], int] = {}
    timed: dict[tuple[str, str], tuple[list[int], float]] = {}
    for route, method, status, counts, took in rows:
        key = (route or "none", method, f"{status // 100}xx")
        classes[key] = classes.get(key, 0) + sum(counts)
        exact[str(status)] = exact.get(str(status), 0) + sum(counts)
        before, so_far = timed.get(key[:2], ([0] * len(counts), 0.0))
        timed[key[:2]] = ([one + other for one, other in zip(before, counts, strict=True)], so_far + took)
    for key, count in sorted(classes.items()):
        total.add_metric(key, count)
    for labels, (counts, took) in sorted(timed.items()):
        running, buckets = 0, []
        for bound, count in zip((*BOUNDS, None), counts, strict=True):
            running += count
            buckets.append((bound_of(bound), running))
        seconds.add_metric(labels, buckets, took)
    yield total
    yield seconds
    known = {status: exact.get(status, 0) for status in WATCHED}
    yield by("http_statuses", "The same by exact status.", "status", known | exact)


def door(marks: dict[str, int], gateways: Figures) -> Iterator[Metric]:
    """Who came to the door, by what became of it; connections; the processes that answer, and the link to them."""
    cache = {"hit": marks.pop("token_cache_hit", 0), "miss": marks.pop("token_cache_miss", 0)}
    yield by("token_cache", "Signed tokens, by whether they had been verified before.", "found", cache)
    yield counter("streams_opened", "Streams that were let in.", marks.pop("stream_opened", 0))
    yield by("door_events", "What happened at the door, and to accounts and keys.", "event", marks)
    yield gauge("connections", "Connections that are open.", gateways["connections"])
    yield counter("connections_refused", "Connections over the limit, told so and closed.", gateways["refused"])
    yield counter("connections_failed", "Connections that ended by a fault.", gateways["failures"])
    yield gauge("gateway_processes", "Gateway processes beside the engine's.", gateways["count"])
    yield counter("gateway_processes_died", "Gateway processes that ended by themselves.", gateways["died"])
    lost = {"notes": gateways["lost_notes"], "access_lines": gateways["lost_lines"]}
    yield by("lost", "Notes for the audit log and lines of the access log that could not be written.", "what", lost)
    links = gateways["links"]
    for what in ("frames", "bytes"):
        both = {"to_engine": links[f"{what}_in"], "to_gateway": links[f"{what}_out"]}
        yield by(f"link_{what}", f"Between gateway processes and the engine, {what}.", "direction", both)
    yield gauge("link_waiting_bytes", "Bytes that wait to be sent to gateway processes.", links["waiting"])
