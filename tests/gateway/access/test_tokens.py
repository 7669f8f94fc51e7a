"""Signed tokens: what is believed, and every known way to make somebody believe what he should not."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from gateway.access.jwks import VerifyingKey
from gateway.access.tokens import LONGEST_TOKEN, TokenRules, Tokens
from gateway.problems import Problem
from tests.gateway.access.issuer import (
    AUDIENCE,
    NOW,
    RULES,
    SECRET,
    FixedKeys,
    Standing,
    bearer,
    forged,
    pem,
    private,
    token,
)

ED = VerifyingKey("a", "EdDSA", private().public_key())
RSA = VerifyingKey("r", "RS256", private("RSA").public_key())
EC = VerifyingKey("e", "ES256", private("P-256").public_key())
HS = VerifyingKey(None, "HS256", SECRET)


def reading(*keys: VerifyingKey, rules: TokenRules = RULES, clock: Standing | None = None) -> Tokens:
    return Tokens(FixedKeys(*(keys or (ED,))), rules, clock or Standing())


def refused(tokens: Tokens, given: str) -> Problem:
    with pytest.raises(Problem) as why:
        tokens.caller(bearer(given))
    return why.value


@pytest.mark.parametrize(
    ("key", "made"),
    [
        (ED, token),
        (RSA, lambda: token(private("RSA"), "RS256")),
        (EC, lambda: token(private("P-256"), "ES256")),
        (HS, lambda: token(SECRET, "HS256")),
    ],
    ids=["EdDSA", "RS256", "ES256", "HS256"],
)
async def test_a_token_of_a_key_that_is_known_names_a_caller(key: VerifyingKey, made: Any):
    caller = reading(key).caller(bearer(made()))
    assert (caller.name, caller.roles, caller.hospital, caller.kind) == (
        "token:ana", frozenset({"clerk", "clinician"}), "main", "token",
    )  # fmt: skip


async def test_a_token_without_a_signature_is_refused():
    for algorithm in ("none", "None", "NONE", "nOnE", ""):
        assert refused(reading(), forged({"alg": algorithm, "kid": "a"})).code == "unauthenticated"
    assert refused(reading(HS), forged({"alg": "none"})).code == "unauthenticated"


@pytest.mark.parametrize("kind", ["RSA", "Ed25519", "P-256"])
async def test_a_public_key_is_no_secret(kind: str):
    """Whoever has the public key (everybody) signs with it as if it were an HS256 secret."""
    known = {"RSA": RSA, "Ed25519": ED, "P-256": EC}[kind]
    signed = forged({"alg": "HS256", "kid": known.id}).rpartition(".")[0]
    for secret in (pem(kind), pem(kind).strip()):
        mac = urlsafe_b64encode(hmac.digest(secret, signed.encode(), hashlib.sha256)).rstrip(b"=").decode()
        assert refused(reading(known), f"{signed}.{mac}").code == "unauthenticated"
        assert refused(reading(known, HS), f"{signed}.{mac}").code == "unauthenticated"


async def test_another_algorithm_of_the_same_key_is_refused():
    assert refused(reading(RSA), token(private("RSA"), "PS256", header={"kid": "r"})).code == "unauthenticated"
    assert refused(reading(RSA), token(private("RSA"), "RS512", header={"kid": "r"})).code == "unauthenticated"


async def test_a_key_that_is_not_known_is_asked_for_and_the_token_refused():
    source = FixedKeys(ED)
    tokens = Tokens(source, RULES, Standing())
    assert refused(tokens, token(private("Ed25519", 1), header={"kid": "b"})).code == "unauthenticated"
    assert source.misses == 1
    assert refused(tokens, token(private("Ed25519", 1), header={"kid": "a"})).code == "unauthenticated"
    assert source.misses == 1


async def test_the_right_signature_under_the_wrong_key_id_is_refused():
    other = VerifyingKey("b", "EdDSA", private("Ed25519", 1).public_key())
    assert refused(reading(ED, other), token(header={"kid": "b"})).code == "unauthenticated"
    assert reading(ED, other).caller(bearer(token(header={"kid": "a"}))).name == "token:ana"
    assert reading(ED, other).caller(bearer(token())).name == "token:ana"


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
async def test_a_token_does_not_say_where_its_key_is(name: str):
    """The header brings a key of the attacker's, or an address of one; nothing of it is looked at."""
    own = {"jku": "https://elsewhere.example/keys", "x5u": "https://elsewhere.example/c", "x5c": ["MIIB"],
           "jwk": {"kty": "oct", "k": "AAAA"}}[name]  # fmt: skip
    mine = private("Ed25519", 1)
    assert refused(reading(), token(mine, header={"kid": "a", name: own})).code == "unauthenticated"
    assert reading().caller(bearer(token(header={"kid": "a", name: own}))).name == "token:ana"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": NOW - 31}, "ended"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"nbf": NOW + 31}, "not in force"),
        ({"nbf": "soon"}, "not in force"),
        ({"iat": NOW + 31}, "not in force"),
        ({"aud": "another"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ["one", "two"]}, "aud"),
        ({"aud": "matronic"}, "aud"),
        ({"iss": "https://people.example.elsewhere.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": "a\nb"}, "sub"),
        ({"sub": "x" * 200}, "sub"),
        ({"sub": "x" * 75}, "sub"),
        ({"sub": "a|" * 20}, "sub"),
        ({"sub": "a%7Cb"}, "sub"),
        ({"hospital": None}, "hospital"),
        ({"hospital": "Main Hospital"}, "hospital"),
        ({"hospital": "../main"}, "hospital"),
        ({"hospital": ["main"]}, "hospital"),
        ({"hospital": ""}, "hospital"),
        ({"roles": ["network"]}, "network"),
    ],
)
async def test_a_token_that_does_not_say_what_it_must_is_refused(claims: dict[str, Any], why: str):
    problem = refused(reading(), token(**claims))
    assert (problem.code, problem.status) == ("unauthenticated", 401)
    assert why in problem.detail


