"""``log``, ``state``, ``diff`` and ``history`` on a data folder: what they choose, what they show, how they end."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from engine.decisions.erase_patient import ErasePatient, ErasureReason
from tests.golden.story import Story
from tests.replay.kept_log import alter, answer, fresh, rows, told, write


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that is only read."""
    return fresh(tmp_path_factory.mktemp("kept") / "data")


@pytest.fixture(scope="module")
def entries(kept: Path) -> list[Any]:
    """All its entries."""
    return rows(kept, "log")


def events(entry: Any) -> list[Any]:
    """The events of an entry."""
    return [event for change in entry.get("changes", ()) for event in change["events"]]


def first(entries: list[Any], kind: str) -> Any:
    """The first entry with an event of this kind, and that event."""
    return next((entry, event) for entry in entries for event in events(entry) if event["type"] == kind)


def test_every_entry_is_printed_in_order_with_its_texts(entries: list[Any]):
    assert [entry["position"] for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[0]["name"] == "AddHospital"
    registered = [event["name"] for entry in entries for event in events(entry) if event["type"] == "PatientRegistered"]
    assert set(registered) == {"Asha Rao"}
    assert entries[-1]["refusal"]["code"] == "invalid_transition"


def test_entries_are_chosen_by_what_they_are(kept: Path, entries: list[Any]):
    _, booked = first(entries, "TokenBooked")
    slot = next(
        change["actor"] for entry in entries for change in entry.get("changes", ()) if booked in change["events"]
    )

    def positions(*arguments: str) -> list[int]:
        return [entry["position"] for entry in rows(kept, "log", *arguments)]

    every = [entry["position"] for entry in entries]
    assert positions("--from", "5", "--to", "7") == [5, 6, 7]
    assert positions("--from", entries[4]["time"], "--to", entries[6]["time"]) == [5, 6, 7]
    assert positions("--limit", "3") == [1, 2, 3]
    assert positions("--refused") == [every[-1]]
    assert positions("--principal", "desk") == every
    assert positions("--principal", "nobody") == []
    assert positions("--type", "BookToken") == [one["position"] for one in entries if one["name"] == "BookToken"]
    booked_at = [one["position"] for one in entries if any(event["type"] == "TokenBooked" for event in events(one))]
    assert positions("--type", "TokenBooked") == booked_at
    there = [one["position"] for one in entries if any(change["actor"] == slot for change in one.get("changes", ()))]
    assert positions("--actor", slot) == there
    assert set(there) < set(positions("--actor", "slot"))
    named = [one["position"] for one in entries if booked["patient_id"] in str(one)]
    assert positions("--patient", booked["patient_id"]) == named


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("log", "--from", "tomorrow"), "names no moment"),
        (("log", "--from", "99999"), "ends at position"),
        (("log", "--patient", "Asha"), "no id of a patient"),
        (("log", "--hospital", "elsewhere"), "there is one of: main"),
        (("log", "--follow", "--to", "5"), "--follow"),
        (("state", "slott:1"), "no key"),
        (("state", "slot:1"), "has no events"),
        (("diff",), "from which moment"),
        (("diff", "9", "3"), "turn them round"),
        (("history", "01a0e707-30ff-709f-85bb-a11a12c3e8cf"), "Nothing in the log"),
    ],
)
def test_a_call_that_makes_no_sense_ends_with_2_and_says_what_to_do(kept: Path, arguments: tuple[str, ...], said: str):
    result = told(kept, *arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_whoever_has_seen_enough_of_it_may_close_the_pipe(kept: Path):
    command = f"{sys.executable} -m replay log --data {kept} | head -1"
    shown = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert ("AddHospital" in shown.stdout, shown.stderr) == (True, "")


def test_a_state_is_as_it_was_at_each_moment(kept: Path, entries: list[Any]):
    entry, booked = first(entries, "TokenBooked")
    key = next(change["actor"] for change in entry["changes"] if booked in change["events"])
    at = entry["position"]
    before = answer(kept, "state", key, "--at", str(at - 1))
    after = answer(kept, "state", key, "--at", entry["time"])
    assert before["state"].get("tokens", []) == []
    assert [token["id"] for token in after["state"]["tokens"]] == [booked["token_id"]]
    assert (after["version"], after["changed_at_position"]) == (before["version"] + 1, at)
    assert "tokens:" in told(kept, "state", key).stdout


def test_a_difference_names_what_changed_in_whom(kept: Path, entries: list[Any]):
    entry, booked = first(entries, "TokenBooked")
    at = entry["position"]
    key = next(change["actor"] for change in entry["changes"] if booked in change["events"])
    changed = answer(kept, "diff", str(at - 1), str(at), code=1)["changed"]
    assert [one["key"] for one in changed] == sorted(change["actor"] for change in entry["changes"])
    (one,) = answer(kept, "diff", str(at - 1), str(at), "--key", key, code=1)["changed"]
    places = {there["at"]: there["after"] for there in one["differences"]}
    assert places["slot.regular"] == 1
    assert answer(kept, "diff", str(at), str(at))["changed"] == []


def test_two_logs_are_the_same_until_one_was_altered(kept: Path, tmp_path: Path):
    copy = Path(shutil.copytree(kept, tmp_path / "copy"))
    trio.run(write, copy, lambda desk: desk.doctor("Surgery"))
    compared = answer(kept, "diff", "--other", str(copy))
    assert (compared["same"], compared["other_head"]) == (True, compared["head"] + 1)
    alter(copy, b"entries/main", lambda key, value: value.replace(b"Dermatology", b"dermatology"))
    compared = answer(kept, "diff", "--other", str(copy), code=1)
    assert rows(kept, "log", "--from", str(compared["differs_at"]), "--limit", "1")[0]["name"] == "AddDoctor"


def test_a_history_tells_of_tickets_too_and_why(kept: Path, entries: list[Any]):
    _, joined = next((one, event) for one in entries for event in events(one)
                     if event["type"] == "TicketCalled" and event.get("reason"))  # fmt: skip
    patient = next(
        event["ticket"]["patient_id"] for one in entries for event in events(one)
        if event["type"] == "TicketJoined" and event["ticket"]["id"] == joined["ticket_id"]
    )  # fmt: skip
    history = answer(kept, "history", patient)["entries"]
    kinds = [one["event"]["type"] for entry in history for one in entry["events"]]
    assert kinds[:2] == ["PatientRegistered", "TicketJoined"]
    assert {"TicketCalled", "TicketEnded", "TicketFiled"} < set(kinds)
    assert "is in pain" in told(kept, "history", patient).stdout


def test_a_history_has_what_was_cancelled_and_what_was_refused(kept: Path, entries: list[Any]):
    refused = entries[-1]
    patient = next(event["patient_id"] for one in entries for event in events(one)
                   if event.get("token_id") == refused["command"]["token_id"] and "patient_id" in event)  # fmt: skip
    history = answer(kept, "history", patient)["entries"]
    assert [entry["name"] for entry in history] == ["RegisterPatient", "BookToken", "CancelToken", "CancelToken"]
    assert history[-1]["refusal"]["code"] == "invalid_transition"


def test_without_the_keys_texts_stay_sealed(kept: Path, tmp_path: Path):
    copy = Path(shutil.copytree(kept, tmp_path / "copy", ignore=lambda *_: ["keys"]))
    _, registered = first(rows(copy, "log"), "PatientRegistered")
    assert registered["name"] == {"sealed": True}
    assert "name=sealed" in told(copy, "log", "--type", "PatientRegistered").stdout


def test_of_a_patient_who_was_erased_the_tool_says_so(kept: Path, tmp_path: Path):
    copy = Path(shutil.copytree(kept, tmp_path / "copy"))
    gone: list[str] = []

    async def erase(desk: Story) -> None:
        gone.append(await desk.patient("Asha Rao"))
        await desk.say(ErasePatient(patient_id=gone[0], reason=ErasureReason("asked for it")))

    trio.run(write, copy, erase)
    assert "Asha Rao" not in told(copy, "history", gone[0]).stdout
    shown = rows(copy, "log", "--patient", gone[0])
    assert first(shown, "PatientRegistered")[1]["name"] == {"erased": True}
    assert "name=erased" in told(copy, "log", "--patient", gone[0]).stdout
    assert first(rows(copy, "log"), "PatientRegistered")[1]["name"] == "Asha Rao"
    shutil.rmtree(copy / "keys")
    assert first(rows(copy, "log", "--patient", gone[0]), "PatientRegistered")[1]["name"] == {"erased": True}
    assert first(rows(copy, "log"), "PatientRegistered")[1]["name"] == {"sealed": True}
    assert answer(copy, "integrity")["sound"]
    assert answer(copy, "verify")["sound"]


def test_a_damaged_entry_ends_it_with_1(kept: Path, tmp_path: Path):
    copy = Path(shutil.copytree(kept, tmp_path / "copy"))
    alter(copy, b"entries/main", lambda key, value: value.replace(b"AddHospital", b"AddHospitaL"))
    result = told(copy, "log")
    assert (result.exit_code, "matron-replay verify" in result.output) == (1, True)
