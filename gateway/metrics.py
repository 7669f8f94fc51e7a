"""``/metrics`` in Prometheus' words: what the engine, its hospitals and all gateway processes count.

The numbers come from where the engine is, as one document (``gateway.health``); here they only get their names. They
are written in a thread, so that nobody's request waits for a page of some thousand lines. Labels are of closed sets:
routes, commands, states, and the ids of hospitals; no id of a person or of anything that belongs to one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec
import trio
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from gateway.auth import WHOLE_NETWORK
from gateway.call import Call
from gateway.problems import READY
from gateway.routes.row import READERS, Role
from gateway.tally import BOUNDS

PATH: Final = "/metrics"
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"

_EACH: Final = 5
"""Of the engine's ten buckets to a decade every fifth is shown."""

Pages = Callable[[str, str], Any]
Figures = dict[str, Any]


class MetricsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may scrape."""

    open: bool = False
    """Whether ``/metrics`` needs no key: for a scraper beside it, on an address that nobody else reaches."""


class MetricsPage:
    """The page. A key of one hospital sees that hospital beside what is of the whole process; others see all."""

    label = PATH
    writes = False

    def __init__(self, pages: Pages, *, open: bool = False) -> None:
        self.roles: frozenset[Role] | None = None if open else READERS
        self._pages = pages
        self._writer = trio.CapacityLimiter(1)

    async def answer(self, call: Call) -> Response:
        """The figures of this instant."""
        whole = call.caller is None or (call.caller.hospital == WHOLE_NETWORK and b"hospital-id" not in call.headers)
        status, body = await self._pages("metrics", "" if whole else call.hospital)
        if status != READY:
            return Response(body, status, media_type="application/json")
        text = await trio.to_thread.run_sync(written, body, limiter=self._writer)
        return Response(text, headers={"Content-Type": TEXT})


def written(document: bytes) -> bytes:
    """The document of figures (JSON) as a scraper reads it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(msgspec.json.decode(document)))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        load = figures["load"]
        yield gauge("ready", "Whether commands and queries are taken.", float(figures["ready"]))
        yield gauge("uptime_seconds", "Since the engine began.", load["uptime"])
        yield from requests(figures["requests"])
        yield from commands(load)
        yield from log(load)
        yield from stream(load["stream"])
        yield from notices(figures["notices"])
        yield from timers(load["timers"])
        yield from process(load, figures["gateways"])
        yield from hospitals(figures["hospitals"])
        yield from assignments(figures["hospitals"])


# -- of the whole process -----------------------------------------------------------------------------------


def requests(rows: list[list[Any]]) -> Iterator[Metric]:
    """Of all gateway processes together."""
    total = CounterMetricFamily(name("http_requests"), "Requests answered.", labels=("route", "method", "status"))
    seconds = HistogramMetricFamily(
        name("http_request_seconds"), "From a request's head to its answer.", labels=("route", "method")
    )
    classes: dict[tuple[str, str, str], int] = {}
    timed: dict[tuple[str, str], tuple[list[int], float]] = {}
    for route, method, status, counts, took in rows:
        key = (route or "none", method, f"{status // 100}xx")
        classes[key] = classes.get(key, 0) + sum(counts)
        before, so_far = timed.get(key[:2], ([0] * len(counts), 0.0))
        timed[key[:2]] = ([one + other for one, other in zip(before, counts, strict=True)], so_far + took)
    for key, count in sorted(classes.items()):
        total.add_metric(key, count)
    for labels, (counts, took) in sorted(timed.items()):
        running, buckets = 0, []
        for bound, count in zip((*BOUNDS, None), counts, strict=True):
            running += count
            buckets.append((_bound(bound), running))
        seconds.add_metric(labels, buckets, took)
    yield total
    yield seconds


