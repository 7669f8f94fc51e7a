"""The independent verifier: what it finds by name and place, what is no fault, and that no file can make it fall."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import msgpack  # type: ignore[import-untyped]
import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as some
from trio.testing import MockClock

from engine.decisions.origins import BeginOrigin
from engine.eventlog.checkpoint import SIGNATURE, Head, Line, Note, Verifier
from engine.eventlog.entry import Principal, stored
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.tree import Tree
from replay import verifier
from replay.segments.shipping import Shipment
from replay.segments.source import SegmentWriter
from replay.verifier import LogCheck, Wrong, verify
from tests.engine.living import CLERK, living, patient
from tests.golden import story
from tests.replay.shipped_logs import (
    NAME,
    SIGNER,
    STRANGER,
    WITNESS_KEY,
    Log,
    checked,
    file_of,
    found,
    frames_of,
    notes_of,
    put_together,
    records_of,
    sealing,
    signed_anew,
    size_of,
    written,
)

SYSTEM = Principal("engine", "system")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """Some entries in several files, two checkpoints, one of them witnessed."""
    folder = tmp_path_factory.mktemp("written")
    [made] = trio.run(written, Random(8), ["main"], folder, clock=MockClock(autojump_threshold=0))
    assert len(records_of(made)) > 10
    assert len(made.files) > 1
    return made


def first_found(folder: Path, log: Log, files: dict[str, bytes]) -> tuple[str, int]:
    """The kind and the position of the first finding."""
    finding = next(finding for check in checked(folder, log, files) for finding in check.findings)
    return finding.kind, finding.position


def with_entry(log: Log, at: int, **changed: Any) -> dict[str, bytes]:
    """One entry says something else, with the hash that belongs to that."""
    records = records_of(log)
    entry = msgpack.unpackb(records[at - 1][32:])
    entry[0].update(changed)
    records[at - 1] = stored(msgpack.packb(entry))
    return put_together(log, records, notes_of(log))


# -- what the specifications publish --------------------------------------------------------------------------

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def test_the_roots_are_those_that_certificate_transparency_publishes():
    leaves = [sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in LEAVES]
    assert tuple(verifier.root_of(verifier.grown([], 0, leaves[:size])).hex() for size in range(9)) == ROOTS
    grown = verifier.grown(verifier.grown([], 0, leaves[:3]), 3, leaves[3:])
    assert verifier.root_of(grown).hex() == ROOTS[8]


def test_the_signed_note_that_c2sp_publishes_holds_and_not_with_another_text():
    key = verifier.read_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = verifier.decoded(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    note = verifier.Note(text, "PeterNeumann", 0, b"", [("PeterNeumann", signature[:4], signature[4:])])
    assert verifier.witnesses_of(note, [key], []) == 0
    with pytest.raises(Wrong, match="does not hold"):
        verifier.witnesses_of(note._replace(text=text + b"\n"), [key], [])
    go = verifier.read_key("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    assert (go.name, go.id.hex()) == ("sum.golang.org", "033de0ae")


@pytest.mark.parametrize(
    "text", ["", "a", "a+b+c", "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"]
)
def test_what_is_no_key_is_a_wrong_call(text: str):
    with pytest.raises(Wrong, match="no verifier key"):
        verifier.read_key(text)


# -- each finding by its name ---------------------------------------------------------------------------------


def test_a_byte_that_was_altered_in_an_entry_is_found_at_its_position(log: Log, tmp_path: Path):
    name = min(log.files)
    frames = frames_of(log.files[name])
    kind, payload = frames[2]
    assert kind == b"E"
    frames[2] = kind, payload[:-1] + bytes([payload[-1] ^ 1])
    position = int.from_bytes(payload[:8], "big")
    assert first_found(tmp_path, log, {**log.files, name: file_of(frames)}) == ("hash", position)


def test_an_entry_with_a_right_hash_is_found_by_what_it_says(log: Log, tmp_path: Path):
    assert first_found(tmp_path, log, with_entry(log, 5, position=6)) == ("entry", 5)
    assert first_found(tmp_path, log, with_entry(log, 5, hospital="north")) == ("entry", 5)
    assert first_found(tmp_path, log, with_entry(log, 5, changes=7)) == ("entry", 5)
    assert first_found(tmp_path, log, with_entry(log, 5, time=1)) == ("time", 5)
    change = {"actor": "patient:x", "version": 2, "previous": 4, "events": []}
    assert first_found(tmp_path, log, with_entry(log, 5, changes=[change])) == ("version", 5)
    kind, position = first_found(tmp_path, log, with_entry(log, 5, outcome="other"))
    assert (kind, position >= 5) == ("checkpoint", True)


def test_a_missing_entry_is_a_gap_at_the_position_before_it(log: Log, tmp_path: Path):
    name = min(log.files)
    frames = frames_of(log.files[name])
    del frames[2]
    assert first_found(tmp_path, log, {**log.files, name: file_of(frames)}) == ("gap", 1)


def test_another_key_is_found_and_so_is_a_log_that_nobody_signed(log: Log, tmp_path: Path):
    records = records_of(log)
    strange = put_together(log, records, signed_anew(log, records, STRANGER))
    assert set(found(tmp_path, log, strange)) == {"signature", "unsigned", "unwitnessed", "missing"}
    assert "unsigned" in found(tmp_path, log, put_together(log, records, []))


def test_a_fork_a_log_that_was_rolled_back_and_a_lost_witness_are_told_apart(log: Log, tmp_path: Path):
    records = records_of(log)
    forked = [*records[:-1], stored(records[-1][32:].replace(b"desk", b"disk"))]
    assert found(tmp_path, log, put_together(log, forked, signed_anew(log, forked, SIGNER)))[0] == "fork"
    short = records[:-2]
    assert found(tmp_path, log, put_together(log, short, signed_anew(log, short, SIGNER)))[0] == "missing"
    alone = put_together(log, records, signed_anew(log, records, SIGNER))
    assert found(tmp_path, log, alone) == ["unwitnessed"]


def test_a_file_that_is_cut_is_no_fault_of_a_log_that_may_still_be_written(log: Log, tmp_path: Path):
    place = tmp_path / "main"
    name = max(log.files)
    checked(tmp_path, log, {**log.files, name: log.files[name][:-3]})
    [check] = verify([place], [log.key.text()])
    assert ("ends within a frame" in check.cut, check.findings) == (True, [])
    [check] = verify([place], [log.key.text()], complete=True)
    assert check.findings[0].kind == "cut"
    first = min(log.files)
    assert found(tmp_path, log, {**log.files, first: log.files[first][:-3]})[0] == "cut"


def test_entries_that_nothing_signs_yet_are_no_fault_of_a_log_that_grows(log: Log, tmp_path: Path):
    sizes = sorted({size_of(note) for note in notes_of(log)})
    early = [note for note in notes_of(log) if size_of(note) < sizes[-1]]
    checked(tmp_path, log, put_together(log, records_of(log), early))
    [check] = verify([tmp_path / "main"], [log.key.text()])
    assert (check.findings, check.signed, check.size) == ([], sizes[-2], len(records_of(log)))


def test_a_key_signs_for_what_is_below_its_name_and_for_nothing_else(log: Log, tmp_path: Path):
    checked(tmp_path, log)
    for name, kinds in ((NAME, []), (f"{NAME}/ma", ["signature"] * 2), (f"{NAME}/main/x", ["signature"] * 2)):
        [check] = verify([tmp_path / "main"], [Verifier(name, SIGNER.key, SIGNATURE).text()])
        assert [finding.kind for finding in check.findings][:2] == kinds
    with pytest.raises(Wrong, match="lacks signatures"):
        verify([tmp_path / "main"], [log.key.text()], [], 1, [log.witnessed])


def test_a_checkpoint_of_a_log_that_is_not_here_is_missing(log: Log, tmp_path: Path):
    checked(tmp_path, log)
    head = Head(f"{NAME}/north", 3, bytes(32))
    key = Verifier(head.origin, SIGNER.key)
    note = Note(head.text(), (Line(key.name, key.id, SIGNER.now(head.text().encode())),)).bytes()
    [check] = verify([tmp_path / "main"], [Verifier(NAME, SIGNER.key).text()], against=[note])
    assert [finding.kind for finding in check.findings] == ["missing"]


@pytest.mark.parametrize("corpus", sorted(Path(story.__file__).parent.glob("*.msgpack")), ids=lambda path: path.stem)
def test_in_logs_of_every_version_nothing_is_found_but_that_nobody_signed_them(corpus: Path):
    check = LogCheck("main", [])
    for position, record in enumerate(msgspec.msgpack.decode(corpus.read_bytes(), type=story.Corpus).records, 1):
        check.add_entry(position, record)
    check.finish()
    assert [finding.kind for finding in check.findings] == ["unsigned"]


# -- other origins, parts ---------------------------------------------------------------------------------------


async def shipped_with_origin(folder: Path, previous: str, size: int, root: str) -> list[LogCheck]:
    """A log whose origin changes in the middle, shipped, and what the verifier says of it."""
    disk = MemoryDisk()
    async with living(disk, settings=sealing(1_000)) as engine:
        await engine.ask("main", patient(), CLERK)
    kept = disk.checkpoints["main"]
    named = Note.parse(kept[max(kept)]).head()
    begin = BeginOrigin(
        origin=f"{NAME}/main/2", previous=previous or named.origin, size=size or named.size,
        root=root or named.root.hex(), reason="restored",
    )  # fmt: skip
    async with living(disk, settings=sealing(1_000)) as engine:
        await engine.ask("main", begin, SYSTEM)
        await engine.ask("main", patient(), CLERK)
    store = MemoryStore(disk)
    await store.open()
    shipment = Shipment(store, folder)
    await shipment.turn()
    shipment.close()
    return verify([folder], [Verifier(NAME, SIGNER.key).text()], complete=True)


async def test_a_new_origin_is_right_where_the_log_names_the_last_root_of_the_old_one(
    autojump_clock: MockClock, tmp_path: Path
):
    [check] = await shipped_with_origin(tmp_path / "1", "", 0, "")
    assert (check.findings, check.origins) == ([], [f"{NAME}/main", f"{NAME}/main/2"])
    for number, wrong in enumerate([("x", 0, ""), ("", 1, ""), ("", 0, "00" * 32)]):
        [check] = await shipped_with_origin(tmp_path / f"wrong-{number}", *wrong)
        assert [finding.kind for finding in check.findings] == ["origin"]


async def test_what_a_restore_lost_is_told_by_the_log_and_more_than_that_is_missing(
    autojump_clock: MockClock, tmp_path: Path
):
    await shipped_with_origin(tmp_path / "log", "", 50, "ab" * 32)
    key = Verifier(f"{NAME}/main", SIGNER.key)

    def against(size: int, root: bytes) -> LogCheck:
        text = Head(key.name, size, root).text()
        note = Note(text, (Line(key.name, key.id, SIGNER.now(text.encode())),)).bytes()
        [check] = verify([tmp_path / "log"], [Verifier(NAME, SIGNER.key).text()], against=[note])
        return check

    [check] = verify([tmp_path / "log"], [Verifier(NAME, SIGNER.key).text()], complete=True)
    assert (check.findings, "a restore left 2" in check.remarks[0]) == ([], True)
    for size, root in ((50, bytes.fromhex("ab" * 32)), (30, bytes(32))):
        assert [finding.kind for finding in against(size, root).findings] == ["lost"]
    assert [finding.kind for finding in against(51, bytes(32)).findings] == ["missing"]
    assert [finding.kind for finding in against(50, bytes(32)).findings] == ["missing"]
    assert [finding.kind for finding in against(1, bytes(32)).findings] == ["fork"]


def test_a_log_beside_another_has_its_new_origin_told_there():
    begun = verifier.Begun(f"{NAME}/main/2/access", f"{NAME}/main/access", -1, "", 0)
    key = verifier.read_key(Verifier(NAME, SIGNER.key).text())
    for told, kinds in (([begun], []), ([], ["origin"])):
        check, tree = LogCheck("main.access", [key], told=told), Tree()
        for position, origin in ((1, f"{NAME}/main/access"), (2, f"{NAME}/main/2/access")):
            record = stored(msgpack.packb([{"position": position, "hospital": "main", "time": position}, None]))
            tree.extend([record])
            check.add_entry(position, record)
            text, signing = Head(origin, position, tree.root()).text(), Verifier(origin, SIGNER.key)
            line = Line(origin, signing.id, SIGNER.now(text.encode()))
            check.add_checkpoint(Note(text, (line,)).bytes())
        check.finish()
        assert [finding.kind for finding in check.findings] == kinds


def test_a_part_of_a_log_is_verified_by_the_tree_that_its_header_begins_with(log: Log, tmp_path: Path):
    records = records_of(log)
    before = Tree()
    before.extend(records[:6])
    writer = SegmentWriter(tmp_path / "part", "main", tree=before)
    for position, record in enumerate(records[6:], 7):
        writer.entry(position, record)
    writer.checkpoint(log.witnessed)
    writer.flush()
    writer.close()
    [check] = verify([tmp_path / "part"], [log.key.text()], part=True, against=[log.witnessed])
    assert (check.findings, check.first, check.size) == ([], 7, len(records))
    [check] = verify([tmp_path / "part"], [log.key.text()])
    assert check.findings[0].kind == "gap"


# -- by itself --------------------------------------------------------------------------------------------------


def test_it_runs_alone_without_anything_of_the_project(log: Log, tmp_path: Path):
    checked(tmp_path, log)
    (tmp_path / "witnessed").write_bytes(log.witnessed)
    alone = tmp_path / "alone.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    call = [sys.executable, "-I", str(alone), str(tmp_path / "main"), "--key", log.key.text(), "--json"]
    call += ["--witness", WITNESS_KEY.text(), "--witnesses-needed", "1", "--checkpoint", str(tmp_path / "witnessed")]
    ran = subprocess.run(call, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ran.returncode, json.loads(ran.stdout)["sound"], ran.stderr) == (0, True, "")


def test_its_exit_codes_tell_sound_from_altered_from_a_wrong_call(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    checked(tmp_path, log)
    place = str(tmp_path / "main")
    assert verifier.main([place, "--key", log.key.text()]) == 0
    assert "sound" in capsys.readouterr().out
    assert verifier.main([place, "--key", Verifier("x", STRANGER.key).text()]) == 1
    assert "FOUND signature at" in capsys.readouterr().out
    for wrong in ([place, "--key", "x"], [str(tmp_path / "none"), "--key", log.key.text()]):
        assert verifier.main(wrong) == 2
    (tmp_path / "empty").mkdir()
    assert verifier.main([str(tmp_path / "empty"), "--key", log.key.text()]) == 2
    assert "no segments" in capsys.readouterr().err


def test_it_imports_nothing_but_the_standard_library_msgpack_and_ed25519():
    names = set[str]()
    for node in ast.walk(ast.parse(Path(verifier.__file__).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    assert names - sys.stdlib_module_names == {"msgpack", "cryptography"}


# -- whatever the bytes -----------------------------------------------------------------------------------------

WORDS = "position hospital time changes actor version previous events origin:self origin size root main".split()
odd = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**63), 2**64 - 1) | some.floats() | some.binary(max_size=4)
    | some.sampled_from(WORDS),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.sampled_from(WORDS), inner, max_size=8),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=60)
@given(some.lists(odd | some.lists(odd, min_size=2, max_size=2), min_size=1, max_size=3))
def test_no_entry_makes_it_fall(values: list[Any]):
    check = LogCheck("main", [])
    for position, value in enumerate(values, 1):
        check.add_entry(position, stored(msgpack.packb(value)))
    check.finish()
    assert check.findings


@settings(max_examples=60)
@given(some.binary(max_size=200) | odd.map(msgpack.packb), some.booleans())
def test_no_header_and_no_note_makes_it_fall(data: bytes, part: bool):
    check = LogCheck("main", [], part=part)
    with pytest.raises(Wrong):
        check.add_header(data)
    check.add_checkpoint(data)
    check.finish()
    assert check.findings


def test_an_entry_of_nested_arrays_takes_no_memory():
    check = LogCheck("main", [])
    check.add_entry(1, stored(b"\xdd\x00\x03\xff\xff" * 100_000))
    assert check.findings[0].kind == "entry"


def test_a_note_with_a_key_that_is_no_point_of_the_curve_is_refused():
    key = Verifier("x", b"\xff" * 32)
    note = Note(Head("x", 0, sha256(b"").digest()).text(), (Line("x", key.id, bytes(64)),)).bytes()
    check = LogCheck("main", [verifier.read_key(key.text())])
    check.add_checkpoint(note)
    assert check.findings[0].kind == "signature"


def test_files_that_cannot_be_read_are_findings(log: Log, tmp_path: Path):
    place = tmp_path / "logs" / "main"
    (place / "000000000001.segment").mkdir(parents=True)
    [check] = verify([place.parent], [log.key.text()])
    assert [finding.kind for finding in check.findings] == ["file"]
