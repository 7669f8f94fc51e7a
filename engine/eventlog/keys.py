"""Sealing of personal data: one AES-128-GCM key per patient and one per hospital, kept outside the log.

A sealed text is MessagePack extension type 1 with the payload
``version (1 byte) | subject (16 bytes: the patient's UUID, or zeros) | nonce (12) | ciphertext and tag``.
New keys are handed to the store together with the first entry that uses them, and are durable before it.

Of a patient who was erased the store keeps the name and ``DESTROYED`` instead of the key: then every text of that
patient opens as the word ``erased``, and no new one is sealed. How a store keeps keys is its own concern (``vault``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.decider import ERASED, GONE, NotInMemory
from engine.errors import LogCorrupt, SubjectErased
from engine.gauges import Cache

SEALED: Final = 1
"""The MessagePack extension code of a sealed text."""

DESTROYED: Final = b"\x00"
"""What a store keeps in the place of a key that was destroyed."""

_VERSION: Final = b"\x01"
_NOBODY: Final = bytes(16)
_KEPT: Final = 200_000
"""How many patients' keys stay in memory (about 250 bytes each; a cipher made of one would be ten times that)."""


class Keyring:
    """The keys of one hospital, as far as they are in memory.

    ``fresh`` holds (store name, key) pairs that no commit has made durable yet; ``used`` counts. ``destroyed`` are
    the names of subjects whose keys are known to be gone for good.
    """

    def __init__(self, hospital: str, entropy: Callable[[int], bytes]) -> None:
        self._prefix = hospital.encode() + b"\x00"
        self._entropy = entropy
        self._keys: dict[bytes, bytes] = {}
        self.destroyed: set[bytes] = set()
        self._raw_hospital: bytes | None = None
        self._hospital_cipher: AESGCM | None = None
        self.used = Cache()
        self.fresh: list[tuple[bytes, bytes]] = []

    def take_fresh(self) -> list[tuple[bytes, bytes]]:
        """Hand over the keys that are not durable yet; they must be, before any entry that uses them."""
        fresh, self.fresh = self.fresh, []
        return fresh

    def create(self, subject: str) -> None:
        """Make the key of a subject that has none; it goes to the store with the next commit."""
        name, key = _subject_bytes(subject), self._entropy(16)
        self._keep(name, key)
        self.fresh.append((self._prefix + name, key))

    def adopt(self, stored: dict[bytes, bytes]) -> None:
        """Take keys that were read from the store, by their store names."""
        for name, key in stored.items():
            if key == DESTROYED:
                self._forget(name.removeprefix(self._prefix))
            else:
                self._keep(name.removeprefix(self._prefix), key)

    def destroy(self, subjects: Iterable[str]) -> None:
        """These subjects' keys are gone from the store: no text of theirs is opened or sealed any more."""
        for subject in subjects:
            self._forget(_subject_bytes(subject))

    def is_destroyed(self, subject: str) -> bool:
        """Whether this subject's key is known to be gone for good."""
        return _subject_bytes(subject) in self.destroyed

    def store_name(self, subject: str) -> bytes:
        """Under which name the store keeps the key of this subject."""
        return self._prefix + _subject_bytes(subject)

    def seal(self, subject: str, text: str) -> bytes:
        """The payload for this text; ``NotInMemory`` when the subject's key is not here, ``SubjectErased``."""
        name = _subject_bytes(subject) if subject else _NOBODY
        nonce = self._entropy(12)
        sealed = self._cipher(name, subject).encrypt(nonce, text.encode("utf-8", "surrogatepass"), name)
        return _VERSION + name + nonce + sealed

    def open(self, payload: bytes) -> str:
        """The text of a payload; ``NotInMemory`` when its key is not here, ``LogCorrupt`` when it was altered.

        The word ``erased`` where the key was destroyed.
        """
        name = payload[1:17]
        if payload[:1] == GONE or name in self.destroyed:
            return ERASED
        if payload[:1] != _VERSION or len(payload) < 45:
            raise LogCorrupt("a sealed text has an unknown form")
        try:
            plain = self._cipher(name, _subject_text(name)).decrypt(payload[17:29], payload[29:], name)
        except InvalidTag as error:
            raise LogCorrupt("a sealed text does not open with its key") from error
        return plain.decode("utf-8", "surrogatepass")

    def fingerprint(self, data: bytes) -> bytes:
        """16 bytes that tell whether two commands are the same; keyed, so that it gives no text away."""
        if self._raw_hospital is None:
            raise NotInMemory("key", "")
        return blake2b(data, digest_size=16, key=self._raw_hospital).digest()

    def _cipher(self, name: bytes, subject: str) -> AESGCM:
        if name == _NOBODY and self._hospital_cipher is not None:
            return self._hospital_cipher
        key = self._keys.get(name)
        if key is None:
            if name in self.destroyed:
                raise SubjectErased("the patient was erased", patient_id=subject)
            raise NotInMemory("key", subject)
        self.used.hits += 1
        return AESGCM(key)  # made anew each time: 1 µs, against 2.4 KB for each patient

    def _forget(self, name: bytes) -> None:
        self._keys.pop(name, None)
        self.destroyed.add(name)

    def _keep(self, name: bytes, key: bytes) -> None:
        if name == _NOBODY:
            self._raw_hospital, self._hospital_cipher = key, AESGCM(key)
        elif len(self._keys) > _KEPT and not self.fresh:
            # Oldest out; never while a fresh key is not durable, for then the store could not give it back.
            for old in [n for n in list(self._keys)[: _KEPT // 10] if n != _NOBODY]:
                del self._keys[old]
        self._keys[name] = key


def payload_subject(payload: bytes) -> str:
    """Whose key seals this payload (``""``: the hospital's)."""
    return _subject_text(payload[1:17])


def _subject_bytes(subject: str) -> bytes:
    return bytes.fromhex(subject.replace("-", "")) if subject else _NOBODY


def _subject_text(name: bytes) -> str:
    if name == _NOBODY:
        return ""
    text = name.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
