"""``matron-replay export``: each form, what it says of people, and a manifest that proves what the files are."""

from __future__ import annotations

import csv
import json
import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.clock import SystemClock
from engine.decider import Contact, PersonName
from engine.decisions.erase_patient import ErasePatient, ErasureReason
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import RegisterPatient, UpdatePatient
from engine.errors import Rejected
from engine.eventlog.checkpoint import LocalSigner, Note, Verifier
from engine.eventlog.entry import Principal
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.tree import consistent, included
from engine.notary import CheckpointSettings, Seal
from engine.runtime import EngineSettings, open_engine
from engine.views.people import GetPatient
from replay.__main__ import main
from replay.exporting.manifest import signed_text
from tests.engine.living import read

SECRET = bytes(range(32))
DESK = Principal("desk", "clerk", "192.0.2.7", "r-1")
KNOWN, GONE = "Jane Known", "Zebulon Quixworth"


async def grow(data: Path) -> dict[str, str]:
    """A log of a hospital with people, one of whom is erased, and somebody who looked."""
    store = LmdbStore(data, allow_any_filesystem=True, master_key=data / "master.key")
    seal = Seal("matron.example", LocalSigner(SECRET), CheckpointSettings(seconds=1000, entries=4))
    ids = {}
    async with open_engine(store, clock=SystemClock(), settings=EngineSettings(seal=seal)) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), DESK)
        for name in (KNOWN, GONE):
            new = RegisterPatient(name=PersonName(name), phone=Contact("=1+2"))
            ids[name] = str(read(await engine.ask("main", new, DESK))["id"])
        await engine.view("main", GetPatient(patient_id=ids[KNOWN]), DESK, purpose="TREAT")
        await engine.ask("main", ErasePatient(patient_id=ids[GONE], reason=ErasureReason("asked for")), DESK)
        with pytest.raises(Rejected):
            await engine.ask("main", UpdatePatient(patient_id=ids[GONE], phone=None), DESK)
        await engine.ask("main", UpdatePatient(patient_id=ids[KNOWN], phone=Contact("+2")), DESK)
    return ids


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    data = tmp_path_factory.mktemp("export") / "data"
    return data, trio.run(grow, data)


def export(data: Path, to: Path, form: str, *more: str) -> Result:
    return CliRunner().invoke(main, ["export", "--data", str(data), "--to", str(to), "--format", form, *more])


def exported(data: Path, to: Path, form: str, *more: str) -> dict[str, Any]:
    ran = export(data, to, form, *more, "--json")
    assert ran.exit_code == 0, ran.output
    said: dict[str, Any] = json.loads((to / "manifest.json").read_text())
    assert json.loads(ran.stdout) == said
    for file in said["files"]:
        content = (to / file["name"]).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    assert sorted(path.name for path in to.iterdir() if path.is_file() and "manifest" not in path.name) == (
        [file["name"] for file in said["files"]] if form != "segments" else []
    )
    return said


def text_of(folder: Path) -> str:
    return "".join(path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file())


