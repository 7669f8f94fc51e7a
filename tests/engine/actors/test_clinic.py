"""R1..R9 of a clinic: its rooms, and its rules from draft to archive."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from engine.actors.clinic import CLINIC
from engine.actors.clinic.commands import (
    Activate,
    DelistRoom,
    DiscardDraft,
    DraftRule,
    DropRule,
    ListRoom,
    NoteFailures,
    OpenClinic,
    ReplaceClinic,
    RetireClinic,
)
from engine.actors.clinic.events import RoomListed, RuleDrafted, RuleDropped, RulesActivated, RulesDrafted
from engine.actors.clinic.policies import cache_counts, policy_on, wants_patient
from engine.actors.clinic.refusals import ClinicFull, ClinicInUse, ClinicRetired, NoDraft, RulesTooLarge, TooManyRules
from engine.actors.clinic.state import (
    KEPT_VERSIONS,
    MAX_NAMED,
    MAX_ROOMS,
    MAX_RULES,
    Clinic,
    ClinicRecord,
    ClinicSettings,
)
from engine.actors.clinic.view import clinic_view, rule_found
from engine.errors import Invalid, NotFound, Stale
from engine.rules.kinds import AgeBand, AnyRule, DoctorsOnly, LeastBusy, MinimumCapacity, PreferredRoom, Rule
from engine.rules.subject import RoomProfile
from tests.engine.actors.asked import Actor

TODAY = date(2026, 2, 2)


def clinic(rooms: int = 0) -> Actor:
    actor = Actor(CLINIC, "c1")
    actor.ask(OpenClinic("Heart", ClinicSettings()))
    for number in range(rooms):
        actor.ask(ListRoom(room(f"r{number}")))
    return actor


def room(id: str = "r1", **fields: Any) -> RoomProfile:
    return RoomProfile(id=id, name=f"Room {id}", type="exam", **fields)


def least_busy(name: str = "least busy", weight: int = 10) -> AnyRule:
    return LeastBusy(name=name, weight=weight)


def in_force(actor: Actor) -> list[str]:
    state: Clinic = actor.state
    return [rule.id for rule in state.versions[-1].rules] if state.versions else []


def with_rules(*ids: str) -> Actor:
    actor = clinic()
    for id in ids:
        actor.ask(DraftRule(id, least_busy(id), new=True))
    actor.ask(Activate("admin"))
    return actor


def test_a_clinic_is_opened_under_a_tidy_name():
    assert clinic_view(clinic().state).name == "Heart"
    with pytest.raises(Invalid) as refused:
        Actor(CLINIC, "c1").ask(OpenClinic("  ", ClinicSettings()))
    assert refused.value.facts["field"] == "name"


def test_nothing_is_asked_of_a_clinic_that_there_is_not():
    with pytest.raises(NotFound):
        Actor(CLINIC, "c1").ask(ListRoom(room()))


def test_name_and_settings_are_replaced_whole():
    actor = clinic()
    actor.ask(ReplaceClinic("Lung", ClinicSettings(hold_minutes=9), if_version=1))
    assert (actor.state.name, actor.state.settings.hold_minutes) == ("Lung", 9)
    assert actor.ask(ReplaceClinic("Lung", ClinicSettings(hold_minutes=9))) == []


def test_a_change_of_another_version_is_stale():
    actor = with_rules("a")
    version = actor.state.version
    for command in (
        ReplaceClinic("Lung", ClinicSettings(), if_version=version - 1),
        DraftRule("a", least_busy(weight=3), new=False, if_version=version - 1),
        DropRule("a", if_version=version - 1),
    ):
        with pytest.raises(Stale):
            actor.ask(command)
    actor.ask(DraftRule("a", least_busy(weight=3), new=False, if_version=version))


def test_a_clinic_with_rooms_is_not_retired_and_a_retired_one_is_not_changed():
    actor = clinic(rooms=1)
    with pytest.raises(ClinicInUse):
        actor.ask(RetireClinic())
    actor.ask(DelistRoom("r0"))
    actor.ask(RetireClinic())
    for command in (ListRoom(room()), DraftRule("a", least_busy(), new=True), ReplaceClinic("x", ClinicSettings())):
        with pytest.raises(ClinicRetired):
            actor.ask(command)


def test_a_room_is_listed_as_it_is_now():
    actor = clinic(rooms=1)
    assert actor.ask(ListRoom(room("r0"))) == []
    wide = room("r0", capacity=9)
    assert actor.ask(ListRoom(wide)) == [RoomListed(profile=wide)]
    assert actor.state.rooms == {"r0": wide}
    with pytest.raises(NotFound):
        actor.ask(DelistRoom("r7"))


def test_a_clinic_is_full_some_time():
    actor = clinic()
    actor.state.rooms.update({f"r{number}": room(f"r{number}") for number in range(MAX_ROOMS)})
    with pytest.raises(ClinicFull):
        actor.ask(ListRoom(room("one more")))
    actor.ask(ListRoom(room("r0", capacity=2)))


def test_the_first_change_begins_a_draft_from_what_is_in_force():
    actor = with_rules("a", "b")
    changed = Rule("b", least_busy(weight=50))
    assert actor.ask(DraftRule("b", changed.spec, new=False)) == [
        RulesDrafted(from_version=1),
        RuleDrafted(rule=changed),
    ]
    assert actor.ask(DropRule("a")) == [RuleDropped(rule_id="a")]
    assert list(actor.state.draft) == ["b"]
    assert in_force(actor) == ["a", "b"]


def test_a_change_that_changes_nothing_begins_no_draft():
    actor = with_rules("a")
    assert actor.ask(DraftRule("a", least_busy("a"), new=False)) == []
    assert actor.state.draft is None


def test_a_rule_is_changed_only_where_it_is():
    actor = with_rules("a")
    for command in (DraftRule("b", least_busy(), new=False), DropRule("b")):
        with pytest.raises(NotFound):
            actor.ask(command)
    actor.ask(DropRule("a"))
    with pytest.raises(NotFound):
        actor.ask(DraftRule("a", least_busy(weight=4), new=False))


def test_a_rule_that_means_nothing_is_not_drafted():
    actor = clinic(rooms=1)
    with pytest.raises(Invalid) as refused:
        actor.ask(DraftRule("a", PreferredRoom(name="this one", rooms=("r0", "r9")), new=True))
    assert refused.value.facts["field"] == "rule.rooms[1]"
    actor.ask(DraftRule("a", PreferredRoom(name="this one", rooms=("r0",)), new=True))


def test_there_are_no_more_rules_than_there_may_be():
    actor = clinic()
    for number in range(MAX_RULES):
        actor.ask(DraftRule(f"rule-{number}", least_busy(), new=True))
    with pytest.raises(TooManyRules):
        actor.ask(DraftRule("one more", least_busy(), new=True))
    actor.ask(DraftRule("rule-0", least_busy(weight=3), new=False))


def test_rules_together_name_no_more_than_they_may():
    actor = clinic()
    doctors = tuple(f"d{number}" for number in range(1_000))
    for number in range(MAX_NAMED // 1_000):
        actor.ask(DraftRule(f"rule-{number}", DoctorsOnly(name="theirs", doctors=doctors), new=True))
    with pytest.raises(RulesTooLarge):
        actor.ask(DraftRule("one more", DoctorsOnly(name="his", doctors=("d1",)), new=True))
    actor.ask(DraftRule("rule-0", DoctorsOnly(name="theirs", doctors=doctors[:999]), new=False))
    actor.ask(DraftRule("one more", DoctorsOnly(name="his", doctors=("d1",)), new=True))


def test_a_draft_comes_in_force_whole_and_archives_the_version_before():
    actor = with_rules("a")
    actor.ask(DraftRule("b", least_busy(), new=True))
    (event,) = actor.ask(Activate("head nurse"))
    assert isinstance(event, RulesActivated)
    assert (event.number, [rule.id for rule in event.rules], event.by) == (2, ["a", "b"], "head nurse")
    first, second = actor.state.versions
    assert (first.archived_at, second.archived_at) == (event.time, 0)
    assert actor.state.draft is None
    with pytest.raises(NoDraft):
        actor.ask(Activate("head nurse"))


def test_a_draft_can_be_forgotten():
    actor = with_rules("a")
    with pytest.raises(NoDraft):
        actor.ask(DiscardDraft())
    actor.ask(DropRule("a"))
    actor.ask(DiscardDraft())
    assert actor.state.draft is None
    assert in_force(actor) == ["a"]


def test_an_earlier_version_comes_in_force_under_a_new_number_and_leaves_the_draft():
    actor = with_rules("a")
    actor.ask(DropRule("a"))
    actor.ask(Activate("admin"))
    actor.ask(DraftRule("c", least_busy(), new=True))
    assert in_force(actor) == []
    actor.ask(Activate("admin", version=1))
    assert (actor.state.active, in_force(actor), list(actor.state.draft)) == (3, ["a"], ["c"])
    assert actor.ask(Activate("admin", version=3)) == []
    for unknown in (0, 4):
        with pytest.raises(NotFound):
            actor.ask(Activate("admin", version=unknown))


def test_old_versions_are_known_and_their_rules_are_in_the_log_alone():
    actor = with_rules("a")
    for number in range(KEPT_VERSIONS):
        actor.ask(DraftRule("a", least_busy(weight=number + 20), new=False))
        actor.ask(Activate("admin"))
    first, second, *_ = actor.state.versions
    assert (first.number, first.count, first.rules) == (1, 1, ())
    assert (second.number, len(second.rules)) == (2, 1)
    with pytest.raises(NotFound):
        actor.ask(Activate("admin", version=1))
    actor.ask(Activate("admin", version=3))


def test_every_rule_is_found_for_ever():
    actor = with_rules("a")
    actor.ask(DraftRule("b", least_busy(), new=True))
    actor.ask(DiscardDraft())
    actor.ask(DropRule("a"))
    actor.ask(Activate("admin"))
    assert actor.filed == {("clinics", "c1"), ("rules", "a"), ("rules", "b")}
    archived = rule_found(actor.state, "a")
    assert archived is not None
    assert (archived.status, archived.rule_version) == ("archived", 1)
    assert rule_found(actor.state, "b") is None


def test_a_rule_is_shown_as_it_is_drafted():
    actor = with_rules("a")
    actor.ask(DraftRule("a", least_busy(weight=77), new=False))
    drafted = rule_found(actor.state, "a")
    assert drafted is not None
    assert (drafted.status, drafted.rule_version) == ("draft", None)
    assert drafted.rule == least_busy(weight=77)


def test_rules_are_compiled_once_until_others_come_in_force():
    actor = with_rules("a")
    state: Clinic = actor.state
    first = policy_on(state, TODAY)
    assert first is not None
    assert policy_on(state, "2026-03-03") is first
    assert cache_counts(state) == (1, 1)
    actor.ask(DropRule("a"))
    assert policy_on(state, TODAY) is first
    actor.ask(Activate("admin"))
    second = policy_on(state, TODAY)
    assert second is not None
    assert (second.number, second.soft) == (2, ())
    assert cache_counts(state) == (2, 2)
    assert len(state.policies) == 1
    assert clinic_view(state).policy_cache.hit_rate == 0.5


def test_a_clinic_without_rules_has_no_policy():
    assert policy_on(clinic().state, TODAY) is None


def test_a_patient_is_looked_at_where_a_room_or_a_rule_asks_for_it():
    actor = clinic(rooms=1)
    assert not wants_patient(actor.state, None)
    actor.ask(ListRoom(room("r0", genders=("female",))))
    assert wants_patient(actor.state, None)
    actor.ask(ListRoom(room("r0")))
    assert not wants_patient(actor.state, None)
    actor.ask(DraftRule("a", AgeBand(name="adults", min_age=18), new=True))
    actor.ask(Activate("admin"))
    assert wants_patient(actor.state, policy_on(actor.state, TODAY))


def test_a_room_that_is_delisted_asks_for_nobody():
    actor = clinic()
    actor.ask(ListRoom(room("r0", min_age=18)))
    actor.ask(DelistRoom("r0"))
    assert not wants_patient(actor.state, None)


def test_failures_are_counted_also_by_a_retired_clinic_and_make_nothing_stale():
    actor = clinic()
    actor.ask(RetireClinic())
    version = actor.state.version
    actor.ask(NoteFailures(1, (("a", 3, "r1", "KeyError"), ("b", 1, "r2", "TypeError"))))
    assert (actor.state.rule_errors, actor.state.version) == (4, version)


def test_a_snapshot_has_all_but_what_can_be_made_again():
    actor = with_rules("a", "b")
    actor.ask(ListRoom(room("r0", max_age=12, tags=("quiet", "east", "quiet"))))
    actor.ask(DraftRule("c", MinimumCapacity(name="two", minimum=2), new=True))
    policy_on(actor.state, TODAY)
    stored = msgspec.msgpack.encode(CLINIC.freeze(actor.state))
    again = CLINIC.thaw(msgspec.msgpack.decode(stored, type=ClinicRecord))
    assert again == actor.state
    assert again.by_patient == {"r0"}
    assert cache_counts(again) == (0, 0)
    assert msgspec.msgpack.encode(CLINIC.freeze(again)) == stored
