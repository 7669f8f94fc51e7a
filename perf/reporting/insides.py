"""The report's account of the server: where its time goes, commits, lag, pauses, mailboxes, caches, resources."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from perf.reporting.account import Durations, counted, durations, gauge, hits
from perf.reporting.material import Material
from perf.reporting.scenes import middle
from perf.runs import Profile, Repeat, Run, Sample
from replay.reporting.document import Block, Figure, Heading, Points, Table, Text
from replay.reporting.plots import Axis, Line, plot

_MB = 1e6
_HOT = 20

_QUERIES = ("check conflicts", "evaluate")
"""Reads that are asked by a POST, besides all whose names begin so."""


def insides(material: Material) -> list[Block]:
    """All of it."""
    return [
        Heading(2, "Log and engine performance"),
        *_reads(material),
        Heading(3, "Commit latency"),
        _durations(material, ("commits", "seconds"), "Commits", "from the first byte written to the fsync's end"),
        _commits(material),
        Heading(3, "Loop lag"),
        _durations(material, ("loop_lag",), "Looks", "how much later than it wanted a task of the scheduler woke"),
        Heading(3, "Garbage collection"),
        _durations(material, ("collector", "pauses"), "Pauses", "while the collector looked for rubbish"),
        _policy(material),
        Heading(3, "Mailboxes and contention"),
        _mailboxes(material),
        Heading(3, "Connections"),
        _connections(material),
        Heading(3, "Caches"),
        _caches(material),
    ]


def resources(material: Material) -> list[Block]:
    """Processor, memory and disk, of the server and of who sends."""
    blocks: list[Block] = [Heading(3, "Resource utilization")]
    head = ("Scenario", "CPU, average", "CPU, peak", "Memory, average", "Memory, peak", "Disk read", "Disk written",
            "Threads", "Sender's CPU")  # fmt: skip
    rows = []
    for run, repeat in _loads(material):
        samples = [sample for sample in repeat.samples if sample.processes]
        if len(samples) < 2:
            continue
        passed = max(samples[-1].at - samples[0].at, 1e-9)
        first, last = samples[0], samples[-1]
        memory = [sample.anonymous / _MB for sample in samples]
        rows.append(
            (
                run.scenario,
                f"{100 * (last.cpu - first.cpu) / passed:.0f} %",
                f"{100 * max(_steps(samples), default=0.0):.0f} %",
                f"{sum(memory) / len(memory):,.0f} MB",
                f"{max(memory):,.0f} MB",
                f"{(last.read_bytes - first.read_bytes) / passed / 1000:,.0f} kB/s",
                f"{(last.write_bytes - first.write_bytes) / passed / 1000:,.0f} kB/s",
                str(last.threads),
                f"{100 * (last.sender_cpu - first.sender_cpu) / passed:.0f} %",
            )
        )
    if not rows:
        return [*blocks, Text("No server of this machine was looked at.")]
    blocks.append(Text("100 % is one core. Memory is anonymous and resident: the log's map is not in it."))
    blocks.append(Table(head, tuple(rows), frozenset(range(1, len(head)))))
    for run, repeat in _loads(material):
        samples = [sample for sample in repeat.samples if sample.processes]
        if len(samples) > 2:
            blocks += _usage(run, samples)
    return blocks


def hot_paths(material: Material) -> list[Block]:
    """Where a profiler saw the server, or why there was none."""
    blocks: list[Block] = [Heading(3, "Performance hotspots")]
    found = [(run, repeat.profile) for run, repeat in _loads(material) if repeat.profile is not None]
    if not found:
        some = next((run.scenario for run in material.runs if run.repeats), "SCENARIO")
        return [*blocks, Text(f"No run had a profiler on its server: matron-perf profile {some}")]
    for run, profile in found:
        blocks += _profile(run, profile)
    return blocks


def _profile(run: Run, profile: Profile) -> list[Block]:
    if profile.missing:
        return [Text(f"{run.scenario}: no profile, because {profile.missing}.")]
    areas = tuple((one.name, f"{one.total:.1%}") for one in profile.areas)
    rows = tuple((one.name, f"{one.own:.1%}", f"{one.total:.1%}") for one in profile.functions[:_HOT])
    paths = tuple(f"{one.total:.1%}: {one.name}" for one in profile.paths[: _HOT // 2])
    return [
        Text(f"{run.scenario}: {profile.samples:,} samples, {profile.rate} a second, of threads that were at work."),
        Table(("Part of the program", "Share"), areas, frozenset({1})),
        Table(("Function", "Itself", "With what it calls"), rows, frozenset({1, 2})),
        Heading(4, "Hottest paths, the innermost call last"),
        Points(paths),
    ]


def _loads(material: Material) -> Iterator[tuple[Run, Repeat]]:
    for run in material.runs:
        if run.repeats:
            yield run, middle(run)


def _reads(material: Material) -> list[Block]:
    """Queries, in the place of a database's plans: reads have none, they are functions over states in memory."""
    rows = []
    for run, repeat in _loads(material):
        for op, histogram in sorted(repeat.measured.ops.items()):
            if op.startswith("read ") or op in _QUERIES:
                waits = (f"{1000 * histogram.percentile(share):,.2f} ms" for share in (0.5, 0.95, 0.99))
                rows.append((run.scenario, op.removeprefix("read "), f"{histogram.count:,}", *waits))
    if not rows:
        return []
    head = ("Scenario", "Query", "Asked", "p50", "p95", "p99")
    return [Heading(3, "Query performance"), Table(head, tuple(rows), frozenset({2, 3, 4, 5}))]


