"""The manifest of an export: which stretch of which log it is, what proves that, and the hash of every file.

It stands beside the files as ``manifest.json``. With the log's key at hand ``manifest.note`` beside it signs its hash,
as a C2SP signed note under the log's own name, so that whoever checks checkpoints can check it with the same key.
"""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from engine.errors import Invalid
from engine.eventlog.checkpoint import Line, LocalSigner, Note, Verifier
from engine.eventlog.store import Signed
from engine.eventlog.tree import consistency_proof, inclusion_proof, root_at
from replay.exporting.files import FileTold, OneFile
from replay.walking import Source
from replay.witnessing.proofs import newest

MANIFEST: Final = "manifest.json"
NOTE: Final = "manifest.note"

Texts = Literal["sealed", "opened", "none"]


class Stretch(msgspec.Struct, frozen=True):
    """The entries that were exported, the first and the last among them; ``from_time`` and ``to_time`` are theirs."""

    first: int
    last: int
    count: int
    from_time: str
    to_time: str


class Proven(msgspec.Struct, frozen=True):
    """That the exported entries are what a checkpoint speaks of. Hashes in base64.

    ``root`` is that of the tree of ``size`` (the last position exported), ``root_before`` that of the tree before the
    first. ``checkpoint`` is the newest that was signed, of ``checkpoint_size`` entries: with ``consistency`` (RFC 6962)
    the smaller of the two trees is the beginning of the larger; ``first_leaf`` and ``last_leaf`` with their inclusion
    proofs stand in the larger.
    """

    size: int
    root: str
    root_before: str
    checkpoint: str = ""
    checkpoint_size: int = 0
    consistency: list[str] = []
    first_leaf: str = ""
    first_inclusion: list[str] = []
    last_leaf: str = ""
    last_inclusion: list[str] = []


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What ``manifest.json`` says. ``texts``: whether people's texts are readable in the files."""

    version: int = 1
    log: str
    form: str
    texts: Texts
    entries: Stretch
    proof: Proven
    files: list[FileTold]
    signed: bool = False


async def proven(source: Source, log: str, first: int, last: int) -> Proven:
    """The proofs of a stretch; without a checkpoint there are roots alone."""
    hashes = partial(source.hashes, log)
    signed: Signed | None = await newest(source, log)
    plain = Proven(last, _text(await root_at(last, hashes)), _text(await root_at(first - 1, hashes)))
    if signed is None:
        return plain
    size = max(last, signed.size)
    small, large = sorted((last, signed.size))
    [first_leaf], [last_leaf] = await hashes(0, first - 1, 1), await hashes(0, last - 1, 1)
    return msgspec.structs.replace(
        plain,
        checkpoint=signed.note.decode(),
        checkpoint_size=signed.size,
        consistency=_texts(await consistency_proof(small, large, hashes)) if small else [],
        first_leaf=_text(first_leaf),
        first_inclusion=_texts(await inclusion_proof(first - 1, size, hashes)),
        last_leaf=_text(last_leaf),
        last_inclusion=_texts(await inclusion_proof(last - 1, size, hashes)),
    )


def write_manifest(folder: Path, manifest: Manifest, origin: str, signer: LocalSigner | None) -> None:
    """Write the manifest and, where there is a key, the note that signs it."""
    data = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(manifest, signed=signer is not None)))
    with OneFile(folder, MANIFEST) as file:
        file.write(data + b"\n")
    if signer is None:
        return
    text, verifier = signed_text(data + b"\n"), Verifier(origin, signer.key)
    note = Note(text, (Line(verifier.name, verifier.id, signer.now(text.encode())),))
    with OneFile(folder, NOTE) as file:
        file.write(note.bytes())


def signed_text(manifest: bytes) -> str:
    """What is signed of a manifest's bytes. Its first line has blanks, so that it is no checkpoint to anybody."""
    return f"matron export manifest 1\n{_text(sha256(manifest).digest())}\n"


def key_in(path: Path) -> LocalSigner:
    """The private key in a file (PEM, Ed25519)."""
    try:
        key: Any = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid(f"{path} holds no private key in PEM without a password: {error}", field="signing_key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Invalid(f"{path} holds a key, but none of Ed25519", field="signing_key")
    return LocalSigner(key.private_bytes_raw())


def _text(hash: bytes) -> str:
    return b64encode(hash).decode()


def _texts(hashes: list[bytes]) -> list[str]:
    return [_text(hash) for hash in hashes]
