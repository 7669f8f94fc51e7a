"""How far the logs are signed, cosigned, shipped and backed up, and since when they are not."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from gateway.observing.figures.families import Figures, by, counter, gauge, name


def proofs(figures: Figures) -> Iterator[Metric]:
    """``figures`` is ``gateway.observing.proven.proven``."""
    logs = figures["logs"]
    for key, said in (
        ("unsigned_entries", "Entries that no checkpoint speaks of."),
        ("unsigned_seconds", "For how long there have been such."),
    ):
        found = {log: one[key] for log, one in logs.items() if one[key] is not None}
        yield by(f"checkpoint_{key}", said, "log", found, GaugeMetricFamily)
    behind = GaugeMetricFamily(name("witness_behind_entries"), "Signed and not cosigned.", labels=("log", "witness"))
    age = GaugeMetricFamily(name("witness_age_seconds"), "Since it cosigned last.", labels=("log", "witness"))
    failing = GaugeMetricFamily(
        name("witness_failing"), "Whether its last answer was no cosignature.", labels=("log", "witness")
    )
    for one in figures["witnesses"]:
        labels = (one["log"], one["witness"])
        behind.add_metric(labels, one["behind"])
        failing.add_metric(labels, float(one["failing"]))
        if one["age"] is not None:
            age.add_metric(labels, one["age"])
    yield from (behind, age, failing)
    yield gauge("audit_alarms", "What witnesses say against the logs.", figures["alarms"])
    ships = figures["shipping"] or {"running": None, "restarts": 0, "behind": {}}
    yield gauge("shipping_running", "Whether the process that ships the logs runs.", ships["running"])
    yield counter("shipping_restarts", "How often it was started again.", ships["restarts"])
    yield by("shipping_behind_entries", "Entries that are not there yet.", "log", ships["behind"], GaugeMetricFamily)
    yield gauge("log_bytes", "Size of the log's file.", figures["log_bytes"])
    yield gauge("backup_age_seconds", "Since the last `matron backup`.", figures["backup_age_seconds"])
