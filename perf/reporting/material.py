"""What a report is made of: the newest run of each scenario, the bench's figures, and a comparison with a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from perf.comparing import Compared, compare, differences
from perf.figures import Incorrect, Row, Target
from perf.runs import Profile, Run
from perf.scenarios import scenarios

LIKE = "booking-storm"
"""The scenario that is most like all others, and like what the bench measures."""


class Material(msgspec.Struct, kw_only=True):
    """``runs``: one of each scenario that was run, in the scenarios' order. ``made``: when, as text."""

    runs: list[Run]
    made: str
    command: str
    bench: list[Row] = []
    bench_about: dict[str, Any] = {}
    compared: list[Compared] = []
    differing: list[str] = []
    baseline: str = ""

    @property
    def not_run(self) -> list[str]:
        """Scenarios of this program of which there is no run."""
        return [name for name in scenarios() if name not in {run.scenario for run in self.runs}]

    @property
    def judged(self) -> list[tuple[str, Row]]:
        """Every figure that has a target, with where it comes from."""
        rows = [(run.scenario, row) for run in self.runs for row in run.rows if row.target is not None]
        return rows + [(row.section, row) for row in self.bench if row.target is not None]

    @property
    def quick(self) -> bool:
        """Whether some of it was run only to see that it works."""
        return any(run.quick for run in self.runs)

    @property
    def machine(self) -> dict[str, Any]:
        """What the newest run ran on."""
        return self.runs[-1].environment if self.runs else self.bench_about

    def profile(self, scenario: str = "") -> tuple[str, Profile] | None:
        """Samples of this scenario's run, or of any, and of which."""
        found = [
            (run.scenario, repeat.profile)
            for run in self.runs
            for repeat in run.repeats
            if repeat.profile is not None and not repeat.profile.missing
        ]
        alike = [one for name in (scenario, LIKE) for one in found if one[0] == name]
        return next(iter([*alike, *found]), None)


def gather(
    runs: Sequence[Run], *, made: str, command: str, bench: Path | None = None, baseline: Sequence[Run] = (),
    baseline_name: str = "",
) -> Material:  # fmt: skip
    """The newest run of each scenario; one with a profile lends it to a newer one without."""
    newest: dict[str, Run] = {}
    for run in runs:
        before = newest.get(run.scenario)
        if before is not None and before.repeats and run.repeats and run.repeats[0].profile is None:
            run.repeats[0].profile = before.repeats[0].profile
        newest[run.scenario] = run
    material = Material(
        runs=[newest[name] for name in dict.fromkeys([*scenarios(), *newest]) if name in newest],
        made=made,
        command=command,
    )
    if bench is not None:
        material.bench_about, material.bench = read_bench(bench)
    if baseline:
        ours = [run for run in runs if run.scenario in newest]
        material.compared = compare(baseline, ours)
        material.differing = differences(baseline, ours)
        material.baseline = baseline_name
    if not material.runs and not material.bench:
        raise Incorrect("there is nothing to report: give runs, or figures of the bench")
    return material


def read_bench(file: Path) -> tuple[dict[str, Any], list[Row]]:
    """What ``matron-perf bench --json`` wrote."""
    try:
        found = msgspec.json.decode(file.read_bytes())
        rows = [
            Row(
                section=row["section"],
                name=row["name"].strip(),
                unit=row["unit"],
                values=tuple(row["values"]),
                note=row["note"],
                target=None if row["target"] is None else Target(*next(iter(row["target"].items()))),
            )
            for row in found["rows"]
        ]
    except (OSError, msgspec.DecodeError, KeyError, TypeError) as error:
        raise Incorrect(f"{file} holds no figures of matron-perf bench: {error}") from error
    return found["environment"], rows
