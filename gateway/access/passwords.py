"""Passwords: which may be chosen, and whether one is right. Hashes are Argon2id in argon2-cffi's own profile.

One hash takes 64 MiB and tens of milliseconds, so it is worked out in a thread, few at once, and whoever comes when
too many wait is told to come again. Knows no account.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import trio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.problems import Problem

SHORTEST, LONGEST = 12, 1_000
"""Characters."""

FEWEST_DIFFERENT: Final = 5
"""Characters that differ."""

AT_ONCE: Final = 2
"""Hashes worked out at once: each takes a core, and 64 MiB."""

WAITING: Final = 16
"""Those that wait for it; one more is refused."""

COMMON_WORDS: Final = frozenset(
    """
    password passwort passwords passw0rd p@ssword p@ssw0rd contraseña contrasena senha motdepasse parola
    qwertyuiop qwertyuiopasdf qwerty qwertz azerty asdfghjkl zxcvbnm qazwsxedc qazwsx
    abcdefghijkl abcdefghijklm abcdefgh abcdef abc
    letmein letmeinnow welcome welcomeback iloveyou iloveyouforever sunshine princess dragon monkey
    football baseball superman batman starwars whatever trustno
    admin administrator root changeme changemenow default secret supersecret topsecret letmeinplease
    hospital clinic doctor nurse reception frontdesk matron patient
    correcthorsebatterystaple
    """.split()
)
"""What too many people choose, without the digits and signs that they put around it."""

DIGITS: Final = "01234567890123456789"


class WeakPassword(ValueError):
    """This password may not be chosen; the message says why."""


def normal(password: str) -> str:
    """The same password, however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, name: str) -> None:
    """Whether somebody of this name may have this password; ``WeakPassword`` otherwise."""
    password = normal(password)
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"must have {SHORTEST} to {LONGEST:,} characters")
    folded = password.casefold()
    if len(set(folded)) < FEWEST_DIFFERENT:
        raise WeakPassword(f"must have {FEWEST_DIFFERENT} different characters at least")
    word = "".join(sign for sign in folded if sign.isalpha() or sign in "@0").strip("@0")
    bare = name.casefold()
    rest = folded.replace(bare, "").strip(DIGITS + "!?.@_- ") if bare and bare in folded else folded
    if not rest or folded == bare[::-1]:
        raise WeakPassword("must not be the name")
    if is_run(folded) or any(word in (common, common * 2) for common in COMMON_WORDS):
        raise WeakPassword("is among the commonest")


def is_run(text: str) -> bool:
    """Whether it is a run of digits up or down, or one piece again and again."""
    if text in DIGITS or text in DIGITS[::-1]:
        return True
    return text in (text + text)[1:-1] or any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 5))


class Passwords:
    """Hashes, worked out beside the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._hasher = hasher or PasswordHasher()
        self._limiter = trio.CapacityLimiter(at_once)
        self._most = at_once + waiting
        self._here = 0

    def hash(self, password: str) -> str:
        """What is kept of a password. Takes tens of milliseconds."""
        return self._hasher.hash(normal(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; where nothing is kept it takes as long to say no."""
        if kept is None:
            self.hash(password)  # the same work over the same memory
            return False
        try:
            return self._hasher.verify(kept, normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made with less work than one would be now."""
        return self._hasher.check_needs_rehash(kept)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A place among those that wait for a hash; a ``Problem`` (503) when there is none."""
        if self._here >= self._most:
            raise Problem("busy", "Too many sign in at once.", headers={"Retry-After": "1"})
        self._here += 1
        try:
            yield
        finally:
            self._here -= 1

    async def check(self, kept: str | None, password: str) -> bool:
        """``matches`` in a thread; whoever asks has his ``turn``."""
        return await trio.to_thread.run_sync(self.matches, kept, password, limiter=self._limiter)

    async def hashed(self, password: str) -> str:
        """``hash`` in a thread; whoever asks has his ``turn``."""
        return await trio.to_thread.run_sync(self.hash, password, limiter=self._limiter)
