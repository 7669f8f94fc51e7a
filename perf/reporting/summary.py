"""The report's beginning: what it is of, and every target with what was reached. Computed, not judged anew."""

from __future__ import annotations

from perf.report import aim, number
from perf.reporting.material import Material
from replay.reporting.document import VIOLATED, Block, Heading, Table, Text


def title(material: Material) -> str:
    """Of the page."""
    return f"Matron: performance report, {material.made[:10]}"


def opening(material: Material) -> list[Block]:
    """Title, what it is of, the executive summary."""
    commits = sorted({run.commit for run in material.runs if run.commit})
    rows = (
        ("Date", material.made),
        ("Commit", ", ".join(commits) or "not told"),
        ("Scenarios", ", ".join(run.scenario for run in material.runs) or "none"),
        ("Repeats", ", ".join(f"{run.scenario} {max(len(run.repeats), _values(run.rows))}" for run in material.runs)),
        ("Status", status(material)),
    )
    blocks: list[Block] = [Heading(1, title(material)), Table(("", ""), rows), Heading(2, "Executive summary")]
    blocks.append(Text(told(material)))
    blocks += [Heading(3, "Performance targets"), targets(material)]
    return blocks


def status(material: Material) -> str:
    """One word for all of it."""
    if any(run.violations for run in material.runs):
        return "Failed: a check of the log was violated"
    if material.quick:
        return "Tried, not measured: runs of seconds"
    missed = [row for _, row in material.judged if row.verdict == "missed"]
    return f"Validated, {len(missed)} of {len(material.judged)} targets missed" if missed else "Validated"


def told(material: Material) -> str:
    """The summary in sentences."""
    judged = material.judged
    met = sum(row.verdict == "met" for _, row in judged)
    checks = [check for run in material.runs for repeat in run.repeats for check in repeat.checks]
    violated = [check for check in checks if not check.ok]
    looked = sum(check.count for check in checks if check.name.startswith("every acknowledged write"))
    said = [f"{met} of {len(judged)} targets are met."]
    if checks:
        said.append(
            f"After every load the log was held against the answers: {looked:,} acknowledged writes were looked for; "
            + (f"{len(violated)} of {len(checks)} checks failed." if violated else f"all {len(checks)} checks passed.")
        )
    if material.not_run:
        said.append(f"Not run: {', '.join(material.not_run)}.")
    if material.quick:
        said.append("Some runs lasted seconds only, to see that everything works: their figures mean nothing.")
    return " ".join(said)


def targets(material: Material) -> Table:
    """Each with its verdict; of runs that violated a check there is no other."""
    broken = {run.scenario for run in material.runs if run.violations}
    rows = tuple(
        (
            where,
            row.name,
            f"{aim(row.target)} {row.unit}".strip(),
            f"{number(row.median)} {row.unit}".strip(),
            VIOLATED if where in broken else str(row.verdict),
            row.note,
        )
        for where, row in material.judged
    )
    return Table(("Where", "Metric", "Target", "Median", "Status", "Notes"), rows, frozenset({2, 3}))


def _values(rows: object) -> int:
    return max((len(row.values) for row in rows), default=1) if isinstance(rows, list) else 1
