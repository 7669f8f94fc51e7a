"""``matron-replay verify`` on a data folder: sound as it was written, and each alteration told with its position."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import trio

from engine.eventlog.checkpoint import LocalSigner, Verifier
from engine.eventlog.lmdb_reader import LmdbReader
from tests.golden.story import Story
from tests.replay.kept_log import KEY, NAME, alter, answer, fresh, told

STRANGER = Verifier(f"{NAME}/main", LocalSigner(bytes(32)).key).text()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that is only read."""
    return fresh(tmp_path_factory.mktemp("kept") / "data")


@pytest.fixture
def data(kept: Path, tmp_path: Path) -> Path:
    """The same, to be altered."""
    return Path(shutil.copytree(kept, tmp_path / "data"))


def notes(data: Path) -> list[bytes]:
    """All checkpoints of the log."""

    async def read() -> list[bytes]:
        async with LmdbReader(data) as reader:
            return [kept.note for kept in await reader.checkpoints("main", 0, 1_000)]

    return trio.run(read)


def found(data: Path, *arguments: str) -> list[tuple[str, int]]:
    """Kinds and positions of what is found; the tool says so with its code."""
    logs = answer(data, "verify", *arguments, code=1)["logs"]
    return [(one["kind"], one["position"]) for log in logs for one in log["findings"]]


def test_a_log_as_it_was_written_is_sound(kept: Path):
    (log,) = answer(kept, "verify", "--key", KEY, "--complete")["logs"]
    assert log["entries"] == log["signed"] > 40
    assert (log["checkpoints"] >= 2, log["origins"], log["sound"]) == (True, [f"{NAME}/main"], True)


def test_without_a_key_the_one_beside_the_log_is_taken_and_said_to_prove_less(kept: Path):
    result = told(kept, "verify")
    assert result.exit_code == 0, result.output
    assert "not whose it is" in result.output


def test_every_checkpoint_of_before_is_in_the_log(kept: Path, tmp_path: Path):
    for note in notes(kept):
        (tmp_path / "note").write_bytes(note)
        assert answer(kept, "verify", "--key", KEY, "--against", str(tmp_path / "note"))["sound"]


def test_another_key_has_not_signed_it(kept: Path):
    assert {kind for kind, _ in found(kept, "--key", STRANGER)} == {"signature", "unsigned"}


def test_a_log_that_lost_its_end_lacks_what_was_signed(kept: Path, tmp_path: Path):
    (tmp_path / "note").write_bytes(notes(kept)[-1])
    shorter = fresh(tmp_path / "shorter", more=lambda desk: desk.doctor("Dermatology"))
    kinds = {kind for kind, _ in found(shorter, "--key", KEY, "--against", str(tmp_path / "note"))}
    assert kinds == {"missing"}


def test_a_flipped_byte_is_found_at_its_position(data: Path):
    def flip(key: bytes, value: bytes) -> bytes:
        place = value.find(b"Cardiology")
        return value if place < 0 else value[:place] + b"c" + value[place + 1 :]

    alter(data, b"entries/main", flip)
    assert found(data, "--key", KEY)[0] == ("hash", 2)
    assert told(data, "verify", "--key", KEY).exit_code == 1


def test_an_entry_that_is_missing_is_found(data: Path):
    seen: list[bytes] = []

    def second_left_out(key: bytes, value: bytes) -> bytes | None:
        seen.append(key)
        return None if len(seen) == 2 else value

    alter(data, b"entries/main", second_left_out)
    assert "gap" in {kind for kind, _ in found(data, "--key", KEY)}


def test_a_checkpoint_that_says_something_else_is_found(data: Path):
    alter(data, b"checkpoints", lambda key, note: note.replace(b"hospital.example", b"hospital.examqle", 1))
    assert {kind for kind, _ in found(data, "--key", KEY)} >= {"signature"}


def test_a_stored_edge_of_the_tree_that_the_entries_do_not_give_is_found(data: Path):
    alter(data, b"tree", lambda key, value: value[:-1] + bytes([value[-1] ^ 1]))
    assert {kind for kind, _ in found(data, "--key", KEY)} == {"node"}


async def rush(desk: Story) -> None:
    """More entries than one stored node of the tree covers."""
    async with trio.open_nursery() as nursery:
        for _ in range(300):
            nursery.start_soon(desk.patient)


def test_a_stored_node_of_the_tree_that_its_leaves_do_not_give_is_found(tmp_path: Path):
    data = fresh(tmp_path / "data", more=rush)
    (log,) = answer(data, "verify", "--key", KEY)["logs"]
    assert (log["nodes"], log["sound"]) == (1, True)
    alter(data, b"tree", lambda key, value: value if len(value) > 32 else bytes(32))
    assert found(data, "--key", KEY) == [("node", 1)]
    alter(data, b"tree", lambda key, value: value if len(value) > 32 else None)
    assert found(data, "--key", KEY) == [("node", 1)]


def test_signatures_need_not_be_asked_for(kept: Path, tmp_path: Path):
    bare = Path(shutil.copytree(kept, tmp_path / "bare", ignore=lambda *_: ["signing.key.pub"]))
    result = told(bare, "verify")
    assert (result.exit_code, "--unsigned" in result.output) == (2, True)
    assert answer(bare, "verify", "--unsigned")["sound"]


def test_what_is_given_to_verify_with_must_be_what_it_should_be(kept: Path, tmp_path: Path):
    (tmp_path / "note").write_bytes(b"nothing of the kind")
    for arguments in (("--against", str(tmp_path / "note")), ("--key", "no key"), ("--witness", "none")):
        result = told(kept, "verify", *(() if "--key" in arguments else ("--key", KEY)), *arguments)
        assert (result.exit_code, result.stdout) == (2, ""), arguments


def test_a_folder_without_a_log_is_a_wrong_call(tmp_path: Path):
    result = told(tmp_path, "verify")
    assert (result.exit_code, "There is no log in" in result.output) == (2, True)


def test_shipped_segments_are_verified_by_the_same_rules(kept: Path, tmp_path: Path):
    assert told(kept, "ship", "--to", str(tmp_path / "shipped")).exit_code == 0
    (log,) = answer(tmp_path / "shipped", "verify", "--key", KEY)["logs"]
    (own,) = answer(kept, "verify", "--key", KEY)["logs"]
    assert (log["root"], log["signed"]) == (own["root"], own["signed"])
    (audited,) = answer(tmp_path / "shipped", "integrity")["hospitals"]
    assert audited["sound"]
