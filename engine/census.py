"""How many there are of what: of one hospital, for whoever looks after it; and of all, how clinics' rules are kept.

Numbers only, by words from closed sets: no name and no id of anybody. It looks at states as they are in memory, and
counts nothing where it would have to read from the disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from engine.actors.alerts.state import ALERTS, Alerts
from engine.actors.alerts.view import figures_view
from engine.actors.clinic.policies import cache_counts
from engine.actors.intake.state import INTAKE, Intake
from engine.actors.service.state import Service
from engine.actors.ward.state import Ward
from engine.decider import SECOND, NotInMemory
from engine.errors import Unavailable
from engine.gauges import Cache
from engine.partition import Partition

LOOKED_AT: Final = 1_000
"""Services, and wards, of a hospital that are looked at; of more than that the first count."""


def census(partition: Partition, time: int) -> dict[str, Any]:
    """One hospital's, as plain maps."""
    book = partition.book
    services: list[Service] = list(_all(partition, "services"))
    wards: list[Ward] = list(_all(partition, "wards"))
    beds: Counter[str] = Counter()
    for ward in wards:
        beds.update(ward.counts)
    intake: Intake | None = _state(partition, INTAKE)
    alerts: Alerts = _state(partition, ALERTS) or Alerts()
    backlog: dict[str, int] = (
        {reason: count for reason, count in intake.reasons.items() if count} if intake is not None else {}
    )
    return {
        "entries": partition.tail.durable,
        "signed": partition.tail.signed,
        "snapshot": book.snapshot,
        "actors": len(book.cells),
        "timers": len(book.timers),
        "overdue": max(time - book.timers[0][0], 0) / SECOND if book.timers else 0.0,
        "mailboxes": len(partition.mailboxes),
        "queues": {
            "services": len(services),
            "waiting": sum(len(service.line) for service in services),
            "serving": sum(len(service.serving) for service in services),
            "parked": sum(len(service.parked) for service in services),
        },
        "slots_waiting": book.directory.count("waiting"),
        "beds": dict(beds),
        "admitted": len(intake.open) if intake is not None else 0,
        "backlog": backlog,
        "alerts": dict(Counter(alert.severity for alert in alerts.open.values())),
        "assignments": msgspec.to_builtins(figures_view(alerts, backlog, time)),
    }


def policies(partitions: Iterable[Partition]) -> Cache:
    """How often clinics' rules were there, compiled, when they were asked for."""
    clinics = [clinic for partition in partitions for clinic in partition.book.in_hand("clinic")]
    counts = [cache_counts(clinic) for clinic in clinics]
    return Cache(sum(hits for hits, _ in counts), sum(misses for _, misses in counts))


def _all(partition: Partition, table: str) -> Iterator[Any]:
    for id in partition.book.directory.ids(table, None, LOOKED_AT):
        key = partition.book.directory.find(table, id)
        state = None if key is None else _state(partition, key)
        if state is not None:
            yield state


def _state(partition: Partition, key: str) -> Any:
    try:
        return partition.state(key)
    except (NotInMemory, Unavailable):  # archived, or just being rebuilt
        return None
