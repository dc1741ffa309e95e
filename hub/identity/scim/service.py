"""One request of SCIM, from its text to its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from scim2_models import (
    InvalidFilterException,
    InvalidPathException,
    PatchOp,
    Resource,
    ResourceType,
    SCIMException,
    SearchRequest,
)
from scim2_server.conditions import Conditions
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService
from typing_extensions import override

from hub.identity.keys import Key
from hub.identity.scim.models import PROVIDER
from hub.identity.scim.storage import Storage

T = TypeVar("T")

#: The longest filter, and the longest path of a PATCH: what takes long to read is refused before it is read.
MAX_EXPRESSION = 2_000


class Service(ScimService):
    """The protocol, but for what would be dangerous."""

    @override
    def read_search(self, resource_types: list[ResourceType], payload: Any) -> tuple[SearchRequest[Any], Any]:
        for filter_ in _values(payload, "filter", str):
            if len(filter_) > MAX_EXPRESSION:
                raise InvalidFilterException(detail=f"A filter has at most {MAX_EXPRESSION} characters.")
        return super().read_search(resource_types, payload)

    @override
    def read_patch(self, resource_type: ResourceType, body: bytes, content_type: str | None) -> PatchOp[Any]:
        payload = self.decode_body(body, content_type)
        for operations in _values(payload, "operations", list):
            paths = [path for operation in operations for path in _values(operation, "path", str)]
            if any(len(path) > MAX_EXPRESSION for path in paths):
                raise InvalidPathException(detail=f"A path has at most {MAX_EXPRESSION} characters.")
        return super().read_patch(resource_type, body, content_type)

    @override
    def apply_replacement(
        self, current: Resource[Any], replacement: Resource[Any], conditions: Conditions
    ) -> Resource[Any] | None:
        # A PUT that says nothing of it leaves whoever was deactivated so.
        if getattr(replacement, "active", True) is None:
            replacement.active = current.active  # type: ignore[attr-defined]
        return super().apply_replacement(current, replacement, conditions)


def _values(payload: Any, name: str, kind: type[T]) -> list[T]:
    """What an object holds under a name, whose case does not count."""
    several = payload.items() if isinstance(payload, dict) else ()
    return [value for key, value in several if key.lower() == name and isinstance(value, kind)]


SERVICE = Service(PROVIDER)


def answer(request: ScimRequest, key: Key, roles: Mapping[str, str]) -> ScimResponse:
    """The answer to a key's request; what is refused changes nothing."""
    writes = request.method != "GET" and not request.path.endswith("/.search")
    try:
        return ScimHandler(SERVICE, Storage(key, roles, writes=writes)).handle(request)
    except SCIMException as refusal:
        return SERVICE.error_response(refusal)
