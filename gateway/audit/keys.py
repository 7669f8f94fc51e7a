"""The signing key: in a file with its own rights, or behind a command that signs.

It knows how a key is kept, made and asked; not what is signed with it. A file is PEM (PKCS #8), as ``openssl genpkey
-algorithm ed25519`` writes it, readable by its owner alone.
"""

from __future__ import annotations

import os
import tempfile
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE
from typing import Final

import trio
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.eventlog.checkpoint import BadNote, LocalSigner, Signer, Verifier
from engine.eventlog.directory import sync_folder
from engine.notary import CheckpointSettings, Seal
from gateway.audit.settings import AuditSettings, AuditUnusable

KEY_FILE: Final = "signing.key"
"""In the data folder, where no other file is named."""

PUBLIC_FILE: Final = "signing.key.pub"
"""In the data folder, once its engine serves: the public key under the base name, for ``matron-replay vkey``."""

PATIENCE: Final = 4.0
"""Seconds that a command may take for one signature."""

_LARGEST: Final = 4 * 1024
"""Bytes of a key's file, or of what a command prints, that are looked at."""

Entropy = Callable[[int], bytes]


def sealing(settings: AuditSettings, data: Path, entropy: Entropy, held: Callable[[], bool]) -> Seal:
    """What an engine over ``data`` seals its logs with; the key is made where there is none yet.

    ``held`` says whether checkpoints must wait. ``AuditUnusable`` when the key cannot be had.
    """
    signer = signer_of(settings, data, entropy)
    return Seal(base_name(settings, signer.key), signer, CheckpointSettings(settings.seconds, settings.entries), held)


def examine_key(settings: AuditSettings, data: Path | None) -> None:
    """``AuditUnusable`` when the key that is configured, or is there already, cannot be used; none is made."""
    file = Path(settings.signing_key) if settings.signing_key else (data / KEY_FILE if data is not None else None)
    if settings.signing_command or settings.signing_vkey or (file is not None and file.exists()):
        signer_of(settings, data or Path(), bytes)


def signer_of(settings: AuditSettings, data: Path, entropy: Entropy) -> Signer:
    """Whoever signs according to the configuration."""
    if settings.signing_command:
        if settings.signing_key is not None:
            raise AuditUnusable("audit.signing_key and audit.signing_command exclude each other: leave one out.")
        return CommandSigner(settings.signing_command, public_key(settings.signing_vkey))
    if settings.signing_vkey:
        raise AuditUnusable("audit.signing_vkey belongs to audit.signing_command, which is not set.")
    return file_signer(Path(settings.signing_key) if settings.signing_key else data / KEY_FILE, entropy)


def base_name(settings: AuditSettings, key: bytes) -> str:
    """What stands before the hospital in a log's origin: as configured, else told from the key."""
    return settings.name or f"matron.local/{key.hex()[:8]}"


def public_key(text: str) -> bytes:
    """The 32 bytes that ``name+id+key``, or base64, stands for."""
    try:
        return Verifier.parse(text).key
    except BadNote as fault:
        try:
            key = b64decode(text, validate=True)
        except (BadBase64, ValueError):
            key = b""
        if len(key) != 32:
            raise AuditUnusable(f"audit.signing_vkey must be name+id+key, or 32 bytes in base64: {fault}") from None
        return key


def file_signer(path: Path, entropy: Entropy) -> LocalSigner:
    """The key in this file, which is made when it is not there. ``AuditUnusable`` when others may read it."""
    try:
        if not path.exists():
            _make(path, entropy(32))
        with path.open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(_LARGEST)
    except OSError as fault:
        raise AuditUnusable(f"the signing key {path} can be neither read nor made: {fault.strerror}") from None
    if mode & 0o077:
        raise AuditUnusable(f"{path} is a private key that others can read: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise AuditUnusable(f"{path} holds no private key in PEM without a password.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditUnusable(f"{path} holds a key, but none of Ed25519.")
    return LocalSigner(key.private_bytes_raw())


def publish(path: Path, verifier: Verifier) -> None:
    """Write a verifier key where auditors' tools find it; the file changes only when the key does."""
    text = f"{verifier.text()}\n".encode()
    if not path.exists() or path.read_bytes() != text:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, text, 0o644)


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put this content under this name, durably and all at once."""
    temporary = _written(path, content, mode)
    temporary.replace(path)
    sync_folder(path.parent)


def _make(path: Path, secret: bytes) -> None:
    """A new key; of two that are made at once, the first stays."""
    pem = Ed25519PrivateKey.from_private_bytes(secret).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = _written(path, pem, 0o600)
    with suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()
    sync_folder(path.parent)


def _written(path: Path, content: bytes, mode: int) -> Path:
    """The content, durable, in a file beside ``path``."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with open(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(content)
        file.flush()
        os.fsync(handle)
    return Path(name)


class CommandSigner:
    """A command that signs: it gets the message on standard input and prints the signature in base64."""

    def __init__(self, argv: tuple[str, ...], key: bytes) -> None:
        self.key = key
        self._argv = argv

    async def sign(self, message: bytes) -> bytes:
        """The signature; ``OSError`` when the command fails, prints something else or takes too long."""
        what = f"the signing command {self._argv[0]}"
        said, code = b"", None
        with trio.move_on_after(PATIENCE):
            said, code = await self._run(message)
        if code is None:
            raise OSError(f"{what} took longer than {PATIENCE:.0f} s")
        if code:
            raise OSError(f"{what} ended with status {code}")
        try:
            signature = b64decode(said.strip(), validate=True)
        except (BadBase64, ValueError):
            signature = b""
        if len(signature) != 64:
            raise OSError(f"{what} printed no Ed25519 signature in base64")
        return signature

    async def _run(self, message: bytes) -> tuple[bytes, int]:
        """What it prints, up to a bound, and how it ends; it is killed when this is cancelled."""
        process = await trio.lowlevel.open_process(self._argv, stdin=PIPE, stdout=PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        said = bytearray()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_feed, process.stdin, message)
                while len(said) < _LARGEST and (piece := await process.stdout.receive_some(_LARGEST)):
                    said += piece
                nursery.cancel_scope.cancel()
            await process.stdout.aclose()
            return bytes(said), await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
            with trio.CancelScope(shield=True):
                await process.stdin.aclose()
                await process.stdout.aclose()
                await process.wait()


async def _feed(stdin: trio.abc.SendStream, message: bytes) -> None:
    with suppress(trio.BrokenResourceError):  # it may want less: what it prints tells
        await stdin.send_all(message)
    await stdin.aclose()
