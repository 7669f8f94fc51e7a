"""The signing key: made once, with rights of its own, or behind a command whose signatures are looked at."""

from __future__ import annotations

import stat
import sys
from base64 import b64encode
from pathlib import Path

import msgspec
import pytest
import trio
import trio.testing
from click.testing import CliRunner

from engine.clock import SystemClock
from engine.eventlog.checkpoint import COSIGNATURE, BadNote, Head, LocalSigner, Verifier, signed
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import EngineSettings, open_engine
from gateway.__main__ import BAD_CONFIG, main
from gateway.audit import keys
from gateway.audit.keys import KEY_FILE, PUBLIC_FILE, CommandSigner, base_name, examine_key, file_signer, sealing
from gateway.audit.proving import Proving, examine
from gateway.audit.settings import AuditSettings, AuditUnusable, WitnessPlace
from gateway.config import BadConfig, load

ENTROPY = SystemClock().entropy
SIGNER = LocalSigner(bytes(range(32)))
HEAD = Head("hospital.example/main", 3, bytes(32))


def not_held() -> bool:
    return False


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path):
    data = tmp_path / "new" / "data"
    seal = sealing(AuditSettings(), data, ENTROPY, not_held)
    assert stat.S_IMODE((data / KEY_FILE).stat().st_mode) == 0o600
    assert seal.name == f"matron.local/{seal.signer.key.hex()[:8]}"
    again = sealing(AuditSettings(name="hospital.example", seconds=3, entries=7), data, ENTROPY, not_held)
    assert (again.name, again.signer.key) == ("hospital.example", seal.signer.key)
    assert (again.settings.seconds, again.settings.entries) == (3, 7)
    assert {file.name for file in data.iterdir()} == {KEY_FILE}


async def test_the_public_key_is_there_at_once_and_changes_only_once_the_engine_serves(tmp_path: Path):
    first = Proving(AuditSettings(), tmp_path, SystemClock())
    key = Verifier.parse((tmp_path / PUBLIC_FILE).read_text())
    assert key == Verifier(first.seal.name, first.seal.signer.key)
    renamed = Proving(AuditSettings(name="hospital.example"), tmp_path, SystemClock())
    assert Verifier.parse((tmp_path / PUBLIC_FILE).read_text()) == key
    shutdown, store = trio.Event(), MemoryStore()
    async with open_engine(store, settings=EngineSettings(seal=renamed.seal)) as engine, trio.open_nursery() as nursery:
        nursery.start_soon(renamed.run, engine, store, shutdown)
        await engine.until_ready()
        await trio.testing.wait_all_tasks_blocked(0.05)
        shutdown.set()
    assert Verifier.parse((tmp_path / PUBLIC_FILE).read_text()) == key._replace(name="hospital.example")


def test_a_key_can_stand_anywhere(tmp_path: Path):
    file = tmp_path / "keys" / "k.pem"
    seal = sealing(AuditSettings(signing_key=str(file)), tmp_path / "data", ENTROPY, not_held)
    assert file_signer(file, ENTROPY).key == seal.signer.key
    assert not (tmp_path / "data" / KEY_FILE).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_touch_is_refused(tmp_path: Path, mode: int):
    file_signer(tmp_path / "k", ENTROPY)
    (tmp_path / "k").chmod(mode)
    with pytest.raises(AuditUnusable, match="chmod 600"):
        file_signer(tmp_path / "k", ENTROPY)
    with pytest.raises(AuditUnusable, match="chmod 600"):
        examine_key(AuditSettings(signing_key=str(tmp_path / "k")), None)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes):
    file = tmp_path / "k"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(AuditUnusable, match="no private key"):
        file_signer(file, ENTROPY)
    assert file.read_bytes() == content


def test_a_place_where_no_key_can_be_is_refused(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AuditUnusable, match="neither read nor made"):
        file_signer(tmp_path / "file" / "k", ENTROPY)
    with pytest.raises(AuditUnusable):
        file_signer(tmp_path, ENTROPY)


def test_looking_makes_nothing(tmp_path: Path):
    examine(AuditSettings(), tmp_path)
    examine(AuditSettings(signing_key=str(tmp_path / "k")), None)
    assert list(tmp_path.iterdir()) == []


def signing(code: str, key: bytes = SIGNER.key) -> CommandSigner:
    """A command that runs this Python."""
    return CommandSigner((sys.executable, "-I", "-S", "-c", code), key)


