"""How far the logs of some hospitals are proven, shipped and backed up, as plain maps: for metrics, and for detail.

Knows whom to ask, and turns what they say into numbers; names of logs and of witnesses only.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from engine import calendar
from engine.runtime import Engine
from gateway.backing.backup import LAST_BACKUP

LOG_FILE: Final = Path("log", "data.mdb")


class Proofs(Protocol):
    """Whoever sees to it that the logs can be proven."""

    def alarms(self) -> list[str]:
        """What speaks against the logs."""

    def document(self, engine: Engine, hospital: str) -> dict[str, Any]:
        """How far a hospital's logs are signed and cosigned."""


class Shipments(Protocol):
    """Whoever copies the logs to another place."""

    def document(self, hospital: str) -> dict[str, Any]:
        """How far a hospital's logs are there."""


def proven(
    engine: Engine, hospitals: list[str], unsigned: dict[str, float], proofs: Proofs | None,
    shipments: Shipments | None, data: Path | None,
) -> dict[str, Any]:  # fmt: skip
    """Of these hospitals; ``unsigned``: for how long each log has had entries without a checkpoint (s)."""
    now = engine.now()
    logs: dict[str, Any] = {}
    witnesses: list[dict[str, Any]] = []
    for document in [] if proofs is None else [proofs.document(engine, hospital) for hospital in hospitals]:
        for log, one in document["logs"].items():
            logs[log] = {"unsigned_entries": one["entries"] - one["signed"], "unsigned_seconds": unsigned.get(log)}
        for witness in document["witnesses"]:
            for log, one in witness["logs"].items():
                signed = document["logs"].get(log, {"signed": one["size"]})["signed"]
                witnesses.append(
                    {
                        "log": log,
                        "witness": witness["witness"],
                        "behind": max(signed - one["size"], 0),
                        "failing": one["failure"] is not None,
                        "age": _age(one["cosigned_at"], now),
                    }
                )
    return {
        "logs": logs,
        "witnesses": witnesses,
        "alarms": 0 if proofs is None else len(proofs.alarms()),
        "shipping": None if shipments is None else _shipped([shipments.document(hospital) for hospital in hospitals]),
        "log_bytes": _size(data),
        "backup_age_seconds": _backed_up(data, now),
    }


def _shipped(documents: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not documents:
        return None
    behind = {log: one["behind"] for document in documents for log, one in document["logs"].items()}
    return {"running": documents[0]["running"], "restarts": documents[0]["restarts"], "behind": behind}


def _age(at: datetime | None, now: int) -> float | None:
    """Seconds since then; to the second, as witnesses tell it."""
    return None if at is None else max((calendar.moment(now) - at).total_seconds(), 0.0)


def _size(data: Path | None) -> int | None:
    try:
        return None if data is None else (data / LOG_FILE).stat().st_size
    except OSError:
        return None


def _backed_up(data: Path | None, now: int) -> float | None:
    """Nobody knows of a backup that was made in another way than by ``matron backup``."""
    try:
        return None if data is None else max(now / 1e6 - (data / LAST_BACKUP).stat().st_mtime, 0.0)
    except OSError:
        return None
