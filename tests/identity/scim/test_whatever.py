"""Whatever is sent to SCIM is answered, never a fault of ours; what is refused changes nothing of anybody else."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.identity.scim.conftest import ENTERPRISE, GROUP, TOKEN, USER, Provider, active, member

TRIES = settings(
    max_examples=50, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)

NAMES = st.sampled_from(
    [
        *(
            "userName",
            "externalId",
            "id",
            "active",
            "emails",
            "emails.value",
            "emails.primary",
            "name",
            "name.givenName",
        ),
        *("displayName", "members", "members.value", "members.$ref", "groups", "roles", "meta.created", "meta.version"),
        *(
            "schemas",
            "title",
            "timezone",
            "nothing",
            "",
            "$ref",
            f"{ENTERPRISE}:organization",
            ENTERPRISE,
            f"{USER}:title",
        ),
    ]
)
TEXTS = st.text(max_size=8) | st.sampled_from(
    ["dee", "bo", "\0", "x" * 300, "2026-01-01T00:00:00Z", "true", "\U0001f600"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=3),
    max_leaves=6,
)
LITERALS = st.sampled_from(["true", "null", "1", "-1.5e3", '"dee"', '""', r'"\u0000"', '"x', "x", '"2026-13-01"', "{}"])
COMPARISONS = st.builds(
    "{} {} {}".format,
    NAMES,
    st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ", "like"]),
    LITERALS,
) | st.builds("{} pr".format, NAMES)
FILTERS = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds("({})".format, inner)
        | st.builds("not ({})".format, inner)
        | st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or", "xor"]), inner)
        | st.builds("{}[{}]".format, NAMES, inner)
    ),
    max_leaves=4,
)
PATHS = st.none() | NAMES | FILTERS | st.builds("{}[{}].{}".format, NAMES, COMPARISONS, NAMES) | TEXTS
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "Replace", "move", ""])},
    optional={"path": PATHS, "value": VALUES},
)


@pytest.fixture
def scim(idp: Provider) -> Provider:
    idp.user("dee", emails=[{"value": "dee@acme.example", "primary": True}], **{ENTERPRISE: {"organization": "acme"}})
    return idp


def asked(scim: Provider, method: str, path: str, body: Any = None, **query: str) -> int:
    answer = scim.client.open(
        f"/scim/v2{path}", method=method, json=body, query_string=query, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code < 500 or answer.status_code == 501, (path, body, query)
    assert answer.content_type == "application/scim+json"
    return answer.status_code


def test_any_filter(scim: Provider) -> None:
    @TRIES
    @given(
        filter_=FILTERS, kind=st.sampled_from(["/Users", "/Groups", "/"]), more=st.sampled_from(["1", "0", "-1", "x"])
    )
    def answered(filter_: str, kind: str, more: str) -> None:
        asked(scim, "GET", kind, filter=filter_, startIndex=more, count=more)
        asked(scim, "POST", f"{kind}/.search".replace("//", "/"), {"filter": filter_, "attributes": [filter_[:20]]})

    answered()


def test_any_patch(scim: Provider) -> None:
    user, group = scim.user("eve"), scim.group("Care")

    @TRIES
    @given(operations=st.lists(OPERATIONS, max_size=3), kind=st.booleans())
    def answered(operations: list[dict[str, Any]], kind: bool) -> None:
        path = f"/Users/{user['id']}" if kind else f"/Groups/{group['id']}"
        asked(scim, "PATCH", path, {"Operations": operations})

    before = member("bo")
    answered()
    assert (active("bo"), member("bo")) == (True, before)


def test_any_resource(scim: Provider) -> None:
    user = scim.user("eve")

    @TRIES
    @given(more=st.dictionaries(NAMES | TEXTS, VALUES, max_size=4), name=TEXTS, method=st.sampled_from(["POST", "PUT"]))
    def answered(more: dict[str, Any], name: str, method: str) -> None:
        asked(
            scim, method, "/Users" + f"/{user['id']}" * (method == "PUT"), {"schemas": [USER], "userName": name, **more}
        )
        asked(scim, "POST", "/Groups", {"schemas": [GROUP], "displayName": name, **more})

    before = member("bo")
    answered()
    assert (active("bo"), member("bo")) == (True, before)
