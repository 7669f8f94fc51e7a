"""What can be set of who may come in: the table ``[access]``. Secrets are files here, never values."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class AccessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table ``[access]``. Paths are files; what a file holds is never printed."""

    accounts: str | None = None
    """The file of people's accounts and their sessions; without it nobody signs in with a password."""
    session_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 720
    """How long a session lasts, however busy."""
    idle_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 60
    """How long a session lasts without a request."""
    secure_cookie: Literal["auto", "always", "never"] = "auto"
    """Whether a session's cookie is kept to TLS. ``auto``: where TLS is spoken, here or by a trusted proxy."""
    lock_after: Annotated[int, Meta(ge=1, le=100)] = 5
    """Failed attempts by one name after which it is locked,"""
    lock_within_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 15
    """when they came within so long,"""
    lock_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 15
    """for so long."""
    oidc_issuer: Annotated[str, Meta(pattern=r"^https://[^\s]{1,500}$(?!\n)")] | None = None
    """The provider at which people may sign in too (OpenID Connect): its issuer, exactly as it says itself."""
    oidc_client_id: str = ""
    """What the provider calls this server."""
    oidc_client_secret_file: str | None = None
    """The file of the secret that the provider has given, if it has given one."""
    oidc_redirect: str = ""
    """Where the provider sends people back: https://, the name of this server, and /sign-in/oidc/callback."""
    oidc_roles_claim: Annotated[str, Meta(min_length=1)] = "roles"
    """The claim of a person's roles: a list, or an object of lists by hospital."""
    oidc_hospital_claim: Annotated[str, Meta(min_length=1)] = "hospital"
    """The claim of a person's hospital, or of a list of them."""
    oidc_name_claim: Annotated[str, Meta(min_length=1)] = "preferred_username"
    """The claim of the name under which a person's acts are written down."""
    oidc_label: Annotated[str, Meta(min_length=1, max_length=60)] = "Single sign-on"
    """What the button says."""
    token_keys: str | None = None
    """The file of what signed tokens (JWT) are checked with: a JWKS, a public key (PEM), or an HS256 secret."""
    jwks_url: Annotated[str, Meta(pattern=r"^https://[^\s]{1,500}$(?!\n)")] | None = None
    """Where the issuer of tokens publishes its keys."""
    issuer: str = ""
    """Who issues tokens: their claim ``iss``."""
    audience: str = ""
    """Whom tokens are for: their claim ``aud``, or one of it."""
    roles_claim: Annotated[str, Meta(min_length=1)] = "roles"
    """The claim of a token's roles; ``realm_access.roles`` is a claim within a claim."""
    hospital_claim: Annotated[str, Meta(min_length=1)] = "hospital"
    """The claim of a token's hospital; ``*``: the whole network."""
    leeway_seconds: Annotated[int, Meta(ge=0, le=300)] = 30
    """By how much an issuer's clock may differ from ours."""
    hsts_seconds: Annotated[int, Meta(ge=0, le=63_072_000)] = 0
    """For how long a browser that came over TLS is to come over TLS alone (Strict-Transport-Security); 0: not said."""
    ca_file: str | None = None
    """Certificates (PEM) to trust, beside the system's own, where keys of tokens are published and people sign in."""
