"""A surge: what is asked, that the bench counts what it did, and that the checks find what is planted in a log."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import cast

import pytest
import trio
from msgspec.structs import replace

from engine.actors.intake.state import INTAKE, Intake
from engine.actors.roster.state import ROSTER, Roster
from engine.actors.ward.state import Ward
from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_reader import LmdbReader
from engine.recovery import Book
from perf.figures import Incorrect, Row
from perf.load.plan import Settings, Site
from perf.load.scenario import Founder
from perf.load.wards import admission
from perf.scenarios import surge as scenario
from perf.size import Size
from perf.verify.log import Verdicts
from perf.verify.ward_sums import WardSums, WardTally, merged
from perf.verify.wards import GIVEN, differing_beds, stranded, wards
from perf.workloads import surge

TINY = Size(rounds=1, surge=40, any_disk=True, settle=False)
SETTINGS = Settings(rate=10.0, seconds=60.0, users=100)


def quiet(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> tuple[Path, dict[str, Row]]:
    """A surge of forty with enough and with too little, and the folder of its log."""
    folder: Path = tmp_path_factory.mktemp("surge")
    rows = trio.run(surge.measure, folder, TINY, quiet)
    return folder / "surge", {row.name.strip(): row for row in rows}


@pytest.fixture
def book(measured) -> Book:
    """The states of the hospital that was short of beds."""
    return trio.run(folded, measured[0], Book("short-0", Keyring("short-0", bytes)), None)


async def folded(data: Path, book: Book, tally: WardTally | None) -> Book:
    async with LmdbReader(data) as reader:
        for position, record in await reader.read(book.hospital, 1, await reader.head(book.hospital)):
            entry = book.fold(position, record)
            if tally is not None:
                tally.entry(entry)
    return book


def test_a_surge_is_timed_with_enough_and_with_too_little(measured):
    rows = measured[1]
    assert rows["40 admitted at once, enough of everything, slowest"].verdict
    assert rows["40 admitted at once, beds for one in three, slowest"].verdict
    assert 0 < rows["of them given to who waits"].median <= 100


def test_a_check_that_finds_something_spoils_the_figures(monkeypatch, tmp_path):
    async def wrong(*_: object) -> Verdicts:
        verdicts = Verdicts()
        verdicts.looked(GIVEN, 1, ["a bed was given twice"])
        return verdicts

    monkeypatch.setattr(surge, "examine", wrong)
    with pytest.raises(Incorrect, match="a bed was given twice"):
        trio.run(surge.measure, tmp_path, TINY, quiet)


def test_the_sums_are_those_of_the_log(measured):
    tally = WardTally()
    trio.run(folded, measured[0], Book("short-0", Keyring("short-0", bytes)), tally)
    sums = tally.sums
    assert sums.admitted == 40
    assert sums.at_once + sums.waited == 40
    assert sums.served == sums.together > 0
    assert sums.waiting == sums.waited - sums.served
    assert sums.discharged == sums.at_once
    whole = merged([sums, WardSums(admitted=3, longest=10**12)])
    assert (whole.admitted, whole.longest) == (43, 10**12)


def test_what_is_sound_passes(book: Book):
    assert differing_beds(book)[1] == []
    waiting, faults = stranded(book)
    assert waiting > 0
    assert faults == []


def test_a_bed_whose_occupant_is_another_one_is_found(book: Book):
    ward, bed = next((ward, bed) for ward in wards(book) for bed in ward.beds.values() if bed.state == "occupied")
    assert bed.occupant is not None
    ward.beds[bed.id] = replace(bed, occupant=replace(bed.occupant, admission_id="somebody's"))
    faults = differing_beds(book)[1]
    assert f"admission {bed.occupant.admission_id} of short-0 and its bed differ" in faults
    assert "admission somebody's, which is not there, lies in a bed" in faults


def test_a_patient_whom_nobody_looks_after_is_found(book: Book):
    roster: Roster = book.cell(ROSTER).state  # type: ignore[union-attr]
    id, member = next((id, one) for id, one in roster.members.items() if one.patients)
    roster.members[id] = replace(member, patients=())
    assert any(fault.endswith("and the roster differ") for fault in differing_beds(book)[1])


def test_who_is_forgotten_by_the_intake_is_found(book: Book):
    intake: Intake = book.cell(INTAKE).state  # type: ignore[union-attr]
    del intake.waiting[next(iter(intake.waiting))]
    assert any(fault.endswith("the intake says otherwise") for fault in differing_beds(book)[1])


def test_who_waits_for_a_bed_that_is_free_is_found(book: Book):
    intake: Intake = book.cell(INTAKE).state  # type: ignore[union-attr]
    waiter = next(one for one in intake.waiting.values() if not one.need.equipment)
    ward: Ward = next(ward for ward in wards(book))
    bed = next(bed for bed in ward.beds.values() if bed.profile.type == "general")
    ward.beds[bed.id] = replace(
        bed, state="unoccupied", occupant=None, reserved_until=0, profile=replace(bed.profile, room="")
    )
    assert any(waiter.admission_id in fault for fault in stranded(book)[1])


async def test_a_surge_has_no_closed_loop():
    with pytest.raises(Incorrect, match="open loop"):
        await scenario.prepare(cast(Founder, None), replace(SETTINGS, closed=8))


# -- what is asked --------------------------------------------------------------------------------------------------


def sites() -> list[Site]:
    people = [f"patient {number}" for number in range(100)]
    return [Site(name, patients=people, beds=[f"bed {n}" for n in range(30)]) for name in ("usual", "surge", "short")]


def test_all_of_a_surge_come_at_one_instant_and_chains_are_in_order():
    chains = list(scenario.plan(sites(), SETTINGS))
    assert [chain.start for chain in chains] == sorted(chain.start for chain in chains)
    ops = Counter(step.op for chain in chains for step in chain.steps)
    assert ops[scenario.ENOUGH] == ops[scenario.SHORT] == 100
    assert ops["clean"] == 3 * 30
    for op in (scenario.ENOUGH, scenario.SHORT):
        assert len({chain.start for chain in chains if chain.steps[0].op == op}) == 1
    usual = [chain.start for chain in chains if chain.steps[0].op == scenario.TYPICAL]
    surging = next(chain.start for chain in chains if chain.steps[0].op == scenario.ENOUGH)
    assert usual
    assert max(usual) < surging
    assert max(step.offset + chain.start for chain in chains for step in chain.steps) < SETTINGS.seconds


def test_beds_are_cleaned_behind_those_who_left():
    chains = list(scenario.plan(sites(), SETTINGS))
    cleaned = sorted(chain.start for chain in chains if chain.steps[0].op == "clean")
    left = sorted(
        chain.start + step.offset
        for chain in chains
        if chain.hospital == "short"
        for step in chain.steps
        if step.op == "discharge"
    )
    for number in range(3):
        assert left[number * 100 + 99] <= cleaned[number * 30]


def test_one_in_ten_is_critical_and_needs_what_others_do_not():
    wanted = [admission("patient", number) for number in range(100)]
    critical = [one for one in wanted if one.acuity == "critical"]
    assert len(critical) == 10
    assert all(one.doctor_skills and one.nurse_skills and one.equipment for one in critical)
    assert not any(one.equipment for one in wanted if one.acuity != "critical")
