"""The settings: each wrong one stops the start with one line that names it."""

import os
import stat
from pathlib import Path

import pytest

from config import METADATA_BYTES, Config, SettingError, environment
from tests.app import PRODUCTION

KEY = PRODUCTION["SECRET_KEY"]


def read(folder: Path, **environ: str) -> Config:
    return Config.from_env({"HUB_INSTANCE": str(folder / "instance"), **environ})


def fault(folder: Path, **environ: str) -> SettingError:
    with pytest.raises(SettingError) as refused:
        read(folder, **environ)
    assert len(str(refused.value).splitlines()) == 1
    assert str(refused.value).startswith(refused.value.name)
    return refused.value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_ENV", "staging"),
        ("HUB_URL", "hub.example.com"),
        ("HUB_URL", "ftp://hub.example.com"),
        ("HUB_URL", "https://hub.example.com/hub"),
        ("HUB_URL", "https://bo@hub.example.com"),
        ("HUB_URL", "https://hub.example.com:99999"),
        ("HUB_URL", "https://"),
        ("HUB_TRUSTED_PROXIES", "yes"),
        ("HUB_TRUSTED_PROXIES", "-1"),
        ("HUB_TRUSTED_PROXIES", "11"),
        ("HUB_TRUSTED_PROXIES", "1" * 5000),
        ("HUB_SESSION_HOURS", "0"),
        ("HUB_SESSION_HOURS", "8761"),
        ("HUB_SESSION_IDLE_HOURS", "0.5"),
        ("HUB_LIVE", "true"),
        ("HUB_LOG", "xml"),
        ("HUB_DEMO", "maybe"),
        ("HUB_METRICS_TOKEN", "two words"),
        ("HUB_SCIM_TOKEN", "two words"),
        ("HUB_LIMIT_SIGN_IN", "-1"),
        ("HUB_LIMIT_POSTS", "many"),
        ("HUB_LIMIT_API", "1000001"),
        ("HUB_SCIM_GROUPS", "Sellers"),
        ("HUB_SCIM_GROUPS", "Sellers=Sales rep"),
        ("HUB_SCIM_GROUPS", "=sales_rep"),
        ("HUB_NOW", "2026-11-23T10:00:00Z"),
        ("DATABASE_URL", "hub"),
        ("DATABASE_URL", "mysql://hub@localhost/hub"),
        ("DATABASE_URL", "postgresql+psycopg2://localhost/hub"),
        ("DATABASE_URL", "postgresql://localhost:port/hub"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL_FILE", "/nowhere/at/all"),
        ("SECRET_KEY_FILE", "/nowhere/at/all"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    assert fault(tmp_path, **{name: value}).name == name


@pytest.mark.parametrize(
    "key",
    [
        "",
        "too-little",
        "a" * 64,
        "abcabcabc" * 8,
        "secret-secret-secret-0987654321-x",
        "changeme-changeme-changeme-changeme",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_production_needs_a_secret_key_that_nobody_can_guess(tmp_path: Path, key: str) -> None:
    refused = fault(tmp_path, HUB_ENV="production", SECRET_KEY=key)
    assert refused.name == "SECRET_KEY"
    assert not key or key not in str(refused)


def test_production_starts_with_what_it_needs(tmp_path: Path) -> None:
    config = read(tmp_path, HUB_ENV="production", SECRET_KEY=KEY, HUB_URL="https://hub.example.com/")
    assert (config.production, config.demo, config.log, config.url) == (True, False, "json", "https://hub.example.com")
    flask = config.flask()
    assert (flask["SESSION_COOKIE_NAME"], flask["SESSION_COOKIE_SECURE"]) == ("__Host-hub", True)
    assert not (tmp_path / "instance" / "secret_key").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY_FALLBACKS", "weak"),
        ("HUB_NOW", "2026-11-23T10:00:00Z"),
        ("HUB_DEMO", "on"),
        ("HUB_METRICS_TOKEN", "1234"),
        ("HUB_SCIM_TOKEN", "1234"),
    ],
)
def test_production_refuses_what_would_make_it_unsafe(tmp_path: Path, name: str, value: str) -> None:
    assert fault(tmp_path, HUB_ENV="production", SECRET_KEY=KEY, **{name: value}).name == name


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o640)
    assert read(tmp_path, HUB_ENV="production", SECRET_KEY_FILE=str(file)).secret_key == KEY
    assert fault(tmp_path, SECRET_KEY=KEY, SECRET_KEY_FILE=str(file)).name == "SECRET_KEY"


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY_FILE",
        "SECRET_KEY_FALLBACKS_FILE",
        "DATABASE_URL_FILE",
        "HUB_METRICS_TOKEN_FILE",
        "HUB_SCIM_TOKEN_FILE",
    ],
)
def test_production_refuses_a_secret_that_everybody_may_read(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text(KEY)
    file.chmod(0o644)
    others = {} if name == "SECRET_KEY_FILE" else {"SECRET_KEY": KEY}
    refused = fault(tmp_path, HUB_ENV="production", **others, **{name: str(file)})
    assert refused.name == name
    assert "chmod" in str(refused)


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe"])
def test_a_secret_file_without_a_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    assert fault(tmp_path, SECRET_KEY_FILE=str(file)).name == "SECRET_KEY_FILE"


def test_development_makes_a_key_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    first, second = read(tmp_path).secret_key, read(tmp_path).secret_key
    assert first == second
    assert len(first) >= 48
    file = tmp_path / "instance" / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["secret_key"]
    assert read(tmp_path / "elsewhere").secret_key != first


def test_older_keys_still_verify(tmp_path: Path) -> None:
    config = read(tmp_path, SECRET_KEY="new", SECRET_KEY_FALLBACKS="old  older")
    assert config.flask()["SECRET_KEY_FALLBACKS"] == ["old", "older"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_address_means_our_driver(tmp_path: Path, scheme: str) -> None:
    url = read(tmp_path, DATABASE_URL=f"{scheme}://bo:p%40ss@db.example/hub?sslmode=require").database_url
    expected = "postgresql+psycopg://bo:p%40ss@db.example/hub?sslmode=require"
    assert url.render_as_string(hide_password=False) == expected


def test_the_database_is_a_file_in_the_instance_folder_unless_said_otherwise(tmp_path: Path) -> None:
    assert read(tmp_path).database_url.database == str(tmp_path / "instance" / "hub.sqlite")
    named = read(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/own.sqlite")
    assert named.database_url.database == f"{tmp_path}/own.sqlite"


@pytest.mark.parametrize("more", [{}, {"SECRET_KEY": "known"}])
def test_an_instance_folder_that_cannot_be_is_named(tmp_path: Path, more: dict[str, str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        SettingError, match=r"^HUB_INSTANCE: '.*/file/here' cannot be made a folder \(Not a directory\)$"
    ):
        Config.from_env({"HUB_INSTANCE": str(tmp_path / "file" / "here"), **more})


def test_a_clock_is_fixed_in_tests_only_and_must_be_readable(tmp_path: Path) -> None:
    assert read(tmp_path, HUB_ENV="test", HUB_NOW="2026-11-23T10:00:00Z").now == "2026-11-23T10:00:00Z"
    for wrong in ("yesterday", "2026-11-23T10:00:00", f"file:{tmp_path}/none"):
        assert fault(tmp_path, HUB_ENV="test", HUB_NOW=wrong).name == "HUB_NOW"


def test_each_group_has_its_role(tmp_path: Path) -> None:
    config = read(tmp_path, HUB_SCIM_GROUPS="Partner Sales=sales_rep; CN=Admins,OU=Hub = program_admin ;")
    assert config.scim_roles == {"Partner Sales": "sales_rep", "CN=Admins,OU=Hub": "program_admin"}


def test_secrets_are_left_out_of_its_text(tmp_path: Path) -> None:
    others = {"HUB_METRICS_TOKEN": "m" + KEY, "HUB_SCIM_TOKEN": "s" + KEY}
    told = repr(read(tmp_path, SECRET_KEY=KEY, DATABASE_URL="postgresql://bo:hush@db/hub", **others))
    assert KEY not in told
    assert "hush" not in told


def test_a_dotenv_file_is_read_below_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("HUB_LOG=json\nHUB_LIVE=off\n")
    monkeypatch.setenv("HUB_LOG", "text")
    monkeypatch.delenv("HUB_LIVE", raising=False)
    found = environment(tmp_path)
    assert (found["HUB_LOG"], found["HUB_LIVE"]) == ("text", "off")


def test_production_refuses_a_dotenv_file_with_secrets_that_everybody_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    file = tmp_path / ".env"
    file.write_text(f"HUB_ENV=production\nSECRET_KEY={KEY}\n")
    file.chmod(0o644)
    with pytest.raises(SettingError, match=r"^\.env: "):
        environment(tmp_path)
    file.chmod(0o600)
    assert environment(tmp_path)["SECRET_KEY"] == KEY


ENTRA = {
    "HUB_OIDC_ENTRA_ISSUER": "https://login.example.com/tenant/v2.0",
    "HUB_OIDC_ENTRA_CLIENT_ID": "hub",
    "HUB_OIDC_ENTRA_CLIENT_SECRET": "of the two",
}


def test_a_provider_is_set_up_by_name(tmp_path: Path) -> None:
    groups = "CN=Owners,OU=Partners=partner_owner; reps = sales_rep;"
    [entra] = read(tmp_path, **ENTRA, HUB_OIDC_ENTRA_GROUPS=groups, HUB_OIDC_ENTRA_CREATE="on").oidc
    assert (entra.name, entra.title, entra.issuer) == ("entra", "Entra", ENTRA["HUB_OIDC_ENTRA_ISSUER"])
    assert entra.linking.roles == {"CN=Owners,OU=Partners": "partner_owner", "reps": "sales_rep"}
    assert (entra.linking.match, entra.linking.trust_email, entra.linking.create) == ("sub", False, True)
    assert "of the two" not in repr(read(tmp_path, **ENTRA))


def test_several_providers_stand_side_by_side(tmp_path: Path) -> None:
    okta = {name.replace("ENTRA", "OKTA2"): value for name, value in ENTRA.items()}
    assert [one.name for one in read(tmp_path, **ENTRA, **okta).oidc] == ["entra", "okta2"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_OIDC_ENTRA_ISSUER", ""),
        ("HUB_OIDC_ENTRA_ISSUER", "login.example.com"),
        ("HUB_OIDC_ENTRA_ISSUER", "https://login.example.com/?tenant=1"),
        ("HUB_OIDC_ENTRA_ISSUER", "https://bo@login.example.com"),
        ("HUB_OIDC_ENTRA_CLIENT_ID", ""),
        ("HUB_OIDC_ENTRA_CLIENT_SECRET", ""),
        ("HUB_OIDC_ENTRA_SCOPES", "profile email"),
        ("HUB_OIDC_ENTRA_TRUST_EMAIL", "yes"),
        ("HUB_OIDC_ENTRA_MATCH", "email"),
        ("HUB_OIDC_ENTRA_GROUPS", "owners"),
        ("HUB_OIDC_ENTRA_GROUPS", "owners="),
        ("HUB_OIDC_ENTRA_GROUPS", "owners=Partner owners"),
        ("HUB_OIDC_ENTRA_FIELDS", "roles=groups"),
        ("HUB_OIDC_ENTRA_FIELDS", "name"),
        ("HUB_OIDC_ENTRA_TITLE", "a" * 300),
        ("HUB_OIDC_ENTRA_CLIENT", "x"),
        ("HUB_OIDC_MY_ENTRA_ISSUER", "x"),
        ("HUB_OIDC_entra_ISSUER", "x"),
        ("HUB_OIDC_", "x"),
        ("HUB_CONTACT", "two\nlines"),
    ],
)
def test_a_wrong_setting_of_a_provider_is_named(tmp_path: Path, name: str, value: str) -> None:
    assert fault(tmp_path, **ENTRA | {name: value}).name == name


def test_production_believes_no_provider_that_anybody_on_the_way_could_be(tmp_path: Path) -> None:
    production = {"HUB_ENV": "production", "SECRET_KEY": KEY, **ENTRA}
    assert read(tmp_path, **production).oidc
    plain = production | {"HUB_OIDC_ENTRA_ISSUER": "http://login.example.com"}
    assert fault(tmp_path, **plain).name == "HUB_OIDC_ENTRA_ISSUER"
    assert read(tmp_path, **production | {"HUB_OIDC_ENTRA_ISSUER": "http://127.0.0.1:9000"}).oidc


def test_a_client_secret_may_stand_in_a_file_that_not_everybody_reads(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("of the two\n")
    file.chmod(0o600)
    settings = {"HUB_ENV": "production", "SECRET_KEY": KEY, **ENTRA, "HUB_OIDC_ENTRA_CLIENT_SECRET_FILE": str(file)}
    del settings["HUB_OIDC_ENTRA_CLIENT_SECRET"]
    assert read(tmp_path, **settings).oidc[0].client_secret == "of the two"
    file.chmod(0o644)
    assert fault(tmp_path, **settings).name == "HUB_OIDC_ENTRA_CLIENT_SECRET_FILE"


def test_a_saml_provider_is_described_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "metadata.xml"
    file.write_text("<xml/>")
    [acme] = read(tmp_path, HUB_SAML_ACME_METADATA=str(file), HUB_SAML_ACME_TITLE="Acme's").saml
    assert (acme.name, acme.title, acme.metadata, acme.linking.match) == ("acme", "Acme's", "<xml/>", "NameID")
    for missing in ("", str(tmp_path / "nowhere")):
        wrong = fault(tmp_path, HUB_SAML_ACME_TITLE="Acme's", HUB_SAML_ACME_METADATA=missing)
        assert wrong.name == "HUB_SAML_ACME_METADATA"
    file.write_bytes(b"x" * (METADATA_BYTES + 1))
    assert fault(tmp_path, HUB_SAML_ACME_METADATA=str(file)).name == "HUB_SAML_ACME_METADATA"
    file.write_bytes(b"\xff")
    assert fault(tmp_path, HUB_SAML_ACME_METADATA=str(file)).name == "HUB_SAML_ACME_METADATA"
