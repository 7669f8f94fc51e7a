"""``/health/detail``: what whoever runs it at night wants to know of a process, in one document.

Which program and configuration, for how long, what waits for what, what is left of the disk, how far the logs are
proven, how notices get on. Names hospitals, logs and witnesses; nobody and nothing else.
"""

from __future__ import annotations

import platform
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography import x509

from engine import calendar
from engine.eventlog.entry import FORMAT, RULEBOOK
from gateway.config import Config
from gateway.observing.program import MATRON, version_of
from gateway.routes.row import ADMIN, AUDITOR, NETWORK, Role

MAY_SEE: Final[frozenset[Role]] = frozenset({ADMIN, AUDITOR, NETWORK})


class About(msgspec.Struct, frozen=True):
    """What does not change while a process lives. ``configuration``: a hash of all settings, equal for equal ones."""

    data: Path | None = None
    configuration: str = ""
    certificate: Path | None = None

    @classmethod
    def of(cls, chosen: Config) -> About:
        """Of a process with this configuration."""
        fingerprint = sha256(msgspec.json.encode(chosen, order="sorted")).hexdigest()[:16]
        data = None if chosen.data is None else Path(chosen.data)
        certfile = chosen.door.certfile
        return cls(data, fingerprint, None if certfile is None else Path(certfile))

    def expires(self) -> int | None:
        """When the certificate does (seconds since 1970), as its file has it now."""
        if self.certificate is None:
            return None
        try:
            [first, *_] = x509.load_pem_x509_certificates(self.certificate.read_bytes())
        except (OSError, ValueError):
            return None
        return round(first.not_valid_after_utc.astimezone(UTC).timestamp())


def detail(figures: dict[str, Any], about: About, now: int, state: dict[str, Any]) -> dict[str, Any]:
    """The document, from the ``figures`` that metrics are made of, and what readiness says."""
    load, expires = figures["load"], about.expires()
    return {
        "program": {
            "matron": MATRON,
            "python": platform.python_version(),
            "trio": version_of("trio"),
            "lmdb": version_of("lmdb"),
            "log_format": FORMAT,
            "rule_book": RULEBOOK,
        },
        "time": calendar.moment(now),
        "uptime": load["uptime"],
        "configuration": about.configuration,
        "engine": state,
        "waiting": {
            "mailboxes": load["mailboxes"],
            "longest_seconds": load["waiting_longest"],
            "pending_entries": load["log"]["pending_entries"],
            "pending_seconds": load["log"]["pending_age"],
        },
        "disk": {
            "free": load["log"]["space"]["disk"],
            "map_free": load["log"]["space"]["map"],
            "log": figures["proofs"]["log_bytes"],
            "full": load["log"]["full"],
        },
        "timers": {name: load["timers"][name] for name in ("set", "fired", "held")},
        "hospitals": {
            id: {name: one[name] for name in ("entries", "signed", "snapshot", "actors", "timers", "mailboxes")}
            for id, one in figures["hospitals"].items()
        },
        "proofs": figures["proofs"],
        "notices": figures["notices"],
        "gateways": figures["gateways"],
        "certificate": None if expires is None else {"expires": calendar.moment(expires * 1_000_000)},
    }
