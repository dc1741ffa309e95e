"""A provider of OpenID Connect, as Authlib's client of it, with what Authlib leaves to whoever uses it.

Only the configured issuer is believed, only asymmetric signatures, only keys that it publishes. What it publishes is
read again each hour; its keys at once where a token names one that is not known, but not once a token.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client.apps import FlaskOAuth2App
from authlib.integrations.flask_client.integration import FlaskIntegration
from joserfc.errors import JoseError
from requests import RequestException

from config import OpenIdProvider
from hub.directory.names import is_name
from hub.identity.arriving import Distrust

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5
METADATA_SECONDS = 3_600.0
KEYS_SECONDS = 60.0
#: Symmetric ones would make a client's secret a key of the provider; `none` would make everybody one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
KEY_TYPES = ("RSA", "EC")
LEEWAY_SECONDS = 120


#: What can go wrong with a provider: it does not answer, or not as it should.
UNREACHABLE = (RequestException,)
WRONG = (Distrust, OAuthError, JoseError, ValueError)


class Client(FlaskOAuth2App):  # type: ignore[misc]  # Authlib has no types
    def __init__(self, provider: OpenIdProvider) -> None:
        super().__init__(
            FlaskIntegration(provider.name),
            provider.name,
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            server_metadata_url=provider.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": provider.scopes,
                "code_challenge_method": "S256",
                "default_timeout": ANSWER_SECONDS,
            },
        )
        self.provider = provider
        self._read_at = self._keys_at = float("-inf")

    @property
    def issuer(self) -> str:
        return self.provider.issuer

    def load_server_metadata(self) -> dict[str, Any]:
        if monotonic() - self._read_at > METADATA_SECONDS:
            self.server_metadata = {}
            self.server_metadata = self._checked(super().load_server_metadata())
            self._read_at = monotonic()
        return self.server_metadata

    def _checked(self, metadata: dict[str, Any]) -> dict[str, Any]:
        if metadata.get("issuer") != self.issuer:
            raise Distrust(f"it calls itself {metadata.get('issuer')!r}, not {self.issuer!r}")
        secure = urlsplit(self.issuer).scheme == "https"
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(metadata.get(name), str):
                raise Distrust(f"it names no {name}")
            if secure and urlsplit(metadata[name]).scheme != "https":
                raise Distrust(f"its {name} is not https")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [one for one in ALGORITHMS if one in offered]
        return metadata

    def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:
        # Anybody can name a key that is not known.
        due = force and monotonic() - self._keys_at > KEYS_SECONDS
        found: dict[str, Any] = super().fetch_jwk_set(force=due)
        if due or self._keys_at == float("-inf"):
            self._keys_at = monotonic()
        keys = [key for key in found.get("keys") or () if isinstance(key, dict)]
        return {"keys": [key for key in keys if key.get("kty") in KEY_TYPES and key.get("use") != "enc"]}

    def claims_wanted(self) -> dict[str, Any]:
        """What a token must say: of whom it is, and for whom."""
        return {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self.client_id}}

    def redeem(self) -> tuple[dict[str, Any], str]:
        """What the provider says of who comes back from it, and its ID token. One of UNREACHABLE, WRONG otherwise."""
        token = self.authorize_access_token(claims_options=self.claims_wanted(), leeway=LEEWAY_SECONDS)
        said = token.get("userinfo")
        if not said:
            raise Distrust("it sent no ID token")
        if not is_name(said["sub"]):
            raise Distrust("its subject cannot be kept")
        return {**self._more(said["sub"], token), **said}, str(token["id_token"])

    def _more(self, subject: str, token: dict[str, Any]) -> dict[str, Any]:
        """What stands only at the userinfo endpoint: many providers keep their tokens thin."""
        if not self.load_server_metadata().get("userinfo_endpoint"):
            return {}
        more: dict[str, Any] = self.userinfo(token=token)
        if more.get("sub") != subject:
            raise Distrust("its userinfo is somebody else's")
        return more
