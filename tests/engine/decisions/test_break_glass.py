"""Breaking the glass, as the log has it: one alert of who did it and why, sealed, seen by others, over after a day."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from engine.actors.alerts.refusals import OwnBreakGlass
from engine.actors.alerts.view import AlertView
from engine.decider import FreeText
from engine.decisions.alerts import AcknowledgeAlert, CloseAlert
from engine.decisions.break_glass import NoteBreakGlass
from engine.eventlog.memory_store import MemoryDisk
from engine.views.alerts import ListAlerts
from tests.engine.decisions.test_alerts import listed
from tests.engine.house import House
from tests.engine.living import CLERK, living, read

WHY = "Asha Rao cannot wait, her doctor is in theatre"


@pytest.fixture
def house() -> House:
    return House()


def break_glass(house: House, who: str = "user:bela", why: str = WHY) -> AlertView:
    house.who = who
    house.ask(NoteBreakGlass(reason=FreeText(why)))
    [alert] = [one for one in listed(house, kind="break_glass") if one.subject == who]
    house.who = "desk"
    return alert


def test_r1_there_is_one_alert_of_each_who_did_it_with_the_reason(house: House):
    alert = break_glass(house)
    assert (alert.severity, alert.subject, alert.patient_id, alert.times) == ("warning", "user:bela", None, 1)
    assert isinstance(alert.reason, FreeText)
    assert alert.reason.text == WHY
    assert break_glass(house).times == 2
    assert break_glass(house, "user:chand").times == 1
    assert len(listed(house, kind="break_glass")) == 2


def test_r2_the_reason_is_sealed_with_the_hospital_s_key(house: House):
    break_glass(house)
    [event] = house.named("AlertOpened")
    assert event.alert.reason.subject == ""


def test_others_close_it_and_who_did_it_does_not(house: House):
    alert = break_glass(house)
    house.who = "user:bela"
    assert type(house.refusal(AcknowledgeAlert(alert_id=alert.id))) is OwnBreakGlass
    assert type(house.refusal(CloseAlert(alert_id=alert.id))) is OwnBreakGlass
    house.who = "user:chief"
    view = house.ask(CloseAlert(alert_id=alert.id, note=FreeText("she was right")))
    assert (view.closed_by, view.note.text, view.reason.text) == ("user:chief", "she was right", WHY)


def test_nobody_s_it_is_over_after_a_day(house: House):
    break_glass(house)
    house.later(24 * 60 - 1)
    assert len(listed(house, kind="break_glass")) == 1
    house.later(2)
    assert listed(house, kind="break_glass") == []
    assert listed(house, status="closed")[0].closed_by is None


async def test_the_reason_stands_nowhere_in_the_log_in_plain_and_the_restarted_engine_knows_it(
    autojump_clock: MockClock,
) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("main", NoteBreakGlass(reason=FreeText(WHY)), CLERK)
    stored = b"".join(disk.entries["main"])
    assert b"NoteBreakGlass" in stored
    assert b"Asha" not in stored
    assert b"theatre" not in stored
    async with living(disk) as engine:
        [alert] = read(await engine.view("main", ListAlerts(), CLERK))["items"]
        assert (alert["subject"], alert["reason"]) == (CLERK.name, WHY)
