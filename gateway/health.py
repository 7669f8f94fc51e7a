"""Signs of life: ``/health/live`` says that the process answers, ``/health/ready`` that the engine serves.

``/health/notifications`` says who listens and how notices get on. It names destinations, so it needs a key, and it
shows those of the caller's own hospital. ``/health/load`` says how hard the engine works, all hospitals together, in
numbers since its start: two readings, subtracted, are what happened in between. ``/health/audit`` says how far the
caller's logs are signed, cosigned and shipped, ``/health/detail`` all that an administrator wants to know. What the
pages say is known where the engine is (``Vitals``); a gateway process of its own asks there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import msgspec
from starlette.responses import Response

from engine.census import census
from engine.runtime import Engine
from engine.settings import Readiness
from gateway.auth import WHOLE_NETWORK
from gateway.call import Call, Endpoint
from gateway.door.tls import Tls
from gateway.endpoints import JSON, Page
from gateway.observing.detail import MAY_SEE, About, detail
from gateway.observing.program import MATRON
from gateway.observing.proven import Proofs, Shipments, proven
from gateway.problems import NOT_READY, READY
from gateway.routes.row import READERS, Role
from gateway.tally import Tally

Pages = Callable[[str, str], Awaitable[tuple[int, bytes]]]
"""A page by its name, for a hospital: its status and its JSON."""


class Deliveries(Protocol):
    """Whoever sends notices."""

    def status(self, hospital: str) -> list[dict[str, Any]]:
        """A hospital's destinations, and how each is doing."""


