"""What is asked about people and their sessions, and what is answered: the questions that no engine is asked.

Pure vocabulary, a registry beside those of the engine and of the audit explorer. Who answers stands in ``sign_in.py``,
``users.py`` and ``key_desk.py``.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from engine.decider import Value
from engine.views.paging import ListQuery
from gateway.routes.row import Role

UserName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$")]
"""What a person signs in with: small letters, digits and ``. _ @ -``."""

Hospital = Annotated[str, Meta(pattern=r"^(?:\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)$")]
"""A hospital; ``*``: the whole network."""

Given = Annotated[str, Meta(min_length=1, max_length=1_000, extra_json_schema={"format": "password"})]
"""A password as somebody gave it."""

Shown = Annotated[str, Meta(max_length=120)]
Roles = Annotated[list[Role], Meta(min_length=1, max_length=7)]


# -- the session --------------------------------------------------------------------------------------------


class GetSession(Value, frozen=True):
    """Who asks, and what he or she may do; with a key, a token or a session alike, and without authentication too."""


class SignIn(Value, frozen=True):
    """Sign in. Without ``hospital`` it is the first of one's own; ``PUT`` leads to another."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    password: Given
    hospital: Hospital | None = None


class SwitchHospital(Value, frozen=True):
    """Go on in another of one's own hospitals; the session gets a new cookie and a new token."""

    hospital: Hospital


class SignOut(Value, frozen=True):
    """End the session."""


class ChangePassword(Value, frozen=True):
    """Change one's own password; all other sessions of the same person end."""

    old: Given
    new: Given


class GetSignInWays(Value, frozen=True):
    """How people can sign in here."""


class HospitalRoles(msgspec.Struct, frozen=True):
    """What somebody is in a hospital (``*``: in each)."""

    id: str
    roles: list[Role]


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. ``csrf`` is what a session's writes say in the header ``X-CSRF-Token``; ``until``: when it ends."""

    kind: Literal["key", "token", "session", "dev"]
    name: str
    shown: str
    roles: list[Role]
    hospital: str
    hospitals: list[HospitalRoles]
    csrf: str = ""
    until: dt.datetime | None = None
    break_glass: bool = False


class ProviderWay(msgspec.Struct, frozen=True):
    """Somebody else's sign-in: what its button says, and where it leads."""

    label: str
    path: str


class SignInWays(msgspec.Struct, frozen=True):
    """How people can sign in here; a key is always possible."""

    password: bool
    oidc: ProviderWay | None = None


# -- people -------------------------------------------------------------------------------------------------


class ListUsers(ListQuery, frozen=True):
    """The people who may sign in to this hospital, by name; for the whole network, without ``Hospital-Id``: all."""


class GetUser(Value, frozen=True):
    """One of them."""

    user_name: UserName


class AddUser(Value, frozen=True):
    """Let somebody sign in. ``hospital`` may be named by the whole network's administrator alone (``*``: everywhere).

    A password has 12 to 1,000 characters, is not the name, and is not among the commonest. Without one it is made here
    and stands in the answer, this once.
    """

    name: UserName
    roles: Roles
    password: Given | None = None
    shown: Shown = ""
    hospital: Hospital | None = None


class ChangeUser(Value, frozen=True):
    """Change what is given. ``roles`` are those in this hospital; with them sessions end. ``DELETE`` takes it away."""

    user_name: UserName
    shown: Shown | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    hospital: Hospital | None = None


class RemoveUser(Value, frozen=True):
    """Take somebody's roles in this hospital away, and the account with the last of them."""

    user_name: UserName


class ResetPassword(Value, frozen=True):
    """Give somebody another password: this one, or one that is made here and stands in the answer, this once."""

    user_name: UserName
    password: Given | None = None


class UnlockUser(Value, frozen=True):
    """Forget the failed attempts to sign in by this name."""

    user_name: UserName


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in. ``roles`` are those in the hospital that was asked; ``hospitals`` those one may see.

    ``password`` stands only in the answer to the request for which it was made.
    """

    name: str
    shown: str
    roles: list[Role]
    hospitals: list[HospitalRoles]
    signs_in_by: Literal["password", "oidc"]
    disabled: bool
    locked_until: dt.datetime | None
    added_at: dt.datetime
    changed_at: dt.datetime
    password: str | None = None


class Users(msgspec.Struct, frozen=True):
    """People by name; ``next_cursor`` is ``None`` after the last."""

    items: list[UserView]
    next_cursor: str | None = None


# -- keys ---------------------------------------------------------------------------------------------------


KeyName = Annotated[str, Meta(pattern=r"^[\w .@:-]{1,80}$")]


class ListKeys(ListQuery, frozen=True):
    """The keys of this hospital, by name; for the whole network, without ``Hospital-Id``: all."""


class AddKey(Value, frozen=True):
    """Make a key. ``hospital`` may be named by the whole network's administrator alone (``*``: the whole network).

    It is in the answer, this once; a repeat is refused, since nobody can tell it again.
    """

    name: KeyName
    roles: Annotated[list[Role], Meta(min_length=1, max_length=7)]
    expires_at: Annotated[dt.datetime, Meta(tz=True)] | None = None
    note: Annotated[str, Meta(max_length=200)] = ""
    hospital: Hospital | None = None


class RevokeKey(Value, frozen=True):
    """Revoke a key: it opens nothing from now on, and within seconds in every gateway process."""

    key_name: KeyName
    hospital: Hospital | None = None


class RotateKey(Value, frozen=True):
    """Make another secret for a key; the one until now goes on for ``keep_minutes``."""

    key_name: KeyName
    keep_minutes: Annotated[int, Meta(ge=0, le=10_080)] = 0
    hospital: Hospital | None = None


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret. ``secret`` stands only in the answer to the request that made it.

    ``old_until``: how long the secret before the last rotation still opens.
    """

    name: str
    roles: list[Role]
    hospital: str
    note: str
    added_at: dt.datetime | None
    expires_at: dt.datetime | None
    expired: bool
    old_until: dt.datetime | None
    secret: str | None = None


class KeyList(msgspec.Struct, frozen=True):
    """Keys by hospital and name; ``next_cursor`` is ``None`` after the last."""

    items: list[KeyView]
    next_cursor: str | None = None


REQUESTS: Final[dict[type[Any], Any]] = {
    GetSession: SessionView,
    SignIn: SessionView,
    SwitchHospital: SessionView,
    SignOut: None,
    ChangePassword: SessionView,
    GetSignInWays: SignInWays,
    ListUsers: Users,
    GetUser: UserView,
    AddUser: UserView,
    ChangeUser: UserView,
    RemoveUser: None,
    ResetPassword: UserView,
    UnlockUser: UserView,
    ListKeys: KeyList,
    AddKey: KeyView,
    RevokeKey: None,
    RotateKey: KeyView,
}
"""Each request with the type of its answer; ``None``: it is answered without a body."""

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "SignIn": {"name": "ana.lopes", "password": "a tram to the sea"},
    "SwitchHospital": {"hospital": "north"},
    "ChangePassword": {"old": "a tram to the sea", "new": "four lamps at dusk"},
    "AddUser": {"name": "ana.lopes", "shown": "Ana Lopes", "roles": ["clerk"], "password": "a tram to the sea"},
    "ChangeUser": {"roles": ["clerk", "clinician"]},
    "AddKey": {"name": "laboratory", "roles": ["integration"], "note": "results, to Ana Lopes"},
    "RotateKey": {"keep_minutes": 60},
}
"""By request: what the documentation shows."""
