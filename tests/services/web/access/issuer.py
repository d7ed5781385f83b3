"""A small OpenID Connect issuer: it checks what it is asked, and signs with an RSA key."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import socket
import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route


class Issuer:
    """Signs somebody with `claims` in. `change` is put into the next token; `algorithm` may be one that is bad."""

    def __init__(self) -> None:
        self.client, self.secret = "kind", secrets.token_hex()
        self.claims: dict[str, Any] = {"sub": "7", "name": "A. de Vries", "kindinbeeld": "municipality:GM0014"}
        self.change: dict[str, Any] = {}
        self.algorithm, self.signing = "RS256", _key("one")
        self.published = [self.signing]
        self.codes: dict[str, dict[str, str]] = {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/realm"

    def new_key(self, *, publish: bool = True) -> None:
        self.signing = _key(secrets.token_hex(4))
        if publish:
            self.published = [self.signing]

    async def _configuration(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
        )

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == self.client
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        given = {"code": code, "state": asked["state"], "iss": self.url}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(given)}", 303)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        held = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        if (
            asked is None
            or form["redirect_uri"] != asked["redirect_uri"]
            or challenge.decode() != asked["code_challenge"]
            or request.headers.get("authorization") != f"Basic {held}"
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": self.client, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        return JSONResponse({"id_token": self._signed(claims | self.claims | self.change), "token_type": "Bearer"})

    def _signed(self, claims: dict[str, Any]) -> str:
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.algorithm == "none":
            return jwt.encode({"alg": "none"}, claims, OctKey.import_key("x" * 32), algorithms=["none"])
        if self.algorithm == "HS256":
            secret = OctKey.import_key(self.secret)
            return jwt.encode({"alg": "HS256", "kid": self.signing.kid}, claims, secret, algorithms=["HS256"])
        return jwt.encode({"alg": "RS256", "kid": self.signing.kid}, claims, self.signing)

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.published]})

    def start(self) -> None:
        routes = [
            Route("/realm/.well-known/openid-configuration", self._configuration),
            Route("/realm/auth", self._authorize),
            Route("/realm/token", self._token, methods=["POST"]),
            Route("/realm/keys", self._keys),
        ]
        app = Starlette(routes=routes)
        self._server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_config=None))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive()


def state_in(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def _key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})
