"""What limits, by rule from the figures: how far each missed target is, where the time goes, what would move it."""

from __future__ import annotations

import msgspec

from perf.figures import Row
from perf.report import aim, number
from perf.reporting import causes
from perf.reporting.account import durations
from perf.reporting.insides import hot_paths, resources
from perf.reporting.material import Material
from perf.reporting.scenes import middle
from perf.runs import Hot, Profile, Repeat, Run
from replay.reporting.document import Block, Heading, Points, Text

_MOVABLE = ("front door", "gateway", "Starlette and Hypercorn")
"""Parts that more gateway processes take off the engine's one."""

_WITHOUT_GATEWAY = ("bookings in process", "depth", "recovery", "memory", "queue rush", "queue depth")
"""Parts of the bench that call the engine itself."""

_SLOW_SENDER = 0.005
_SLOW_DOOR = 0.9
"""Seconds after which a connection's first try was surely dropped: the kernel's queue was full."""

_COMMITS = 0.5
_CROWDED = 1.5
"""Load by cores above which other work had a say."""


def bottlenecks(material: Material) -> list[Block]:
    """Missed targets one by one, then hot paths and resources."""
    missed = [(where, row) for where, row in material.judged if row.verdict == "missed"]
    blocks: list[Block] = [Heading(2, "Bottleneck analysis"), Heading(3, "Identified bottlenecks")]
    if not missed:
        blocks.append(Text("No target is missed."))
    for turn, (where, row) in enumerate(missed, 1):
        run = next((run for run in material.runs if run.scenario == where), None)
        blocks.append(Heading(4, f"{turn}. {where}: {row.name}"))
        blocks.append(Points(tuple(_told(material, run, row))))
    return [*blocks, *hot_paths(material), *resources(material)]


def _told(material: Material, run: Run | None, row: Row) -> list[str]:
    repeat = middle(run) if run is not None and run.repeats else None
    measured, wanted = (f"{value} {row.unit}".strip() for value in (number(row.median), aim(row.target)))
    said = [f"Symptom: {measured}, target {wanted}"]
    said.append(f"Impact: missed by {distance(row)}")
    found = material.profile(run.scenario if run is not None else "")
    if found is not None and row.section in _WITHOUT_GATEWAY:
        found = (f"{found[0]}, the gateway's parts left out", without_gateway(found[1]))
    profile = found[1] if found else None
    told = _causes(material, run, repeat, row, profiled=profile is not None)
    said.append(f"Where the time goes: {_where(told.where, found, repeat)}")
    said.append(f"What would move it: {_moves(told.moves, run, repeat, profile, material)}")
    return said


def _causes(material: Material, run: Run | None, repeat: Repeat | None, row: Row, *, profiled: bool) -> causes.Said:
    if run is None:
        return causes.of_bench(material.bench, row)
    if repeat is None:
        return causes.of_comparison(run, row)
    return causes.of_load(run, repeat, profiled=profiled)


def distance(row: Row) -> str:
    """How far a figure is from its target, in words."""
    assert row.target is not None
    value, wanted = row.median, row.target.value
    if row.target.bound == "least":
        return f"{100 * (1 - value / wanted):.0f} % ({wanted / max(value, 1e-9):.2f} times as much is needed)"
    return f"{value / wanted:.2f} times the limit" if wanted else f"{number(value)}, where none is allowed"


def _where(told: list[str], found: tuple[str, Profile] | None, repeat: Repeat | None) -> str:
    parts = list(told)
    if found is not None:
        areas = ", ".join(f"{one.name} {one.total:.0%}" for one in found[1].areas[:4])
        functions = ", ".join(f"{one.name} {one.own:.0%}" for one in found[1].functions[:3])
        parts.append(f"{areas}; most of all in {functions} (profile of {found[0]})")
    if repeat is not None and (commits := durations(repeat, "commits", "seconds")) is not None:
        parts.append(f"a commit takes {1000 * commits.p50:.1f} ms (p50), {1000 * commits.p99:.1f} ms (p99)")
    if repeat is not None and (lag := durations(repeat, "loop_lag")) is not None:
        parts.append(f"the scheduler is {1000 * lag.p99:.1f} ms late (p99)")
    return "; ".join(parts) or "not told: no profile and no account of the server"


def _moves(told: list[str], run: Run | None, repeat: Repeat | None, profile: Profile | None, material: Material) -> str:
    said = list(told)
    about = run.environment if run is not None else material.bench_about
    load, cores = about.get("load"), about.get("cores")
    if load and cores and load[0] / cores > _CROWDED:
        said.append(f"a machine of its own: other work kept {load[0]} processes busy on {cores} cores before it began")
    if repeat is not None:
        said += _of_load(repeat)
    if (
        repeat is not None
        and run is not None
        and not run.workers
        and busy(repeat) >= causes.FULL
        and profile is not None
    ):
        share = sum(one.total for one in profile.areas if one.name in _MOVABLE)
        said.append(
            f"gateway processes of their own (--workers): {share:.0%} of the one process is the gateway's, so at most "
            f"{1 / max(1 - share, 0.01):.1f} times as much, where there are cores for them"
        )
    if profile is not None and profile.areas:
        first = profile.areas[0]
        gain = 1 / max(1 - first.total / 2, 0.01)
        said.append(f"half the cost of the largest part ({first.name}) would give {100 * (gain - 1):.0f} % more")
    return "; ".join(said) or "not told: run it with a profiler (matron-perf profile)"


def _of_load(repeat: Repeat) -> list[str]:
    said = []
    if (behind := repeat.measured.behind.percentile(0.99)) > _SLOW_SENDER:
        said.append(f"cores for who sends: where a connection was free he was still {1000 * behind:.0f} ms late (p99)")
    if (connecting := repeat.measured.connecting.most) > _SLOW_DOOR:
        said.append(f"a door that accepts sooner: a new connection waited up to {connecting:.1f} s until it was taken")
    commits, waits = durations(repeat, "commits", "seconds"), repeat.measured.answering
    if commits is not None and waits.count and commits.p50 > _COMMITS * waits.percentile(0.5):
        said.append("a faster disk: a commit is more than half of the median answer")
    return said


def without_gateway(profile: Profile) -> Profile:
    """The same samples, only those of the engine counted."""
    areas = [one for one in profile.areas if one.name not in _MOVABLE]
    whole = sum(one.total for one in areas) or 1.0
    inside = tuple(one for one in profile.functions if "(gateway/" not in one.name)
    return msgspec.structs.replace(
        profile,
        areas=tuple(Hot(one.name, one.own / whole, one.total / whole) for one in areas),
        functions=tuple(Hot(one.name, one.own / whole, one.total / whole) for one in inside),
    )


def busy(repeat: Repeat) -> float:
    """Cores that the server used, on average."""
    samples = [sample for sample in repeat.samples if sample.processes]
    if len(samples) < 2:
        return 0.0
    return (samples[-1].cpu - samples[0].cpu) / max(samples[-1].at - samples[0].at, 1e-9)
