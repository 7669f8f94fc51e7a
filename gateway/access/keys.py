"""The file of API keys: who has one, what it opens, until when. Never a key itself, only its SHA-256.

A key is 256 random bits, so one round of SHA-256 is enough to keep it. The file is TOML that a person may edit too: a
change touches its own table and leaves what stands around it. Whoever reads it sees a whole file, the old one or the
new; two who change it do so one after the other. Knows no request.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from engine.calendar import moment
from engine.clock import Clock, SystemClock
from gateway.access.names import HOSPITAL_NAME, NAME, RESERVED, WHOLE_NETWORK
from gateway.routes.row import Role

PREFIX: Final = "matron_"
LONGEST_NOTE: Final = 200
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Moment = Annotated[datetime, Meta(tz=True)]


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file. After a rotation the key before it may go on for a while."""

    name: str
    sha256: Digest
    roles: Annotated[list[Role], Meta(min_length=1)]
    hospital: str
    expires: Moment | None = None
    added: Moment | None = None
    note: str = ""
    old_sha256: Digest | None = None
    old_until: Moment | None = None

    def expired(self, now: datetime) -> bool:
        """Whether it opens nothing any more."""
        return self.expires is not None and self.expires <= now


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: a TOML array of tables, ``[[key]]``."""

    key: list[Key] = []


class KeysUnusable(Exception):
    """The keys file cannot be used, or not so; the message says why and what to do."""


class KeyTaken(KeysUnusable):
    """There is a key of this name in this hospital already."""


class BadKey(KeysUnusable):
    """A key cannot be so; ``field`` and ``why`` repeat nothing of it."""

    def __init__(self, key: Key, field: str, why: str) -> None:
        super().__init__(f"the key {key.name!r}: its {field} {why}")
        self.field = field
        self.why = why


class NoSuchKey(KeysUnusable):
    """There is no key of this name in this hospital."""


def read_keys(path: Path) -> list[Key]:
    """What the file holds, checked; ``KeysUnusable`` says what is wrong with it."""
    return _parsed(path, _text(path))


def add_key(
    path: Path, name: str, roles: list[Role], hospital: str, *, expires: datetime | None = None, note: str = "",
    clock: Clock | None = None,
) -> str:  # fmt: skip
    """Make a key, write its hash into the file (made, for its owner only, where there is none), and return the key."""
    clock = clock or SystemClock()
    secret, digest = _fresh(clock)
    key = Key(name, digest, roles, hospital, expires, _now(clock), note)
    check_key(key)

    def change(keys: list[Key]) -> tuple[int, Key]:
        if any((each.hospital, each.name) == (hospital, name) for each in keys):
            raise KeyTaken(f"{path} has a key named {name!r} already")
        return len(keys), key

    _change(path, change, new=True)
    return secret


def revoke_key(path: Path, hospital: str, name: str) -> Key:
    """Take a key out of the file; it opens nothing from now on."""
    _, key = _change(path, lambda keys: (_place(path, keys, hospital, name), None))
    return key


def rotate_key(
    path: Path, hospital: str, name: str, *, keep: timedelta = timedelta(0), clock: Clock | None = None
) -> tuple[Key, str]:
    """Give a key's owner another secret; the one until now goes on for ``keep``. Gives the table and the secret."""
    clock = clock or SystemClock()
    secret, digest = _fresh(clock)
    now = _now(clock)

    def change(keys: list[Key]) -> tuple[int, Key]:
        place = _place(path, keys, hospital, name)
        old = keys[place]
        if old.expired(now):
            raise KeysUnusable(f"the key {name!r} has expired: revoke it, and add another")
        kept = (old.sha256, now + keep) if keep > timedelta(0) else (None, None)
        return place, msgspec.structs.replace(old, sha256=digest, added=now, old_sha256=kept[0], old_until=kept[1])

    made, _ = _change(path, change)
    assert made is not None
    return made, secret


def check_key(key: Key) -> None:
    """A key's name and hospital have their form, and only a whole network's key has the network's role: ``BadKey``."""
    if not NAME.fullmatch(key.name):
        raise BadKey(key, "name", "has 1 to 80 letters, digits, spaces and . @ : _ -")
    if key.name.startswith(RESERVED):
        raise BadKey(key, "name", "must not begin as those of people and tokens do")
    if key.hospital != WHOLE_NETWORK and not HOSPITAL_NAME.fullmatch(key.hospital):
        raise BadKey(key, "hospital", "is a name such as 'main', or '*'")
    if "network" in key.roles and key.hospital != WHOLE_NETWORK:
        raise BadKey(key, "roles", "have network among them, so the hospital must be '*'")
    if len(key.note) > LONGEST_NOTE or not key.note.isprintable():
        raise BadKey(key, "note", f"is one line of up to {LONGEST_NOTE} characters")


