"""Identity: who somebody is (sign-in, sessions, API keys), and who may see and do what."""

from __future__ import annotations

from flask import Flask

from hub.identity import access, limits, oidc, saml, sign_in, viewers
from hub.identity.access import current_key, may, member_seen, public, requires, requires_scope, visible
from hub.identity.scim import door
from hub.identity.viewers import Viewer, current_member, current_session
from hub.web import csrf

__all__ = [
    "Viewer",
    "current_key",
    "current_member",
    "current_session",
    "init",
    "may",
    "member_seen",
    "public",
    "requires",
    "requires_scope",
    "visible",
]


def init(app: Flask) -> None:
    viewers.login.init_app(app)
    access.init(app)
    limits.init(app)
    oidc.init(app)
    saml.init(app)
    app.register_blueprint(sign_in.bp)
    # Who provisions proves itself by a key in a header, which no other site can make a browser send.
    csrf.exempt(door.bp)
    app.register_blueprint(door.bp)
    app.jinja_env.globals["current_member"] = current_member
