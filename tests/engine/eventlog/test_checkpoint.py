"""Notes, checkpoints and cosignatures: as they are published, as they are made here, and what is none."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.eventlog.checkpoint import (
    COSIGNATURE,
    BadNote,
    Head,
    Line,
    LocalSigner,
    Note,
    Verifier,
    cosigned,
    cosigned_at,
    line_of,
    signed,
)

# The note of the signed-note package's own documentation.
NEUMANN = Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
SAYING = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

# A checkpoint of the Go checksum database.
SUMDB = Verifier.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
SUMS = (
    "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n"
    "— sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n"
)

# One of a certificate transparency log, with keys of kinds that are not known here, and cosigned by public witnesses.
WITNESSES = [
    Verifier.parse(text)
    for text in (
        "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
        "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    )
]
CERTIFICATES = (
    "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n"
    "— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQI"
    "gIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"
    "— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4Ascyl"
    "P3v7sEodkRAErumC2q44vdgJY096st5BQ==\n"
    "— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmN"
    "WVuE0tgh0XwzdZsDsUAQ==\n"
    "— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0D"
    "rAWfBw==\n"
)

SIGNER = LocalSigner(bytes(range(32)))
LOG = Verifier("hospital.example/main", SIGNER.key)
HEAD = Head(LOG.name, 3, bytes(32))


@pytest.mark.parametrize(
    ("note", "verifier"),
    [(SAYING, NEUMANN), (SUMS, SUMDB), *((CERTIFICATES, witness) for witness in WITNESSES)],
    ids=lambda value: getattr(value, "name", "note"),
)
def test_published_notes_are_what_their_keys_signed(note: str, verifier: Verifier):
    found = Note.parse(note.encode())
    assert found.bytes() == note.encode()
    assert found.signed_by(verifier)
    changed = Note.parse(note.replace("\n", ".\n", 1).encode())
    with pytest.raises(BadNote, match="does not hold"):
        changed.signed_by(verifier)


@pytest.mark.parametrize("verifier", [NEUMANN, SUMDB, *WITNESSES], ids=lambda verifier: verifier.name)
def test_published_keys_are_read_and_written_alike(verifier: Verifier):
    assert Verifier.parse(verifier.text()) == verifier
    other = verifier._replace(name=verifier.name + "x")
    with pytest.raises(BadNote, match="has not the id"):
        Verifier.parse(other.text().replace(other.id.hex(), verifier.id.hex()))


def test_a_published_checkpoint_says_what_the_log_is():
    head = Note.parse(SUMS.encode()).head()
    assert head[:2] == ("go.sum database tree", 63_096_908)
    assert (head.root.hex()[:8], head.more) == ("f251eb40", ())
    cosignature = Note.parse(CERTIFICATES.encode()).lines[2]
    assert cosigned_at(cosignature) == 1_779_573_024


def test_signatures_of_unknown_keys_do_not_count():
    note = Note.parse(CERTIFICATES.encode())
    assert not note.signed_by(SUMDB)
    namesake = Verifier(WITNESSES[1].name, SIGNER.key, COSIGNATURE)  # the name alone makes no key known
    assert not note.signed_by(namesake)


async def test_what_is_signed_here_comes_back_and_takes_cosignatures():
    note = await signed(HEAD, SIGNER)
    witness = LocalSigner(bytes(32))
    line = cosigned(note.text, "w.example/1", witness, 1_800_000_000)
    whole = Note.parse(note.with_lines([line]).bytes())
    assert whole.head() == HEAD
    assert whole.signed_by(LOG)
    assert whole.signed_by(Verifier("w.example/1", witness.key, COSIGNATURE))
    assert cosigned_at(line) == 1_800_000_000
    later = cosigned(note.text, "w.example/1", witness, 1_800_000_060)
    assert whole.with_lines([later]).lines == (note.lines[0], later)


async def test_a_cosignature_holds_only_for_its_own_time_and_text():
    note = await signed(HEAD, SIGNER)
    witness = LocalSigner(bytes(32))
    verifier = Verifier("w.example/1", witness.key, COSIGNATURE)
    line = cosigned(note.text, verifier.name, witness, 1_800_000_000)
    later = (1_800_000_001).to_bytes(8, "big") + line.signature[8:]
    assert verifier.holds(note.text, line.signature)
    assert not verifier.holds(note.text, later)
    assert not verifier.holds(HEAD._replace(size=4).text(), line.signature)
    assert not verifier.holds(note.text, line.signature[8:])  # a bare signature has no time
    assert not LOG._replace(key=witness.key).holds(note.text, line.signature[8:])  # and is none of a log


async def test_a_signer_that_signs_something_else_is_found_out():
    class Careless:
        key = SIGNER.key

        async def sign(self, message: bytes) -> bytes:
            return SIGNER.now(message + b"\n")

    with pytest.raises(BadNote, match="does not hold"):
        await signed(HEAD, Careless())


def test_a_checkpoint_may_have_lines_of_its_own():
    head = HEAD._replace(more=("an extension", "and another"))
    note = Note(head.text(), (Line("x", b"0123", b"4"),))
    assert Note.parse(note.bytes()).head() == head


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"text\n",
        b"text\n\n",
        b"text\n\nno signature\n",
        SAYING[:-1].encode(),
        SAYING.encode() + b"\n",
        SAYING.encode() + b"more\n",
        SAYING.replace("\n\n", "\n").encode(),
        SAYING.replace("—", "-").encode(),
        SAYING.replace("PeterNeumann ", "Peter+Neumann ").encode(),
        SAYING.replace("PeterNeumann ", " ").encode(),
        SAYING.replace("PeterNeumann ", "Peter\u2003Neumann ").encode(),
        SAYING.replace("AM=\n", "AN=\n").encode(),  # bits that mean nothing, and are not zero
        SAYING.replace("AM=\n", "AM\n").encode(),
        SAYING.replace("x08go", "x08 go").encode(),
        SAYING.replace("If", "I\x00f").encode(),
        SAYING.replace("\n", "\r\n").encode(),
        SAYING.replace("If", "If\t").encode(),
        SAYING.encode() + b"\xff\n",
        "text\n\n— name AAAA\n".encode(),  # no room for an id
        b"x" * 131_073,
        SAYING.encode() + (SAYING.split("\n")[3].encode() + b"\n") * 100,
    ],
)
def test_what_is_no_note_is_refused(data: bytes):
    with pytest.raises(BadNote):
        Note.parse(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "origin\n",
        "origin\n1\n",
        "\n1\nAAAA\n",
        f"origin\n01\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n-1\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n+1\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n{10**19}\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n١\n{b64encode(bytes(32)).decode()}\n",
        f"origin\n1\n{b64encode(bytes(31)).decode()}\n",
        f"origin\n1\n{b64encode(bytes(33)).decode()}\n",
        "origin\n1\nno base64 at all\n",
        f"origin\n1\n{b64encode(bytes(32)).decode()}\n\nmore\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str):
    with pytest.raises(BadNote):
        Note(text, ()).head()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "name+00000000+",
        "name+00000000+AAAA",
        NEUMANN.text().replace("c74f20a3", "C74F20A3"),
        NEUMANN.text().replace("c74f20a3", "c74f20a4"),
        NEUMANN.text().replace("PeterNeumann", "Peter Neumann"),
        NEUMANN.text().replace("+AR", "+AB"),
        NEUMANN._replace(kind=2).text(),
        NEUMANN._replace(key=bytes(31)).text(),
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str):
    with pytest.raises(BadNote):
        Verifier.parse(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_note_that_is_written_back_alike_or_none(data: bytes):
    try:
        note = Note.parse(b"text\n\n" + data)
    except BadNote:
        return
    assert note.bytes() == b"text\n\n" + data


@given(st.text(max_size=80))
def test_any_text_is_a_signature_line_that_is_written_back_alike_or_none(text: str):
    try:
        line = line_of("— " + text)
    except BadNote:
        return
    assert line.text() == f"— {text}\n"


def test_the_example_in_the_documentation_is_what_its_keys_signed():
    text = (Path(__file__).parents[3] / "docs" / "checkpoints.md").read_text("utf-8")
    note = Note.parse(text.split("```\n")[1].encode())
    keys = {Verifier.parse(found) for found in re.findall(r"[\w./]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", text)}
    names = {key.name for key in keys}
    assert names == {"matron.example.org", "matron.example.org/main", "witness.example.org/w1"}
    assert all(note.signed_by(key) for key in keys if key.name != "matron.example.org")


def test_sixteen_signatures_of_the_longest_kind_have_room():
    lines = tuple(Line(f"w.example/{number}", b"0123", bytes(4_900)) for number in range(16))
    assert Note.parse(Note(HEAD.text(), lines).bytes()).lines == lines
