"""Every scenario runs small from end to end, with its checks; one that fails ends the program with 1, however fast."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from perf.__main__ import main
from perf.load import running
from perf.load.order import Answer
from perf.runs import Run, load_all
from perf.scenarios import described, loads, scenarios
from perf.verify.answers import Told, command_id, read_answers

SHORT = ("--quick", "--seconds", "1.2", "--any-disk")


def ran(tmp_path: Path, *arguments: str, code: int = 0) -> tuple[str, list[Run]]:
    """What the program says, and the runs that it kept."""
    places = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "runs")]
    done = CliRunner().invoke(main, [*arguments, *places], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output, load_all([tmp_path / "runs"]) if (tmp_path / "runs").exists() else []


def test_the_list_names_every_scenario_and_what_it_is_for():
    said = CliRunner().invoke(main, ["list"]).output
    assert [line.split()[0] for line in said.splitlines()] == list(scenarios())
    assert {"booking-storm", "hot-slot", "queue-rush", "morning-peak", "mixed-day", "soak", "overload"} <= set(loads())
    for scenario in scenarios().values():
        assert described(scenario.name)
        assert scenario.objective
        assert scenario.expected


@pytest.mark.parametrize("name", sorted(loads()))
def test_a_scenario_runs_and_passes_its_checks(name: str, tmp_path):
    said, [run] = ran(tmp_path, "run", name, *SHORT)
    [repeat] = run.repeats
    assert not run.violations
    assert "ok        every acknowledged write is in the log" in said
    assert repeat.measured.sent > 20
    assert repeat.measured.sent == sum(sum(one.values()) for one in repeat.measured.statuses.values())
    assert repeat.measured.unanswered == 0
    assert {row.name for row in run.rows if row.verdict} == {goal.figure for goal in loads()[name].goals}
    checked = {check.name: check.count for check in repeat.checks}
    assert checked["every acknowledged write is in the log, at its position"] > 0
    assert checked["the log gives the live states"] == repeat.entries > 0
    assert list((tmp_path / "data").iterdir()) == [], "logs are deleted again"


def test_a_scenario_runs_in_front_of_gateway_processes_too(tmp_path):
    _, [run] = ran(tmp_path, "run", "booking-storm", *SHORT, "--workers", "2")
    assert not run.violations
    assert max(sample.processes for sample in run.repeats[0].samples) >= 3


def test_an_acknowledged_booking_that_is_missing_ends_the_program_with_one(tmp_path, monkeypatch):
    def with_one_more(files: list[Path], who: str) -> dict[str, Told]:
        told = read_answers(files, who)
        more = Answer("never", "storm", "book", True, 201, position=7, id="nobody", made="tokens")
        told["storm"].acknowledged[command_id("storm", who, more.key)] = more
        return told

    monkeypatch.setattr(running, "read_answers", with_one_more)
    said, [run] = ran(tmp_path, "run", "booking-storm", *SHORT, code=1)
    assert run.verdict == "violated"
    assert "VIOLATED  every acknowledged write is in the log" in said
    assert "book never: position 7 holds another command" in said


def test_repeats_are_values_of_the_same_rows_and_json_has_all_of_it(tmp_path):
    said, [run] = ran(tmp_path, "run", "hot-slot", *SHORT, "--seconds", "1", "--repeats", "2", "--json")
    assert len(run.repeats) == 2
    assert {len(row.values) for row in run.rows} == {2}
    printed = said[said.index("{") :]
    assert msgspec.json.decode(printed[: printed.rindex("}") + 1], type=Run).rows == run.rows


def test_a_closed_loop_of_any_scenario_is_an_option(tmp_path):
    _, [run] = ran(tmp_path, "run", "morning-peak", *SHORT, "--closed", "4", "--seconds", "1")
    assert run.settings.closed == 4
    assert run.repeats[0].measured.connections == 4
    assert not run.violations


def test_a_closed_loop_of_few_requests_is_measured_whole(tmp_path):
    _, [run] = ran(tmp_path, "run", "booking-storm", *SHORT, "--closed", "4", "--attempts", "40")
    assert run.repeats[0].measured.sent == 40
    assert sum(op.count for op in run.repeats[0].measured.ops.values()) == 40
    assert not run.violations


def test_a_morning_of_real_bookings_is_sent_as_the_file_has_it(tmp_path):
    file = tmp_path / "bookings.csv"
    rows = [f"2026-03-02T{8 + n // 20:02}:{n % 20 * 3:02}:00,2026-03-0{2 + n % 2},Field {n % 3},no" for n in range(40)]
    file.write_text("\n".join(["booking time,day,department,no-show", *rows]), "utf-8")
    _, [run] = ran(tmp_path, "run", "morning-peak", *SHORT, "--arrivals", str(file))
    assert run.settings.arrivals == str(file)
    assert not run.violations
    statuses = run.repeats[0].measured.statuses
    assert set(statuses["book"]) == {"201"}
    assert statuses["check-in"]["200"] == pytest.approx(statuses["book"]["201"] / 2, abs=2)


def test_a_file_that_holds_no_bookings_is_said_before_anything_starts(tmp_path):
    file = tmp_path / "bookings.csv"
    file.write_text("a,b\n1,2\n", "utf-8")
    said, runs = ran(tmp_path, "run", "morning-peak", *SHORT, "--arrivals", str(file), code=1)
    assert "columns: booking time, day, department, no-show" in said
    assert runs == []


def test_an_unknown_scenario_is_refused_with_the_names_of_those_there_are(tmp_path):
    done = CliRunner().invoke(main, ["run", "nonsense"])
    assert done.exit_code == 2
    assert "booking-storm" in done.output


def test_a_server_that_is_not_there_is_said_plainly(tmp_path):
    said, runs = ran(tmp_path, "run", "booking-storm", *SHORT, "--target", "http://127.0.0.1:9", code=1)
    assert "Cannot measure here" in said
    assert runs == []


def test_a_target_without_a_host_is_refused(tmp_path):
    done = CliRunner().invoke(
        main, ["run", "booking-storm", "--quick", "--target", "https://x", "--data", str(tmp_path)]
    )
    assert done.exit_code == 2
