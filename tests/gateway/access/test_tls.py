"""TLS: a certificate replaced while it is in use, files that cannot be used, and what is spoken at all."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import trio

from gateway.door import tls
from gateway.door.settings import DoorSettings
from gateway.door.tls import TROUBLE, Tls, TlsUnusable
from tests.gateway.access.certificates import Pair, certify
from tests.gateway.front_door import GET, QUICK, Browser, running


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return certify(tmp_path, "first")


def settings_of(pair: Pair) -> DoorSettings:
    return msgspec.structs.replace(QUICK, certfile=str(pair.certificate), keyfile=str(pair.key))


async def greeted(stream: trio.abc.Stream, trust: ssl.SSLContext) -> tuple[str, bytes]:
    """Who answers a new connection, and what."""
    async with trio.SSLStream(stream, trust, server_hostname="localhost", https_compatible=True) as spoken:
        body = (await Browser(spoken).ask(GET % b"/ignore")).body
        [[(_, name)]] = [part for part in spoken.getpeercert()["subject"] if part[0][0] == "organizationName"]
        return name, body


async def test_a_certificate_replaced_under_load_is_taken_up_and_nobody_is_turned_away(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "EVERY", 0.01)
    names: list[str] = []
    settings = msgspec.structs.replace(settings_of(pair), keep_alive_timeout=60.0, tls_handshake_timeout=60.0)
    async with running(settings) as door:

        async def visit() -> None:
            """Come again and again, until the new one has been seen; each time with a new connection."""
            while "third" not in names[-4:]:
                name, body = await greeted(await door.connect(), pair.trust)
                assert body == b"ignored"
                names.append(name)
                if names.count(name) == 5:
                    certify(pair.certificate.parent, {"first": "second"}.get(name, "third"))

        async with await door.connect() as plain:
            kept = trio.SSLStream(plain, pair.trust, server_hostname="localhost", https_compatible=True)
            assert (await Browser(kept).ask(GET % b"/ignore")).body == b"ignored"
            with trio.fail_after(20):
                async with trio.open_nursery() as nursery:
                    for _ in range(4):
                        nursery.start_soon(visit)
            assert (await Browser(kept).ask(GET % b"/ignore")).body == b"ignored"
        assert door.failures == []
    assert list(dict.fromkeys(names)) == ["first", "second", "third"]


def spoil(pair: Pair) -> None:
    pair.certificate.write_bytes(b"half a certificate")


def mismatch(pair: Pair) -> None:
    pair.key.write_bytes(certify(pair.key.parent / "other", "another").key.read_bytes())


def lose(pair: Pair) -> None:
    pair.key.unlink()


def lock(pair: Pair) -> None:
    certify(pair.key.parent, "locked", passphrase=b"tell nobody")


@pytest.mark.parametrize("harm", [spoil, mismatch, lose, lock])
async def test_files_that_cannot_be_used_leave_the_one_before_and_it_is_said(
    pair: Pair, harm: Callable[[Pair], None], caplog: pytest.LogCaptureFixture
) -> None:
    used = Tls(str(pair.certificate), str(pair.key))
    before = used.context
    harm(pair)
    used.refresh()
    assert (used.context, used.trouble, used.renewed) == (before, TROUBLE, 0)
    assert "TLS goes on with the certificate that it has" in caplog.text
    certify(pair.certificate.parent, "mended")
    used.refresh()
    assert (used.trouble, used.renewed) == ("", 1)
    assert used.context is not before


async def test_files_that_did_not_change_are_left_alone_unless_asked(pair: Pair) -> None:
    used = Tls(str(pair.certificate), str(pair.key))
    before = used.context
    used.refresh()
    assert used.context is before
    used.renew()
    assert (used.renewed, used.trouble) == (1, "")


@pytest.mark.parametrize("harm", [spoil, mismatch, lose, lock])
def test_a_pair_that_cannot_be_used_at_first_stops_the_start(pair: Pair, harm: Callable[[Pair], None]) -> None:
    harm(pair)
    with pytest.raises(TlsUnusable):
        Tls(str(pair.certificate), str(pair.key))


@pytest.mark.parametrize("missing", ["certfile", "keyfile"])
def test_one_file_alone_is_refused(pair: Pair, missing: str) -> None:
    with pytest.raises(TlsUnusable, match="together"):
        Tls.of(msgspec.structs.replace(settings_of(pair), **{missing: None}))
    assert Tls.of(QUICK) is None


@pytest.mark.parametrize(
    ("version", "ciphers"),
    [
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
        (ssl.TLSVersion.TLSv1_2, "AES128-SHA"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA"),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_what_is_old_or_weak_is_not_spoken(pair: Pair, version: ssl.TLSVersion, ciphers: str) -> None:
    pair.trust.minimum_version = min(version, ssl.TLSVersion.TLSv1_1)
    pair.trust.maximum_version = version
    pair.trust.set_ciphers(ciphers)
    async with running(settings_of(pair)) as door:
        with pytest.raises((trio.BrokenResourceError, OSError)):
            await greeted(await door.connect(), pair.trust)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions_of_today_are_spoken(pair: Pair, version: ssl.TLSVersion) -> None:
    pair.trust.minimum_version = pair.trust.maximum_version = version
    async with running(settings_of(pair)) as door:
        assert await greeted(await door.connect(), pair.trust) == ("first", b"ignored")


def test_a_key_that_everybody_can_read_is_said(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    pair.key.chmod(0o644)
    Tls(str(pair.certificate), str(pair.key))
    assert "chmod 600" in caplog.text
