"""Whoever issues tokens, in one test: keys of every kind, tokens as they are asked for, and a clock that stands."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from gateway.access.jwks import Keys, VerifyingKey
from gateway.access.tokens import TokenRules

NOW = 1_790_000_000
"""Seconds since 1970: where the clock stands."""
ISSUER = "https://people.example"
AUDIENCE = "matron"
RULES = TokenRules(issuer=ISSUER, audience=AUDIENCE)
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "exp": NOW + 600, "iat": NOW - 5,
    "roles": ["clerk", "clinician"], "hospital": "main",
}  # fmt: skip
SECRET = b"a secret of thirty-two bytes, or more"


class Standing:
    """A clock that stands until a test moves it."""

    def __init__(self, seconds: float = NOW) -> None:
        self.seconds = seconds

    def wall(self) -> int:
        return int(self.seconds * 1_000_000)

    def monotonic(self) -> int:
        return self.wall()

    def entropy(self, count: int) -> bytes:
        return bytes(range(count))


class FixedKeys:
    """Keys as a test puts them."""

    def __init__(self, *keys: VerifyingKey) -> None:
        self.generation = 0
        self.held: Keys | None = keys
        self.misses = 0

    def keys(self) -> Keys | None:
        return self.held

    def missed(self) -> None:
        self.misses += 1

    def refresh(self) -> None:
        """They do not change by themselves."""


def private(kind: str = "Ed25519", number: int = 0) -> Any:
    """A private key; the same for the same number."""
    return _private(kind, number)


@cache
def _private(kind: str, number: int) -> Any:
    match kind:
        case "Ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "RSA":
            return rsa.generate_private_key(65_537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def jwk(kind: str = "Ed25519", number: int = 0, **members: Any) -> dict[str, Any]:
    """The public key as a set publishes it."""
    algorithms: dict[str, Any] = {"Ed25519": OKPAlgorithm, "RSA": RSAAlgorithm}
    made = algorithms.get(kind, ECAlgorithm).to_jwk(private(kind, number).public_key())
    return {**json.loads(made), **members}


def pem(kind: str = "Ed25519", number: int = 0) -> bytes:
    """The public key in PEM."""
    made: bytes = private(kind, number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return made


def private_pem(kind: str = "Ed25519") -> bytes:
    """The private key in PEM, which nobody but the issuer should have."""
    made: bytes = private(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made


def token(key: Any = None, algorithm: str = "EdDSA", *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token of these claims; one that is given as ``None`` is left out."""
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(said, private() if key is None else key, algorithm, headers=header)


def forged(header: dict[str, Any], claims: dict[str, Any] | None = None, signature: bytes = b"") -> str:
    """Three parts that no library would make."""
    parts = (json.dumps(header).encode(), json.dumps(claims or CLAIMS).encode(), signature)
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def bearer(given: str) -> dict[bytes, bytes]:
    """The headers that bring a token."""
    return {b"authorization": b"Bearer " + given.encode()}
