"""What the figures themselves say of a missed target, with or without a profile: full cores, costs that drift, budgets.

A budget is what one piece of work may cost where the target is to be met on the same cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from perf.figures import Row
from perf.report import number
from perf.reporting.account import durations, lasting
from perf.runs import Repeat, Run, Sample

FULL = 0.85
"""Cores of one process above which it has no more to give."""

STALL = 0.05
"""Seconds after which a commit is no longer what this disk takes for one."""

_TAIL = 0.01
"""Share of the time in such commits from which on the p99 of an answer is one of them."""

_DRIFT = 1.1
"""How many times a cost must be what it was to be spoken of."""

_SAME_WORK = 0.01
"""Share of answers that may be a refusal for want of room, where an answer late and one early are the same work."""

_THREAD = "engine's thread"
"""What the bench calls the processor time of the one thread that decides."""


class Costs(NamedTuple):
    """Of a part of a load: cores that the server kept busy; µs that an answer cost it, and who sent."""

    cores: float
    server: float
    sender: float


class Said(NamedTuple):
    """Where the time goes, and what would move it."""

    where: list[str]
    moves: list[str]


def of_load(run: Run, repeat: Repeat, *, profiled: bool) -> Said:
    """What a load's own seconds say: whether one process is full; whose pace changed, the server's or the machine's."""
    said = Said([], [])
    whole = _costs(repeat, 0.0, 1.0)
    if whole is None:
        return said
    said.where.append(f"the server kept {whole.cores:.2f} cores busy, {whole.server:.0f} µs an answer")
    stalled = lasting(repeat, STALL, "commits", "seconds") / max(repeat.measured.seconds, 1e-9)
    if stalled >= _TAIL and (commits := durations(repeat, "commits", "seconds")) is not None:
        said.where.append(
            f"commits of more than {1000 * STALL:.0f} ms took {100 * stalled:.1f} % of the time, the longest "
            f"{commits.most:.2f} s: whoever asked during one of them waited for it"
        )
        said.moves.append("a disk that keeps its pace, for the slowest answers: they waited for its slowest commits")
    if whole.cores >= FULL and not run.workers and not profiled:
        said.moves.append(
            "gateway processes of their own (--workers), where there are cores for them: the one process is full; "
            "how much of it is the gateway's, a profiler tells (matron-perf profile)"
        )
    first, last = _costs(repeat, 0.0, 1 / 3), _costs(repeat, 2 / 3, 1.0)
    if first is None or last is None or _turned_away(repeat) > _SAME_WORK:
        return said
    slower, dearer = last.sender / first.sender, last.server / first.server
    if max(slower, dearer) >= _DRIFT:
        said.where.append(
            f"from the first third to the last an answer's cost went from {first.server:.0f} to {last.server:.0f} µs "
            f"for the server ({first.cores:.2f} and {last.cores:.2f} cores), from {first.sender:.0f} to "
            f"{last.sender:.0f} for the sender"
        )
    if slower >= _DRIFT:
        said.moves.append(
            f"a machine that keeps its pace: the sender, who does the same all the time, needed {slower:.2f} times as "
            "much for an answer in the last third as in the first"
        )
    if dearer >= _DRIFT * max(slower, 1.0):
        said.moves.append(
            f"whatever grows with the log: the server's own cost of an answer became {dearer / max(slower, 1.0):.2f} "
            "times as much, the machine's pace left out"
        )
    return said


def of_comparison(run: Run, row: Row) -> Said:
    """Of a stack beside others (``ours by theirs, load``): what a piece of work costs each, and what it might cost."""
    ours, by, rest = row.name.partition(" by ")
    theirs, _, load = rest.partition(", ")
    rates = {name: _row(run.rows, f"{name}, {load}") for name in (ours, theirs)}
    busy = {name: _row(run.rows, f"{name}, {load}: busy") for name in (ours, theirs)}
    said = Said([], [])
    if not by or row.target is None or not all(one.values for one in (*rates.values(), *busy.values())):
        return said
    cores = {name: rates[name].median * busy[name].median / 1e6 for name in (ours, theirs)}
    for name in (ours, theirs):
        said.where.append(f"{name} needs {number(busy[name].median)} {busy[name].unit} on {cores[name]:.2f} cores")
    budget = cores[ours] / (rates[theirs].median * row.target.value) * 1e6
    said.moves.append(
        f"a cost of {budget:.0f} µs instead of {busy[ours].median:.0f} on the same cores, or as many more cores, or as "
        f"much less waiting where they are not full: there are {run.environment.get('cores', 'not told how many')} "
        "here, and who sends takes some of it"
    )
    return said


def of_bench(rows: Sequence[Row], row: Row) -> Said:
    """Of a part of the bench: whether the one thread that decides is full, and what it may need for the target."""
    said = Said([], [])
    at = next((place for place, one in enumerate(rows) if one is row), None)
    if at is None or row.target is None:
        return said
    same = [(place, one) for place, one in enumerate(rows) if one.section == row.section and one.name == _THREAD]
    if not same:
        return said
    _, thread = min(same, key=lambda found: (abs(found[0] - at), found[0] < at))
    said.where.append(f"the engine's thread needs {number(thread.median)} {thread.unit}")
    if row.target.bound == "least":
        short = row.median / row.target.value
        said.moves.append(
            f"{number(thread.median * short)} {thread.unit} instead, where nothing else changes: the thread's time is "
            "what the rate follows"
        )
    return said


def _turned_away(repeat: Repeat) -> float:
    statuses = [(code, count) for codes in repeat.measured.statuses.values() for code, count in codes.items()]
    return sum(count for code, count in statuses if code in ("503", "504")) / max(
        1, sum(count for _, count in statuses)
    )


def _row(rows: Sequence[Row], name: str) -> Row:
    found = next((row for row in rows if row.name == name), None)
    return found or Row(section="", name="", unit="", values=())


def _costs(repeat: Repeat, begin: float, end: float) -> Costs | None:
    """Of the part of the load from one share of its seconds to another."""
    samples = [sample for sample in repeat.samples if sample.processes]
    if len(samples) < 2:
        return None
    passed = samples[-1].at - samples[0].at
    low, high = samples[0].at + begin * passed, samples[0].at + end * passed
    part = [sample for sample in samples if low <= sample.at <= high]
    if len(part) < 2:
        return None
    seconds = repeat.measured.by_second
    answers = sum(one.done for second, one in seconds.items() if part[0].at <= second < part[-1].at)
    return _between(part[0], part[-1], answers)


def _between(first: Sample, last: Sample, answers: int) -> Costs | None:
    server, sender, seconds = last.cpu - first.cpu, last.sender_cpu - first.sender_cpu, last.at - first.at
    if min(server, sender, seconds, answers) <= 0:
        return None
    return Costs(server / seconds, server / answers * 1e6, sender / answers * 1e6)
