"""Assertions as SAML providers make them, right or wrong in whatever a test wants, signed by a key of the tests."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import uuid4
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.utils import OneLogin_Saml2_Utils

ISSUER = "https://id.acme.example/saml"
SSO = "https://id.acme.example/saml/sso"
HUB = "http://127.0.0.1:8000/auth/saml/acme"

_METADATA = """<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID={issuer}>
 <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
  <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
   <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
  <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location={sso}/>
 </md:IDPSSODescriptor>
</md:EntityDescriptor>"""

_ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
 ID="{id}" Version="2.0" IssueInstant="{now}">
<saml:Issuer>{issuer}</saml:Issuer>
<saml:Subject><saml:NameID Format="{format}">{subject}</saml:NameID>
<saml:SubjectConfirmation Method="{method}"><saml:SubjectConfirmationData{confirmed}/></saml:SubjectConfirmation>
</saml:Subject>
<saml:Conditions NotBefore="{since}" NotOnOrAfter="{until}">{audience}</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="s-1"><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement>{attributes}</saml:Assertion>"""

_RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 ID="{id}" Version="2.0" IssueInstant="{now}"{to}>
<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>
{assertion}</samlp:Response>"""


@dataclass(frozen=True)
class Keys:
    key: str
    certificate: str


@cache
def keys(name: str = "the provider") -> Keys:
    """A private key and the certificate for it, as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(9))
    form = serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    public = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return Keys(private.decode(), public.decode())


def metadata(issuer: str = ISSUER, sso: str = SSO) -> str:
    bare = "".join(line for line in keys().certificate.splitlines() if "CERTIFICATE" not in line)
    return _METADATA.format(issuer=quoteattr(issuer), sso=quoteattr(sso), certificate=bare)


@dataclass(frozen=True)
class Assertion:
    """What is asserted, right as it stands; seconds are from now on, None leaves out."""

    request: str | None
    subject: str = "bo"
    issuer: str = ISSUER
    audience: str | None = f"{HUB}/metadata"
    recipient: str | None = f"{HUB}/acs"
    destination: str | None = f"{HUB}/acs"
    answers: str | None = ""  # what the Response says that it answers; "": as the assertion
    status: str = "Success"
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
    since: int = -30
    until: int = 300
    confirmed_until: int | None = 300
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    id: str = ""

    def but(self, **changes: object) -> Assertion:
        return replace(self, **changes)  # type: ignore[arg-type]

    def xml(self) -> str:
        """The assertion alone, unsigned."""
        confirmed = {
            "InResponseTo": self.request,
            "Recipient": self.recipient,
            "NotOnOrAfter": None if self.confirmed_until is None else _time(self.confirmed_until),
        }
        audience = (
            f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
        )
        return _ASSERTION.format(
            id=self.id or f"a{uuid4().hex}",
            now=_time(0),
            issuer=escape(self.issuer),
            format=self.format,
            subject=self.subject,
            method=self.method,
            confirmed=_attributes(confirmed),
            since=_time(self.since),
            until=_time(self.until),
            audience="" if self.audience is None else audience,
            attributes=_statement(self.attributes),
        )

    def response(self, assertion: str) -> str:
        """The message with this assertion in it."""
        to = {"Destination": self.destination, "InResponseTo": self.request if self.answers == "" else self.answers}
        return _RESPONSE.format(
            id=f"r{uuid4().hex}",
            now=_time(0),
            to=_attributes(to),
            issuer=escape(self.issuer),
            status=self.status,
            assertion=assertion,
        )

    def signed(self, by: Keys | None = None, **algorithms: str) -> str:
        """The message with the assertion signed, by default as it should be."""
        return self.response(sign(self.xml(), by, **algorithms))


def sign(xml: str, by: Keys | None = None, **algorithms: str) -> str:
    """The element signed, whichever it is."""
    used = {"sign_algorithm": Constants.RSA_SHA256, "digest_algorithm": Constants.SHA256, **algorithms}
    by = by or keys()
    made: bytes = OneLogin_Saml2_Utils.add_sign(xml, by.key, by.certificate, **used)
    return made.decode()


def encoded(xml: str) -> str:
    return base64.b64encode(xml.encode()).decode()


def _time(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _attributes(several: dict[str, str | None]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in several.items() if value is not None)


def _statement(several: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    if not several:
        return ""
    told = "".join(
        f"<saml:Attribute Name={quoteattr(name)}>"
        + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, values in several
    )
    return f"<saml:AttributeStatement>{told}</saml:AttributeStatement>"
