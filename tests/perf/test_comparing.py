"""Two runs beside each other: a planted change is called one, noise is not, and too little is said to be that."""

from __future__ import annotations

from itertools import permutations
from random import Random

import msgspec
import pytest
from click.testing import CliRunner

from perf.__main__ import main
from perf.comparing import compare, differences, left_out
from perf.figures import Incorrect
from perf.runs import Repeat, Run, save
from tests.perf.kept import repeat, run


def noisy(median: float, seed: int, count: int = 5) -> list[Repeat]:
    """Repeats of one program on a machine that is up to a tenth slower at times."""
    random = Random(seed)
    return [repeat(median * random.uniform(1.0, 1.1), seconds=2, seed=seed * 100 + n) for n in range(count)]


def words(first: Run, second: Run) -> dict[str, str]:
    return {one.name: one.word for one in compare([first], [second])}


def test_repeats_of_the_same_program_differ_by_noise_nineteen_times_of_twenty():
    said = [words(run(*noisy(0.010, seed)), run(*noisy(0.010, seed + 50)))["p50"] for seed in range(40)]
    assert said.count("noise") + said.count("change") == 40
    assert said.count("change") <= 4


def test_a_planted_change_of_a_quarter_is_a_change_and_its_ratio_is_told():
    found = {one.name: one for one in compare([run(*noisy(0.010, 1))], [run(*noisy(0.0125, 2))])}
    assert found["p50"].word == "change"
    assert found["p50"].low < 1.25 < found["p50"].high
    assert found["p50"].low > 1
    assert found["answers"].word == "noise"


def test_one_run_each_is_compared_by_its_seconds_and_says_so():
    found = {one.name: one for one in compare([run(repeat(0.010, seed=1))], [run(repeat(0.012, seed=2))])}
    assert found["p50"].word == "change"
    assert "one run each" in found["p50"].how
    assert words(run(repeat(0.010, seed=3)), run(repeat(0.010, seed=4)))["p50"] == "noise"


def test_three_repeats_are_too_few_for_any_interval():
    assert words(run(*noisy(0.010, 1, 3)), run(*noisy(0.020, 2, 3)))["p50"] == "too few"


@pytest.mark.parametrize(("first", "second"), [(4, 4), (5, 5), (4, 6)])
def test_the_interval_leaves_out_what_chance_alone_would_put_there(first: int, second: int):
    """Counted over all orders of so many values: the ends are beyond 1 in at most five of a hundred."""
    outside = whole = 0
    out = left_out(first, second)
    for chosen in set(permutations([0] * first + [1] * second)):
        ours = [place for place, who in enumerate(chosen) if not who]
        theirs = [place for place, who in enumerate(chosen) if who]
        above = sorted(b - a for a in ours for b in theirs)
        outside += above[out - 1] > 0 or above[-out] < 0
        whole += 1
    assert 0 < outside / whole <= 0.05


def test_runs_without_a_scenario_in_common_cannot_be_compared():
    with pytest.raises(Incorrect, match="no scenario in common"):
        compare([run()], [run(scenario="hot-slot")])


def test_a_run_that_violated_a_check_is_not_compared():
    with pytest.raises(Incorrect, match="count for nothing"):
        compare([run()], [run(repeat(sound=False))])


def test_what_else_differs_is_named():
    other = run()
    other.environment["processor"] = "Another"
    other.workers = 2
    other.settings = msgspec.structs.replace(other.settings, rate=50.0)
    assert [line.partition(":")[0] for line in differences([run()], [other])] == [
        "booking-storm, processor", "booking-storm, gateway processes", "booking-storm, rate",
    ]  # fmt: skip
    assert differences([run()], [run()]) == []


def test_the_command_reads_files_and_folders_and_prints_a_word_for_each_figure(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    for n, one in enumerate(noisy(0.010, 1)):
        save(run(one, begun=f"2026-01-0{n + 1}"), before)
    file = save(run(*noisy(0.020, 2)), after)
    done = CliRunner().invoke(main, ["compare", str(before), str(file), "--json"])
    assert done.exit_code == 0, done.output
    assert {one["name"]: one["word"] for one in msgspec.json.decode(done.stdout)}["p50"] == "change"
    assert "change" in CliRunner().invoke(main, ["compare", str(before), str(after)]).output


def test_a_file_that_is_no_run_is_said(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    done = CliRunner().invoke(main, ["compare", str(tmp_path), str(tmp_path)])
    assert done.exit_code == 1
    assert "is no run of matron-perf" in done.output
