"""What tokens are checked with: which keys are taken from a file or a set, and which are not."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from gateway.access.jwks import BadKeys, fitting, parse_jwks, read_key_file
from gateway.access.keys import KeysUnusable
from tests.gateway.access.issuer import jwk, pem, private, private_pem


def kept(folder: Path, data: bytes | str | dict[str, Any], mode: int = 0o600) -> Path:
    file = folder / "keys"
    text = json.dumps(data) if isinstance(data, dict) else data
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


@pytest.mark.parametrize(("kind", "algorithm"), [("Ed25519", "EdDSA"), ("RSA", "RS256"), ("P-256", "ES256")])
def test_what_a_key_is_decides_its_algorithm(tmp_path: Path, kind: str, algorithm: str):
    [from_pem] = read_key_file(kept(tmp_path, pem(kind), 0o644))
    [from_set] = read_key_file(kept(tmp_path, {"keys": [jwk(kind, kid="one")]}))
    [alone] = read_key_file(kept(tmp_path, jwk(kind)))
    assert (from_pem.algorithm, from_set.algorithm, alone.algorithm) == (algorithm,) * 3
    assert (from_pem.id, from_set.id) == (None, "one")
    assert from_pem.key == from_set.key == private(kind).public_key()


def test_a_secret_is_the_bytes_of_its_file_without_the_end_of_the_line(tmp_path: Path):
    [key] = read_key_file(kept(tmp_path, b"s" * 32 + b"\n"))
    assert (key.algorithm, key.key) == ("HS256", b"s" * 32)
    in_a_set = urlsafe_b64encode(b"t" * 40).rstrip(b"=").decode()
    [key] = read_key_file(kept(tmp_path, {"keys": [{"kty": "oct", "k": in_a_set, "kid": "t"}]}))
    assert (key.algorithm, key.key, key.id) == ("HS256", b"t" * 40, "t")


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o602])
def test_a_secret_that_others_may_read_is_refused_with_what_to_do(tmp_path: Path, mode: int):
    with pytest.raises(KeysUnusable, match="chmod 600"):
        read_key_file(kept(tmp_path, b"s" * 32, mode))


@pytest.mark.parametrize("mode", [0o646, 0o664])
def test_a_public_key_that_others_may_change_is_refused(tmp_path: Path, mode: int):
    with pytest.raises(KeysUnusable, match="chmod go-w"):
        read_key_file(kept(tmp_path, pem(), mode))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "32 bytes"),
        (b"s" * 31 + b"\n\n", "32 bytes"),
        (b"s" * (1 << 20) + b"s", "too large"),
        (private_pem(), "private key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "PEM"),
        (b"{", "not JSON"),
        (b"{}", "no list"),
        ({"keys": "no"}, "no list"),
        ({"keys": []}, "empty"),
        ({"keys": [jwk()] * 51}, "no list"),
    ],
)
def test_what_holds_no_key_is_refused(tmp_path: Path, data: Any, why: str):
    with pytest.raises(KeysUnusable, match=why):
        read_key_file(kept(tmp_path, data))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(KeysUnusable, match="cannot be read"):
        read_key_file(tmp_path / "nothing")


SMALL = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65_537, 1024).public_key()))  # noqa: S505 - to be refused
FOREIGN = ec.generate_private_key(ec.SECP256K1()).public_key().public_bytes(
    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
)  # fmt: skip


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (SMALL, "2048"),
        ({"kty": "oct", "k": "c2VjcmV0" * 8}, "not used here"),
        ({"kty": "RSA"}, "members"),
        ({"kty": "OKP", "crv": "X25519", "x": jwk()["x"]}, "members|neither"),
        ({**jwk(), "x": "AAAA"}, "members"),
        ({**jwk(), "x": 7}, "members"),
        ({**jwk(), "d": "AAAA"}, "private"),
        ({**jwk(), "use": "enc"}, "signatures"),
        ({**jwk(), "key_ops": ["sign"]}, "signatures"),
        ({**jwk(), "alg": "HS256"}, "algorithm"),
        ({**jwk("RSA"), "alg": "HS256"}, "algorithm"),
        ({**jwk("RSA"), "alg": "none"}, "algorithm"),
        ({**jwk("P-256"), "alg": "RS256"}, "algorithm"),
        ({**jwk(), "kid": 7}, "kid"),
        ({"kty": "PQC"}, "not used here"),
        ("nothing", "JSON object"),
    ],
)
def test_a_published_key_that_cannot_be_used_is_passed_over(held: Any, why: str):
    with pytest.raises(BadKeys, match=why):
        parse_jwks(json.dumps({"keys": [held]}).encode())
    [good] = parse_jwks(json.dumps({"keys": [held, jwk(kid="good")]}).encode())
    assert good.id == "good"


def test_a_curve_that_is_not_used_is_refused(tmp_path: Path):
    with pytest.raises(KeysUnusable, match="neither"):
        read_key_file(kept(tmp_path, FOREIGN))


def test_an_rsa_key_may_say_which_of_its_algorithms_it_is_for():
    [key] = parse_jwks(json.dumps({"keys": [jwk("RSA", alg="PS256")]}).encode())
    assert key.algorithm == "PS256"


def test_a_key_without_an_id_fits_tokens_of_any_and_one_with_an_id_its_own():
    keys = parse_jwks(json.dumps({"keys": [jwk(kid="a"), jwk("P-256", kid="b")]}).encode())
    unnamed = parse_jwks(json.dumps({"keys": [jwk()]}).encode())
    assert [key.id for key in fitting(keys, "b")] == ["b"]
    assert fitting(keys, "c") == ()
    assert fitting(keys, None) == keys
    assert fitting(unnamed, "c") == unnamed
