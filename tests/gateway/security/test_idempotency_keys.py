"""An idempotency key is its principal's own: nobody is given another's answer, however the key is written."""

from __future__ import annotations

import jwt

from gateway.app import create_app
from gateway.health import Vitals
from gateway.routes import BASE
from tests.gateway.security.calls import Answer, Headers, ask
from tests.gateway.security.houses import OURS, THEIRS, engine_of_two
from tests.gateway.security.principals import AUDIENCE, FOR_EVER, ISSUER, SECRET, of, opened

BODY = {"name": "Jane Doe"}


def token(subject: str, hospital: str = OURS) -> Headers:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": FOR_EVER, "sub": subject, "roles": ["clerk"], "hospital": hospital}
    return [("Authorization", f"Bearer {jwt.encode(claims, SECRET, 'HS256')}")]


async def test_no_principal_is_given_the_answer_to_another_s_command(tmp_path):
    async with engine_of_two() as engine, opened(tmp_path) as (access, principals):
        app = create_app(engine, access.guard(engine), Vitals(engine).page, access=access)

        async def register(who: Headers, key: str) -> Answer:
            return await ask(app, "POST", f"{BASE}/patients", headers=[*who, ("Idempotency-Key", key)], json_body=BODY)

        asked = [
            (of(principals, "clerk", OURS), "k"),
            (of(principals, "clerk", THEIRS), "k"),  # a key of the same name, in the other hospital
            (of(principals, "clerk", OURS, "token"), "k"),
            (of(principals, "clerk", OURS, "session"), "k"),
            (of(principals, "admin", OURS), "k"),
            (token("auth0|123"), "k"),
            (token("auth0"), "123|k"),
        ]
        ids = []
        for who, key in asked:
            answer = await register(who, key)
            assert answer.status == 201
            assert b"idempotent-replayed" not in dict(answer.headers)
            ids.append(answer.json["id"])
        assert len(set(ids)) == len(ids)
        assert (await register(token("auth0%7C123"), "k")).status == 401, "no subject may look like another one"
        again = await register(*asked[5])
        assert (again.json["id"], b"idempotent-replayed" in dict(again.headers)) == (ids[5], True)