async def test_a_command_gets_the_text_and_its_signature_counts(tmp_path: Path):
    signature = b64encode(SIGNER.now(HEAD.text().encode())).decode()
    code = f"import sys; assert sys.stdin.buffer.read() == {HEAD.text().encode()!r}; print({signature!r})"
    note = await signed(HEAD, signing(code))
    assert note.signed_by(Verifier(HEAD.origin, SIGNER.key))
    with pytest.raises(BadNote, match="does not hold"):
        await signed(HEAD._replace(size=4), signing(f"print({signature!r})"))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise SystemExit(3)", "status 3"),
        ("print('no signature')", "printed no Ed25519 signature"),
        ("print('AAAA')", "printed no Ed25519 signature"),
        ("pass", "printed no Ed25519 signature"),
        ("while True: print('A' * 9999)", "status"),
        ("import os; os.close(0); print('AAAA')", "printed no Ed25519 signature"),
    ],
)
async def test_a_command_that_fails_is_told_and_ended(code: str, told: str):
    with pytest.raises(OSError, match=told):
        await signing(code).sign(b"x" * 100_000)


async def test_a_command_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keys, "PATIENCE", 0.3)
    with pytest.raises(OSError, match="took longer"):
        await signing("import time; time.sleep(60)").sign(b"")


async def test_a_command_that_is_not_there_is_told():
    with pytest.raises(OSError, match="No such file"):
        await CommandSigner(("/no/such/command",), SIGNER.key).sign(b"")


@pytest.mark.parametrize("text", [Verifier("any.name", SIGNER.key).text(), b64encode(SIGNER.key).decode()])
def test_the_public_key_of_a_command_is_text(tmp_path: Path, text: str):
    settings = AuditSettings(signing_command=("sign", "--key", "7"), signing_vkey=text)
    examine(settings, tmp_path)
    seal = sealing(settings, tmp_path, ENTROPY, not_held)
    assert seal.signer.key == SIGNER.key
    assert not (tmp_path / KEY_FILE).exists()
    assert base_name(settings, SIGNER.key) == "matron.local/03a107bf"


WITNESS = Verifier("w.example", SIGNER.key, COSIGNATURE).text()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (AuditSettings(signing_command=("sign",)), "signing_vkey"),
        (AuditSettings(signing_command=("sign",), signing_vkey="key"), "signing_vkey"),
        (AuditSettings(signing_command=("sign",), signing_vkey=WITNESS, signing_key="k"), "exclude"),
        (AuditSettings(signing_vkey=WITNESS), "signing_command"),
        (AuditSettings(ca_file="/no/such/file"), "ca_file"),
        (AuditSettings(witnesses=(WitnessPlace(url="http://w/?#", vkey=WITNESS),)), "cannot be asked"),
        (AuditSettings(witnesses=(WitnessPlace(url="http://w", vkey="w.example"),)), "cannot be asked"),
        (
            AuditSettings(witnesses=(WitnessPlace(url="http://w", vkey=Verifier("l", SIGNER.key).text()),)),
            "the key of a log",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_starts(settings: AuditSettings, told: str):
    with pytest.raises(AuditUnusable, match=told):
        examine(settings, None)


def test_the_table_is_read_from_a_file_and_shown(tmp_path: Path):
    file = tmp_path / "m.toml"
    file.write_text(
        f'[audit]\nname = "hospital.example"\nsigning_command = ["ssh", "vault", "sign"]\nseconds = 60\n'
        f'witnesses = [{{url = "https://w.example/here", vkey = "{WITNESS}"}}]\n'
    )
    loaded = load({}, {"MATRON_AUDIT_ENTRIES": "50"}, file)
    audit = loaded.config.audit
    assert (audit.signing_command, audit.seconds, audit.entries) == (("ssh", "vault", "sign"), 60, 50)
    assert audit.witnesses == (WitnessPlace(url="https://w.example/here", vkey=WITNESS),)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(audit), type=AuditSettings) == audit
    assert any(line.startswith("audit.witnesses = [{") for line in loaded.lines())


@pytest.mark.parametrize(
    "text",
    ['name = "two words"', 'name = "a+b"', "seconds = 0", "entries = 0", 'witnesses = [{url = "ftp://w", vkey = "k"}]',
     'witnesses = [{url = "http://w"}]', 'witnesses = [{url = "http://w", vkey = "k", key = "k"}]'],
)  # fmt: skip
def test_a_table_with_what_makes_no_sense_is_refused(tmp_path: Path, text: str):
    (tmp_path / "m.toml").write_text(f"[audit]\n{text}\n")
    with pytest.raises(BadConfig, match="audit"):
        load({}, {}, tmp_path / "m.toml")


def test_the_program_ends_with_what_is_wrong_with_the_table(tmp_path: Path):
    file, data = tmp_path / "m.toml", tmp_path / "data"
    file_signer(data / KEY_FILE, ENTROPY)
    (data / KEY_FILE).chmod(0o644)
    file.write_text("[audit]\nseconds = 5\n")
    result = CliRunner().invoke(main, ["check", "--dev", "--config", str(file), "--data", str(data)])
    assert result.exit_code == BAD_CONFIG
    assert f"chmod 600 {data / KEY_FILE}" in result.stderr
