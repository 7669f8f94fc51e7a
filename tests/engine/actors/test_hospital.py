"""R1..R4 of the hospital."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.hospital import (
    HOSPITAL_DECIDER,
    CreateHospital,
    ForgetDoctor,
    GivePrefix,
    HospitalExists,
    Policy,
    ReplacePolicy,
    Specialize,
    colleagues,
    hospital_view,
    policy_view,
)
from engine.errors import Invalid, NotFound, Stale
from tests.engine.actors.asked import Actor

CREATE = CreateHospital("main", "Main Hospital", "Asia/Kolkata", Policy())


def hospital() -> Actor:
    actor = Actor(HOSPITAL_DECIDER, "self")
    actor.ask(CREATE)
    return actor


def prefix(actor: Actor, doctor_id: str, specialization: str) -> str:
    (event,) = actor.ask(GivePrefix(doctor_id, specialization))
    given: str = event.prefix  # type: ignore[attr-defined]
    return given


def test_a_hospital_is_added_once():
    actor = hospital()
    assert hospital_view(actor.state).time_zone == "Asia/Kolkata"
    with pytest.raises(HospitalExists):
        actor.ask(CREATE)


def test_the_key_of_ticket_links_is_sealed_text_of_128_bits():
    key = hospital().state.link_key
    assert len(bytes.fromhex(key.text)) == 16
    assert key.subject == ""


def test_an_unknown_time_zone_is_invalid():
    with pytest.raises(Invalid) as refused:
        Actor(HOSPITAL_DECIDER, "self").ask(CreateHospital("main", "Main", "Mars/Olympus", Policy()))
    assert refused.value.facts["field"] == "time_zone"


def test_what_was_never_added_is_not_found():
    with pytest.raises(NotFound):
        Actor(HOSPITAL_DECIDER, "self").ask(ReplacePolicy(Policy(), None))


def test_a_policy_is_replaced_whole():
    actor = hospital()
    actor.ask(ReplacePolicy(Policy(offer_minutes=30), None))
    actor.ask(ReplacePolicy(Policy(late_minutes=10), 2))
    assert actor.state.policy == Policy(late_minutes=10)
    assert policy_view(actor.state).version == 3


def test_a_policy_of_another_version_is_stale():
    actor = hospital()
    actor.ask(ReplacePolicy(Policy(offer_minutes=30), 1))
    with pytest.raises(Stale):
        actor.ask(ReplacePolicy(Policy(), 1))


def test_a_new_doctor_makes_no_policy_stale():
    actor = hospital()
    prefix(actor, "d1", "Cardiology")
    assert policy_view(actor.state).version == 1


def test_the_same_policy_again_changes_nothing():
    assert hospital().ask(ReplacePolicy(Policy(), 1)) == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"offer_minutes": 0}',
        b'{"overbook_pct": 101}',
        b'{"hold_minutes": 61}',
        b'{"double_booking": "week"}',
        b'{"max_wait_minutes": {"VIP": 5}}',
        b'{"max_wait_minutes": {"WALKIN": 0}}',
        b'{"holidays": ["2026-02-30"]}',
        b'{"late_minutes": 1.5}',
        b'{"colour": "red"}',
    ],
)
def test_a_policy_out_of_range_is_refused_by_its_type(body: bytes):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Policy)


def test_prefixes_are_three_letters_then_numbered():
    actor = hospital()
    given = [prefix(actor, f"d{n}", "Cardiology") for n in range(10)]
    assert given[:3] == ["CAR", "CA2", "CA3"]
    assert given[9] == "C10"


@pytest.mark.parametrize(
    ("specialization", "expected"),
    [
        ("Cardiology", "CAR"),
        ("e.n.t.", "ENT"),
        ("Ökologie", "OKO"),
        ("हृदय रोग", "DOC"),
        ("42", "DOC"),
        ("X-ray", "XRA"),
        ("GP", "GP"),
    ],
)
def test_a_prefix_is_of_letters_that_every_printer_has(specialization: str, expected: str):
    assert prefix(hospital(), "d", specialization) == expected


@given(st.lists(st.text(max_size=20), max_size=60))
def test_prefixes_are_unique_and_short(specializations: list[str]):
    actor = hospital()
    given = [prefix(actor, f"d{n}", text) for n, text in enumerate(specializations)]
    assert len(set(given)) == len(given)
    assert all(1 <= len(one) <= 4 and one.isascii() and one.isalnum() for one in given)


def test_a_prefix_stays_with_a_doctor_who_left():
    actor = hospital()
    prefix(actor, "d1", "Cardiology")
    actor.ask(ForgetDoctor("d1"))
    assert prefix(actor, "d2", "Cardiology") == "CA2"


def test_colleagues_share_a_specialization_however_it_is_spelt():
    actor = hospital()
    for doctor_id, specialization in (
        ("d1", "Cardiology"),
        ("d2", " cardiology "),
        ("d3", "ENT"),
        ("d4", "CARDIOLOGY"),
    ):
        prefix(actor, doctor_id, specialization)
    assert colleagues(actor.state, "d1") == ["d2", "d4"]
    actor.ask(Specialize("d4", "ENT"))
    actor.ask(ForgetDoctor("d2"))
    assert colleagues(actor.state, "d1") == []
    assert colleagues(actor.state, "d3") == ["d4"]
    assert colleagues(actor.state, "unknown") == []