class Vitals:
    """What the pages say, where the engine is."""

    def __init__(
        self, engine: Engine, deliveries: Deliveries | None = None, tally: Tally | None = None,
        proofs: Proofs | None = None, shipments: Shipments | None = None, about: About = About(),  # noqa: B008
        tls: Tls | None = None,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._deliveries = deliveries
        self._tally = tally or Tally()
        self._proofs = proofs
        self._shipments = shipments
        self._about = about
        self._tls = tls
        self._made = {
            "ready": self._ready,
            "notifications": self._notifications,
            "load": self._load,
            "metrics": self._metrics,
            "audit": self._audit,
            "detail": self._detail,
        }

    async def page(self, name: str, hospital: str) -> tuple[int, bytes]:
        """One of ``Pages``."""
        return self._made[name](hospital)

    def _ready(self, hospital: str) -> tuple[int, bytes]:
        found = self._engine.ready()
        return READY if found.ready else NOT_READY, msgspec.json.encode(self._said(found))

    def _said(self, found: Readiness) -> dict[str, Any]:
        """What anybody may know: words and numbers, and the name of no hospital."""
        body: dict[str, Any] = {"status": "ready" if found.ready else "not_ready"}
        body |= {name: found.detail[name] for name in SAID if name in found.detail}
        if "log_damage" in found.detail:
            body["log_damage"] = True
        if self._proofs is not None and (alarms := self._proofs.alarms()):
            body["audit_alarms"] = len(alarms)
        return body | self._of_tls()

    def _of_tls(self) -> dict[str, str]:
        """What is wrong with the certificate's files; nothing where nothing is."""
        return {"tls": self._tls.trouble} if self._tls is not None and self._tls.trouble else {}

    def _notifications(self, hospital: str) -> tuple[int, bytes]:
        """Counts since the start; the stream's are of all hospitals."""
        destinations = [] if self._deliveries is None else self._deliveries.status(hospital)
        totals = {name: sum(each.get(name, 0) for each in destinations) for name in TOTALS}
        body = {"stream": self._engine.feed.counts, "notices": totals, "destinations": destinations}
        return READY, msgspec.json.encode(body)

    def _metrics(self, hospital: str) -> tuple[int, bytes]:
        """Everything that is counted, of one hospital or (``""``) of all; ``gateway.metrics`` names it."""
        return READY, msgspec.json.encode(self._figures(hospital))

    def _detail(self, hospital: str) -> tuple[int, bytes]:
        ready = self._engine.ready()
        state = self._said(ready)
        if not hospital:  # the rest of it names hospitals
            state |= ready.detail
            state["alarms"] = [] if self._proofs is None else self._proofs.alarms()
        body = detail(self._figures(hospital), self._about, self._engine.now(), state)
        return READY, msgspec.json.encode(body, enc_hook=str)

    def _figures(self, hospital: str) -> dict[str, Any]:
        engine = self._engine
        chosen = {id: one for id, one in engine.partitions.items() if hospital in ("", id)}
        destinations = [] if self._deliveries is None else [
            each for id in chosen for each in self._deliveries.status(id)
        ]  # fmt: skip
        load, ready = engine.load(), engine.ready()
        by_log = load.pop("by_log")
        proofs = proven(
            engine, list(chosen), by_log["unsigned_seconds"], self._proofs, self._shipments, self._about.data
        )
        return {
            "version": MATRON,
            "ready": ready.ready,
            "damaged": "log_damage" in ready.detail,
            "load": load,
            "marks": self._tally.marks,
            "proofs": proofs,
            "certificate_expires": self._about.expires(),
            "certificate_trouble": None if self._tls is None else bool(self._tls.trouble),
            "requests": self._tally.rows(),
            "gateways": self._tally.processes(),
            "notices": {
                **{name: sum(each.get(name, 0) for each in destinations) for name in TOTALS},
                "breakers": dict(Counter(each.get("breaker", "paused") for each in destinations)),
            },
            "hospitals": {
                id: {**census(one, engine.now()), "snapshot_seconds": by_log["snapshot_seconds"].get(id)}
                for id, one in chosen.items()
            },
        }

    def _audit(self, hospital: str) -> tuple[int, bytes]:
        body = {} if self._proofs is None else self._proofs.document(self._engine, hospital)
        if self._shipments is not None:
            body["shipping"] = self._shipments.document(hospital)
        return READY, msgspec.json.encode(body)

    def _load(self, hospital: str) -> tuple[int, bytes]:
        """Of the whole process, also while the engine does not serve; nothing that names a hospital."""
        load = self._engine.load()
        del load["by_log"], load["operations"]
        return READY, msgspec.json.encode(load)


def endpoints(pages: Pages) -> Mapping[str, Endpoint]:
    """All pages, by path."""

    async def live(call: Call) -> Response:
        return Response(b'{"status":"live"}', media_type=JSON)

    async def ready(call: Call) -> Response:
        status, body = await pages("ready", "")
        return Response(body, status, {} if status == READY else {"Retry-After": "1"}, JSON)

    return {
        "/health/live": Page("/health/live", live),
        "/health/ready": Page("/health/ready", ready),
        "/health/notifications": Guarded("notifications", pages),
        "/health/load": Guarded("load", pages),
        "/health/audit": Guarded("audit", pages),
        "/health/detail": Detail(pages),
    }


class Guarded:
    """A page that needs a key."""

    writes = False
    roles: frozenset[Role] | None = READERS

    def __init__(self, name: str, pages: Pages) -> None:
        self.label = f"/health/{name}"
        self._name = name
        self._pages = pages

    async def answer(self, call: Call) -> Response:
        """What is known of the caller's own hospital."""
        status, body = await self._pages(self._name, call.hospital)
        return Response(body, status, media_type=JSON)


class Detail(Guarded):
    """The page of those who look after it. A key of one hospital sees that hospital; one of the network sees all."""

    roles = MAY_SEE

    def __init__(self, pages: Pages) -> None:
        super().__init__("detail", pages)

    async def answer(self, call: Call) -> Response:
        """What is known of the process, and of the caller's hospitals."""
        assert call.caller is not None
        whole = call.caller.hospital == WHOLE_NETWORK and b"hospital-id" not in call.headers
        status, body = await self._pages("detail", "" if whole else call.hospital)
        return Response(body, status, media_type=JSON)


SAID: Final = ("state", "timers_held", "storage_full", "accesses_aside", "accesses_dropped")
"""Of what an engine says of its readiness, what anybody may read."""

TOTALS: Final = ("lag", "depth", "delivered", "failed", "dead")