def _durations(material: Material, path: tuple[str, ...], what: str, how: str) -> Block:
    rows = []
    for run, repeat in _loads(material):
        found = durations(repeat, *path)
        rows.append((run.scenario, *(_told(found) if found else ("not told", "", "", "", ""))))
    head = ("Scenario", what, "Mean", "p50", "p99", "Longest since the start")
    return Table(head, tuple(rows), frozenset(range(1, 6))) if rows else Text(f"No run tells it ({how}).")


def _told(found: Durations) -> tuple[str, ...]:
    if not found.count:
        return ("0", "", "", "", "")
    times = (found.mean, found.p50, found.p99, found.most)
    return (f"{found.count:,}", *(f"{1000 * seconds:,.2f} ms" for seconds in times))


def _commits(material: Material) -> Block:
    """How many decisions share one fsync."""
    rows = []
    for run, repeat in _loads(material):
        commits, entries = counted(repeat, "commits", "count"), counted(repeat, "commits", "entries")
        if commits and entries:
            size = repeat.log_bytes / repeat.entries if repeat.entries else 0.0
            pending = max((sample.load.get("pending", 0.0) for sample in repeat.samples), default=0.0)
            each = f"{entries / commits:,.1f}"
            rows.append((run.scenario, f"{commits:,.0f}", f"{entries:,.0f}", each, f"{pending:,.0f}", f"{size:,.0f} B"))
    head = ("Scenario", "Commits", "Entries", "Entries a commit", "Most that waited", "Log by entry")
    return Table(head, tuple(rows), frozenset(range(1, 6))) if rows else Text("Group commit: not told.")


def _policy(material: Material) -> Block:
    for _, repeat in _loads(material):
        thresholds, frozen = gauge(repeat, "collector", "thresholds"), gauge(repeat, "collector", "frozen")
        if isinstance(thresholds, list):
            kept = (
                f" {frozen:,} objects that were there when the engine became ready are not looked at again."
                if frozen
                else ""
            )
            return Text(
                "Policy: the collector of the youngest generation runs after "
                f"{thresholds[0]:,} new objects, the older ones every {thresholds[1]} and {thresholds[2]} times that."
                + kept
            )
    return Text("The collector's policy is not told.")


def _mailboxes(material: Material) -> Block:
    rows = []
    for run, repeat in _loads(material):
        if gauge(repeat, "mailboxes") is None:
            continue
        waiting = max((sample.load.get("waiting", 0.0) for sample in repeat.samples), default=0.0)
        longest = max((sample.load.get("longest", 0.0) for sample in repeat.samples), default=0.0)
        refused = counted(repeat, "mailboxes", "refused") or 0
        rows.append(
            (run.scenario, f"{waiting:,.0f}", f"{longest:,.0f}", f"{refused:,.0f}", "none: actors take no locks")
        )
    head = ("Scenario", "Most messages that waited", "Longest mailbox", "Refused, full", "Deadlocks")
    return Table(head, tuple(rows), frozenset({1, 2, 3})) if rows else Text("Mailboxes: not told.")


def _connections(material: Material) -> Block:
    rows = []
    for run, repeat in _loads(material):
        late = (repeat.measured.late, repeat.measured.behind)
        waits = (f"{1000 * histogram.percentile(0.99):,.2f} ms" for histogram in late)
        allowed = run.settings.closed or run.settings.connections
        connecting = f"{repeat.measured.connecting.most:,.2f} s"
        rows.append((run.scenario, f"{allowed:,}", f"{repeat.measured.connections:,}", connecting, *waits))
    head = (
        "Scenario",
        "Allowed at a time",
        "Made",
        "Longest until taken",
        "Sent late, p99",
        "of it the sender's own, p99",
    )
    return Table(head, tuple(rows), frozenset({1, 2, 3, 4, 5})) if rows else Text("No load was sent.")


def _caches(material: Material) -> Block:
    rows = []
    for run, repeat in _loads(material):
        for name, hit, missed in hits(repeat):
            if hit + missed:
                rows.append((run.scenario, name, f"{hit:,}", f"{missed:,}", f"{hit / (hit + missed):.1%}"))
    head = ("Scenario", "Cache", "Hits", "Misses", "Hit rate")
    return Table(head, tuple(rows), frozenset({2, 3, 4})) if rows else Text("Caches: not told.")


def _usage(run: Run, samples: list[Sample]) -> list[Block]:
    server = list(zip((sample.at for sample in samples[1:]), _steps(samples), strict=True))
    sender = list(zip((sample.at for sample in samples[1:]), _steps(samples, sender=True), strict=True))
    memory = [(sample.at, sample.anonymous / _MB) for sample in samples]
    lines = [Line("server", server), Line("sender", sender)]
    cores = plot(f"Cores used during {run.scenario}", Axis("seconds"), Axis("cores"), lines)
    held = plot(f"Memory of the server during {run.scenario}", Axis("seconds"), Axis("MB"), [Line("anonymous", memory)])
    each = -(-len(samples) // 10)
    some = samples[::each]
    busy = dict(server)
    rows = tuple(
        (f"{sample.at:,.0f}", f"{busy.get(sample.at, 0.0):.2f}", f"{sample.anonymous / _MB:,.1f}") for sample in some
    )
    table = Table(("Second", "Server, cores", "Memory, MB"), rows, frozenset({0, 1, 2}))
    return [
        Figure(f"Cores used, {run.scenario}", *cores, table),
        Figure(f"Memory of the server, {run.scenario}", *held, table),
    ]


def _steps(samples: list[Sample], *, sender: bool = False) -> list[float]:
    """Cores used between one look and the next."""
    pairs = pairwise(samples)
    return [
        max((after.sender_cpu - before.sender_cpu) if sender else (after.cpu - before.cpu), 0.0)
        / max(after.at - before.at, 1e-9)
        for before, after in pairs
    ]
