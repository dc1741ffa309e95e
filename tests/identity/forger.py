"""A provider of OpenID Connect that says whatever a test tells it to, by real HTTP, with signatures of any making."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

Claims = dict[str, Any]


#: Made once: it takes a while.
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
#: A server that is asked to stop looks up as often as this.
POLL_SECONDS = 0.02


@dataclass
class Forger:
    """`claims`: of the next ID token, over what is right; None leaves a claim out. `sign`: makes the token."""

    issuer: str = ""
    client_id: str = "hub"
    key: RSAKey = field(default_factory=lambda: KEY)
    claims: Claims = field(default_factory=dict)
    userinfo: Claims = field(default_factory=dict)
    metadata: Claims = field(default_factory=dict)
    header: Claims = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    token: str | None = None  # sent as it is
    nonce: str = ""
    secrets: set[str] | None = None  # that it accepts; None: any
    spent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    def id_token(self) -> str:
        now = int(time())
        right = {"iss": self.issuer, "sub": "bo", "aud": self.client_id, "exp": now + 60, "iat": now}
        said = {**right, "nonce": self.nonce, **self.claims}
        return self.signed({name: value for name, value in said.items() if value is not None})

    def logout_token(self, **claims: Any) -> str:
        now = int(time())
        events = {"http://schemas.openid.net/event/backchannel-logout": {}}
        right = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 60, "jti": str(now), "sub": "bo"}
        said = {**right, "events": events, **claims}
        return self.signed({name: value for name, value in said.items() if value is not None})

    def signed(self, claims: Claims) -> str:
        if self.header["alg"] in ("none", "HS256"):
            head, body = (_base64(msgspec.json.encode(part)) for part in (self.header, claims))
            # The public key, as if it were a secret that the two share.
            made = hmac.digest(self.key.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
            return f"{head}.{body}." + (_base64(made) if self.header["alg"] == "HS256" else "")
        return jwt.encode(self.header, claims, self.key)

    def app(self) -> Flask:
        app = Flask("forger")

        @app.before_request
        def note() -> None:
            self.asked.append(request.path)

        @app.get("/.well-known/openid-configuration")
        def metadata() -> Response:
            names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint")
            said = {name: f"{self.issuer}/{name.partition('_')[0]}" for name in names}
            return jsonify({"issuer": self.issuer, **said, "jwks_uri": f"{self.issuer}/jwks", **self.metadata})

        @app.get("/jwks")
        def jwks() -> Response:
            return jsonify({"keys": [self.key.as_dict(private=False)]})

        @app.post("/token")
        def token() -> tuple[Response, int]:
            self.forms.append(request.form.to_dict())
            shown = request.authorization
            if self.secrets is not None and (shown is None or shown.password not in self.secrets):
                return jsonify({"error": "invalid_client"}), 401
            if request.form["code"] in self.spent:
                return jsonify({"error": "invalid_grant"}), 400
            self.spent.add(request.form["code"])
            answer = {"access_token": "a", "token_type": "Bearer", "id_token": self.token or self.id_token()}
            return jsonify(answer), 200

        @app.get("/userinfo")
        def userinfo() -> Response:
            return jsonify({"sub": self.claims.get("sub", "bo"), **self.userinfo})

        return app


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def asked_for(location: str) -> dict[str, str]:
    """The parameters that a browser is sent to a provider with."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@contextmanager
def forging(**more: Any) -> Iterator[Forger]:
    forger = Forger(**more)
    server = make_server("127.0.0.1", 0, forger.app(), threaded=True)
    forger.issuer = forger.issuer or f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    yield forger
    server.shutdown()
    thread.join()
    server.server_close()
