"""R8 and R9 of the roster: who is chosen, held against looking at everybody; and that few are looked at."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.actors.roster.choosing import Pick, after, choose, objection
from engine.actors.roster.commands import ListStaff, ReleasePatient, SetDuty, TakePatient
from engine.actors.roster.events import PatientTaken
from engine.actors.roster.evolve import evolve
from engine.actors.roster.keeping import thaw
from engine.actors.roster.state import Listed, Roster
from tests.engine.actors.asked import Actor
from tests.engine.staff_asked import at, busy, listed, rostered

NOW = at(9)


def chosen(actor: Actor, ward: str = "", skills: tuple[str, ...] = (), **more: Any) -> str:
    """The id, or why there is nobody."""
    found = choose(actor.state, "nurse", skills, ward, NOW, **more)
    return found.listed.staff_id if isinstance(found, Pick) else found


def test_the_least_loaded_in_proportion_comes_first():
    roster = rostered(listed("a", 2), listed("b", 6))
    busy(roster, "a", "1")
    busy(roster, "b", "2", "3")
    assert chosen(roster) == "b"  # 2 of 6 before 1 of 2


def test_of_equal_shares_the_fewer_patients_come_first_then_who_was_given_one_least_lately_then_the_id():
    roster = rostered(listed("a", 4), listed("b", 2), listed("c", 2))
    busy(roster, "a", "1", "2")
    busy(roster, "c", "3")
    busy(roster, "b", "4")
    assert chosen(roster) == "c"
    roster = rostered(listed("b"), listed("a"))
    assert chosen(roster) == "a"
    busy(roster, "a", "1")
    roster.ask(ReleasePatient("a", "1"))
    assert chosen(roster) == "b"


def test_who_works_everywhere_and_who_works_in_the_ward_are_weighed_together():
    roster = rostered(listed("a"), listed("b", wards=("w1", "w2")), listed("c", wards=("w3",)))
    busy(roster, "a", "1")
    assert [chosen(roster, ward) for ward in ("w1", "w3", "w4", "")] == ["b", "c", "a", "b"]


def test_who_is_on_call_is_called_only_where_nobody_is_on_duty_for_that_ward():
    roster = rostered(listed("a", 1, wards=("w1",)))
    roster.ask(listed("z"))
    roster.ask(SetDuty("z", "on_call"))
    assert chosen(roster, "w1") == "a"
    assert chosen(roster, "w2") == "z"
    busy(roster, "a", "1")
    assert chosen(roster, "w1") == "no_staff"  # full is on duty all the same
    assert chosen(roster, "w1", but=("a",)) == "z"
    found = choose(roster.state, "nurse", (), "w2", NOW)
    assert isinstance(found, Pick)
    assert (found.on_call, found.free) == (True, 1)


def test_nobody_with_the_skill_is_another_reason_than_nobody_at_all():
    roster = rostered(listed("a", 1, skills=("icu",)), listed("b", 1))
    assert chosen(roster, skills=("icu",)) == "a"
    assert chosen(roster, skills=("dialysis",)) == "no_skill"
    busy(roster, "a", "1")
    assert chosen(roster, skills=("icu",)) == "no_skill"
    busy(roster, "b", "2")
    assert chosen(roster, skills=("icu",)) == "no_staff"
    assert choose(None, "doctor", (), "", NOW) == "no_staff"


def test_a_duty_that_has_ended_is_over_whether_or_not_the_roster_was_told():
    roster = rostered(listed("a"), until=NOW)
    assert chosen(roster) == "no_staff"
    roster.ask(listed("b"))
    roster.ask(SetDuty("b", "on", NOW + 1))
    found = choose(roster.state, "nurse", (), "", NOW)
    assert isinstance(found, Pick)
    assert (found.listed.staff_id, found.free) == ("b", 1)


def test_members_count_as_they_will_be_then():
    roster = rostered(listed("a"), listed("b", 2))
    taken = after(roster.state.members["a"], TakePatient("a", "1"), NOW)
    assert chosen(roster, changed={"a": taken}) == "b"
    assert chosen(roster, changed={"a": None}, but=("b",)) == "no_staff"
    new = after(after(None, listed("c", 9), NOW), SetDuty("c", "on"), NOW)
    assert chosen(roster, changed={"c": new}, but=("a", "b")) == "c"
    assert roster.state.members["a"].patients == ()


# -- against looking at everybody -------------------------------------------------------------------------------

IDS = st.sampled_from([f"n{n}" for n in range(8)])
WARDS = st.lists(st.sampled_from(("w1", "w2")), max_size=2, unique=True)
SKILLS = st.lists(st.sampled_from(("icu", "er")), max_size=2, unique=True)
MEMBERS = st.builds(
    ListStaff,
    staff_id=IDS,
    role=st.sampled_from(("nurse", "doctor")),
    max_load=st.integers(1, 3),
    available=st.sampled_from((True, True, False)),
    skills=SKILLS.map(tuple),
    ward_ids=WARDS.map(tuple),
)
UNTIL = st.sampled_from((0, NOW, NOW + 1, NOW - 1))
DUTIES = st.builds(SetDuty, staff_id=IDS, duty=st.sampled_from(("on", "on", "on_call", "off")), until=UNTIL)
TAKES = st.builds(
    TakePatient, staff_id=IDS, admission_id=st.sampled_from([f"p{n}" for n in range(6)]), force=st.booleans()
)
RELEASES = st.builds(ReleasePatient, staff_id=IDS, admission_id=st.sampled_from([f"p{n}" for n in range(6)]))
STEPS = st.lists(st.one_of(MEMBERS, DUTIES, TAKES, RELEASES), max_size=40)


def by_looking_at_everybody(
    members: list[Listed], role: str, skills: tuple[str, ...], ward: str
) -> tuple[str, bool, int] | str:
    for duty in ("on", "on_call"):
        here = [
            one
            for one in members
            if one.role == role
            and one.available
            and one.duty == duty
            and (one.until == 0 or one.until > NOW)
            and (not ward or not one.ward_ids or ward in one.ward_ids)
        ]
        if not here:
            continue
        free = [one for one in here if len(one.patients) < one.max_load]
        fit = [one for one in free if all(skill in one.skills for skill in skills)]
        if fit:
            least = min(
                fit,
                key=lambda one: (
                    len(one.patients) / one.max_load,
                    len(one.patients),
                    one.last_assigned_at,
                    one.staff_id,
                ),
            )
            return least.staff_id, duty == "on_call", len(free)
        return "no_skill" if free else "no_staff"
    return "no_staff"


@given(
    made=STEPS,
    pending=STEPS,
    skills=SKILLS.map(tuple),
    ward=st.sampled_from(("", "w1", "w2", "w3")),
    but=st.lists(IDS, max_size=2),
)
def test_whoever_is_chosen_is_who_would_be_found_by_looking_at_everybody(made, pending, skills, ward, but):
    roster = rostered()
    roster.time = NOW - 1_000
    for step in made:
        if objection(roster.state.members.get(step.staff_id), step, roster.time + 1) is None:
            roster.ask(step)
    changed: dict[str, Listed | None] = {}
    for step in pending:
        before = changed.get(step.staff_id, roster.state.members.get(step.staff_id))
        if objection(before, step, NOW) is None:
            changed[step.staff_id] = after(before, step, NOW)
    then = [one for one in {**roster.state.members, **changed}.values() if one is not None]
    then = [one for one in then if one.staff_id not in but]
    for role in ("nurse", "doctor"):
        found = choose(roster.state, role, skills, ward, NOW, changed, but)
        told = (found.listed.staff_id, found.on_call, found.free) if isinstance(found, Pick) else found
        assert told == by_looking_at_everybody(then, role, skills, ward)
        if isinstance(found, Pick):
            step = TakePatient(found.listed.staff_id, "new", skills, ward)
            assert objection(found.listed, step, NOW) is None


class Watched(dict):
    """Members that tell how often one was looked at."""

    looks = 0

    def __getitem__(self, key: str) -> Any:
        self.looks += 1
        return super().__getitem__(key)


def test_of_2000_members_of_whom_most_are_off_duty_a_few_are_looked_at():
    everybody = [
        Listed(
            staff_id=f"n{n:04}",
            role="nurse",
            skills=("icu",) if n % 20 == 0 else (),
            available=True,
            duty="on" if n % 10 == 0 else "off",
        )
        for n in range(2_000)
    ]
    watched = Watched({one.staff_id: one for one in everybody})
    roster = thaw(Roster(members=watched))
    for n in range(300):
        found = choose(roster, "nurse", (), "w1", NOW)
        assert isinstance(found, Pick)
        assert found.free == 200
        evolve(roster, PatientTaken(staff_id=found.listed.staff_id, admission_id=f"p{n}", time=n))
    assert watched.looks == 300
    found = choose(roster, "nurse", ("icu",), "w1", NOW)
    assert isinstance(found, Pick)
    assert watched.looks < 300 + 200  # those without the skill may come before, but none who is off duty
