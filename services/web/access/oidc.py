"""OpenID Connect: the authorization code flow with PKCE, state and nonce, at the one issuer that is set.

What the issuer says of somebody is taken from the signed ID token only. Its tokens are not kept.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from services.web.access.roles import RoleMap
from services.web.access.viewer import Viewer

__all__ = ["BACK", "MINUTES", "OpenId", "OpenIdError"]

BACK: Final = "/aanmelden/terug"
MINUTES: Final = 10
"""Minutes that somebody may take to sign in at the issuer."""
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that only the issuer has; never `none`, nor one by a secret that we share."""
_LEEWAY: Final = 30
_TIMEOUT: Final = 10.0
_FRESH: Final = 3600.0
_MOST: Final = 1000


class OpenIdError(Exception):
    """Somebody could not be signed in at the issuer. Its text says what is the matter, and nothing of whom."""


@dataclass(frozen=True, slots=True)
class _Begun:
    nonce: str
    verifier: str
    browser: str
    until: float


class OpenId:
    """Signs people in at an issuer. Used on the event loop's thread only."""

    def __init__(self, issuer: str, client_id: str, client_secret: str | None, page_url: str, roles: RoleMap) -> None:
        """`page_url`: where people reach the pages; the issuer has to know `page_url` + `aanmelden/terug`."""
        self._issuer, self._id, self._secret, self._roles = issuer, client_id, client_secret, roles
        self._back = urljoin(page_url, BACK)
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        self._told: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None

    async def begin(self) -> tuple[str, str]:
        """Give the address at the issuer to send somebody to, and what their browser is to hold meanwhile.

        Raises OpenIdError.
        """
        told = await self._metadata()
        state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
        now = time.monotonic()
        self._begun[state] = _Begun(nonce, verifier, browser, now + 60 * MINUTES)
        while len(self._begun) > _MOST or next(iter(self._begun.values())).until < now:
            self._begun.popitem(last=False)
        address = prepare_grant_uri(
            told["authorization_endpoint"],
            self._id,
            "code",
            redirect_uri=self._back,
            scope="openid profile",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return str(address), browser

    async def finish(self, given: Mapping[str, str], browser: str) -> Viewer | None:
        """Tell who came back with what the issuer gave; None: somebody without a role here.

        Raises OpenIdError when it is not what this browser set out for, or the token is not good.
        """
        begun = self._begun.pop(given.get("state", ""), None)
        if begun is None or begun.until < time.monotonic():
            raise OpenIdError("nobody set out with this state, or too long ago")
        if not hmac.compare_digest(begun.browser.encode(), browser.encode()):
            raise OpenIdError("another browser set out with this state")
        if given.get("iss", self._issuer) != self._issuer:
            raise OpenIdError("the answer comes from another issuer")
        if "code" not in given:
            raise OpenIdError("the issuer gave no code")
        tokens = await self._tokens(given["code"], begun.verifier)
        return self._roles.viewer(await self._claims(tokens, begun.nonce))

    async def _tokens(self, code: str, verifier: str) -> dict[str, Any]:
        told = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._id,
            "code_verifier": verifier,
        }
        basic: tuple[str, str] | None = None
        if self._secret is not None:
            if "client_secret_basic" in told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
                basic = self._id, self._secret
            else:
                form["client_secret"] = self._secret
        return await _asked("POST", told["token_endpoint"], data=form, auth=basic)

    async def _claims(self, tokens: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        told = await self._metadata()
        offered = told.get("id_token_signing_alg_values_supported") or ["RS256"]
        allowed = [name for name in _ALGORITHMS if name in offered]
        registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise OpenIdError("the issuer gave no ID token")
        options: Any = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._id},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {"client_id": self._id, "nonce": nonce, "access_token": tokens.get("access_token")}
        try:
            try:
                token = jwt.decode(text, await self._key_set(), registry=registry)
            except InvalidKeyIdError:
                # The issuer may have a new key since.
                token = jwt.decode(text, await self._key_set(anew=True), registry=registry)
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise OpenIdError(f"the ID token is not good: {type(error).__name__}") from None
        return dict(claims)

    async def _metadata(self) -> dict[str, Any]:
        now = time.monotonic()
        if self._told is None or now - self._told[0] > _FRESH:
            told = await _asked("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if told.get("issuer") != self._issuer:
                raise OpenIdError("the issuer calls itself otherwise than it is set here")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(told.get(name), str):
                    raise OpenIdError(f"the issuer tells no {name}")
            self._told, self._keys = (now, told), None
        return self._told[1]

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            told = await self._metadata()
            self._keys = KeySet.import_key_set(await _asked("GET", told["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys


async def _asked(method: str, address: str, **more: Any) -> dict[str, Any]:
    """Ask the issuer something and give the JSON object it answers. Raises OpenIdError."""
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
            answer = await client.request(method, address, headers={"Accept": "application/json"}, **more)
        answer.raise_for_status()
        found = answer.json()
    except httpx.HTTPStatusError as error:
        raise OpenIdError(f"the issuer answers {error.response.status_code}") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise OpenIdError(f"the issuer does not answer: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise OpenIdError("the issuer answers no JSON object")
    return found
