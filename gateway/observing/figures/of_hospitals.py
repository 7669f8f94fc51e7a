"""What there is in each hospital, who waits, and how assignments get on."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from gateway.observing.figures.families import Figures, counted, each, labelled


def hospitals(all: dict[str, Figures]) -> Iterator[Metric]:
    """What there is, and who waits."""
    yield each("log_entries", "Entries of the log.", all, "entries", CounterMetricFamily)
    behind = {hospital: {"behind": one["entries"] - one["snapshot"]} for hospital, one in all.items()}
    yield each("snapshot_behind_entries", "Entries that a start would read behind the last snapshot.", behind, "behind")
    yield each("snapshot_age_seconds", "Since the last snapshot of this engine's life.", all, "snapshot_seconds")
    yield each("actors", "Actors in the table.", all, "actors")
    yield each("timers_set", "Timers set, those overtaken included.", all, "timers")
    yield each("timers_overdue_seconds", "How long the first of them has been due.", all, "overdue")
    yield each("hospital_mailboxes_open", "Actors for which something waits.", all, "mailboxes")
    tickets = labelled("queue_tickets", "Tickets that are alive.", "state")
    services = labelled("queue_services", "Live queues.")
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
        family = labelled(f"assignment_window_{figure}_seconds", f"From arrival to durable. {said}")
        for hospital, one in window.items():
            if one[f"{figure}_ms"] is not None:
                family.add_metric((hospital,), one[f"{figure}_ms"] / 1_000)
        yield family
    shares = labelled("assignment_window_seconds", "From arrival to durable, this share at most.", "quantile")
    for hospital, one in window.items():
        for quantile, key in (("0.5", "p50_ms"), ("0.95", "p95_ms"), ("0.99", "p99_ms")):
            if one[key] is not None:
                shares.add_metric((hospital, quantile), one[key] / 1_000)
    yield shares