def signing_key(path: Path) -> Path:
    private = Ed25519PrivateKey.from_private_bytes(SECRET)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def test_json_lines_have_every_entry_with_its_events(log: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    data, ids = log
    said = exported(data, tmp_path / "to", "jsonl")
    entries = [json.loads(line) for line in (tmp_path / "to" / "entries.jsonl").read_text().splitlines()]
    assert [entry["position"] for entry in entries] == list(range(1, said["entries"]["count"] + 1))
    assert [entry["name"] for entry in entries[:3]] == ["AddHospital", "RegisterPatient", "RegisterPatient"]
    registered = {entry["changes"][0]["events"][0]["id"]: entry["changes"][0]["events"][0] for entry in entries[1:3]}
    assert registered[ids[KNOWN]]["name"] == {"sealed": True}
    assert registered[ids[GONE]]["name"] == {"erased": True}
    assert entries[1]["who"] == {"name": "desk", "role": "clerk", "source": "192.0.2.7", "request_id": "r-1"}
    [refused] = [entry for entry in entries if "refusal" in entry]
    assert refused["refusal"]["code"] == "patient_erased"
    assert KNOWN not in text_of(tmp_path / "to")


def test_texts_are_opened_only_when_that_is_asked_and_never_those_of_the_erased(
    log: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    data, _ = log
    for form in ("jsonl", "csv"):
        said = exported(data, tmp_path / form, form, "--open")
        assert said["texts"] == "opened"
        assert KNOWN in text_of(tmp_path / form)
        assert GONE not in text_of(tmp_path / form)
        assert "asked for" in text_of(tmp_path / form)


def test_without_the_keys_nothing_can_be_opened(log: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    data, _ = log
    master = data / "master.key"
    moved = master.rename(tmp_path / "elsewhere")
    try:
        ran = export(data, tmp_path / "to", "jsonl", "--open")
        assert (ran.exit_code, "--master-key" in ran.output) == (2, True)
        exported(data, tmp_path / "to", "jsonl", "--open", "--master-key", str(moved))
    finally:
        moved.rename(master)


def test_csv_has_a_line_for_each_event(log: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    data, ids = log
    exported(data, tmp_path / "to", "csv")
    with (tmp_path / "to" / "events.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    erased = next(row for row in rows if row["event"] == "PatientErased")
    assert (erased["actor"], erased["version"], erased["by"], erased["name"]) == (
        *(f"patient:{ids[GONE]}", "2", "desk", "ErasePatient"),
    )
    assert json.loads(erased["data"])["id"] == ids[GONE]
    assert [row["refusal"] for row in rows if row["refusal"]] == ["patient_erased"]
    assert [row["event"] for row in rows if row["refusal"]] == [""]


def test_parquet_has_the_same_lines_with_types(log: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    import duckdb

    data, _ = log
    exported(data, tmp_path / "csv", "csv")
    exported(data, tmp_path / "to", "parquet")
    with (tmp_path / "csv" / "events.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with duckdb.connect() as base:
        found = base.execute(
            "SELECT position, name, event, data, epoch_us(time) FROM read_parquet(?) ORDER BY position",
            [str(tmp_path / "to" / "events.parquet")],
        ).fetchall()
    assert [(row["position"], row["name"], row["event"] or None, row["data"] or None) for row in rows] == [
        (str(position), name, event, told) for position, name, event, told, _ in found
    ]
    assert all(isinstance(time, int) and time > 10**15 for *_, time in found)


def test_parquet_without_its_library_names_the_extra(
    log: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    ran = export(log[0], tmp_path / "to", "parquet")
    assert (ran.exit_code, "matron[export]" in ran.output) == (2, True)
    assert not (tmp_path / "to").exists()


CODES = {"C", "R", "U", "D", "E"}


def assert_audit_event(event: dict[str, Any]) -> None:
    """What FHIR R4 demands of the resource: elements with a minimum of 1, their types, and its one invariant."""

    def coding(value: Any) -> None:
        assert {"system", "code"} <= value.keys() <= {"system", "code", "display"}
        assert all(isinstance(item, str) and item for item in value.values())

    assert event["resourceType"] == "AuditEvent"
    coding(event["type"])
    assert event["recorded"].endswith("Z")
    assert event.get("action", "E") in CODES
    assert event.get("outcome", "0") in {"0", "4", "8", "12"}
    assert event["agent"]
    for agent in event["agent"]:
        assert isinstance(agent["requestor"], bool)
        if "network" in agent:
            assert agent["network"]["type"] in {"1", "2", "3", "4", "5"}
    assert event["source"]["observer"].keys() & {"reference", "identifier", "display"}
    for entity in event.get("entity", ()):
        assert not {"name", "query"} <= entity.keys()  # sev-1
        coding(entity["type"])
        for detail in entity.get("detail", ()):
            assert detail.keys() == {"type", "valueString"}
    for purpose in event.get("purposeOfEvent", ()):
        coding(purpose["coding"][0])


def events_in(folder: Path) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in (folder / "audit.ndjson").read_text().splitlines()]
    for event in events:
        assert_audit_event(event)
    return events


def patients_in(event: dict[str, Any]) -> list[str]:
    named = (entity["what"].get("reference", "") for entity in event["entity"])
    return [name.removeprefix("Patient/") for name in named if name]


def test_audit_events_are_what_fhir_demands_and_name_the_patients(
    log: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    data, ids = log
    assert exported(data, tmp_path / "to", "fhir")["texts"] == "none"
    events = events_in(tmp_path / "to")
    told = [(event["subtype"][0]["code"], event["action"], event["outcome"], patients_in(event)) for event in events]
    assert told == [
        ("AddHospital", "C", "0", []),
        ("RegisterPatient", "C", "0", [ids[KNOWN]]),
        ("RegisterPatient", "C", "0", [ids[GONE]]),
        ("ErasePatient", "D", "0", [ids[GONE]]),
        ("UpdatePatient", "E", "4", [ids[GONE]]),
        ("UpdatePatient", "U", "0", [ids[KNOWN]]),
    ]
    assert events[1]["agent"][0]["network"]["address"] == "192.0.2.7"
    assert events[4]["outcomeDesc"].startswith("patient_erased")


def test_who_looked_at_whom_is_exported_too(log: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    data, ids = log
    exported(data, tmp_path / "to", "fhir", "--access")
    [look] = events_in(tmp_path / "to")
    assert (look["action"], look["subtype"][0]["code"], patients_in(look)) == ("R", "GetPatient", [ids[KNOWN]])
    assert look["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"


@pytest.mark.parametrize("stretch", [("1", None), ("2", "4"), ("5", "5"), ("6", "6")])
def test_the_manifest_proves_its_stretch_by_the_newest_checkpoint(
    log: tuple[Path, dict[str, str]], tmp_path: Path, stretch: tuple[str, str | None]
) -> None:
    data, _ = log
    begin, until = stretch
    said = exported(data, tmp_path / "to", "jsonl", "--from", begin, *(["--until", until] if until else []))
    entries = [json.loads(line) for line in (tmp_path / "to" / "entries.jsonl").read_text().splitlines()]
    proof: dict[str, Any] = {name: [b64decode(one) for one in value] if isinstance(value, list) else value
             for name, value in said["proof"].items()}  # fmt: skip
    note = Note.parse(proof["checkpoint"].encode())
    head = note.head()
    assert note.signed_by(Verifier("matron.example/main", LocalSigner(SECRET).key))
    first, last = said["entries"]["first"], said["entries"]["last"]
    assert (first, last, said["entries"]["count"]) == (entries[0]["position"], entries[-1]["position"], len(entries))
    root = b64decode(proof["root"])
    assert proof["size"] == last <= head.size
    assert consistent(last, root, head.size, head.root, proof["consistency"])
    for which, entry in (("first", entries[0]), ("last", entries[-1])):
        leaf = bytes.fromhex(entry["leaf_hash"])
        assert b64decode(proof[f"{which}_leaf"]) == leaf
        assert included(leaf, entry["position"] - 1, head.size, head.root, proof[f"{which}_inclusion"])


def test_with_the_logs_key_the_manifest_is_signed_under_the_logs_name(
    log: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    key = signing_key(tmp_path / "signing.pem")
    said = exported(log[0], tmp_path / "to", "csv", "--signing-key", str(key))
    assert said["signed"] is True
    note = Note.parse((tmp_path / "to" / "manifest.note").read_bytes())
    assert note.signed_by(Verifier("matron.example/main", LocalSigner(SECRET).key))
    assert note.text == signed_text((tmp_path / "to" / "manifest.json").read_bytes())
    with pytest.raises(Rejected):
        note.head()  # it can never pass for a checkpoint


def test_segments_are_a_log_again(log: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    said = exported(log[0], tmp_path / "to", "segments")
    exported(log[0], tmp_path / "lines", "jsonl")
    exported(tmp_path / "to", tmp_path / "again", "jsonl")
    first, second = (tmp_path / name / "entries.jsonl" for name in ("lines", "again"))
    assert first.read_bytes() == second.read_bytes()
    assert (said["texts"], GONE in text_of(tmp_path / "to")) == ("sealed", False)
    part = exported(log[0], tmp_path / "part", "segments", "--from", "3", "--until", "5")
    assert part["files"][0]["name"] == "main/000000000003.segment"


def test_an_export_never_mixes_with_another(log: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    exported(log[0], tmp_path / "to", "csv")
    ran = export(log[0], tmp_path / "to", "jsonl")
    assert (ran.exit_code, "holds an export already" in ran.output) == (2, True)
    ran = export(log[0], tmp_path / "none", "jsonl", "--from", "5", "--until", "4")
    assert ran.exit_code == 2