async def test_an_owner_s_name_in_the_log_has_nothing_that_separates_names_from_keys():
    """Else ``auth0`` with the key ``1|k`` would be in the scope of ``auth0|1`` with the key ``k``."""
    assert reading().caller(bearer(token(sub="auth0|1"))).name == "token:auth0%7C1"
    assert reading().caller(bearer(token(sub="a/b+c=d~e"))).name == "token:a%2Fb%2Bc%3Dd%7Ee"
    assert reading().caller(bearer(token(sub="Ünal x.y@z:1-2_3"))).name == "token:Ünal x.y@z:1-2_3"


async def test_clocks_may_differ_by_the_leeway():
    assert reading().caller(bearer(token(exp=NOW - 29, nbf=NOW + 29, iat=NOW + 29))).name == "token:ana"


@pytest.mark.parametrize(
    ("roles", "meant"),
    [
        (["clerk", "chief", 7, None], {"clerk"}),
        ("clerk auditor openid", {"clerk", "auditor"}),
        ([], set()),
        (None, set()),
        ({"clerk": True}, set()),
        (["Clerk", "clerk "], set()),
    ],
)
async def test_roles_that_nobody_knows_here_count_for_nothing(roles: Any, meant: set[str]):
    assert reading().caller(bearer(token(roles=roles))).roles == meant


async def test_claims_may_stand_within_claims_or_under_an_address():
    deep = TokenRules(
        issuer=RULES.issuer, audience=AUDIENCE, roles_claim="realm.roles", hospital_claim="https://h.example/hospital"
    )
    claims: dict[str, Any] = {"https://h.example/hospital": "north", "realm": {"roles": ["auditor"]}}
    given = token(hospital=None, **claims)
    caller = reading(rules=deep).caller(bearer(given))
    assert (caller.roles, caller.hospital) == (frozenset({"auditor"}), "north")


async def test_the_whole_network_is_named_by_a_star():
    caller = reading().caller(bearer(token(roles=["network"], hospital="*")))
    assert caller.hospital_of({b"hospital-id": b"north"}) == "north"


@pytest.mark.parametrize(
    "given",
    [
        "..",
        "a.b.c",
        forged({"alg": "EdDSA", "kid": 7}),
        forged({"alg": "EdDSA", "kid": "a", "crit": ["exp"]}),
        forged({"alg": "EdDSA", "kid": "a", "b64": False}),
        forged({"alg": ["EdDSA"], "kid": "a"}),
        forged({"alg": "EdDSA"}, signature=b"x" * 64),
        "e30.e30." + "A" * LONGEST_TOKEN,
    ],
)
async def test_what_is_no_token_is_refused(given: str):
    assert refused(reading(), given).code == "unauthenticated"


async def test_a_changed_token_is_refused():
    head, claims, signature = token().split(".")
    other = token(sub="eva").split(".")[1]
    assert refused(reading(), f"{head}.{other}.{signature}").code == "unauthenticated"
    assert refused(reading(), f"{head}.{claims}.{signature[:-4]}AAAA").code == "unauthenticated"


async def test_a_caller_is_remembered_until_the_token_ends_and_no_longer():
    clock = Standing()
    tokens = reading(clock=clock)
    given = bearer(token())
    assert tokens.caller(given) is tokens.caller(given)
    clock.seconds = NOW + 629
    assert tokens.caller(given).name == "token:ana"
    clock.seconds = NOW + 631
    with pytest.raises(Problem, match="ended"):
        tokens.caller(given)


async def test_a_key_that_is_taken_back_takes_its_tokens_with_it():
    source = FixedKeys(ED)
    tokens = Tokens(source, RULES, Standing())
    given = bearer(token(header={"kid": "a"}))
    tokens.caller(given)
    source.held, source.generation = (EC,), 1
    with pytest.raises(Problem, match="not known"):
        tokens.caller(given)


async def test_of_many_the_last_ones_are_remembered():
    tokens = Tokens(FixedKeys(HS), RULES, Standing(), remembered=3)
    given = [bearer(token(SECRET, "HS256", sub=f"n{number}")) for number in range(5)]
    first = [tokens.caller(each) for each in given]
    assert len(tokens) == 3
    assert tokens.caller(given[4]) is first[4]
    assert tokens.caller(given[0]) is not first[0]


async def test_before_the_keys_could_be_had_nobody_is_refused_for_good():
    source = FixedKeys()
    source.held = None
    problem = refused(Tokens(source, RULES, Standing()), token())
    assert (problem.status, problem.code) == (503, "token_keys_missing")
    assert "Retry-After" in problem.headers
