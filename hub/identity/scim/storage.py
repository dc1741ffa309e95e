"""What scim2-server asks of a storage, answered by the hub's users and groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, cast

from scim2_models import (
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    SearchRequest,
    TooManyException,
)
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator
from scim2_server.storage import ScimStorage, SearchPage
from sqlalchemy import ColumnElement, and_, false, or_, true
from typing_extensions import override

from hub import clock
from hub.db import reader, transaction
from hub.directory.names import storable
from hub.directory.writing import take_turns
from hub.identity.keys import Key
from hub.identity.scim import groups, people
from hub.identity.scim.clients import Client, folded

#: How many resources a filter is held against, beyond what the database sorts out.
MAX_SCANNED = 10_000


class Kind(Protocol):
    """A module of resources."""

    @property
    def FOUND_BY(self) -> Mapping[str, tuple[ColumnElement[str], bool]]: ...  # noqa: N802
    def get(self, client: Client, id_: str, *, whole: bool = True) -> Any: ...
    def count(self, client: Client, condition: ColumnElement[bool]) -> int: ...
    def find(
        self, client: Client, condition: ColumnElement[bool], offset: int, limit: int, *, whole: bool = True
    ) -> list[Any]: ...
    def create(self, client: Client, sent: Any) -> Any: ...
    def modify(self, client: Client, sent: Any, expected_version: str | None) -> Any: ...
    def remove(self, client: Client, id_: str, expected_version: str | None) -> None: ...


KINDS: Mapping[str, Kind] = {people.TYPE: people, groups.TYPE: groups}


class Storage(ScimStorage):
    """For one request of a key: one transaction, or one snapshot."""

    def __init__(self, key: Key, roles: Mapping[str, str], *, writes: bool) -> None:
        self._key = key
        self._roles = roles
        self._writes = writes
        self._client: Client | None = None

    @override
    @contextmanager
    def operation(self) -> Iterator[None]:
        with transaction() if self._writes else reader() as connection:
            if self._writes:
                take_turns(connection)
            self._client = Client(connection, self._key, clock.now(), self._roles)
            yield

    @property
    def client(self) -> Client:
        assert self._client
        return self._client

    @override
    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        found = _kind(resource_type).get(self.client, resource_id, whole=_wants_members(response_parameters))
        return cast(Resource[Any], found)

    @override
    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        created = _kind(resource_type).create(self.client, resource.model_copy(deep=True))
        return cast(Resource[Any], created)

    @override
    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        modified = _kind(resource_type).modify(self.client, resource.model_copy(deep=True), expected_version)
        return cast(Resource[Any], modified)

    @override
    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        _kind(resource_type).remove(self.client, resource_id, expected_version)

    @override
    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        kinds = [_kind(one) for one in resource_types]
        offset = max((search_request.start_index or 1) - 1, 0)
        limit = max(search_request.count or 0, 0)
        if search_request.filter is None:
            return self._page(kinds, offset, limit, whole=_wants_members(search_request))
        found = [one for kind in kinds for one in self._matching(kind, search_request.filter)]
        return SearchPage(len(found), found[offset : offset + limit])

    def _page(self, kinds: list[Kind], offset: int, limit: int, *, whole: bool) -> SearchPage:
        total = 0
        page: list[Resource[Any]] = []
        for kind in kinds:
            behind, left = max(offset - total, 0), limit - len(page)
            total += kind.count(self.client, true())
            if left > 0:
                page += kind.find(self.client, true(), behind, left, whole=whole)
        return SearchPage(total, page)

    def _matching(self, kind: Kind, filter_: ScimFilter[Any]) -> list[Resource[Any]]:
        narrowed = narrow(kind, filter_.ast)
        condition = true() if narrowed is None else narrowed
        if kind.count(self.client, condition) > MAX_SCANNED:
            raise TooManyException
        return [one for one in kind.find(self.client, condition, 0, MAX_SCANNED) if filter_.match(one)]


def narrow(kind: Kind, node: FilterNode) -> ColumnElement[bool] | None:
    """A condition that all whom the filter matches meet, and perhaps others; None: the database can say nothing.

    What was sent is only ever a parameter of a statement.
    """
    if isinstance(node, Comparison):
        return _equals(kind, node)
    if not isinstance(node, LogicalExpr):
        return None
    terms = [narrow(kind, term) for term in node.terms]
    said = [term for term in terms if term is not None]
    if node.op == LogicalOperator.and_:
        return and_(*said) if said else None
    return or_(*said) if len(said) == len(terms) else None


def _equals(kind: Kind, node: Comparison) -> ColumnElement[bool] | None:
    column, folds = kind.FOUND_BY.get(node.attr_path.attr.lower(), (None, False))
    usual = node.op == CompareOperator.eq and node.attr_path.sub_attr is None and isinstance(node.value, str)
    if column is None or not usual:
        return None
    value = folded(node.value) if folds else node.value
    return column == value if storable(value) else false()


def _kind(resource_type: ResourceType) -> Kind:
    return KINDS[resource_type.name or ""]


def _wants_members(parameters: ResponseParameters[Any] | None) -> bool:
    """Whether the answer shows a group's members: there may be many."""
    if parameters is None:
        return True
    if parameters.attributes:
        return any("members" in str(path).lower() for path in parameters.attributes)
    return all(str(path).lower().rpartition(":")[2] != "members" for path in parameters.excluded_attributes or ())