def check_rights(path: Path, found: os.stat_result) -> None:
    """A secret's file is nobody's to read but its owner's and his group's, and only its owner's to write."""
    if stat.S_IMODE(found.st_mode) & (stat.S_IRWXO | stat.S_IWGRP):
        raise KeysUnusable(
            f"{path} can be read or written by others than its owner: 'chmod 600 {path}', and if it held secrets "
            "that others may have read, make new ones"
        )


# -- reading and writing the file -----------------------------------------------------------------------------


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            check_rights(path, os.fstat(file.fileno()))
            return file.read().decode("utf-8")
    except OSError as error:
        raise KeysUnusable(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise KeysUnusable(f"{path} is not a keys file: {error}") from error


def _parsed(path: Path, text: str) -> list[Key]:
    try:
        keys = msgspec.toml.decode(text, type=KeyFile).key
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        raise KeysUnusable(f"{path} is not a keys file: {error}") from error
    digests: set[str] = set()
    names: set[tuple[str, str]] = set()
    for key in keys:
        check_key(key)
        opening = {key.sha256} if key.old_sha256 is None else {key.sha256, key.old_sha256}
        if opening & digests or (key.hospital, key.name) in names:
            # A principal's name is part of the scope of its idempotency keys: two of one name would share them.
            raise KeysUnusable(f"{path} has the key or the name {key.name!r} twice")
        digests |= opening
        names.add((key.hospital, key.name))
    return keys


def _change(
    path: Path, change: Callable[[list[Key]], tuple[int, Key | None]], *, new: bool = False
) -> tuple[Key | None, Key]:
    """Change one table, alone and whole: what it became (``None``: taken out), and what it was."""
    path = Path(os.path.realpath(path))
    try:
        with _alone(path.parent) as folder:
            text = "" if new and not path.exists() else _text(path)
            keys = _parsed(path, text)
            place, made = change(keys)
            was = keys[place] if place < len(keys) else made
            wanted = [*keys[:place], *([] if made is None else [made]), *keys[place + 1 :]]
            _write(path, _edited(text, place, made, wanted), folder)
            assert was is not None
            return made, was
    except OSError as error:
        raise KeysUnusable(
            f"{path} cannot be changed: {error.strerror}; whoever changes it owns it, and may write in its folder"
        ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[int]:
    """The folder's handle, while nobody else changes a keys file in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _write(path: Path, text: str, folder: int) -> None:
    beside = path.with_name(f".{path.name}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, stat.S_IRUSR | stat.S_IWUSR)
        if path.exists():  # root may change it for the account that serves, which has to read it afterwards
            owner = path.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(handle)
    beside.replace(path)
    os.fsync(folder)


_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*key[ \t]*\]\]", re.MULTILINE)
_AROUND = re.compile(r"(?:^[ \t]*(?:#[^\n]*)?(?:\n|\Z))*\Z", re.MULTILINE)


def _edited(text: str, place: int, made: Key | None, wanted: list[Key]) -> str:
    """The text with one table changed; all of it is written anew where the tables do not stand as they usually do."""
    starts = [*(found.start() for found in _HEADER.finditer(text)), len(text)]
    block = "" if made is None else _table(made)
    if place < len(starts):
        here = starts[place]
        after = text[here : starts[place + 1]] if place + 1 < len(starts) else ""
        around = _AROUND.search(after)
        remark = after[around.start() :] if around is not None else ""  # comments in front of the next table
        head = text[:here]
        gap = "\n" if made is not None and head and not head.endswith("\n\n") else ""
        edited = head + gap + block + remark.lstrip("\n") + text[here + len(after) :]
        try:
            if msgspec.toml.decode(edited, type=KeyFile).key == wanted:
                return edited
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError):
            pass
    return "".join(map(_table, wanted))


def _table(key: Key) -> str:
    """A key as the file has it. JSON spells a text and a list of texts as TOML does."""
    lines = ["[[key]]"]
    for name in Key.__struct_fields__:
        value = getattr(key, name)
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        elif value in (None, ""):
            continue
        else:
            value = json.dumps(value, ensure_ascii=False)
        lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n\n"


def _place(path: Path, keys: list[Key], hospital: str, name: str) -> int:
    for place, key in enumerate(keys):
        if (key.hospital, key.name) == (hospital, name):
            return place
    raise NoSuchKey(f"{path} has no key named {name!r} for the hospital {hospital!r}")


def _fresh(clock: Clock) -> tuple[str, str]:
    secret = PREFIX + urlsafe_b64encode(clock.entropy(32)).rstrip(b"=").decode("ascii")
    return secret, hashlib.sha256(secret.encode()).hexdigest()


def _now(clock: Clock) -> datetime:
    return moment(clock.wall()).replace(microsecond=0)
