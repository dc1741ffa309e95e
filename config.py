"""The settings: the only reader of the environment.

`Config.from_env` checks all of them before anything starts; a wrong one is a `SettingError`, one line that names it.
What would make production unsafe (a missing or guessable secret, one that others can read, a fixed clock, the demo
sign-in) refuses to start.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from hub import clock

#: The checkout; of a hub installed as a package, the folder it is started in.
HOME = Path(__file__).resolve().parent
if not (HOME / "pyproject.toml").exists():
    HOME = Path.cwd()

ENVIRONMENTS = ("development", "production", "test")
KEY_CHARACTERS = 32
KEY_DIFFERENT_CHARACTERS = 10
PROXIES = 10
DIGITS = 9
BODY_BYTES = 5 * 1024 * 1024
FORM_BYTES = 1024 * 1024
FORM_PARTS = 1_000
SESSION_IDLE_HOURS = 14 * 24
SESSION_HOURS = 30 * 24
MOST_SESSION_HOURS = 365 * 24
CONNECT_SECONDS = 5
#: Requests a minute of one person, address or key, and the most that can be set.
SIGN_INS_PER_MINUTE = 120
POSTS_PER_MINUTE = 120
API_REQUESTS_PER_MINUTE = 12_000
PER_MINUTE = 1_000_000

#: Parts of keys that stand in tutorials and examples.
KNOWN_KEYS = (
    "secret",
    "changeme",
    "change-me",
    "change_me",
    "example",
    "password",
    "insecure",
    "only for tests",
    "0123456789",
)
SECRETS = ("DATABASE_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "HUB_METRICS_TOKEN", "HUB_SCIM_TOKEN")
_ROLE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
#: What each provider is set up with: `HUB_OIDC_NAME_ISSUER`. Names hold no `_`, so that none begins another's setting.
LINKING_SETTINGS = (
    "TITLE",
    "MATCH",
    "TRUST_EMAIL",
    "GROUPS",
    "GROUPS_CLAIM",
    "CREATE",
    "ORGANIZATION_CLAIM",
    "FIELDS",
)
OIDC_SETTINGS = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "SCOPES", *LINKING_SETTINGS)
SAML_SETTINGS = ("METADATA", *LINKING_SETTINGS)
OIDC_FIELDS = "name=name;email=email;locale=locale;time_zone=zoneinfo;phone=phone_number"
SAML_FIELDS = "name=displayName;email=email"
#: What a profile's fields are set by when a member is created.
PROFILE_FIELDS = ("name", "email", "locale", "time_zone", "region", "phone", "title")
LINE_CHARACTERS = 200
METADATA_BYTES = 1024 * 1024


class SettingError(Exception):
    """A wrong or missing setting. Its text is one line that names the setting."""

    def __init__(self, name: str, fault: str) -> None:
        self.name = name
        super().__init__(f"{name}: {fault}")


@dataclass(frozen=True)
class Linking:
    """How the people whom a provider names become members; docs/sign-in.md says what each of these does."""

    match: str
    trust_email: bool
    groups_claim: str
    roles: Mapping[str, str]  # of a group
    create: bool
    organization_claim: str
    fields: Mapping[str, str]  # the claim of a profile's field


@dataclass(frozen=True)
class OpenIdProvider:
    """`name` stands in addresses, `title` on the button."""

    name: str
    title: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    linking: Linking


@dataclass(frozen=True)
class SamlProvider:
    """`metadata`: the XML that the provider describes itself with."""

    name: str
    title: str
    metadata: str = field(repr=False)
    linking: Linking


@dataclass(frozen=True)
class Config:
    """The settings, checked. Secrets are left out of its text."""

    env: str
    instance: Path
    database_url: URL = field(repr=False)
    secret_key: str = field(repr=False)
    secret_key_fallbacks: tuple[str, ...] = field(repr=False)
    url: str
    trusted_proxies: int
    live: bool
    log: str
    metrics_token: str | None = field(repr=False)
    scim_token: str | None = field(repr=False)
    scim_roles: Mapping[str, str]
    now: str | None
    demo: bool
    session_idle_hours: int
    session_hours: int
    contact: str | None
    oidc: tuple[OpenIdProvider, ...]
    saml: tuple[SamlProvider, ...]
    limit_sign_in: int
    limit_posts: int
    limit_api: int

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """The settings of an environment; SettingError for the first that is wrong."""
        env = _choice(environ, "HUB_ENV", ENVIRONMENTS, "development")
        production = env == "production"
        instance = Path(environ.get("HUB_INSTANCE") or HOME / "instance").absolute()
        keys = _keys(environ, production, instance)
        return cls(
            env=env,
            instance=instance,
            database_url=_database_url(environ, production, instance),
            secret_key=keys[0],
            secret_key_fallbacks=keys[1:],
            url=_url(environ),
            trusted_proxies=_count(environ, "HUB_TRUSTED_PROXIES", 0, 0, PROXIES),
            live=_choice(environ, "HUB_LIVE", ("on", "off"), "on") == "on",
            log=_choice(environ, "HUB_LOG", ("json", "text"), "json" if production else "text"),
            metrics_token=_token(environ, "HUB_METRICS_TOKEN", production),
            scim_token=_token(environ, "HUB_SCIM_TOKEN", production),
            scim_roles=_roles(environ, "HUB_SCIM_GROUPS"),
            now=_now(environ, env),
            demo=_demo(environ, production),
            session_idle_hours=_hours(environ, "HUB_SESSION_IDLE_HOURS", SESSION_IDLE_HOURS),
            session_hours=_hours(environ, "HUB_SESSION_HOURS", SESSION_HOURS),
            contact=_line(environ, "HUB_CONTACT") or None,
            oidc=tuple(_oidc(environ, name, production) for name in _providers(environ, "HUB_OIDC_", OIDC_SETTINGS)),
            saml=tuple(_saml(environ, name) for name in _providers(environ, "HUB_SAML_", SAML_SETTINGS)),
            limit_sign_in=_count(environ, "HUB_LIMIT_SIGN_IN", SIGN_INS_PER_MINUTE, 0, PER_MINUTE),
            limit_posts=_count(environ, "HUB_LIMIT_POSTS", POSTS_PER_MINUTE, 0, PER_MINUTE),
            limit_api=_count(environ, "HUB_LIMIT_API", API_REQUESTS_PER_MINUTE, 0, PER_MINUTE),
        )

    @classmethod
    def load(cls) -> Config:
        """The settings of this process: what the entry points start with."""
        return cls.from_env(environment())

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def secure(self) -> bool:
        """Whether people reach the hub by TLS: in production always, if only up to a proxy before it."""
        return self.production or self.url.startswith("https:")

    def flask(self) -> dict[str, Any]:
        """The same, in the names of Flask and its extensions."""
        return {
            "HUB": self,
            "SECRET_KEY": self.secret_key,
            "SECRET_KEY_FALLBACKS": list(self.secret_key_fallbacks),
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(self.database_url),
            "MAX_CONTENT_LENGTH": BODY_BYTES,
            "MAX_FORM_MEMORY_SIZE": FORM_BYTES,
            "MAX_FORM_PARTS": FORM_PARTS,
            "PREFERRED_URL_SCHEME": urlsplit(self.url).scheme,
            "PERMANENT_SESSION_LIFETIME": self.session_idle_hours * 3600,
            "SESSION_COOKIE_NAME": "__Host-hub" if self.secure else "hub",
            "SESSION_COOKIE_SECURE": self.secure,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "WTF_CSRF_HEADERS": ["X-CSRFToken"],
            "WTF_CSRF_TIME_LIMIT": None,
            # The Referer check compares with the address Flask sees, which a proxy may have changed.
            "WTF_CSRF_SSL_STRICT": False,
        }


def environment(folder: Path = HOME) -> dict[str, str]:
    """The environment over the `.env` file. SettingError where production keeps a secret in one that all may read."""
    file = folder / ".env"
    written = {name: value for name, value in dotenv_values(file).items() if value is not None}
    merged = written | dict(os.environ)
    if merged.get("HUB_ENV") == "production" and any(_is_secret(name) for name in written):
        _refuse_readable(".env", file)
    return merged


def _is_secret(name: str) -> bool:
    return name in SECRETS or name.endswith("_CLIENT_SECRET")


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = environ.get(name) or default
    if value not in choices:
        raise SettingError(name, f"{value!r} is not one of {', '.join(choices)}")
    return value


def _hours(environ: Mapping[str, str], name: str, default: int) -> int:
    return _count(environ, name, default, 1, MOST_SESSION_HOURS)


def _count(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS and least <= int(text) <= most):
        raise SettingError(name, f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def _secret(environ: Mapping[str, str], name: str, production: bool) -> str | None:
    """A secret, or what stands in the file that NAME_FILE names."""
    value, named = environ.get(name) or None, environ.get(f"{name}_FILE") or None
    if not named:
        return value
    if value:
        raise SettingError(name, f"both it and {name}_FILE are set; leave out one")
    return _read_secret(f"{name}_FILE", Path(named), production)


def _read_secret(name: str, file: Path, production: bool) -> str:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingError(name, f"cannot read {str(file)!r} ({reason})") from None
    if not text:
        raise SettingError(name, f"{str(file)!r} is empty")
    if production:
        _refuse_readable(name, file)
    return text


def _refuse_readable(name: str, file: Path) -> None:
    if file.stat().st_mode & stat.S_IROTH:
        raise SettingError(name, f"everybody on this machine may read {str(file)!r}; run: chmod o-r {file}")


def _keys(environ: Mapping[str, str], production: bool, instance: Path) -> tuple[str, ...]:
    """The key that signs, then older ones that still verify."""
    key = _secret(environ, "SECRET_KEY", production)
    older = (_secret(environ, "SECRET_KEY_FALLBACKS", production) or "").split()
    if production:
        _refuse_weak("SECRET_KEY", key)
        for one in older:
            _refuse_weak("SECRET_KEY_FALLBACKS", one)
    return (key or _own_key(instance / "secret_key"), *older)


def _refuse_weak(name: str, key: str | None) -> None:
    advice = "; make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if not key:
        raise SettingError(name, f"missing{advice}")
    if len(key) < KEY_CHARACTERS or len(set(key)) < KEY_DIFFERENT_CHARACTERS:
        raise SettingError(name, f"too short or too simple ({KEY_CHARACTERS} random characters at least){advice}")
    if any(known in key.lower() for known in KNOWN_KEYS):
        raise SettingError(name, f"a known key, not a secret{advice}")


def _own_key(file: Path) -> str:
    """Outside production: a random key that is made once and stays, so that a restart signs nobody out."""
    made(file.parent)
    try:
        # Created with its mode, and whole at once: web and worker may start together.
        half = file.with_suffix(f".{secrets.token_hex(8)}")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(48))
        try:
            os.link(half, file)
        except FileExistsError:
            pass
        finally:
            half.unlink()
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise SettingError("SECRET_KEY", f"not set, and {str(file)!r} cannot be written ({error.strerror})") from None


def made(instance: Path) -> Path:
    """The instance folder, which is there from now on."""
    try:
        instance.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError("HUB_INSTANCE", f"{str(instance)!r} cannot be made a folder ({error.strerror})") from None
    return instance


def _database_url(environ: Mapping[str, str], production: bool, instance: Path) -> URL:
    text = _secret(environ, "DATABASE_URL", production)
    if text is None:
        return URL.create("sqlite", database=str(made(instance) / "hub.sqlite"))
    try:
        # `postgres://` is what many hosts still hand out.
        url = make_url(text.replace("postgres://", "postgresql://", 1) if text.startswith("postgres://") else text)
    except (ArgumentError, ValueError):
        raise SettingError(
            "DATABASE_URL", "not a database URL (postgresql://user:password@host/name, sqlite:////path)"
        ) from None
    if url.drivername in ("postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite_url(url)
    raise SettingError("DATABASE_URL", f"{url.drivername!r} is not supported; use postgresql or sqlite")


def _sqlite_url(url: URL) -> URL:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise SettingError(
            "DATABASE_URL", "SQLite needs a file that several processes can open (sqlite:////path/hub.sqlite)"
        )
    return url.set(drivername="sqlite", database=str(Path(url.database).absolute()))


def _engine_options(url: URL) -> dict[str, Any]:
    # Values of people would stand in the texts of errors, and so in logs.
    if url.drivername == "sqlite":
        return {"hide_parameters": True}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {"connect_timeout": CONNECT_SECONDS, "application_name": "hub", "options": "-c timezone=UTC"},
    }


def _url(environ: Mapping[str, str]) -> str:
    text = environ.get("HUB_URL") or "http://127.0.0.1:8000"
    if not _is_address(text):
        raise SettingError("HUB_URL", f"{text!r} is not an address like https://hub.example.com, without a path")
    return text.rstrip("/")


def _is_address(text: str, path: bool = False) -> bool:
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or "@" in parts.netloc or " " in text)
    return parts.scheme in ("http", "https") and named and bare and (path or parts.path in ("", "/"))


def _token(environ: Mapping[str, str], name: str, production: bool) -> str | None:
    token = _secret(environ, name, production)
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise SettingError(name, "only printable ASCII characters without spaces can be sent in a header")
    if token and production:
        _refuse_weak(name, token)
    return token


def _roles(environ: Mapping[str, str], name: str) -> Mapping[str, str]:
    """The role of each group: `Partner Sales=sales_rep; Hub admins=program_admin`."""
    roles = {}
    for pair in filter(None, (part.strip() for part in (environ.get(name) or "").split(";"))):
        group, _, role = (side.strip() for side in pair.rpartition("="))
        if not group or not _ROLE.fullmatch(role):
            raise SettingError(name, f"{pair!r} is not a group and its role, like Partner Sales=sales_rep")
        roles[group] = role
    return roles


def _now(environ: Mapping[str, str], env: str) -> str | None:
    text = environ.get("HUB_NOW") or None
    if text is None:
        return None
    if env != "test":
        raise SettingError("HUB_NOW", "a fixed clock is for HUB_ENV=test only")
    try:
        clock.check_source(text)
    except (OSError, ValueError):
        raise SettingError(
            "HUB_NOW", f"{text!r} is neither an RFC 3339 time with offset nor file:PATH of one"
        ) from None
    return text


def _demo(environ: Mapping[str, str], production: bool) -> bool:
    """Whether people may sign in by choosing who they are, and play the other systems."""
    demo = _choice(environ, "HUB_DEMO", ("on", "off"), "off" if production else "on") == "on"
    if demo and production:
        raise SettingError("HUB_DEMO", "the demo sign-in lets anybody be anybody; it is not for production")
    return demo


# Identity providers


def _providers(environ: Mapping[str, str], prefix: str, known: tuple[str, ...]) -> list[str]:
    """The names of the providers that the environment sets up; a setting of theirs that does not exist is a fault."""
    names = set()
    for variable in environ:
        if not variable.startswith(prefix):
            continue
        name, _, setting = variable.removeprefix(prefix).partition("_")
        if not re.fullmatch(r"[A-Z0-9]+", name) or setting not in known:
            raise SettingError(variable, f"no such setting; they are {prefix}NAME_{{{', '.join(known)}}}")
        names.add(name)
    return sorted(names)


def _oidc(environ: Mapping[str, str], name: str, production: bool) -> OpenIdProvider:
    prefix = f"HUB_OIDC_{name}_"
    client_id = _line(environ, f"{prefix}CLIENT_ID", required=True)
    secret = _secret(environ, f"{prefix}CLIENT_SECRET", production)
    if not secret:
        raise SettingError(f"{prefix}CLIENT_SECRET", "missing")
    scopes = _line(environ, f"{prefix}SCOPES") or "openid profile email"
    if "openid" not in scopes.split():
        raise SettingError(f"{prefix}SCOPES", "without openid there is no sign-in")
    return OpenIdProvider(
        name=name.lower(),
        title=_line(environ, f"{prefix}TITLE") or name.capitalize(),
        issuer=_issuer(environ, f"{prefix}ISSUER", production),
        client_id=client_id,
        client_secret=secret,
        scopes=scopes,
        linking=_linking(environ, prefix, "sub", OIDC_FIELDS),
    )


def _saml(environ: Mapping[str, str], name: str) -> SamlProvider:
    prefix = f"HUB_SAML_{name}_"
    return SamlProvider(
        name=name.lower(),
        title=_line(environ, f"{prefix}TITLE") or name.capitalize(),
        metadata=_metadata(environ, f"{prefix}METADATA"),
        linking=_linking(environ, prefix, "NameID", SAML_FIELDS),
    )


def _linking(environ: Mapping[str, str], prefix: str, subject: str, fields: str) -> Linking:
    match = _line(environ, f"{prefix}MATCH") or subject
    trust = _switch(environ, f"{prefix}TRUST_EMAIL")
    if match == "email" and not trust:
        raise SettingError(f"{prefix}MATCH", f"an e-mail address names nobody unless {prefix}TRUST_EMAIL=on")
    return Linking(
        match=match,
        trust_email=trust,
        groups_claim=_line(environ, f"{prefix}GROUPS_CLAIM") or "groups",
        roles=_roles(environ, f"{prefix}GROUPS"),
        create=_switch(environ, f"{prefix}CREATE"),
        organization_claim=_line(environ, f"{prefix}ORGANIZATION_CLAIM") or "organization",
        fields=_fields(environ, f"{prefix}FIELDS", fields),
    )


def _fields(environ: Mapping[str, str], name: str, default: str) -> Mapping[str, str]:
    """The claim of each field: `name=displayName; email=mail`."""
    fields = {}
    for pair in filter(None, (part.strip() for part in (environ.get(name) or default).split(";"))):
        field_name, _, claim = (part.strip() for part in pair.partition("="))
        if field_name not in PROFILE_FIELDS or not claim:
            known = ", ".join(PROFILE_FIELDS)
            raise SettingError(name, f"{pair!r} is not one of {known} and its claim, like name=name")
        fields[field_name] = claim
    return fields


def _switch(environ: Mapping[str, str], name: str) -> bool:
    return _choice(environ, name, ("on", "off"), "off") == "on"


def _line(environ: Mapping[str, str], name: str, required: bool = False) -> str:
    text = (environ.get(name) or "").strip()
    if required and not text:
        raise SettingError(name, "missing")
    if len(text) > LINE_CHARACTERS or not text.isprintable():
        raise SettingError(name, f"not one line of at most {LINE_CHARACTERS} characters")
    return text


def _issuer(environ: Mapping[str, str], name: str, production: bool) -> str:
    text = _line(environ, name, required=True)
    if not _is_address(text, path=True):
        raise SettingError(name, f"{text!r} is not an address like https://login.example.com/tenant")
    parts = urlsplit(text)
    if production and parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise SettingError(name, f"{text!r} is not https: anybody on the way could sign in as anybody")
    return text


def _metadata(environ: Mapping[str, str], name: str) -> str:
    """What stands in the file that the setting names."""
    file = Path(_line(environ, name, required=True))
    try:
        if file.stat().st_size > METADATA_BYTES:
            raise SettingError(name, f"{str(file)!r} is too large to be a provider's metadata")
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingError(name, f"cannot read {str(file)!r} ({reason})") from None
