"""Runs as they would be kept, made up: of a load that took so long, answered so fast, and used so much."""

from __future__ import annotations

from random import Random

from perf.figures import Row, Target
from perf.load.histogram import Histogram, bucket_of
from perf.load.order import Measured, Second
from perf.load.plan import Settings
from perf.runs import Check, Hot, Profile, Repeat, Run, Sample

ENVIRONMENT = {
    "python": "3.11.7", "system": "Linux x86_64", "processor": "A processor", "cores": 2, "load": [0.5, 0.5, 0.5],
    "file_system": "ext4", "switch_interval_seconds": 0.0005, "gc_thresholds": [50_000, 20, 100],
    "libraries": {"trio": "0.35.0"}, "memory": 8_000_000_000, "kernel": "6.1", "distribution": "A system",
    "implementation": "CPython 3.11.7", "log": {"file": "matron-log 1", "entry": 1, "rule book": 1, "map": 1 << 36},
}  # fmt: skip


def histogram(count: int, total: float) -> dict[str, object]:
    """As the server's account has it: all of them lasted a millisecond or less."""
    return {"count": count, "sum": total, "max": 0.002, "buckets": [[0.0001, 0], [0.001, count], [None, count]]}


def account(scale: int) -> dict[str, object]:
    return {
        "uptime": 1.0 * scale,
        "process": {"cpu": 1.0 * scale},
        "commits": {"count": 100 * scale, "entries": 700 * scale, "seconds": histogram(100 * scale, 0.1 * scale)},
        "loop_lag": histogram(50 * scale, 0.01 * scale),
        "collector": {
            "collections": [scale, 0, 0], "pauses": histogram(scale, 0.002 * scale), "thresholds": [50_000, 20, 100],
            "frozen": 1_234,
        },
        "mailboxes": {"open": 3, "waiting": 2, "longest": 1, "refused": 4 * scale},
        "caches": {"states": {"hits": 90 * scale, "misses": 10 * scale}},
        "log": {"pending_entries": 3},
        "stream": {"sent": 0},
    }  # fmt: skip


def repeat(median: float = 0.010, *, seconds: int = 30, rate: int = 100, seed: int = 1, sound: bool = True) -> Repeat:
    """``median``: seconds of the median answer; waits are spread around it."""
    random = Random(seed)
    measured = Measured(seconds=float(seconds), connections=10, bytes_in=10**6, bytes_out=10**5)
    waits = measured.ops.setdefault("book", Histogram())
    for number in range(seconds):
        second = measured.by_second.setdefault(number, Second(done=rate))
        for _ in range(rate):
            wait = median * random.lognormvariate(0, 0.3)
            waits.add(wait)
            measured.answering.add(wait)
            measured.late.add(0.0001)
            second.due += 1
            second.most = max(second.most, wait)
            second.counts[bucket_of(wait)] = second.counts.get(bucket_of(wait), 0) + 1
    measured.sent = measured.planned = seconds * rate
    measured.statuses = {"book": {"201": seconds * rate}}
    samples = [
        Sample(
            at=float(n), cpu=0.95 * n, rss=10**8, anonymous=5 * 10**7 + n * 10**5, write_bytes=10**6 * n, threads=4,
            processes=1, sender_cpu=0.3 * n, load={"pending": 5.0, "waiting": 2.0, "longest": 1.0},
        )
        for n in range(seconds)
    ]  # fmt: skip
    checks = [
        Check(
            "every acknowledged write is in the log, at its position", sound, seconds * rate, "" if sound else "book 7"
        ),
        Check("nobody is booked twice", True, seconds * rate),
    ]
    return Repeat(
        rate=float(rate), measured=measured, samples=samples, before=account(1), after=account(3), round_trip=0.0001,
        log_bytes=10**6, entries=1_000, checks=checks,
    )  # fmt: skip


def profile() -> Profile:
    return Profile(
        samples=200,
        seconds=2.0,
        rate=100,
        functions=(Hot("send (gateway/door/door.py)", 0.3, 0.4), Hot("decide (engine/actors/slot.py)", 0.2, 0.2)),
        paths=(Hot("main → send (gateway/door/door.py)", 0.3, 0.3),),
        areas=(Hot("front door", 0.5, 0.5), Hot("rules", 0.3, 0.3)),
    )


def run(*repeats: Repeat, scenario: str = "booking-storm", p99: float | None = None, begun: str = "2026-01-01") -> Run:
    """``p99``: the most milliseconds that it should have been."""
    made = repeats or (repeat(),)
    values = [one.measured.ops["book"] for one in made]
    rows = [
        Row(section=scenario, name=name, unit="ms", values=tuple(1000 * one.percentile(share) for one in values),
            target=Target("most", p99) if name == "p99" and p99 is not None else None)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    ]  # fmt: skip
    rows.append(Row(section=scenario, name="answers", unit="1/s", values=tuple(one.rate for one in made)))
    rows.append(Row(section=scenario, name="server per answer", unit="µs", values=(400.0,) * len(made)))
    return Run(
        scenario=scenario, objective="All get a seat.", expected=["every booking succeeds"],
        begun=f"{begun}T10:00:00+00:00", command=f"matron-perf run {scenario}", commit="0123456789ab",
        server="started here", environment=dict(ENVIRONMENT), settings=Settings(rate=100.0, seconds=30.0, warm=0.0),
        repeats=list(made), rows=rows,
    )  # fmt: skip
