"""The report's end: what to set and watch, comparison, checklist, conclusion, appendix. All of it is computed."""

from __future__ import annotations

from perf.comparing import Compared
from perf.report import number
from perf.reporting.account import hits
from perf.reporting.material import Material
from perf.reporting.scenes import middle
from perf.reporting.summary import status, told
from perf.runs import Repeat
from replay.reporting.document import Block, Heading, Listing, Points, Table, Text

_ALERT = 1.5
"""An alert stands so far above what was measured."""

_SCALES = (100, 500)
_ERRORS = 0.1
_NEAR = 0.75


def recommendations(material: Material) -> list[Block]:
    """What follows from the figures for who runs it."""
    blocks: list[Block] = [Heading(2, "Recommendations for production")]
    alerts, scaling = [], []
    for run in material.runs:
        rows = {row.name: row for row in run.rows}
        if "p95" in rows:
            alerts.append((run.scenario, f"p95 > {number(_ALERT * rows['p95'].median)} ms", number(rows["p95"].median)))
        cost = rows.get("server per answer")
        if cost is not None and cost.median:
            cores = (f"{cost.median * rate / 1e6:.2f} cores" for rate in _SCALES)
            scaling.append((run.scenario, f"{cost.median:,.0f} µs", *cores, f"{1e6 / cost.median:,.0f}/s"))
    if alerts:
        blocks.append(Heading(3, "Monitoring and alerts"))
        blocks.append(Table(("Scenario", "Alert when", "Measured, ms"), tuple(alerts), frozenset({2})))
    if scaling:
        blocks.append(Heading(3, "Scaling"))
        head = (
            "Scenario",
            "Processor time of an answer",
            *(f"For {rate} requests/s" for rate in _SCALES),
            "One core bears",
        )
        blocks.append(Table(head, tuple(scaling), frozenset({1, 2, 3, 4})))
    if len(blocks) == 1:
        blocks.append(Text("Nothing was measured that would say."))
    return blocks


def comparison(material: Material) -> list[Block]:
    """With a saved baseline, figure by figure; and with the baseline stacks, where they were measured."""
    blocks: list[Block] = [Heading(2, "Comparison with baseline")]
    if material.compared:
        blocks.append(
            Text(f"Before: {material.baseline}. A change is what chance alone would show once in twenty times.")
        )
        blocks += [Text(f"They differ also in {what}") for what in material.differing]
        blocks.append(compared(material.compared))
    else:
        blocks.append(Text("No saved run was given to compare with (--baseline)."))
    stacks = [
        row for run in material.runs for row in run.rows if " by " in row.name and row.unit == "times" and run.about
    ]
    if stacks:
        rows = tuple(
            (
                row.name,
                f"{number(row.median)} times",
                f"{number(min(row.values))} to {number(max(row.values))}",
                row.verdict,
            )
            for row in stacks
        )
        blocks.append(Heading(3, "With other stacks, measured in turn in the same run"))
        blocks.append(Table(("Ratio", "Median", "Range", "Verdict"), rows, frozenset({1, 2})))
    return blocks


def compared(figures: list[Compared]) -> Table:
    """Two runs beside each other."""
    rows = tuple(
        (
            one.scenario, one.name, _in_unit(one.first, one), _in_unit(one.second, one),
            f"{one.ratio:.3f}", f"{one.low:.3f} to {one.high:.3f}", one.word,
        )
        for one in figures
    )  # fmt: skip
    head = ("Scenario", "Metric", "Before", "After", "Ratio", "Interval", "Verdict")
    return Table(head, rows, frozenset({2, 3, 4, 5}))


def _in_unit(value: float, figure: Compared) -> str:
    return f"{number(value)} {figure.unit}".strip()


def checklist(material: Material) -> list[Block]:
    """What was done, and what was not."""
    runs = material.runs
    repeats = [repeat for run in runs for repeat in run.repeats]
    points = [(f"Scenario run: {run.scenario}", not run.quick) for run in runs]
    points += [(f"Scenario run: {name}", False) for name in material.not_run]
    points += [
        ("Log of known format: " + _formats(material), bool(_formats(material))),
        ("Test data made anew for every run", bool(repeats)),
        ("Resource use sampled", bool(repeats) and all(len(repeat.samples) > 1 for repeat in repeats)),
        ("The server's account of itself read", bool(repeats) and all(repeat.after is not None for repeat in repeats)),
        ("A profile taken", material.profile() is not None),
        ("The log checked after every load", bool(repeats) and all(repeat.checks for repeat in repeats)),
        ("Compared with a saved baseline", bool(material.compared)),
        ("Measured beside other stacks", any(run.about for run in runs)),
    ]
    made: list[Block] = [Heading(2, "Test execution checklist"), _points(points), Heading(3, "Validation")]
    return [*made, _points(_validation(material, repeats))]


def _points(points: list[tuple[str, bool]]) -> Points:
    return Points(tuple(what for what, _ in points), tuple(done for _, done in points))


