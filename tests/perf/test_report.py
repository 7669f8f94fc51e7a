"""The report of kept runs: every field is there, in both forms, and says what the runs say and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from perf.__main__ import main
from perf.figures import Row, Target
from perf.report import document
from perf.runs import Run, save
from perf.scenarios import scenarios
from replay.reporting.document import Heading, Table, html, markdown
from tests.perf.kept import ENVIRONMENT, profile, repeat, run

FIELDS = (
    "Date", "Commit", "Status", "Executive summary", "Performance targets", "Test environment", "Hardware", "Processor",
    "Memory", "Storage", "Application server", "Network", "Shortest answer", "Software versions", "Operating system",
    "Log format and schema", "Load test scenarios", "Objective", "Configuration", "Users", "Rate", "Duration",
    "Total requests", "Test procedure", "Expected results", "Actual results", "Successful", "Failed", "Average",
    "Median (p50)", "p95", "p99", "Max", "Throughput", "Checked in the log", "Nobody is booked twice",
    "Log and engine performance", "Commit latency", "Entries a commit", "Loop lag", "Garbage collection", "Policy:",
    "Mailboxes and contention", "Deadlocks", "Connections", "Caches", "Hit rate", "Bottleneck analysis",
    "Identified bottlenecks", "Symptom", "Impact", "Where the time goes", "What would move it", "Performance hotspots",
    "Hottest paths", "Resource utilization", "CPU, average", "CPU, peak", "Memory, peak", "Disk written",
    "Recommendations for production", "Monitoring and alerts", "Scaling", "Comparison with baseline",
    "Test execution checklist", "Validation", "Conclusion", "Production readiness", "Readiness", "Risk: performance",
    "Risk: scalability", "Risk: reliability", "Next steps", "Appendix", "Test data", "Commands", "References",
    "Report generated",
)  # fmt: skip


def missed() -> Run:
    """A run with a profile whose p99 is beyond its target."""
    one = repeat(0.020)
    one.profile = profile()
    return run(one, p99=10.0)


def reported(tmp_path: Path, *runs: Run, more: tuple[str, ...] = ()) -> tuple[str, str]:
    """The Markdown and the page."""
    for made in runs:
        save(made, tmp_path / "runs")
    text, page = tmp_path / "report.md", tmp_path / "report.html"
    arguments = ["report", str(tmp_path / "runs"), "--md", str(text), "--html", str(page), *more]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return text.read_text("utf-8"), page.read_text("utf-8")


@pytest.mark.parametrize("form", [0, 1], ids=["markdown", "page"])
def test_every_field_is_there(form: int, tmp_path):
    said = reported(tmp_path, missed())[form]
    assert [field for field in FIELDS if field not in said] == []
    assert "TBD" not in said
    assert "[To be" not in said


def test_a_scenario_that_was_not_run_has_its_place_from_the_list_of_scenarios(tmp_path):
    text, _ = reported(tmp_path, missed())
    for name in scenarios():
        assert f"\n### {name}\n" in text
    assert "Not run: matron-perf run soak" in text
    assert "- [ ] Scenario run: soak" in text
    assert "- [x] Scenario run: booking-storm" in text


def test_figures_and_verdicts_are_those_of_the_run(tmp_path):
    made = missed()
    text, _ = reported(tmp_path, made)
    p99 = next(row for row in made.rows if row.name == "p99")
    assert f"| booking-storm | p99 | ≤ 10.0 ms | {p99.median:.1f} ms | missed |" in text
    assert "0 of 1 targets are met" in text
    assert "Needs optimization" in text
    assert f"missed by {p99.median / 10:.2f} times the limit" in text
    assert "front door 50%" in text
    assert "2,000 | 3,000" not in text
    assert "| booking-storm | 200 | 1,400 | 7.0 |" in text, "commits are those of the load: after less before"
    assert "| booking-storm | states | 180 | 20 | 90.0% |" in text
    assert "3,000 acknowledged writes were looked for" in text


def test_a_target_that_is_met_gives_readiness(tmp_path):
    text, _ = reported(tmp_path, run(repeat(0.001), p99=100.0))
    assert "1 of 1 targets are met" in text
    assert "| Readiness | Ready |" in text
    assert "No target is missed." in text
    assert "- [x] All performance targets met" in text


def test_a_violated_check_is_said_first_and_last(tmp_path):
    text, page = reported(tmp_path, run(repeat(0.001, sound=False), p99=100.0))
    assert "| Status | Failed: a check of the log was violated |" in text
    assert "| Readiness | Not ready" in text
    assert "| booking-storm | p99 | ≤ 100.0 ms | " in text
    assert "book 7" in text
    assert '<span class="violated">violated</span>' in page
    assert "- [ ] Every check of the log passed" in text


def test_a_run_of_seconds_is_not_judged(tmp_path):
    made = run(repeat(0.001), p99=100.0)
    made.quick = True
    text, _ = reported(tmp_path, made)
    assert "| Status | Tried, not measured: runs of seconds |" in text
    assert "| Readiness | Not judged |" in text


def test_what_the_server_does_not_tell_is_said_to_be_untold(tmp_path):
    silent = repeat()
    silent.before = silent.after = None
    text, _ = reported(tmp_path, run(silent))
    assert "| booking-storm | not told |" in text
    assert "Mailboxes: not told." in text
    assert "No run had a profiler on its server" in text


def test_a_baseline_gives_ratios_and_tells_noise_from_change(tmp_path):
    before = save(run(*(repeat(0.010, seconds=6, seed=n) for n in range(5)), begun="2025-12-01"), tmp_path / "before")
    after = run(*(repeat(0.020, seconds=6, seed=n + 9) for n in range(5)))
    text, _ = reported(tmp_path, after, more=("--baseline", str(before)))
    [line] = [line for line in text.splitlines() if line.startswith("| booking-storm | p50 |") and "to" in line]
    assert line.endswith("| change |")
    assert "- [x] Compared with a saved baseline" in text


def test_the_benchs_figures_are_judged_in_the_same_table(tmp_path):
    rows = [Row(section="recovery", name="from entries alone", unit="entries/s", values=(90_000.0,),
                target=Target("least", 100_000.0))]  # fmt: skip
    bench = tmp_path / "bench.json"
    bench.write_bytes(msgspec.json.encode(document(ENVIRONMENT, rows)))
    text, _ = reported(tmp_path, run(), more=("--bench", str(bench)))
    assert "| recovery | from entries alone | ≥ 100,000 entries/s | 90,000 entries/s | missed |" in text
    assert "10 % (1.11 times as much is needed)" in text


def test_the_newest_run_of_a_scenario_counts(tmp_path):
    text, _ = reported(
        tmp_path, run(repeat(0.5), p99=1.0, begun="2026-01-01"), run(repeat(0.001), p99=9.0, begun="2026-02-02")
    )
    assert "≤ 9.00 ms" in text
    assert "≤ 1.00 ms" not in text


def test_the_page_needs_nothing_but_itself(tmp_path):
    class Looks(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.tags: set[str] = set()
            self.leads: list[str] = []
            self.ids: set[str] = set()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.add(tag)
            if tag not in ("meta", "line", "path", "br"):
                self.open.append(tag)
            for name, value in attrs:
                if name in ("src", "href", "action", "data", "xlink:href"):
                    self.leads.append(value or "")
                if name == "id":
                    self.ids.add(value or "")

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.add(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    _, page = reported(tmp_path, missed())
    looks = Looks()
    looks.feed(page)
    assert looks.open == []
    assert not {"script", "link", "img", "iframe"} & looks.tags
    assert {lead.removeprefix("#") for lead in looks.leads} <= looks.ids, "every link leads within the page"
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("<svg") >= 8, "waits, answers, processor and memory, for wide pages and for narrow ones"


def test_what_a_run_says_is_text_not_markup(tmp_path):
    made = run()
    made.command = "matron-perf run <script>alert(1)</script> | more"
    text, page = reported(tmp_path, made)
    assert "<script>" not in page
    table = Table(("a",), (("x | y",),))
    assert "x \\| y" in markdown([Heading(1, "t"), table])
    assert "&lt;b&gt;" in html("t", [Heading(1, "<b>")])
    assert made.command in text


def test_there_must_be_something_to_report(tmp_path):
    (tmp_path / "none").mkdir()
    done = CliRunner().invoke(main, ["report", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert "nothing to report" in done.output
