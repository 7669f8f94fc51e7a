"""``/metrics`` in Prometheus' words: what the engine, its hospitals and all gateway processes count.

The numbers come from where the engine is, as one document (``gateway.health``), and get their names in
``gateway.observing.figures``, in a thread, so that nobody's request waits for a page of some thousand lines. Labels are
of closed sets: routes, commands, states, and the ids of hospitals; no id of a person, nor of what belongs to one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import trio
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from gateway.auth import WHOLE_NETWORK
from gateway.call import Call
from gateway.observing.figures.families import Figures, by, gauge
from gateway.observing.figures.of_engine import commands, log, notices, process, stream, timers
from gateway.observing.figures.of_hospitals import assignments, hospitals
from gateway.observing.figures.of_proofs import proofs
from gateway.observing.figures.of_requests import door, requests
from gateway.problems import READY
from gateway.routes.row import READERS, Role

PATH: Final = "/metrics"
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"

Pages = Callable[[str, str], Any]


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
        yield by("build_info", "Which program this is.", "version", {figures["version"]: 1}, GaugeMetricFamily)
        yield gauge("log_damaged", "Whether entries were found that are not what was written.", figures["damaged"])
        said = "When the certificate of the front door ends, in seconds since 1970."
        yield gauge("certificate_expires_seconds", said, figures["certificate_expires"])
        said = "Whether the files of the certificate are newer than the one in use, and cannot be used."
        yield gauge("certificate_trouble", said, figures["certificate_trouble"])
        yield from requests(figures["requests"])
        yield from door(figures["marks"], figures["gateways"])
        yield from commands(load)
        yield from log(load)
        yield from stream(load["stream"])
        yield from notices(figures["notices"])
        yield from timers(load["timers"])
        yield from process(load, figures["gateways"])
        yield from hospitals(figures["hospitals"])
        yield from assignments(figures["hospitals"])
        yield from proofs(figures["proofs"])
