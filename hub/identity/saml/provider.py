"""A SAML 2.0 identity provider, as python3-saml sees it, with what that leaves open.

The toolkit checks signatures and schema; but an audience, a recipient or an end that an assertion does not name it lets
pass, and addresses it compares by their beginnings. Here they must be there, and be ours letter by letter.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from config import SamlProvider, SettingError
from hub.directory.names import is_name
from hub.identity.arriving import Distrust

log = logging.getLogger(__name__)

RESPONSE_CHARACTERS = 256 * 1024
#: Of the standard. What comes back in it is not used: where one wanted to go, the browser's own session knows.
RELAY_STATE_BYTES = 80
RELAY_STATE = "hub"
#: How long after its end the toolkit believes an assertion, in case of clocks that differ.
DRIFT_SECONDS = 300
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_CONFIRMED = "/samlp:Response/saml:Assertion/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"


#: What can be wrong with an assertion; SyntaxError is lxml's word for what is no XML.
WRONG = (Distrust, OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, SyntaxError, ValueError)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What was asserted, checked. `lasts_seconds`: how long it could be shown again."""

    id: str
    request: str
    subject: str
    session: str | None
    attributes: dict[str, list[str]]
    lasts_seconds: int


class Provider:
    """One that the settings name. SettingError where its metadata is none."""

    def __init__(self, provider: SamlProvider, url: str) -> None:
        self.provider = provider
        self.address = f"{url}/auth/saml/{provider.name}/acs"
        self.entity = f"{url}/auth/saml/{provider.name}/metadata"
        self._host = urlsplit(url)
        self._settings = self._read(provider)

    def _read(self, provider: SamlProvider) -> Any:
        try:
            described = OneLogin_Saml2_IdPMetadataParser.parse(provider.metadata.encode())
            ours = {
                "entityId": self.entity,
                "assertionConsumerService": {"url": self.address, "binding": POST},
                "NameIDFormat": UNSPECIFIED,
            }
            told = {"strict": True, "sp": ours, "idp": described.get("idp", {}), "security": _SECURITY}
            return OneLogin_Saml2_Settings(told)
        except WRONG as error:
            name = f"HUB_SAML_{provider.name.upper()}_METADATA"
            reason = " ".join(str(error).split()) or type(error).__name__
            raise SettingError(name, f"this is no identity provider's metadata ({reason})") from error

    @property
    def name(self) -> str:
        return self.provider.name

    @property
    def issuer(self) -> str:
        return str(self._settings.get_idp_data()["entityId"])

    @property
    def sign_on(self) -> str:
        """The provider's own address, where people are sent to."""
        return str(self._settings.get_idp_sso_url())

    def certificates(self) -> list[str]:
        """By which it signs, as PEM."""
        described = self._settings.get_idp_data()
        several = described.get("x509certMulti", {}).get("signing") or [described["x509cert"]]
        return [OneLogin_Saml2_Utils.format_cert(one) for one in several]

    def metadata(self) -> bytes:
        """How the hub describes itself to the provider."""
        described: str | bytes = self._settings.get_sp_metadata()
        return described.encode() if isinstance(described, str) else described

    def begin(self) -> tuple[str, str]:
        """A request's id, and the address that carries it to the provider."""
        asking = OneLogin_Saml2_Auth(self._request(), self._settings)
        address = asking.login(return_to=RELAY_STATE)
        return str(asking.get_last_request_id()), str(address)

    def check(self, text: str, relay_state: str) -> Assertion:
        """What a form that came from the provider asserts. One of WRONG where it cannot be believed."""
        if not 0 < len(text) <= RESPONSE_CHARACTERS:
            raise Distrust("there is no assertion, or it is too large")
        if len(relay_state.encode("utf-8", "replace")) > RELAY_STATE_BYTES:
            raise Distrust("its RelayState is longer than the standard allows")
        response = OneLogin_Saml2_Response(self._settings, text)
        if not response.is_valid(self._request()):
            raise Distrust(str(response.get_error()))
        request = self._require_ours(response)
        if response.get_nameid_format() == TRANSIENT:
            raise Distrust("its NameID is another one each time; ask it for a persistent one")
        session = response.get_session_index()
        return Assertion(
            id=_named(response.get_assertion_id()),
            request=request,
            subject=_named(response.get_nameid()),
            session=session if session and is_name(session) else None,
            attributes=_attributes(response),
            lasts_seconds=response.get_assertion_not_on_or_after() - OneLogin_Saml2_Utils.now() + DRIFT_SECONDS,
        )

    def _require_ours(self, response: Any) -> str:
        """The id of the request that it answers."""
        document = response.get_xml_document()
        if document.get("Destination") not in (None, self.address):
            raise Distrust("it is addressed to somebody else")
        if self.entity not in response.get_audiences():
            raise Distrust("it is not for this hub alone")
        confirmed = OneLogin_Saml2_XML.query(document, _CONFIRMED)
        if len(confirmed) != 1:
            raise Distrust("it confirms its subject more than once, or not at all")
        if confirmed[0].get("Recipient") != self.address:
            raise Distrust("it was made for another recipient")
        if not confirmed[0].get("NotOnOrAfter"):
            raise Distrust("it has no end")
        request = confirmed[0].get("InResponseTo")
        if not request or document.get("InResponseTo") != request:
            raise Distrust("it answers no request, or two")
        return str(request)

    def _request(self) -> dict[str, Any]:
        """The request as the toolkit wants it: by our own address, whatever a Host header says."""
        return {
            "https": "on" if self._host.scheme == "https" else "off",
            "http_host": self._host.netloc,
            "script_name": urlsplit(self.address).path,
            "get_data": {},
            "post_data": {},
        }


_SECURITY = {
    "wantAssertionsSigned": True,
    "wantNameId": True,
    "wantAttributeStatement": False,
    "requestedAuthnContext": False,
    "rejectDeprecatedAlgorithm": True,
    # Several attributes of one name are several values of it.
    "allowRepeatAttributeName": True,
    # The toolkit's own would be two days, after which providers forget us.
    "metadataValidUntil": "",
    "metadataCacheDuration": "",
}


def _named(text: object) -> str:
    if not (isinstance(text, str) and is_name(text)):
        raise Distrust("it names its subject, or itself, by what cannot be kept")
    return text


def _attributes(response: Any) -> dict[str, list[str]]:
    """By their names, and by the friendly ones; texts only. The NameID is one of them."""
    found = {**response.get_friendlyname_attributes(), **response.get_attributes()}
    texts = {name: [value for value in values if isinstance(value, str)] for name, values in found.items()}
    return {**texts, "NameID": [response.get_nameid()]}
