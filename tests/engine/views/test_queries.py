"""What holds for all queries: unknown ids, wrong shapes, states on disk, versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from engine.actors.slot_template import TemplateAdded, TemplateRetired, WeeklyPlan
from engine.decider import NotInMemory, Value
from engine.errors import NotFound
from engine.views import ANSWERS, QUERIES
from engine.views.people import GetDoctor, GetPatient
from engine.views.reader import Found
from engine.views.report import DailyReport
from engine.views.settings import GetHospital, GetPolicy, GetTemplate, ListTemplates
from engine.views.slots import GetSlot, ListSlots, ListSlotTokens
from engine.views.tokens import GetToken, ListTokens
from engine.views.waiting import GetWaiting, ListWaiting, WaitingBySlot
from tests.engine.views.clinic import DAY, NINE, Clinic, ask, found

UNKNOWN = "ffffffff-0000-7000-8000-000000000000"


class Forgetful(Clinic):
    """A clinic whose slots are on disk at first: the one that a query meets is there when it is asked again."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: set[str] = set()

    def look(self, key: str) -> Any | None:
        if key.startswith("slot:") and key not in self.loaded:
            self.loaded.add(key)
            raise NotInMemory("state", key)
        return super().look(key)


@pytest.mark.parametrize("query", [ListTokens(), ListSlots(), ListTokens(date=dt.date(2026, 9, 28)), DailyReport()])
def test_a_query_that_met_a_state_on_disk_is_asked_again_and_then_complete(query: Value):
    clinic = Forgetful()
    slots = [clinic.open_slot(clinic.add_doctor()) for _ in range(3)]
    for slot in slots:
        clinic.book(slot)
    tries = 0
    answer: Found | None = None
    while answer is None:
        try:
            answer = ask(clinic, query)
        except NotInMemory:
            tries += 1
    body = answer.body
    assert tries == 3
    assert (body.totals.tokens if isinstance(query, DailyReport) else len(body.items)) == 3


def test_the_hospital_and_its_policy_are_answered_with_their_versions():
    clinic = Clinic("Europe/Berlin")
    clinic.add_doctor()
    hospital, policy = ask(clinic, GetHospital()), ask(clinic, GetPolicy())
    assert (hospital.body.time_zone, hospital.version) == ("Europe/Berlin", 2)
    assert (policy.body.no_show_grace_minutes, policy.version) == (15, 1)


def test_templates_are_listed_by_doctor_and_removed_ones_on_demand_only():
    clinic = Clinic()
    rao, nair = clinic.add_doctor(), clinic.add_doctor()
    plan = WeeklyPlan(
        weekdays=("MON",), start_time="09:00", end_time="12:00", max_capacity=5, valid_from=dt.date(2026, 9, 1)
    )
    one, other, gone = (clinic.new_id() for _ in range(3))
    for id, doctor in ((one, rao), (other, nair), (gone, rao)):
        clinic.happen(f"slot_template:{id}", TemplateAdded(id=id, doctor_id=doctor, plan=plan, time=NINE))
    clinic.happen(f"slot_template:{gone}", TemplateRetired(time=NINE))
    assert found(clinic, ListTemplates()) == [one, other]
    assert found(clinic, ListTemplates(doctor_id=nair)) == [other]
    assert found(clinic, ListTemplates(retired=True)) == [gone]
    answer = ask(clinic, GetTemplate(template_id=gone))
    assert (answer.body.retired, answer.version) == (True, 2)


@pytest.mark.parametrize(
    "query",
    [
        GetDoctor(doctor_id=UNKNOWN),
        GetPatient(patient_id=UNKNOWN),
        GetSlot(slot_id=UNKNOWN),
        GetToken(token_id=UNKNOWN),
        GetWaiting(entry_id=UNKNOWN),
        GetTemplate(template_id=UNKNOWN),
        ListSlotTokens(slot_id=UNKNOWN),
        WaitingBySlot(slot_id=UNKNOWN),
    ],
    ids=lambda query: type(query).__name__,
)
def test_an_unknown_id_is_not_found(query: Value):
    with pytest.raises(NotFound):
        ask(Clinic(), query)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (GetSlot, {"slot_id": "1"}),
        (ListSlots, {"status": "OPEN"}),
        (ListSlots, {"from_time": "2026-09-28T09:00:00"}),
        (ListTokens, {"date": "28.09.2026"}),
        (ListTokens, {"category": "VIP"}),
        (ListTokens, {"phase": "COMPLETED"}),
        (ListWaiting, {"status": "PROMOTED"}),
        (WaitingBySlot, {}),
        (ListTemplates, {"colour": "red"}),
    ],
)
def test_a_query_of_the_wrong_shape_is_refused_by_its_type(query: type[Any], fields: dict[str, str]):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, query, strict=False)


def test_every_query_reads_from_text_and_names_the_type_of_its_answer():
    assert set(QUERIES) == set(ANSWERS)
    assert msgspec.convert({"limit": "7", "date": DAY}, ListSlots, strict=False) == ListSlots(
        limit=7, date=dt.date(2026, 9, 28)
    )
