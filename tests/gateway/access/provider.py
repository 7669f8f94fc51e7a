"""Somebody else who signs people in: an OpenID Connect provider over TLS on loopback, honest unless told otherwise.

It keeps to the specification by itself: a code is good once, for whoever asked for it, with the verifier of its
challenge.
"""

from __future__ import annotations

import hashlib
import json
import ssl
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import h11
import jwt
import trio

from tests.gateway.access.issuer import jwk, private
from tests.gateway.notices.certificates import certify

CLIENT, CLIENT_SECRET = "matron at main", "s3cret of / the + client"
REDIRECT = "https://matron/sign-in/oidc/callback"
PERSON: dict[str, Any] = {
    "sub": "2f6b", "name": "Eva Reis", "preferred_username": "Eva.Reis", "roles": ["clerk", "player"],
    "hospital": "main",
}  # fmt: skip


class Provider:
    """``claims`` are those of the person at its page; ``lies`` are put over the token's, ``None`` takes one out."""

    def __init__(self, now: Any) -> None:
        self.claims = dict(PERSON)
        self.lies: dict[str, Any] = {}
        self.now = now
        self.key: Any = private("Ed25519")
        self.kid = "a"
        self.published = [jwk("Ed25519", kid="a", alg="EdDSA", use="sig")]
        self.discovered: dict[str, Any] = {}
        self.issuer = ""
        self.trusted = ""
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}

    def sign_in(self, address: str) -> dict[str, str]:
        """What a person does at its page: the parameters with which the browser is sent back."""
        where = urlsplit(address)
        asked = dict(parse_qsl(where.query, strict_parsing=True))
        assert f"{where.scheme}://{where.netloc}{where.path}" == f"{self.issuer}/authorize"
        assert (asked["client_id"], asked["redirect_uri"], asked["response_type"]) == (CLIENT, REDIRECT, "code")
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def answer(self, path: str, headers: dict[bytes, bytes], body: bytes) -> tuple[int, dict[str, Any]]:
        """One request."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks", **self.discovered,
            }  # fmt: skip
        if path == "/jwks":
            return 200, {"keys": self.published}
        if path == "/token":
            return self._token(headers, dict(parse_qsl(body.decode(), strict_parsing=True)))
        return 404, {}

    def _token(self, headers: dict[bytes, bytes], form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.get(form["code"])
        kind, _, both = headers.get(b"authorization", b"").partition(b" ")
        if kind != b"Basic" or b64decode(both) != b"matron%20at%20main:s3cret%20of%20%2F%20the%20%2B%20client":
            return 401, {"error": "invalid_client"}
        challenge = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != REDIRECT:
            return 400, {"error": "invalid_grant"}
        self.codes[form["code"]] = {**asked, "code_challenge": "used"}
        now = self.now()
        said = {
            "iss": self.issuer, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked["nonce"], **self.claims,
            **self.lies,
        }  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        token = jwt.encode(said, self.key, "EdDSA", headers={"kid": self.kid})
        return 200, {"access_token": "not used", "token_type": "Bearer", "id_token": token}

    async def serve(self, stream: Any) -> None:
        """One connection, one request."""
        http = h11.Connection(h11.SERVER)
        head: Any = None
        body = b""
        try:
            while True:
                event = http.next_event()
                if event is h11.NEED_DATA:
                    http.receive_data(await stream.receive_some(65_536))
                elif type(event) is h11.Request:
                    head = event
                elif type(event) is h11.Data:
                    body += bytes(event.data)
                elif type(event) is h11.EndOfMessage:
                    break
                else:
                    return
            status, said = self.answer(head.target.decode(), dict(head.headers), body)
            data = json.dumps(said).encode()
            start = h11.Response(status_code=status, headers=[("content-length", str(len(data)))])
            await stream.send_all((http.send(start) or b"") + data)
            await stream.aclose()
        except (trio.BrokenResourceError, trio.ClosedResourceError, ssl.SSLError):
            pass


@asynccontextmanager
async def providing(folder: Path, provider: Provider) -> AsyncIterator[Provider]:
    """It listens while the block lasts."""
    server, provider.trusted = certify(folder, "localhost")
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_ssl_over_tcp, provider.serve, 0, server, host="127.0.0.1")
        [listener] = await nursery.start(serve)
        provider.issuer = f"https://localhost:{listener.transport_listener.socket.getsockname()[1]}"
        yield provider
        nursery.cancel_scope.cancel()