def commands(load: Figures) -> Iterator[Metric]:
    """What became of commands, and where they wait."""
    total = CounterMetricFamily(
        name("commands"), "Commands, timers included, by what became of them.", labels=("command", "outcome")
    )
    for command, outcomes in sorted(load["commands"].items()):
        for outcome, count in outcomes.items():
            total.add_metric((command, outcome), count)
    yield total
    boxes = load["mailboxes"]
    yield gauge("mailboxes_open", "Actors for which something waits.", boxes["open"])
    yield gauge("mailbox_messages", "Commands that wait for an actor.", boxes["waiting"])
    yield gauge("mailbox_longest", "Most commands that ever waited for one actor.", boxes["longest"])
    yield counter("mailbox_refused", "Commands refused because a mailbox was full.", boxes["refused"])
    caches = load["caches"]
    yield by("cache_hits", "What was at hand.", "cache", {each: one["hits"] for each, one in caches.items()})
    yield by("cache_misses", "What had to be fetched.", "cache", {each: one["misses"] for each, one in caches.items()})


def log(load: Figures) -> Iterator[Metric]:
    """The way to the disk."""
    kept, commits = load["log"], load["commits"]
    yield histogram("commit_seconds", "A group commit, from its begin to the disk's word.", commits["seconds"])
    yield counter("commit_entries", "Entries in them.", commits["entries"])
    yield histogram("commit_batch_entries", "How many entries one commit wrote.", commits["sizes"], every=1)
    yield gauge("pending_entries", "Entries decided and not yet durable.", kept["pending_entries"])
    yield gauge("pending_bytes", "Their bytes.", kept["pending_bytes"])
    yield gauge("pending_seconds", "How long the commit under way has taken.", kept["pending_seconds"])
    looks = load["accesses"]
    yield counter("access_looks", "Looks at patients put into the access logs.", looks["looks"])
    yield gauge("access_aside", "Looks that wait for room to be written down.", looks["aside"])
    yield counter("access_late", "Answers that left before their look was durable.", looks["late"])
    yield counter("access_dropped", "Looks that were lost: the disk took nothing for too long.", looks["dropped"])
    yield gauge("storage_full", "Whether writes are refused for want of space.", float(kept["full"]))


def stream(counts: Figures) -> Iterator[Metric]:
    """Who follows what happens."""
    yield gauge("stream_clients", "Followers now.", counts["connected"])
    yield counter("stream_frames", "Frames given out.", counts["sent"])
    yield counter("stream_lags", "Places lost by followers that were too slow.", counts["lagging"])
    yield counter("stream_drops", "Followers ended for slowness.", counts["dropped"])


def notices(totals: Figures) -> Iterator[Metric]:
    """Webhooks and mail."""
    yield gauge("notice_lag_entries", "Entries not yet looked at for notices, of all destinations.", totals["lag"])
    yield gauge("notice_depth", "Notices on their way.", totals["depth"])
    yield counter("notices_delivered", "Notices delivered.", totals["delivered"])
    yield counter("notices_failed", "Tries that failed.", totals["failed"])
    yield gauge("notices_dead", "Notices given up, that nobody has looked at.", totals["dead"])


def timers(figures: Figures) -> Iterator[Metric]:
    """What happens by itself."""
    yield counter("timers_fired", "Timers that have fired.", figures["fired"])
    yield gauge("timers_held", "Whether timers are held because the clock is not believed.", float(figures["held"]))


def process(load: Figures, gateways: Figures) -> Iterator[Metric]:
    """The engine's process, and the gateway processes beside it together."""
    yield histogram("loop_lag_seconds", "By how much the engine was late for an appointment.", load["loop_lag"])
    mine, both = load["process"], ("engine", "gateway")
    for figure, said, key in (
        ("process_resident_bytes", "Memory in use.", "rss"),
        ("process_threads", "Threads.", "threads"),
    ):
        yield by(figure, said, "process", dict(zip(both, (mine[key], gateways[key]), strict=True)), GaugeMetricFamily)
    cpu = dict(zip(both, (mine["cpu"], gateways["cpu"]), strict=True))
    yield by("process_cpu_seconds", "Processor time used.", "process", cpu)
    yield gauge("gateway_processes", "Gateway processes beside the engine's.", gateways["count"])
    collector = load["collector"]
    runs = {str(generation): count for generation, count in enumerate(collector["collections"])}
    yield by("gc_collections", "Runs of the engine's garbage collector.", "generation", runs)
    yield histogram("gc_pause_seconds", "Their length.", collector["pauses"])
    yield gauge("gc_frozen_objects", "Objects set aside for good.", collector["frozen"])


# -- of each hospital ---------------------------------------------------------------------------------------


