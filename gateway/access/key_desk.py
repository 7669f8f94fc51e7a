"""Who answers what is asked about API keys: the file is changed as ``matron keys`` would, and the change noted.

K1  An administrator sees and changes the keys of his own hospital; another's are not there.
K2  Keys for the whole network are given by those of the whole network, the role network by those who have it.
K3  Nobody revokes the key that he is using.
K4  A secret stands in the answer to the request that made it, and nowhere else.
"""

from __future__ import annotations

import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import trio

from engine.calendar import moment
from engine.clock import Clock
from engine.views.paging import MAX_LIMIT
from gateway.access.endpoint import Done, Handlers
from gateway.access.keys import (
    BadKey,
    Key,
    KeysUnusable,
    KeyTaken,
    NoSuchKey,
    add_key,
    read_keys,
    revoke_key,
    rotate_key,
)
from gateway.access.names import WHOLE_NETWORK
from gateway.access.notes import Notes
from gateway.access.requests import AddKey, KeyList, KeyView, ListKeys, RevokeKey, RotateKey
from gateway.auth import ApiKeys
from gateway.call import Call
from gateway.problems import NO_CONTENT, SUCCESS, Problem, invalid, not_found

T = TypeVar("T")

log = logging.getLogger("matron.auth")


class KeyDesk:
    """Answers about the keys of one file."""

    def __init__(self, keys: ApiKeys, notes: Notes, clock: Clock) -> None:
        self._keys = keys
        self._notes = notes
        self._clock = clock
        self._one = trio.CapacityLimiter(1)

    def handlers(self) -> Handlers:
        """What is answered here."""
        return {ListKeys: self._list, AddKey: self._add, RevokeKey: self._revoke, RotateKey: self._rotate}

    async def _list(self, asked: ListKeys, call: Call) -> Done:
        caller = call.caller
        assert caller is not None
        every = caller.hospital == WHOLE_NETWORK and b"hospital-id" not in call.headers
        hospital = "" if every else call.hospital
        found = await self._file(read_keys)
        if asked.limit < 1:
            raise invalid("limit", "is at least 1")
        limit, after = min(asked.limit, MAX_LIMIT), _place_of(asked.cursor)
        keys = sorted((key for key in found if every or key.hospital == hospital), key=_place)
        keys = [key for key in keys if _place(key) > after]
        cursor = _cursor(keys[limit - 1]) if len(keys) > limit else None
        return Done(KeyList([self._view(key) for key in keys[:limit]], cursor))

    async def _add(self, asked: AddKey, call: Call) -> Done:
        caller, hospital = call.caller, _hospital(asked.hospital, call)
        assert caller is not None
        if "network" in asked.roles and "network" not in caller.roles:
            raise Problem("forbidden", "The role network is given by whoever has it.", rule="K2")
        if asked.expires_at is not None and asked.expires_at <= moment(self._clock.wall()):
            raise invalid("expires_at", "is over already")
        roles = list(dict.fromkeys(asked.roles))
        secret = await self._file(
            partial(
                add_key, name=asked.name, roles=roles, hospital=hospital, expires=asked.expires_at, note=asked.note,
                clock=self._clock,
            )
        )  # fmt: skip
        said = {"expires": asked.expires_at.isoformat()} if asked.expires_at is not None else {}
        self._notes.say(_noted(hospital), call.who, "key_added", key=asked.name, roles="+".join(sorted(roles)), **said)
        made = await self._one_of(hospital, asked.name)
        return Done(self._view(made, secret), SUCCESS["created"])

    async def _revoke(self, asked: RevokeKey, call: Call) -> Done:
        caller, hospital = call.caller, _hospital(asked.hospital, call)
        assert caller is not None
        if (caller.kind, caller.name, caller.hospital) == ("key", asked.key_name, hospital):
            raise Problem(
                "own_key", "This is the key that you are using: rotate it, or use another.", status=409, rule="K3"
            )
        await self._file(partial(revoke_key, hospital=hospital, name=asked.key_name))
        self._notes.say(_noted(hospital), call.who, "key_revoked", key=asked.key_name)
        return Done(status=NO_CONTENT)

    async def _rotate(self, asked: RotateKey, call: Call) -> Done:
        hospital = _hospital(asked.hospital, call)
        keep = timedelta(minutes=asked.keep_minutes)
        key, secret = await self._file(
            partial(rotate_key, hospital=hospital, name=asked.key_name, keep=keep, clock=self._clock)
        )
        said = {"kept_minutes": str(asked.keep_minutes)} if asked.keep_minutes else {}
        self._notes.say(_noted(hospital), call.who, "key_rotated", key=asked.key_name, **said)
        return Done(self._view(key, secret))

    async def _one_of(self, hospital: str, name: str) -> Key:
        found = await self._file(read_keys)
        return next(key for key in found if (key.hospital, key.name) == (hospital, name))

    async def _file(self, work: Callable[[Path], T]) -> T:
        """Do something with the file, in a thread since it waits for the disk; one after the other."""
        try:
            done = await trio.to_thread.run_sync(work, self._keys.path, limiter=self._one)
        except NoSuchKey:
            raise not_found() from None
        except KeyTaken:
            detail = "There is a key of this name: choose another, or rotate that one."
            raise Problem("key_taken", detail, status=409) from None
        except BadKey as error:
            raise invalid(error.field, error.why) from None
        except KeysUnusable as error:
            log.error("keys file not used: %s", error)
            raise Problem("keys_unusable", "The file of keys cannot be used; the log says why.", status=503) from None
        self._keys.refresh()
        return done

    def _view(self, key: Key, secret: str | None = None) -> KeyView:
        now = moment(self._clock.wall())
        return KeyView(
            name=key.name,
            roles=sorted(key.roles),
            hospital=key.hospital,
            note=key.note,
            added_at=key.added,
            expires_at=key.expires,
            expired=key.expired(now),
            old_until=key.old_until if key.old_until is not None and key.old_until > now else None,
            secret=secret,
        )


def _hospital(named: str | None, call: Call) -> str:
    """Whose key is meant: the caller's own hospital, or, for whom the whole network is, any, and the network itself."""
    caller = call.caller
    assert caller is not None
    if named is None:
        return call.hospital
    if caller.hospital not in (WHOLE_NETWORK, named):
        raise not_found()
    return named


def _place(key: Key) -> tuple[str, str]:
    return key.hospital, key.name


def _cursor(key: Key) -> str:
    return urlsafe_b64encode(f"{key.hospital}/{key.name}".encode()).decode("ascii")


def _place_of(cursor: str | None) -> tuple[str, str]:
    """Behind what a page begins; a hospital's name has no ``/``."""
    if cursor is None:
        return "", ""
    try:
        hospital, _, name = urlsafe_b64decode(cursor.encode("ascii")).decode().partition("/")
    except ValueError:
        raise invalid("cursor", "is none that was given out here") from None
    return hospital, name


def _noted(hospital: str) -> str:
    return "" if hospital == WHOLE_NETWORK else hospital
