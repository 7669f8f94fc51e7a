"""The rules of a clinic as a client of the interface sees them: drafted, put in force, tried out, refused by field."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.rules.kinds import HARD, SOFT, RuleSpec
from gateway.routes import BASE
from tests.gateway.surface import hospital
from tests.gateway.test_rooms_over_http import NINE, TEN, Ward

GROUND: dict[str, Any] = {"kind": "proximity", "name": "Ground floor first", "floor": 0, "weight": 20}
HOURS: dict[str, Any] = {"kind": "allowed_hours", "name": "Office hours", "opens": "08:00", "closes": "17:00"}
LONGEST: dict[str, Any] = {"kind": "maximum_duration", "minutes": 60}
SAMPLES: list[dict[str, Any]] = [
    {"kind": "room_type_match"},
    {"kind": "equipment", "required": ["couch"]},
    {"kind": "capacity", "minimum": 1},
    {"kind": "department"},
    HOURS,
    {"kind": "doctors_only", "doctors": []},
    {"kind": "isolation", "exclusive": True},
    {"kind": "accessibility"},
    {"kind": "gender"},
    {"kind": "age_band", "min_age": 18, "max_age": 64},
    {"kind": "maximum_daily", "bookings": 20},
    LONGEST,
    {"kind": "cleaning_buffer", "minutes": 10},
    {"kind": "preferred_room", "tags": ["quiet"], "avoid": True},
    {"kind": "continuity"},
    {"kind": "utilization_balancing", "low": 50, "high": 80},
    {"kind": "least_busy"},
    {"kind": "equipment_parsimony"},
    GROUND,
    {"kind": "floor_preference"},
    {"kind": "compactness"},
    {"kind": "time_of_day", "opens": "08:00", "closes": "12:00", "weight": 100},
]


def named(kind: type[RuleSpec]) -> str:
    return str(msgspec.inspect.type_info(kind).tag)  # type: ignore[attr-defined]


async def test_every_kind_of_rule_is_kept_as_it_was_given_and_all_hold_together():
    assert {sample["kind"] for sample in SAMPLES} == {named(kind) for kind in (*HARD, *SOFT)}
    async with hospital() as client:
        here = Ward(client)
        await here.open({"equipment": ["couch"], "floor": 0})
        wanted = await here.wanted()
        for number, sample in enumerate(SAMPLES):
            rule = {"name": f"Rule {number}", **sample, "priority": number}
            if rule["kind"] == "doctors_only":
                rule["doctors"] = [wanted["doctor_id"]]
            if rule["kind"] == "gender":
                rule["effective_to"] = "2099-12-31"  # nobody knows the patient's
            if rule["kind"] == "age_band":
                rule["enabled"] = False
            made = await here.post("/rules", {"clinic_id": here.clinic, "rule": rule})
            assert (made["status"], rule | made["rule"]) == ("draft", rule)  # what is as usual may be left out
        active = await here.post(f"/clinics/{here.clinic}/rules/activate", {}, 200)
        assert (active["rule_version"], active["rules"], active["status"]) == (1, len(SAMPLES), "active")
        listed = (await here.get(f"/rules/?clinic_id={here.clinic}"))["items"]
        assert [rule["rule"]["kind"] for rule in listed] == [sample["kind"] for sample in SAMPLES]
        made = await here.post("/appointments", wanted)
        assert (made["room_id"], made["assignment"]["rule_version"]) == (here.rooms[0], 1)
        assert sum(term["points"] for term in made["assignment"]["terms"]) > 0


async def test_a_rule_is_changed_in_a_draft_and_holds_once_that_is_in_force():
    async with hospital() as client:
        here = Ward(client)
        await here.open({"floor": 0}, {"floor": 1})
        rule = await here.post("/rules", {"clinic_id": here.clinic, "rule": GROUND})
        await here.post(f"/clinics/{here.clinic}/rules/activate", {}, 200)
        upstairs = {**GROUND, "name": "Upstairs first", "floor": 1}
        changed = await client.put(f"{BASE}/rules/{rule['id']}/", json={"rule": upstairs})
        assert (changed.status_code, changed.json()["status"]) == (200, "draft")
        question = {**await here.wanted(), "room_type": "examination"}
        now = await here.post("/rules/evaluate", question, 200)
        then = await here.post("/rules/evaluate", {**question, "version": "draft"}, 200)
        assert (now["chosen"], now["rule_version"]) == (here.rooms[0], 1)
        assert (then["chosen"], then["rule_version"]) == (here.rooms[1], None)
        assert now["rooms"][0]["terms"] == [
            {"rule_id": rule["id"], "name": "Ground floor first", "kind": "proximity", "points": 20.0}
        ]
        made = await here.post("/appointments", await here.wanted())
        assert made["room_id"] == here.rooms[0]
        dry = await here.post(f"/clinics/{here.clinic}/rules/dry-run", {"date": "2100-02-03"}, 200)
        assert [(one["appointment_id"], one["room_id"], one["would_be"]) for one in dry["changed"]] == [
            (made["id"], here.rooms[0], here.rooms[1])
        ]
        await here.post(f"/clinics/{here.clinic}/rules/activate", {}, 200)
        assert (await here.post("/appointments", await here.wanted(**TEN)))["room_id"] == here.rooms[1]
        versions = (await here.get(f"/clinics/{here.clinic}/rules/versions/"))["items"]
        assert [(one["rule_version"], one["status"]) for one in versions] == [(2, "active"), (1, "archived")]


async def test_a_draft_is_forgotten_and_an_earlier_version_put_in_force_again():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        rule = await here.post("/rules", {"clinic_id": here.clinic, "rule": HOURS})
        await here.post(f"/clinics/{here.clinic}/rules/activate", {}, 200)
        assert (await client.delete(f"{BASE}/rules/{rule['id']}/")).status_code == 204
        await here.post(f"/clinics/{here.clinic}/rules/discard", {}, 200)
        refused = await here.post(f"/clinics/{here.clinic}/rules/discard", {}, 409)
        assert refused["code"] == "no_draft"
        await client.delete(f"{BASE}/rules/{rule['id']}/")
        await here.post(f"/clinics/{here.clinic}/rules/activate", {}, 200)
        again = await here.post(f"/clinics/{here.clinic}/rules/activate", {"version": 1}, 200)
        assert (again["rule_version"], again["rules"]) == (3, 1)


async def test_a_room_that_was_named_must_meet_the_rules():
    async with hospital() as client:
        here = Ward(client)
        await here.open({}, {})
        await here.post("/rules", {"clinic_id": here.clinic, "rule": {
            "kind": "equipment", "name": "A couch", "required": ["couch"], "scope": {"room_ids": [here.rooms[0]]},
        }})  # fmt: skip
        rules = (await here.get(f"/rules/?clinic_id={here.clinic}&version=draft"))["items"]
        await here.post(f"/clinics/{here.clinic}/rules/activate", {}, 200)
        refused = await here.post("/appointments", await here.wanted(room_id=here.rooms[0]), 409)
        assert (refused["code"], refused["facts"]["failed"]) == ("room_not_fitting", [rules[0]["id"]])


RULES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "astrology"}, "rule"),
    ({"kind": "allowed_hours", "opens": "09:00", "closes": "09:00"}, "rule.closes"),
    ({"kind": "allowed_hours", "opens": "25:00", "closes": "09:00"}, "rule"),
    ({"kind": "allowed_hours", "opens": "08:00", "closes": "09:00", "days": [7]}, "rule"),
    ({"kind": "equipment", "required": []}, "rule"),
    ({"kind": "equipment", "required": ["x" * 61]}, "rule"),
    ({"kind": "equipment", "required": ["w"] * 10_000}, "rule"),
    ({"kind": "age_band", "min_age": 60, "max_age": 50}, "rule."),
    ({"kind": "utilization_balancing", "low": 90, "high": 80}, "rule."),
    ({"kind": "preferred_room"}, "rule."),
    ({"kind": "preferred_room", "tags": ["x"], "weight": 101}, "rule"),
    ({**LONGEST, "effective_from": "2100-02-02", "effective_to": "2100-02-01"}, "rule."),
    ({**LONGEST, "effective_from": "0000-02-02"}, "rule"),
    ({**LONGEST, "shoe": 44}, "rule"),
    ({"kind": "maximum_duration"}, "rule"),
]  # fmt: skip


async def test_a_rule_that_means_nothing_is_refused_under_its_field():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        for rule, field in RULES:
            refused = await here.post("/rules", {"clinic_id": here.clinic, "rule": {"name": "x", **rule}}, 422)
            assert refused["errors"][0]["field"].startswith(field), f"{rule}: {refused}"
        clinic = await here.get(f"/clinics/{here.clinic}/")
        assert not clinic["has_draft"]
        for body in ({"date": "9999-12-31"}, {"date": "0000-01-01"}, {}):
            await here.post(f"/clinics/{here.clinic}/rules/dry-run", body, 422)
        question = {**await here.wanted(), **NINE}
        for more in ({"version": "newest"}, {"end_time": NINE["start_time"]}, {"required_equipment": ["w"] * 10_000}):
            await here.post("/rules/evaluate", {**question, **more}, 422)
        await here.post("/rules/evaluate", {**question, "version": 7}, 404)