def hospitals(all: dict[str, Figures]) -> Iterator[Metric]:
    """What there is, and who waits."""
    yield each("log_entries", "Entries of the log.", all, "entries", CounterMetricFamily)
    yield each("actors", "Actors in the table.", all, "actors")
    yield each("timers_set", "Timers set, those overtaken included.", all, "timers")
    yield each("hospital_mailboxes_open", "Actors for which something waits.", all, "mailboxes")
    tickets = _labelled("queue_tickets", "Tickets that are alive.", "state")
    services = _labelled("queue_services", "Live queues.")
    for hospital, one in all.items():
        queues = one["queues"]
        services.add_metric((hospital,), queues["services"])
        for state in ("waiting", "serving", "parked"):
            tickets.add_metric((hospital, state), queues[state])
    yield services
    yield tickets
    yield each("slot_waiting", "Entries of slots' waiting lists.", all, "slots_waiting")
    yield each("admitted_patients", "Admissions that are not over.", all, "admitted")
    yield counted("beds", "Beds in each state.", "state", all)
    yield counted("backlog", "Admissions that wait, by reason.", "reason", all)
    yield counted("alerts", "Alerts that are open.", "severity", all, known=("info", "warning", "critical"))


def assignments(all: dict[str, Figures]) -> Iterator[Metric]:
    """Doctor, nurse and bed: the last minutes, and since the beginning."""
    since = {hospital: one["assignments"]["since_beginning"] for hospital, one in all.items()}
    window = {hospital: one["assignments"] for hospital, one in all.items()}
    yield each("assignments", "Assignments decided.", since, "assignments", CounterMetricFamily)
    yield each("assignment_timeouts", "Withdrawn undecided at their limit.", since, "timeouts", CounterMetricFamily)
    yield each("assignment_retries", "Tried again by a timer.", since, "retries", CounterMetricFamily)
    yield each("assignment_window_count", "Assignments of the window.", window, "assignments")
    yield each("assignment_window_timeouts", "Timeouts of the window.", window, "timeouts")
    yield each("assignment_window_timeout_ratio", "Of those asked for, how many.", window, "timeout_rate")
    yield each("assignment_window_retry_success_ratio", "Of those retried.", window, "retry_success_rate")
    for figure, said in (("average", "On average."), ("slowest", "The slowest.")):
        family = _labelled(f"assignment_window_{figure}_seconds", f"From arrival to durable. {said}")
        for hospital, one in window.items():
            if one[f"{figure}_ms"] is not None:
                family.add_metric((hospital,), one[f"{figure}_ms"] / 1_000)
        yield family
    shares = _labelled("assignment_window_seconds", "From arrival to durable, this share at most.", "quantile")
    for hospital, one in window.items():
        for quantile, key in (("0.5", "p50_ms"), ("0.95", "p95_ms"), ("0.99", "p99_ms")):
            if one[key] is not None:
                shares.add_metric((hospital, quantile), one[key] / 1_000)
    yield shares


# -- families -----------------------------------------------------------------------------------------------


def name(metric: str) -> str:
    """The name of one of ours."""
    return f"matron_{metric}"


def gauge(metric: str, said: str, value: float) -> Metric:
    """A number that goes up and down."""
    return GaugeMetricFamily(name(metric), said, value=value)


def counter(metric: str, said: str, value: float) -> Metric:
    """A number that only grows; ``_total`` is put behind its name."""
    return CounterMetricFamily(name(metric), said, value=value)


def by(
    metric: str, said: str, label: str, values: dict[str, float],
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
    family = _labelled(metric, said, label)
    for hospital, one in all.items():
        for sort, count in {**dict.fromkeys(known, 0), **one[metric]}.items():
            family.add_metric((hospital, sort), count)
    return family


def histogram(metric: str, said: str, document: Figures, every: int = _EACH) -> Metric:
    """One of ``engine.gauges``; of its buckets each of so many is shown."""
    shown = [pair for place, pair in enumerate(document["buckets"]) if place % every == 0 or pair[0] is None]
    buckets = [(_bound(bound), count) for bound, count in shown]
    return HistogramMetricFamily(name(metric), said, buckets=buckets, sum_value=document["sum"])


def _labelled(metric: str, said: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name(metric), said, labels=("hospital", *labels))


def _bound(bound: float | None) -> str:
    return "+Inf" if bound is None else str(bound)
