"""The vault: subject keys as a store keeps them, each wrapped by one master key that lives in a file of its own.

A wrapped key is ``0x02 | nonce (12) | AES-256-GCM(master key, key, associated data = store name)``. With the keys
stands the id of the master key that wraps them, so that a wrong or missing file is told at once.

The file has two places. A new master key is written beside the old one before anything is wrapped with it, and the old
one is overwritten where it stands once nothing is wrapped with it any more; at any point in between, the id that stands
with the keys says which of the two counts. Knows no patients and no log.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.directory import sync_folder

MASTER_FILE: Final = "master.key"
"""The file's name in the data folder, where no other place was chosen."""

VAULT: Final = b"\x00vault"
"""Under which name a store keeps the id of the master key; no subject has it."""

_WRAPPED: Final = b"\x02"
_NONCE: Final = 12
_LENGTH: Final = 1 + _NONCE + 16 + 16  # of a wrapped key
_HEAD: Final = b"matron-master-key 1\n"
_ID: Final = 8
_KEY: Final = 32
_PLACE: Final = 2 * (_ID + _KEY) + 2  # in hexadecimal digits, a blank, a line's end
_EMPTY: Final = b"0" * (2 * _ID) + b" " + b"0" * (2 * _KEY) + b"\n"

Entropy = Callable[[int], bytes]


class Vault:
    """One master key, and what is wrapped with it."""

    def __init__(self, key: bytes, entropy: Entropy) -> None:
        self.id = _id_of(key)
        self._cipher = AESGCM(key)
        self._entropy = entropy

    def wrap(self, name: bytes, key: bytes) -> bytes:
        """A subject key as it is stored under this name."""
        nonce = self._entropy(_NONCE)
        return _WRAPPED + nonce + self._cipher.encrypt(nonce, key, name)

    def unwrap(self, name: bytes, value: bytes) -> bytes:
        """The subject key itself; what is not wrapped is given as it is."""
        if not is_wrapped(value):
            return value
        try:
            return self._cipher.decrypt(value[1 : 1 + _NONCE], value[1 + _NONCE :], name)
        except InvalidTag as error:
            raise LogCorrupt("a subject key does not open with the master key") from error


def is_wrapped(value: bytes) -> bool:
    """Whether this is a key in the vault, and not one that lies open."""
    return len(value) == _LENGTH and value[:1] == _WRAPPED


def vault_beside(path: Path, id: bytes | None) -> Vault | None:
    """For reading: the vault with this id, where the file at ``path`` holds its key; ``None`` where it does not."""
    if id is None:
        return None
    with suppress(Unavailable):
        return MasterFile(path, _no_entropy).opened(id)
    return None


def usable(vault: Vault | None, found: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Subject keys as they are used, of those that a store keeps: what is wrapped is none without the master key."""
    if vault is None:
        return {name: key for name, key in found.items() if not is_wrapped(key)}
    return {name: vault.unwrap(name, key) for name, key in found.items()}


class MasterFile:
    """The file that holds the master key: readable by its owner only, always of one size, changed in place."""

    def __init__(self, path: Path, entropy: Entropy) -> None:
        self.path = path
        self._entropy = entropy

    def begun(self) -> Vault:
        """The vault of a store that has none yet: with the key of a file that is there already, else of a new one."""
        if not self.path.exists():
            self._make()
        keys = self._keys()
        if not keys:
            raise Unavailable("master_key_unusable", f"{self.path} holds no master key")
        return Vault(next(iter(keys.values())), self._entropy)

    def opened(self, id: bytes) -> Vault:
        """The vault with this id; ``Unavailable`` where the file is missing, is another, or can be read by others."""
        if not self.path.exists():
            raise Unavailable(
                "master_key_missing",
                f"the subject keys are wrapped by the master key {id.hex()}, and there is no file {self.path}: put "
                "the file back, or say where it is ([audit] master_key)",
            )
        key = self._keys().get(id)
        if key is None:
            raise Unavailable(
                "master_key_wrong",
                f"the subject keys are wrapped by the master key {id.hex()}, which is not the one in {self.path}: it "
                "belongs to another log, or was changed by an erasure since",
            )
        return Vault(key, self._entropy)

    def fresh(self, present: Vault) -> Vault:
        """A new master key, written durably beside the present one."""
        self.only(present)
        key = self._entropy(_KEY)
        self._write(1 - self._place(present), _line(key))
        return Vault(key, self._entropy)

    def only(self, present: Vault) -> None:
        """Overwrite whatever the file holds beside this key."""
        other = 1 - self._place(present)
        if self._lines()[other] != _EMPTY:
            self._write(other, _EMPTY)

    def _place(self, present: Vault) -> int:
        for place, line in enumerate(self._lines()):
            if _read(line)[0] == present.id:
                return place
        raise Unavailable("master_key_wrong", f"{self.path} does not hold the master key {present.id.hex()}")

    def _keys(self) -> dict[bytes, bytes]:
        """The keys that are whole, by id: a place that was being written when the power went is none."""
        found = dict(map(_read, self._lines()))
        return {id: key for id, key in found.items() if key and id == _id_of(key)}

    def _lines(self) -> list[bytes]:
        try:
            with self.path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise Unavailable("master_key_exposed", f"others may read {self.path}: chmod 600 it")
                held = file.read(len(_HEAD) + 2 * _PLACE + 1)
        except OSError as error:
            raise Unavailable("master_key_unusable", f"{self.path} cannot be read: {error.strerror}") from error
        if not held.startswith(_HEAD) or len(held) != len(_HEAD) + 2 * _PLACE:
            raise Unavailable("master_key_unusable", f"{self.path} is no file of a master key")
        places = held[len(_HEAD) :]
        return [places[:_PLACE], places[_PLACE:]]

    def _make(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self.path.with_name(self.path.name + ".new")
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(_HEAD + _line(self._entropy(_KEY)) + _EMPTY)
            file.flush()
            os.fsync(file.fileno())
        made.rename(self.path)
        sync_folder(self.path.parent)

    def _write(self, place: int, line: bytes) -> None:
        assert len(line) == _PLACE
        with self.path.open("r+b") as file:
            file.seek(len(_HEAD) + place * _PLACE)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def _id_of(key: bytes) -> bytes:
    return sha256(b"matron master key\x00" + key).digest()[:_ID]


def _line(key: bytes) -> bytes:
    return _id_of(key).hex().encode() + b" " + key.hex().encode() + b"\n"


def _read(line: bytes) -> tuple[bytes, bytes]:
    try:
        id, key = line.decode("ascii").split()
        return bytes.fromhex(id), bytes.fromhex(key)
    except ValueError:
        return b"", b""


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")
