"""Witnesses are asked for each new checkpoint; what they say is kept, refused, or cried out."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
import trio

from engine import notary
from engine.decisions.hospital import AddHospital
from engine.eventlog.checkpoint import LocalSigner, Note, Verifier, cosigned
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from gateway.audit import cosigning
from gateway.audit.cosigning import Cosigning
from tests.engine.living import CLERK, patient
from tests.gateway.audit.witnessed import (
    BASE,
    OWNER,
    WITNESS,
    WITNESS_KEY,
    Said,
    Scripted,
    cosigned_log,
    listening,
    newest,
    real_witness,
    until,
)
from tests.gateway.notices.certificates import certify

LOG = Verifier(f"{BASE}/main", OWNER.key)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosigning, "LOOK", 0.03)
    monkeypatch.setattr(notary, "_LOOK", 0.02)


async def begin(engine: Engine, patients: int = 3) -> None:
    await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), CLERK)
    await register(engine, patients)


async def register(engine: Engine, patients: int = 3) -> None:
    for _ in range(patients):
        await engine.ask("main", patient(), CLERK)


def is_cosigned(disk: MemoryDisk, size: int, by: Verifier = WITNESS) -> bool:
    """Whether the newest checkpoint is of this size, and bears a cosignature that holds."""
    if size not in disk.checkpoints.get("main", {}):
        return False
    note = newest(disk)
    return note.head().size == size and note.signed_by(by)


def failure(found: Cosigning) -> str:
    """What the first witness failed with, of hospital ``main``."""
    [one, *_] = found.witnesses
    return one.logs["main"].failure if "main" in one.logs else ""


def alarm(found: Cosigning) -> str:
    """What the first witness says against the log."""
    return found.witnesses[0].logs["main"].alarm


async def test_the_log_keeps_cosigned_checkpoints_as_it_grows_and_over_starts(tmp_path: Path):
    disk = MemoryDisk()
    async with listening(real_witness(tmp_path)) as url:
        async with cosigned_log(disk, url) as (engine, found):
            await begin(engine)
            await until(lambda: is_cosigned(disk, 4))
            await register(engine, 5)
            await until(lambda: is_cosigned(disk, 9))
            await until(lambda: found.witnesses[0].document("main")["logs"]["main"]["size"] == 9)
        async with cosigned_log(disk, url) as (engine, _):
            await register(engine, 300)
            await until(lambda: is_cosigned(disk, 309))
    note = newest(disk)
    assert note.signed_by(LOG)
    assert len(note.lines) == 2


async def test_a_witness_that_is_away_holds_nothing_up_and_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    disk = MemoryDisk()
    async with listening(real_witness(tmp_path)) as url:
        pass
    async with cosigned_log(disk, url) as (engine, found):
        await begin(engine)
        await until(lambda: failure(found) == "connection_failed")
        assert newest(disk).signed_by(LOG)
        async with listening(real_witness(tmp_path), url.removeprefix("http://")):
            await until(lambda: is_cosigned(disk, 4))
            assert not failure(found)
        await register(engine)
        await until(lambda: failure(found) == "connection_failed")
    assert "does not cosign main: connection_failed" in caplog.text
    assert "cosigns main again" in caplog.text


async def test_a_slow_witness_does_not_hold_up_another(tmp_path: Path):
    async def sleep(question: bytes) -> Said:
        await trio.sleep_forever()
        raise AssertionError

    disk = MemoryDisk()
    async with (
        listening(real_witness(tmp_path)) as url,
        listening(Scripted(sleep)) as slow,
        cosigned_log(disk, slow, url, seconds=0.2) as (engine, found),
    ):
        await begin(engine)
        await until(lambda: is_cosigned(disk, 4))
        await until(lambda: failure(found) == "timeout")


async def test_two_witnesses_stand_under_one_checkpoint(tmp_path: Path):
    second = LocalSigner(b"2" * 32)
    other = Verifier("w.example/2", second.key, WITNESS.kind)

    def answer(question: bytes) -> Said:
        note = Note.parse(question.partition(b"\n\n")[2])
        lines = [cosigned(note.text, name, key, 1_800_000_000).text() for name, key in
                 (("w.example/2", second), ("w.example/3", second))]  # fmt: skip
        return 200, "text/plain", "".join(lines).encode()

    disk = MemoryDisk()
    async with (
        listening(real_witness(tmp_path)) as url,
        listening(Scripted(answer)) as scripted,
        cosigned_log(disk, url, scripted, vkeys=(WITNESS, other)) as (engine, _),
    ):
        await begin(engine)
        await until(lambda: is_cosigned(disk, 4) and is_cosigned(disk, 4, other))
    assert [line.name for line in sorted(newest(disk).lines)] == [LOG.name, "w.example/1", "w.example/2"]


def size(number: int) -> Said:
    return 409, "text/x.tlog.size", b"%d\n" % number


def line_by(key: LocalSigner, seconds: int = 1_800_000_000, text: str = "") -> bytes:
    return cosigned(text, WITNESS.name, key, seconds).text().encode()


def at(seconds: int) -> Callable[[bytes], Said]:
    return lambda question: (
        200, "text/plain", line_by(WITNESS_KEY, seconds, Note.parse(question.partition(b"\n\n")[2]).text)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda _: (404, "text/plain", b"no\n"), "log_unknown"),
        (lambda _: (403, "text/plain", b"no\n"), "key_not_trusted"),
        (lambda _: (400, "text/plain", b"no\n"), "bad_request"),
        (lambda _: (503, "text/plain", b""), "http_503"),
        (lambda _: (301, "text/plain", b""), "http_301"),
        (lambda _: (409, "text/plain", b"1\n"), "http_409"),
        (lambda _: (409, "text/x.tlog.size", b"01\n"), "http_409"),
        (lambda _: (409, "text/x.tlog.size", b"1"), "http_409"),
        (lambda question: size(2 if b"old 1\n" in question else 1), "changes_its_mind"),
        (lambda _: (200, "text/plain", b""), "bad_cosignature"),
        (lambda _: (200, "text/plain", b"\xff\xfe\n"), "bad_cosignature"),
        (lambda _: (200, "text/plain", b"no line\n"), "bad_cosignature"),
        (lambda _: (200, "text/plain", line_by(LocalSigner(b"x" * 32))), "bad_cosignature"),  # of nobody's key
        (lambda _: (200, "text/plain", line_by(WITNESS_KEY, text="another\n")), "bad_cosignature"),
        (at(0), "bad_cosignature"),
        (at(2**63 - 1), "bad_cosignature"),
        (lambda _: (200, "text/plain", b"x" * 70_000), "bad_answer"),
    ],
)
async def test_an_answer_that_is_no_cosignature_is_told_and_nothing_of_it_is_kept(answer, told: str):
    disk = MemoryDisk()
    scripted = Scripted(answer)
    async with listening(scripted) as url, cosigned_log(disk, url) as (engine, found):
        await begin(engine)
        await until(lambda: failure(found) == told)
        assert not alarm(found)
        await until(lambda: 4 in disk.checkpoints["main"])
        assert [line.name for line in newest(disk).lines] == [LOG.name]


async def test_plain_http_goes_to_no_public_address():
    async def resolve(host: str, port: int) -> list[str]:
        return ["203.0.113.9", "93.184.216.34"]

    disk = MemoryDisk()
    async with cosigned_log(disk, "http://witness.example", resolve=resolve) as (engine, found):
        await begin(engine)
        await until(lambda: failure(found) == "refused_plain_http")


async def test_a_witness_over_tls_is_believed_only_with_its_certificate(tmp_path: Path):
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    _, trusted = certify(tmp_path, "witness.example")
    async with listening(real_witness(tmp_path / "w"), certificate=trusted.replace(".crt", ".pem")) as url:
        named = url.replace("127.0.0.1", "witness.example")
        disk = MemoryDisk()
        async with cosigned_log(disk, named, resolve=resolve) as (engine, found):
            await begin(engine)
            await until(lambda: failure(found) == "tls_failed")
        async with cosigned_log(disk, url.replace("127.0.0.1", "localhost"), ca_file=trusted) as (_, found):
            await until(lambda: failure(found) == "tls_failed")  # another name than the certificate's
        async with cosigned_log(disk, named, resolve=resolve, ca_file=trusted) as (engine, _):
            await register(engine)
            await until(lambda: is_cosigned(disk, 7))
            await register(engine)  # on the connection that was kept
            await until(lambda: is_cosigned(disk, 10))


async def rolled_back(url: str) -> MemoryDisk:
    """A log of four entries that the witness has seen grow to nine."""
    disk = MemoryDisk()
    async with cosigned_log(disk, url) as (engine, _):
        await begin(engine)
        await until(lambda: is_cosigned(disk, 4))
    before = deepcopy(disk)
    async with cosigned_log(disk, url) as (engine, _):
        await register(engine, 5)
        await until(lambda: is_cosigned(disk, 9))
    return before


async def test_a_log_that_was_rolled_back_is_cried_out_at_its_start_and_for_as_long_as_it_is_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async with listening(real_witness(tmp_path)) as url:
        disk = await rolled_back(url)
    async with cosigned_log(disk, url) as (_, found):
        async with listening(real_witness(tmp_path), url.removeprefix("http://")):
            await until(lambda: failure(found) == "log_is_shorter")
            assert "has seen 9 entries, and there are 4" in alarm(found)
        await until(lambda: failure(found) == "connection_failed")
        assert "has seen 9 entries" in alarm(found)
    assert "ALARM: the log of main is not what it was" in caplog.text


async def test_a_damaged_cosignature_is_asked_for_again(tmp_path: Path):
    disk = MemoryDisk()
    async with listening(real_witness(tmp_path)) as url:
        async with cosigned_log(disk, url) as (engine, _):
            await begin(engine)
            await until(lambda: is_cosigned(disk, 4))
        [log, cosignature] = newest(disk).lines
        damaged = cosignature._replace(signature=cosignature.signature[:-1] + b"x")
        disk.checkpoints["main"][4] = Note(newest(disk).text, (log, damaged)).bytes()
        async with cosigned_log(disk, url):
            await until(lambda: damaged not in newest(disk).lines)
    assert is_cosigned(disk, 4)


async def test_a_log_that_was_written_anew_from_a_backup_is_cried_out(tmp_path: Path):
    async with listening(real_witness(tmp_path)) as url:
        disk = await rolled_back(url)
        async with cosigned_log(disk, NOWHERE) as (engine, _):  # beyond nine entries while the witness is away
            await register(engine, 8)
        async with cosigned_log(disk, url) as (engine, found):
            await until(lambda: failure(found) == "log_is_another")
            assert "has seen other entries than its first 9 are now" in alarm(found)
            assert not is_cosigned(disk, 12)
            await register(engine)  # hospitals go on


async def test_the_log_of_accesses_is_cosigned_too(tmp_path: Path):
    service = real_witness(tmp_path)
    disk = MemoryDisk()
    async with listening(service) as url, cosigned_log(disk, url) as (engine, _):
        await begin(engine)
        await engine.note_access("main", CLERK, "Test", ["018f0000-0000-7000-8000-000000000000"])
        await until(lambda: "main.access" in disk.checkpoints)
        await until(lambda: newest(disk, "main.access").signed_by(WITNESS))
    assert newest(disk, "main.access").head().origin == f"{BASE}/main/access"
