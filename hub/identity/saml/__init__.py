"""Signing in by SAML 2.0: `/auth/saml/NAME`, with the hub's metadata and the place where assertions arrive below it."""

from __future__ import annotations

from flask import Flask

from config import Config
from hub.identity.saml import pages
from hub.identity.saml.provider import Provider

__all__ = ["init", "pages"]


def init(app: Flask) -> None:
    hub: Config = app.config["HUB"]
    app.extensions["saml"] = {provider.name: Provider(provider, hub.url) for provider in hub.saml}
    app.register_blueprint(pages.bp)
