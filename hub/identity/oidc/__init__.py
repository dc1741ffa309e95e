"""Signing in by OpenID Connect: each configured provider is one address, `/auth/oidc/NAME`."""

from __future__ import annotations

from flask import Flask

from config import Config
from hub.identity.oidc import logout, pages
from hub.identity.oidc.client import Client

__all__ = ["init", "logout", "pages"]


def init(app: Flask) -> None:
    hub: Config = app.config["HUB"]
    app.extensions["oidc"] = {provider.name: Client(provider) for provider in hub.oidc}
    app.register_blueprint(pages.bp)
