"""Rules are drafted, put in force together, and found again; a rule that fails is noted with the booking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from engine.actors.clinic.state import Clinic
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.doctors import RemoveDoctor
from engine.decisions.room_rules import ActivateRules, AddRule, ChangeRule, DiscardRuleDraft, RemoveRule
from engine.rules.caching import PolicyCache
from engine.rules.compiling import Hard, Policy
from engine.rules.kinds import DoctorsOnly, LeastBusy, MinimumCapacity, Rule, Scope
from tests.engine.booking import Booking

UNKNOWN = "ffffffff-0000-7000-8000-000000000000"
LEAST_BUSY = LeastBusy(name="least busy")


def clinic_of(house: Booking) -> Clinic:
    state: Clinic = house.states[f"clinic:{house.clinic_id}"]
    return state


def test_a_rule_is_drafted_and_holds_once_the_draft_is_activated():
    house = Booking()
    house.room(capacity=1)
    drafted = house.ask(AddRule(clinic_id=house.clinic_id, rule=MinimumCapacity(name="two", minimum=2)))
    assert (house.outcome, drafted.status, drafted.rule_version) == ("created", "draft", None)
    house.booked()
    activated = house.ask(ActivateRules(clinic_id=house.clinic_id))
    assert (activated.rule_version, activated.status, activated.rules, activated.activated_by) == (
        1,
        "active",
        1,
        "desk",
    )
    assert house.no(60).code == "no_room_available"


def test_a_booking_keeps_the_version_under_which_its_room_was_chosen():
    house = Booking()
    house.room()
    first = house.booked()
    house.rules(LEAST_BUSY)
    second = house.booked(60)
    house.rules(LEAST_BUSY)
    third = house.booked(120)
    chosen = [house.appointment(id).assignment for id in (first, second, third)]
    assert [one.rule_version for one in chosen if one is not None] == [0, 1, 2]


def test_a_rule_is_changed_and_dropped_by_its_id_alone():
    house = Booking()
    (rule,) = house.rules(LEAST_BUSY)
    changed = house.ask(ChangeRule(rule_id=rule, rule=LeastBusy(name="least busy", weight=90)))
    assert (changed.id, changed.status, changed.version) == (rule, "draft", clinic_of(house).version)
    house.ask(RemoveRule(rule_id=rule))
    assert clinic_of(house).draft == {}
    house.ask(DiscardRuleDraft(clinic_id=house.clinic_id))
    assert clinic_of(house).draft is None
    assert house.refusal(DiscardRuleDraft(clinic_id=house.clinic_id)).code == "no_draft"
    assert house.refusal(ActivateRules(clinic_id=house.clinic_id)).code == "no_draft"


def test_a_change_of_a_rule_on_an_older_view_of_the_clinic_is_stale():
    house = Booking()
    (rule,) = house.rules(LEAST_BUSY)
    stale = clinic_of(house).version - 1
    assert house.refusal(ChangeRule(rule_id=rule, rule=LEAST_BUSY, if_version=stale)).code == "stale_version"
    assert house.refusal(RemoveRule(rule_id=rule, if_version=stale)).code == "stale_version"


def test_an_unknown_rule_is_not_found():
    assert Booking().refusal(RemoveRule(rule_id=UNKNOWN)).code == "not_found"


def test_a_rule_names_doctors_that_are_in_service():
    house = Booking()
    here, gone = house.doctor(), house.doctor()
    house.ask(RemoveDoctor(doctor_id=gone))
    for rule, field in (
        (DoctorsOnly(name="theirs", doctors=(here, gone)), "rule.doctors[1]"),
        (LeastBusy(name="theirs", scope=Scope(doctor_ids=(UNKNOWN,))), "rule.scope.doctor_ids[0]"),
    ):
        refused = house.refusal(AddRule(clinic_id=house.clinic_id, rule=rule))
        assert (refused.code, refused.facts["field"]) == ("invalid", field)
    house.ask(AddRule(clinic_id=house.clinic_id, rule=DoctorsOnly(name="his", doctors=(here,))))


def test_compiled_rules_serve_one_booking_after_another():
    house = Booking()
    house.room()
    house.rules(LEAST_BUSY)
    for number in range(10):
        house.booked(number * 60)
    cache = clinic_of(house).policies
    assert (cache.hits, cache.misses) == (9, 1)
    house.rules(LEAST_BUSY)
    house.booked(660)
    assert (cache.hits, cache.misses) == (9, 2)


class Planted(PolicyCache):
    """Rules of which one cannot look at rooms of one name."""

    __slots__ = ()

    def get(self, clinic_id: str, number: int, rules: Sequence[Rule], day: date) -> Policy:
        def meets(room: Any, use: Any) -> bool:
            return bool(1 // (room.name != "haunted"))

        return Policy(number, hard=(Hard("planted", lambda subject: meets),))


def test_a_rule_that_fails_excludes_the_room_and_is_noted_with_the_booking():
    house = Booking()
    haunted, sound = house.room("haunted"), house.room("sound")
    house.rules(LEAST_BUSY)
    clinic_of(house).policies = Planted()
    booked = house.ask(house.asks())
    assert booked.room_id == sound
    assert booked.assignment.failed == {"rule_error": 1}
    (noted,) = house.named("RuleFailed")
    assert (noted.rule_id, noted.rule_version, noted.rooms, noted.first_room) == ("planted", 1, 1, haunted)
    assert noted.error == "ZeroDivisionError"
    assert clinic_of(house).rule_errors == 1


def test_a_room_that_a_rule_could_not_look_at_is_not_had_by_its_name_either():
    house = Booking()
    haunted = house.room("haunted")
    house.rules(LEAST_BUSY)
    clinic_of(house).policies = Planted()
    request: BookAppointment = house.asks(room_id=haunted)
    refused = house.refusal(request)
    assert (refused.code, refused.facts["failed"]) == ("room_not_fitting", ["rule_error"])
