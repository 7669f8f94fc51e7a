"""What the engine does, all hospitals together, and what it and the processes beside it use."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.observing.figures.families import Figures, by, counter, gauge, histogram, name, timed


def commands(load: Figures) -> Iterator[Metric]:
    """What became of commands, and where they wait."""
    total = CounterMetricFamily(
        name("commands"), "Commands, timers included, by what became of them.", labels=("command", "outcome")
    )
    for command, outcomes in sorted(load["commands"].items()):
        for outcome, count in outcomes.items():
            total.add_metric((command, outcome), count)
    yield total
    took = load["operations"]
    said = "From its coming in until its answer may leave."
    yield timed("command_seconds", said, "command", took["commands"])
    yield timed("query_seconds", said, "query", took["queries"])
    yield counter("slow", "Commands and queries that took longer than logs.slow_ms.", took["slow"])
    boxes = load["mailboxes"]
    yield gauge("mailboxes_open", "Actors for which something waits.", boxes["open"])
    yield gauge("mailbox_messages", "Commands that wait for an actor.", boxes["waiting"])
    yield gauge("mailbox_longest", "Most commands that ever waited for one actor.", boxes["longest"])
    yield gauge("mailbox_oldest_seconds", "How long the command waits that waits longest.", load["waiting_longest"])
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
    yield gauge("pending_age_seconds", "How long the oldest entry waits that is not durable.", kept["pending_age"])
    yield gauge("disk_free_bytes", "Free on the log's file system.", kept["space"]["disk"])
    yield gauge("map_free_bytes", "Free in the log's map.", kept["space"]["map"])
    yield counter("checkpoint_faults", "Checkpoints that could not be signed.", load["checkpoint_faults"])
    looks = load["accesses"]
    yield counter("access_looks", "Looks at patients put into the access logs.", looks["looks"])
    yield counter("access_notes", "Notes of what happened at the door put into the access logs.", looks["notes"])
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
    yield gauge("stream_choices", "Different choices of topics that are followed.", counts["groups"])
    yield gauge(
        "stream_kept_frames", "Frames kept for the slowest of those who follow the same.", counts["frames_kept"]
    )
    yield gauge("stream_kept_bytes", "Their bytes.", counts["bytes_kept"])


def notices(totals: Figures) -> Iterator[Metric]:
    """Webhooks and mail."""
    yield gauge("notice_lag_entries", "Entries not yet looked at for notices, of all destinations.", totals["lag"])
    yield gauge("notice_depth", "Notices on their way.", totals["depth"])
    yield counter("notices_delivered", "Notices delivered.", totals["delivered"])
    yield counter("notices_failed", "Tries that failed.", totals["failed"])
    yield gauge("notices_dead", "Notices given up, that nobody has looked at.", totals["dead"])
    states = {state: totals["breakers"].get(state, 0) for state in ("closed", "half_open", "open", "paused")}
    yield by("notice_destinations", "Destinations, by their breaker.", "breaker", states, GaugeMetricFamily)


def timers(figures: Figures) -> Iterator[Metric]:
    """What happens by itself."""
    yield counter("timers_fired", "Timers that have fired.", figures["fired"])
    yield histogram("timer_late_seconds", "How long after they were due.", figures["late"])
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
    collector = load["collector"]
    runs = {str(generation): count for generation, count in enumerate(collector["collections"])}
    yield by("gc_collections", "Runs of the engine's garbage collector.", "generation", runs)
    yield histogram("gc_pause_seconds", "Their length.", collector["pauses"])
    yield gauge("gc_frozen_objects", "Objects set aside for good.", collector["frozen"])
