"""Following referrals: lists and single ones, by ids and states; what was found and whose it is stays unsaid."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from trio.testing import MockClock

from engine.decider import FreeText
from engine.decisions.referral_results import AcknowledgeResult
from engine.decisions.referrals import CancelReferral, ChangeReferral, RedirectReferral
from engine.errors import NotFound
from tests.engine.following import frames, said
from tests.engine.laboratories import NOBODY, Laboratories, laboratories

ADA, BELL = "Dr. Ada", "Dr. Bell"


async def heard(here: Laboratories, *topics: str, after: int | None = None) -> list[dict[str, Any]]:
    """Snapshots, or all messages behind a position, in order."""
    async with here.engine.follow("main", topics, after=after) as subscription:
        found = [said(frame) for frame in await frames(subscription, 1.0, "snapshot", "deltas")]
    return [message for one in found for message in (one["messages"] if one["type"] == "deltas" else [one])]


def head(here: Laboratories) -> int:
    return here.engine.partitions["main"].tail.head


async def test_a_list_begins_with_how_many_there_are_and_tells_what_is_new_to_it(autojump_clock: MockClock):
    async with laboratories() as here:
        before = await here.refer(ADA, "North")
        north = f"referrals:branch:{here.branches['North']}"
        [first] = await heard(here, north)
        assert first["data"]["counts"]["Pending"] == first["data"]["total"] == 1
        position = head(here)
        made = await here.refer(BELL, "North")
        await here.refer(BELL, "South")
        await here.step(made, "Received", "Completed", result="Hb seven", critical=True)
        await here.ask(CancelReferral(referral_id=before["id"]))
        told = [
            (one["change"], one["referral_id"], one.get("status") or one.get("test_status"))
            for one in await heard(here, north, after=position)
        ]
        assert told == [
            ("created", made["id"], "Pending"),
            ("test", made["id"], "Received"),
            ("status", made["id"], "Received"),
            ("test", made["id"], "Completed"),
            ("status", made["id"], "Completed"),
            ("status", before["id"], "Cancelled"),
        ]


async def test_who_refers_hears_of_each_result_as_soon_as_it_is_there(autojump_clock: MockClock):
    async with laboratories() as here:
        made = await here.refer(ADA, "North")
        position = head(here)
        await here.step(made, "Received", "Completed", result="Hb seven", critical=True)
        told = await heard(here, f"referrals:practitioner:{here.practitioners[ADA]}", after=position)
        tests = [(one["test_status"], one.get("critical", False)) for one in told if one["change"] == "test"]
        assert tests == [("Received", False), ("Completed", True)]


async def test_who_keeps_counts_by_the_messages_has_what_a_new_snapshot_says(autojump_clock: MockClock):
    async with laboratories() as here:
        topics = [f"referrals:branch:{id}" for id in here.branches.values()]
        topics += [f"referrals:practitioner:{id}" for id in here.practitioners.values()]
        kept = {one["topic"]: one["data"]["counts"] for one in await heard(here, *topics)}
        position = head(here)
        made = [await here.refer(ADA if n % 2 else BELL, "North" if n % 3 else "South") for n in range(6)]
        await here.step(made[0], "Received", "Completed", result="fine")
        await here.step(made[1], "Rejected", reason="clotted")
        await here.step(made[1], "Pending")
        await here.ask(CancelReferral(referral_id=made[2]["id"]))
        await here.ask(RedirectReferral(referral_id=made[1]["id"], branch_id=here.branches["South"]))
        await here.ask(RedirectReferral(referral_id=made[3]["id"], branch_id=here.branches["North"]))
        for one in await heard(here, *topics, after=position):
            counts, own = kept[one["topic"]], one["topic"].rpartition(":")[2]
            if one["change"] == "created":
                counts[one["status"]] += 1
            elif one["change"] == "redirected" and own in (one["from_branch_id"], one["branch_id"]):
                left = own == one["from_branch_id"]
                counts[one["was" if left else "status"]] += -1 if left else 1
            elif one["change"] in ("redirected", "status"):
                counts[one["was"]] -= 1
                counts[one["status"]] += 1
        assert {one["topic"]: one["data"]["counts"] for one in await heard(here, *topics)} == kept


async def test_one_referral_tells_everything_that_becomes_of_it_and_nobody_s_name_or_result(autojump_clock: MockClock):
    async with laboratories() as here:
        made = await here.refer(ADA, "North", of="Jane Doe", note=FreeText("fasting"))
        topic = f"referral:{made['id']}"
        [first] = await heard(here, topic)
        assert first["data"]["tests"] == [{"id": made["tests"][0]["id"], "status": "Pending"}]
        position = head(here)
        await here.ask(ChangeReferral(referral_id=made["id"], priority="stat", note=FreeText("not fasting")))
        await here.step(made, "Received", "Rejected", reason="haemolysed")
        await here.step(made, "Pending", "Received", "Completed", result="Hb seven")
        await here.ask(AcknowledgeResult(referral_id=made["id"], note=FreeText("told her")))
        messages = await heard(here, topic, after=position)
        assert [(one["change"], one.get("test_status")) for one in messages if one["change"] != "status"] == [
            ("changed", None), ("test", "Received"), ("test", "Rejected"), ("test", "Pending"), ("test", "Received"),
            ("test", "Completed"), ("acknowledged", None),
        ]  # fmt: skip
        text = msgspec.json.encode(messages).decode()
        for private in ("Hb seven", "haemolysed", "fasting", "told her", "Jane", here.patients["Jane Doe"]):
            assert private not in text
        everything = [one for one in await heard(here, "all", after=position) if one["type"] == "referral_update"]
        assert everything == messages, "each once"


@pytest.mark.parametrize(
    "name",
    ["referral", "referrals", "referral:x", f"referral:{NOBODY}", "referrals:branch", f"referrals:branch:{NOBODY}",
     f"referrals:patient:{NOBODY}", f"referrals:{NOBODY}"],
)  # fmt: skip
async def test_what_is_not_there_cannot_be_followed(autojump_clock: MockClock, name: str):
    async with laboratories() as here:
        with pytest.raises(NotFound):
            await heard(here, name)
