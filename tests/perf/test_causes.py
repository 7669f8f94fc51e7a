"""What a missed figure's own run says of its cause: a full core, a drift and whose it is, what a booking may cost."""

from __future__ import annotations

import msgspec
import pytest

from perf.figures import Row, Target
from perf.reporting import causes
from perf.runs import Repeat, Sample
from tests.perf.kept import repeat, run


def drifting(server: float = 1.0, sender: float = 1.0, *, cores: float = 0.5, seconds: int = 30) -> Repeat:
    """A load whose last third costs so many times as much as its first; a tenth of a core is the sender's."""
    made = repeat(seconds=seconds)
    spent = sent = 0.0
    made.samples = []
    for second in range(seconds):
        made.samples.append(Sample(at=float(second), cpu=spent, sender_cpu=sent, processes=1))
        late = second >= seconds * 2 / 3
        spent += cores * (server if late else 1.0)
        sent += 0.1 * (sender if late else 1.0)
    return made


def said(one: Repeat, *, workers: int = 0, profiled: bool = False) -> causes.Said:
    made = run(one)
    made.workers = workers
    return causes.of_load(made, one, profiled=profiled)


def test_of_a_steady_load_it_is_told_how_much_of_a_core_and_how_much_an_answer_takes():
    told = said(drifting())
    assert told.where == ["the server kept 0.50 cores busy, 5000 µs an answer"]
    assert told.moves == []


def test_one_full_process_is_moved_by_more_of_them_unless_there_are_or_a_profile_says_more():
    full = drifting(cores=0.95)
    assert ["--workers" in move for move in said(full).moves] == [True]
    assert said(full, workers=1).moves == []
    assert said(full, profiled=True).moves == []


@pytest.mark.parametrize(
    ("server", "sender", "machine", "log"),
    [(1.3, 1.3, True, False), (1.5, 1.0, False, True), (1.6, 1.2, True, True), (1.05, 1.05, False, False)],
)
def test_a_drift_is_the_machines_as_far_as_the_sender_has_it_too(server, sender, machine, log):
    moves = said(drifting(server, sender)).moves
    assert any("keeps its pace" in move for move in moves) is machine
    assert any("grows with the log" in move for move in moves) is log


def test_the_drift_is_told_in_figures():
    assert any(
        "went from 5000 to 7500 µs for the server (0.50 and 0.75 cores)" in one for one in said(drifting(1.5)).where
    )


def test_where_many_are_turned_away_early_and_late_answers_are_not_the_same_work():
    one = drifting(1.5)
    one.measured.statuses = {"book": {"201": 90, "503": 10}}
    assert said(one).moves == []


def test_who_was_not_watched_says_nothing():
    one = repeat()
    one.samples = []
    assert said(one) == causes.Said([], [])


ROWS = [
    Row(section="baselines", name=name, unit=unit, values=(value,))
    for name, unit, value in (
        ("other, 200 slots", "bookings/s", 2_000.0), ("other, 200 slots: busy", "µs/booking", 600.0),
        ("matron, 200 slots", "bookings/s", 4_000.0), ("matron, 200 slots: busy", "µs/booking", 300.0),
    )
]  # fmt: skip


def ratio(name: str = "matron by other, 200 slots") -> Row:
    return Row(section="baselines", name=name, unit="times", values=(2.0,), target=Target("least", 2.5))


def test_beside_another_stack_it_is_told_what_a_booking_costs_each_and_what_it_may_cost():
    made = run()
    made.rows = [*ROWS, ratio()]
    told = causes.of_comparison(made, made.rows[-1])
    assert told.where == ["matron needs 300.0 µs/booking on 1.20 cores", "other needs 600.0 µs/booking on 1.20 cores"]
    assert told.moves[0].startswith("a cost of 240 µs instead of 300 on the same cores")
    assert told.moves[0].endswith("there are 2 here, and who sends takes some of it")


def test_a_comparison_without_its_costs_says_nothing():
    made = run()
    made.rows = [*ROWS[:3], ratio()]
    assert causes.of_comparison(made, made.rows[-1]) == causes.Said([], [])
    assert causes.of_comparison(made, ratio("p99")) == causes.Said([], [])


def figure(section: str, name: str, value: float, unit: str = "1/s", target: Target | None = None) -> Row:
    return Row(section=section, name=name, unit=unit, values=(value,), target=target)


def test_of_the_bench_the_thread_next_to_the_figure_says_what_it_may_need():
    missed = figure("recovery", "from entries alone", 75_000, target=Target("least", 100_000))
    rows = [
        figure("booking", "engine's thread", 80.0, "µs/booking"),
        missed,
        figure("recovery", "engine's thread", 12.0, "µs/entry"),
    ]
    told = causes.of_bench(rows, missed)
    assert told.where == ["the engine's thread needs 12.0 µs/entry"]
    assert told.moves[0].startswith("9.00 µs/entry instead")
    assert causes.of_bench(rows[:2], missed) == causes.Said([], [])
    assert causes.of_bench([], missed) == causes.Said([], [])


def test_a_limit_that_was_passed_has_no_share_to_be_reached():
    late = msgspec.structs.replace(ratio(), section="recovery", target=Target("most", 1.0))
    thread = figure("recovery", "engine's thread", 12.0, "µs/entry")
    assert causes.of_bench([late, thread], late).moves == []


def stalling(long: int, *, seconds: int = 30) -> Repeat:
    """A load with so many commits of 100 to 200 ms, and as many had been there before it."""
    one = drifting(seconds=seconds)
    for account, times in ((one.before, 1), (one.after, 2)):
        quick, slow = 1_000 * times, long * times
        assert account is not None
        account["commits"]["seconds"] = {
            "count": quick + slow, "sum": 1.0 * times, "max": 0.187,
            "buckets": [[0.01, quick], [0.05, quick], [0.1, quick], [0.2, quick + slow], [None, quick + slow]],
        }  # fmt: skip
    return one


def test_a_disk_that_stands_still_is_told_from_one_percent_of_the_time_on():
    told = said(stalling(6))
    assert any("commits of more than 50 ms took 2.0 % of the time, the longest 0.19 s" in one for one in told.where)
    assert any("a disk that keeps its pace" in one for one in told.moves)
    for steady in (stalling(2), stalling(0)):
        told = said(steady)
        assert not any("commits" in one for one in told.where)
        assert told.moves == []