def _validation(material: Material, repeats: list[Repeat]) -> list[tuple[str, bool]]:
    judged = material.judged
    sent = sum(repeat.measured.sent for repeat in repeats)
    bad = sum(repeat.measured.bad for repeat in repeats)
    caches = [(hit, missed) for repeat in repeats for _, hit, missed in hits(repeat)]
    hit, asked = sum(one[0] for one in caches), sum(sum(one) for one in caches)
    share = 100 * bad / max(sent, 1)
    return [
        ("All performance targets met", bool(judged) and all(row.verdict == "met" for _, row in judged)),
        ("Every check of the log passed", bool(repeats) and all(repeat.sound for repeat in repeats)),
        ("Every request answered", bool(repeats) and not any(repeat.measured.unanswered for repeat in repeats)),
        (f"Error rate under {_ERRORS} % ({share:.3f} %)", bool(sent) and share < _ERRORS),
        (f"Cache hits ({hit / asked:.1%})" if asked else "Cache hits: not told", bool(asked)),
    ]


def conclusion(material: Material) -> list[Block]:
    """From the verdicts alone."""
    judged = material.judged
    points = tuple(f"{where}, {row.name}: {number(row.median)} {row.unit}".rstrip() for where, row in judged)
    blocks: list[Block] = [Heading(2, "Conclusion"), Heading(3, "Summary"), Text(told(material))]
    if points:
        blocks.append(Points(points, tuple(row.verdict == "met" for _, row in judged)))
    rows = (
        ("Status", status(material)), ("Readiness", _ready(material)),
        ("Risk: performance", _performance(material)), ("Risk: scalability", _scalability(material)),
        ("Risk: reliability", _reliability(material)),
    )  # fmt: skip
    blocks += [Heading(3, "Production readiness"), Table(("", ""), rows), Heading(3, "Next steps")]
    steps = [f"{where}: bring {row.name} to its target" for where, row in judged if row.verdict == "missed"]
    steps += [f"Run {name}" for name in material.not_run]
    steps += [f"Run {run.scenario} in full" for run in material.runs if run.quick]
    return [*blocks, Points(tuple(steps) or ("None follows from these figures.",))]


def _ready(material: Material) -> str:
    if any(run.violations for run in material.runs):
        return "Not ready: the log does not hold what was acknowledged, or holds what must not be"
    if material.quick or not material.judged:
        return "Not judged"
    missed = sum(row.verdict == "missed" for _, row in material.judged)
    return "Needs optimization" if missed else "Ready"


def _performance(material: Material) -> str:
    rows = [row for _, row in material.judged]
    missed = [row for row in rows if row.verdict == "missed" and row.target is not None]
    if not rows or material.quick:
        return "not judged"
    if not missed:
        return "low: every target is met"
    far = [row for row in missed if row.target is not None and _share(row.median, row.target.value) < _NEAR]
    return (
        f"{'high' if far else 'medium'}: {len(missed)} of {len(rows)} targets missed, {len(far)} by more than a quarter"
    )


def _share(value: float, wanted: float) -> float:
    return min(value, wanted) / max(value, wanted, 1e-9)


def _scalability(material: Material) -> str:
    return _of(material, ("overload", "hot-slot", "morning-peak"))


def _reliability(material: Material) -> str:
    broken = sum(len(run.violations) for run in material.runs)
    return f"high: {broken} checks of the log failed" if broken else _of(material, ("soak", "overload"))


def _of(material: Material, names: tuple[str, ...]) -> str:
    runs = [run for run in material.runs if run.scenario in names and not run.quick]
    if not runs:
        return f"not judged: none of {', '.join(names)} was run in full"
    missed = [run.scenario for run in runs if run.verdict != "met"]
    without = [name for name in names if name not in {run.scenario for run in runs}]
    left = f"; not run: {', '.join(without)}" if without else ""
    return (f"medium: {', '.join(missed)} missed a target" if missed else "low: every target of these is met") + left


def appendix(material: Material) -> list[Block]:
    """What the loads were made of, the commands, and every figure of the bench."""
    blocks: list[Block] = [Heading(2, "Appendix"), Heading(3, "Test data")]
    rows = tuple(
        (run.scenario, f"{run.settings.hospitals}", f"{middle(run).entries:,}", _size(middle(run)),
         str(run.settings.seed), run.settings.arrivals or "drawn from the seed")
        for run in material.runs if run.repeats
    )  # fmt: skip
    head = ("Scenario", "Hospitals", "Entries of the log", "Log on disk", "Seed", "Arrivals")
    blocks.append(Table(head, rows, frozenset({1, 2, 3})) if rows else Text("None."))
    blocks += [Heading(3, "Commands"), Listing("\n".join([*(run.command for run in material.runs), material.command]))]
    if material.bench:
        bench = tuple(
            (row.section, row.name, f"{number(row.median)}", f"{number(min(row.values))}", f"{number(max(row.values))}",
             row.unit, row.note)
            for row in material.bench
        )  # fmt: skip
        columns = ("Subject", "Measured", "Median", "Low", "High", "Unit", "How")
        blocks += [Heading(3, "Bench"), Table(columns, bench, frozenset({2, 3, 4}))]
    blocks += [Heading(3, "References"), Points(("docs/performance.md: what each scenario and row is, how to read them",
                                                 "docs/log-format.md: what the log holds"))]  # fmt: skip
    return blocks


def _size(repeat: Repeat) -> str:
    return f"{repeat.log_bytes / 1e6:,.1f} MB"


def _formats(material: Material) -> str:
    log = material.machine.get("log", {})
    return ", ".join(f"{name} {value}" for name, value in log.items() if name != "map")


def closing(material: Material) -> list[Block]:
    """The last lines."""
    return [Text(f"Report generated {material.made} by {material.command}.")]
