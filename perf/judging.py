"""From what was measured to figures with targets and verdicts: one value for each repeat, one row for each figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from perf.figures import Row
from perf.load.histogram import together
from perf.load.plan import Settings
from perf.load.running import rate_of
from perf.load.scenario import Figure, Load
from perf.runs import Repeat

MS: Final = 1000.0
MB: Final = 1e6
SHARES: Final = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))


def judged(scenario: Load, settings: Settings, repeats: Sequence[Repeat]) -> list[Row]:
    """The rows of these repeats, those with targets as the scenario has them."""
    goals = {goal.figure: goal for goal in scenario.goals}
    by_name: dict[str, list[Figure]] = {}
    for repeat in repeats:
        own = scenario.figures(repeat, settings) if scenario.figures else []
        for figure in [*figures(repeat, settings), *own]:
            by_name.setdefault(figure.name, []).append(figure)
    missing = sorted(name for name, goal in goals.items() if name not in by_name and not goal.optional)
    assert not missing, f"{scenario.name} judges figures that it does not give: {missing}"
    rows = []
    for name, found in by_name.items():
        goal = goals.get(name)
        rows.append(
            Row(
                section=scenario.name,
                name=name,
                unit=found[0].unit,
                values=tuple(figure.value for figure in found),
                note=goal.why if goal is not None and goal.why else found[0].note,
                target=None if goal is None else goal.target,
            )
        )
    return rows


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """What every load tells."""
    measured = repeat.measured
    whole = together(list(measured.ops.values()))
    made = [
        Figure("answers", "1/s", rate_of(repeat, settings), "on average of all whole seconds"),
        *(Figure(name, "ms", whole.percentile(share) * MS) for name, share in SHARES),
        Figure("max", "ms", whole.most * MS),
        Figure("mean", "ms", whole.mean * MS),
        Figure("longest answer", "s", measured.answering.most, "from the instant at which it was sent"),
        Figure("errors", "%", 100 * measured.bad / max(measured.sent, 1)),
        Figure("unanswered", "", float(measured.unanswered)),
        Figure("skipped", "", float(sum(measured.skipped.values())), "the one before gave nothing to go on with"),
        Figure("sent late, p99", "ms", measured.late.percentile(0.99) * MS, "from due to sent"),
        Figure("connecting, longest", "s", measured.connecting.most, "until a new connection took its first request"),
        Figure("violations", "", float(sum(not check.ok for check in repeat.checks))),
    ]
    if repeat.saturation:
        made.insert(1, Figure("saturation", "1/s", repeat.saturation, "closed loop, measured before"))
    for op, histogram in sorted(measured.ops.items()):
        made += [Figure(f"{op}, {name}", "ms", histogram.percentile(share) * MS) for name, share in SHARES]
        made.append(Figure(f"{op}, max", "ms", histogram.most * MS))
    return made + _resources(repeat)


def _resources(repeat: Repeat) -> list[Figure]:
    samples = [sample for sample in repeat.samples if sample.processes]
    if len(samples) < 2:
        return []
    first, last = samples[0], samples[-1]
    passed = max(last.at - first.at, 1e-9)
    answers = max(repeat.measured.sent - repeat.measured.unanswered, 1)
    return [
        Figure("server", "cores", (last.cpu - first.cpu) / passed, "its processor time by the clock's"),
        Figure("server per answer", "µs", (last.cpu - first.cpu) / answers * 1e6, "its processor time"),
        Figure("memory at the end", "MB", last.anonymous / MB, "anonymous, resident"),
        Figure("written", "kB/s", (last.write_bytes - first.write_bytes) / passed / 1000),
        Figure("sender", "cores", (last.sender_cpu - first.sender_cpu) / passed),
    ]
