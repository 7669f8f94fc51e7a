"""The public keys, or the shared secret, that signed tokens are checked with: how they are read, and which one fits.

What a key is decides the algorithm, never what a token says of itself. Knows no token and no network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from gateway.access.keys import KeysUnusable, check_rights

LARGEST_FILE: Final = 1 << 20
"""Bytes of a file of keys."""
SHORTEST_SECRET: Final = 32
"""Bytes of an HS256 secret."""
SHORTEST_RSA: Final = 2048
"""Bits of an RSA key."""
MOST_KEYS: Final = 50
"""Of one set; more are no set of keys."""
MOST_TRIED: Final = 4
"""Keys that a token without a key's id is tried with."""

_OF_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_OF_CURVE: Final[Mapping[str, str]] = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_PUBLIC_MEMBERS: Final = ("kty", "n", "e", "crv", "x", "y")


class VerifyingKey(NamedTuple):
    """A key, the one algorithm it is for, and its id in the set, where it has one."""

    id: str | None
    algorithm: str
    key: Any


Keys = tuple[VerifyingKey, ...]


class BadKeys(ValueError):
    """This is no key that a token can be checked with; the message says why."""


def fitting(keys: Keys, key_id: str | None) -> Keys:
    """Those that a token with this key id may have been signed with; a key without an id fits every one."""
    if key_id is None:
        return keys[:MOST_TRIED]
    return tuple(key for key in keys if key.id == key_id) or tuple(key for key in keys if key.id is None)[:MOST_TRIED]


def read_key_file(path: Path) -> Keys:
    """The keys of a file: a JWKS (JSON), a public key (PEM), or the bytes of an HS256 secret. ``KeysUnusable``."""
    try:
        with path.open("rb") as file:
            found, data = os.fstat(file.fileno()), file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise KeysUnusable(f"{path} cannot be read: {error.strerror}") from error
    try:
        if len(data) > LARGEST_FILE:
            raise BadKeys("it is too large")
        keys = _keys_of(data)
    except BadKeys as error:
        raise KeysUnusable(f"{path} holds no key for tokens: {error}") from error
    if any(key.algorithm == "HS256" for key in keys):
        check_rights(path, found)
    elif found.st_mode & 0o022:
        raise KeysUnusable(f"{path} can be changed by others than its owner: 'chmod go-w {path}'")
    return keys


def parse_jwks(data: bytes, *, secrets: bool = False) -> Keys:
    """The usable keys of a JWKS, or of a single JWK; others in it are passed over, but one there must be.

    ``secrets``: whether a shared secret may be among them, which nobody publishes.
    """
    try:
        held = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadKeys("it is not JSON") from None
    listed = held.get("keys", [held] if "kty" in held else None) if isinstance(held, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise BadKeys(f"it has no list 'keys' of at most {MOST_KEYS}")
    made: list[VerifyingKey] = []
    why = "it is empty"
    for each in listed:
        try:
            made.append(_of_jwk(each, secrets=secrets))
        except BadKeys as error:
            why = str(error)
    if not made:
        raise BadKeys(f"no key of it can be used: {why}")
    return tuple(made)


def _keys_of(data: bytes) -> Keys:
    if data.lstrip()[:1] == b"{":
        return parse_jwks(data, secrets=True)
    if b"-----BEGIN" in data:
        if b"PRIVATE KEY" in data:
            raise BadKeys("it is a private key, which only the issuer has; give the public one")
        try:
            key = load_pem_public_key(data)
        except (ValueError, UnsupportedAlgorithm):
            raise BadKeys("it is not a public key in PEM") from None
        return (_of_public(key, None),)
    return (_of_secret(data.strip(b"\r\n"), None),)


def _of_jwk(held: Any, *, secrets: bool) -> VerifyingKey:
    if not isinstance(held, dict):
        raise BadKeys("a key is a JSON object")
    key_id = held.get("kid")
    if key_id is not None and not (isinstance(key_id, str) and 0 < len(key_id) <= 200):
        raise BadKeys("a kid is a text of up to 200 characters")
    if held.get("use", "sig") != "sig" or "verify" not in held.get("key_ops", ["verify"]):
        raise BadKeys("it is not for signatures")
    kind = held.get("kty")
    if kind != "oct" and "d" in held:
        raise BadKeys("it has a private key in it, which only the issuer has")
    public = {name: held[name] for name in _PUBLIC_MEMBERS if name in held}
    try:
        if kind == "RSA":
            made = _of_public(RSAAlgorithm.from_jwk(public), key_id, held.get("alg"))
        elif kind == "EC":
            made = _of_public(ECAlgorithm.from_jwk(public), key_id)
        elif kind == "OKP":
            made = _of_public(OKPAlgorithm.from_jwk(public), key_id)
        elif kind == "oct" and secrets:
            made = _of_secret(jwt.utils.base64url_decode(held["k"]), key_id)
        else:
            raise BadKeys(f"keys of the kind {str(kind)[:20]!r} are not used here")
    except BadKeys:
        raise
    except (jwt.PyJWTError, ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm):
        raise BadKeys("its members are not those of a key") from None
    if held.get("alg", made.algorithm) != made.algorithm:
        raise BadKeys(f"it is for an algorithm that does not go with it: {str(held['alg'])[:20]!r}")
    return made


def _of_public(key: Any, key_id: str | None, algorithm: Any = None) -> VerifyingKey:
    match key:
        case ed25519.Ed25519PublicKey():
            return VerifyingKey(key_id, "EdDSA", key)
        case rsa.RSAPublicKey() if key.key_size >= SHORTEST_RSA:
            return VerifyingKey(key_id, algorithm if algorithm in _OF_RSA else "RS256", key)
        case rsa.RSAPublicKey():
            raise BadKeys(f"an RSA key has at least {SHORTEST_RSA} bits")
        case ec.EllipticCurvePublicKey() if key.curve.name in _OF_CURVE:
            return VerifyingKey(key_id, _OF_CURVE[key.curve.name], key)
    raise BadKeys("it is neither Ed25519 nor RSA nor on the curve P-256, P-384 or P-521")


def _of_secret(secret: bytes, key_id: str | None) -> VerifyingKey:
    if len(secret) < SHORTEST_SECRET:
        raise BadKeys(f"a secret has at least {SHORTEST_SECRET} bytes")
    return VerifyingKey(key_id, "HS256", secret)
