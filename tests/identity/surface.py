"""Who may see and do what, as the product promises it: written by hand, and not made from the hub's own table.

The columns are how somebody stands to whom it is about; what is not listed is a 404. `ROUTES` says of each route what
it is about. One that stands in no list here makes `test_matrix.py` fail: say who may use it, and add it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ROLES = (
    "sales_rep",
    "partner_owner",
    "marketing",
    "service_support",
    "field_team",
    "support_team",
    "program_admin",
    "alliance_lead",  # of no program: a member like any
)
VENDORS = ("field_team", "support_team", "program_admin")

SELF, SAME, ASSIGNED, OTHER, ABSENT = "self", "same", "assigned", "other", "absent"
STANDS = (SELF, SAME, ASSIGNED, OTHER, ABSENT)

_NOBODY = dict.fromkeys(ROLES, frozenset[str]())
_EVERY_MEMBER = dict.fromkeys(ROLES, frozenset({SELF}))
_OWNER = {"partner_owner": frozenset({SELF, SAME})}
_VENDOR = dict.fromkeys(("field_team", "support_team"), frozenset({SELF, SAME, ASSIGNED}))
_ADMIN = {"program_admin": frozenset({SELF, SAME, ASSIGNED, OTHER})}

#: Of a member.
PROGRESS: Mapping[str, frozenset[str]] = {**_EVERY_MEMBER, **_OWNER, **_VENDOR, **_ADMIN}
#: Of an organization: its figures, and that they moved.
KPI: Mapping[str, frozenset[str]] = {
    **_NOBODY,
    "partner_owner": frozenset({SAME}),
    **dict.fromkeys(("field_team", "support_team"), frozenset({SAME, ASSIGNED})),
    "program_admin": frozenset({SAME, ASSIGNED, OTHER}),
}
#: An organization's page, asked for by one's own organization's id both as oneself and as a colleague.
SCORECARD: Mapping[str, frozenset[str]] = {role: sees | {SELF} if SAME in sees else sees for role, sees in KPI.items()}
MOVES: Mapping[str, frozenset[str]] = {role: KPI[role] | {SAME} for role in ROLES}

#: The topics of live pages: those about a member, about an organization, and those that everybody may hear.
TOPICS = {
    "points": PROGRESS,
    "badges": PROGRESS,
    "streaks": PROGRESS,
    "goals": PROGRESS,
    "actions": PROGRESS,
    "member": PROGRESS,
    "organization": MOVES,
    "leaderboard": None,
    "program": None,
    "change_over": None,
    "directory": None,
}

#: Widgets that show the viewer's own, what boards publish, what the program says, or who looks after her organization:
#: for every member.
WIDGETS = {
    "badges",
    "contacts",
    "kpi",
    "leaderboard",
    "links",
    "list",
    "next_action",
    "points",
    "progress_to_goal",
    "requirements",
    "streak",
}

#: Of the organizations that somebody looks after: for those of the vendor who can.
WIDGETS_OF_THE_VENDOR = {"my_partners"}

Path = Callable[[str], str]


@dataclass(frozen=True)
class Public:
    """For everybody, signed in or not."""


@dataclass(frozen=True)
class Own:
    """A page of whoever is signed in, about nobody else. `path`: with what stands for itself filled in."""

    path: str
    body: Mapping[str, str] | None = None
    answers: tuple[int, ...] = (200, 204, 303)


@dataclass(frozen=True)
class About:
    """A page about a member or an organization. `path` takes its id."""

    whom: str  # "member", "organization"
    sees: Mapping[str, frozenset[str]]
    path: Path


@dataclass(frozen=True)
class Key:
    """A route for keys with one of these scopes. `path` and `body` take an id; `whom` None: it is about nobody."""

    scopes: tuple[str, ...]
    whom: str | None
    path: Path
    body: Callable[[str], Any] | None = None
    foreign: int = 404
    absent: int = 404


def _key(scope: str, whom: str | None, path: str, body: Callable[[str], Any] | None = None, **more: Any) -> Key:
    return Key((scope,), whom, lambda id_: path.replace("{}", id_), body, **more)


_READ, _WRITE = "members:read", "members:write"
_DEAL = {"source": "matrix", "type": "deal.won", "time": "2026-11-20T09:30:00+01:00", "data": {"amount": 1}}

ROUTES: Mapping[tuple[str, str], Public | Own | About | Key] = {
    ("GET", "/"): Own("/"),
    ("GET", "/points"): Own("/points"),
    ("GET", "/badges"): Own("/badges"),
    ("GET", "/badges/<key>"): Own("/badges/seller"),
    ("GET", "/earn"): Own("/earn"),
    ("GET", "/search"): Own("/search?q=some"),
    ("GET", "/leaderboards"): Own("/leaderboards"),
    ("GET", "/leaderboards/<key>"): Own("/leaderboards/top"),
    ("GET", "/members/<path:id_>"): About("member", PROGRESS, lambda id_: f"/members/{id_}"),
    ("GET", "/organizations/<path:id_>"): About("organization", SCORECARD, lambda id_: f"/organizations/{id_}"),
    ("GET", "/w/<key>"): Own("/w/points"),
    ("GET", "/recalculating"): Own("/recalculating"),
    ("GET", "/arrange"): Own("/arrange"),
    ("POST", "/arrange"): Own("/arrange", {"act": "reset"}),
    ("POST", "/moments"): Own("/moments", {}),
    ("POST", "/actions/<key>/showing"): Own("/actions/sell/showing", {}),
    ("POST", "/actions/<key>/snooze"): Own("/actions/sell/snooze", {"days": "7"}),
    ("POST", "/actions/<key>/dismissal"): Own("/actions/sell/dismissal", {"reason": "done"}),
    ("DELETE", "/actions/<key>/hiding"): Own("/actions/sell/hiding", {}),
    ("GET", "/why/<ref>"): About("member", PROGRESS, lambda id_: f"/why/{{event of {id_}}}"),
    ("GET", "/me"): Own("/me"),
    ("POST", "/me"): Own("/me", {"listed": "on"}),
    ("POST", "/me/pauses"): Own("/me/pauses", {"from": "2026-12-01", "to": "2026-12-05"}),
    ("POST", "/me/sessions/end"): Own("/me/sessions/end", {}),
    # A session of nobody's, or of somebody else's.
    ("POST", "/me/sessions/<int:number>/end"): Own("/me/sessions/0/end", {}, answers=(404,)),
    ("GET", "/me/data"): Own("/me/data"),
    ("GET", "/me/data.json"): Own("/me/data.json"),
    ("POST", "/sign-out"): Own("/sign-out", {}),
    # For everybody
    ("GET", "/sign-in"): Public(),
    ("POST", "/sign-in"): Public(),
    ("GET", "/auth/oidc/<name>"): Public(),
    ("POST", "/auth/oidc/<name>/logout"): Public(),
    ("GET", "/auth/saml/<name>"): Public(),
    ("GET", "/auth/saml/<name>/metadata"): Public(),
    ("POST", "/auth/saml/<name>/acs"): Public(),
    ("GET", "/demo"): Public(),
    ("POST", "/demo/events"): Public(),
    ("GET", "/demo/events/<ref>"): Public(),
    ("GET", "/style"): Public(),
    ("GET", "/static/<path:filename>"): Public(),
    ("GET", "/live"): Public(),
    ("GET", "/healthz"): Public(),
    ("GET", "/readyz"): Public(),
    ("GET", "/metrics"): Public(),
    ("GET", "/api/v1/openapi.json"): Public(),
    # For other systems
    ("GET", "/api/v1/members"): _key(_READ, None, "/members"),
    ("GET", "/api/v1/members/<path:member_id>"): _key(_READ, "member", "/members/{}"),
    ("PUT", "/api/v1/members/<path:member_id>"): _key(
        _WRITE, "member", "/members/{}", lambda _: {"title": "Lead"}, absent=201
    ),
    ("GET", "/api/v1/members/<path:member_id>/badges"): _key(_READ, "member", "/members/{}/badges"),
    ("GET", "/api/v1/members/<path:member_id>/goals"): _key(_READ, "member", "/members/{}/goals"),
    ("GET", "/api/v1/members/<path:member_id>/metrics"): _key(_READ, "member", "/members/{}/metrics"),
    ("GET", "/api/v1/members/<path:member_id>/transfers"): _key(_READ, "member", "/members/{}/transfers"),
    ("POST", "/api/v1/members/<path:member_id>/pauses"): _key(
        _WRITE, "member", "/members/{}/pauses", lambda _: {"from": "2026-12-01", "to": "2026-12-05"}
    ),
    ("GET", "/api/v1/organizations/<path:organization_id>"): _key(_READ, "organization", "/organizations/{}"),
    ("PUT", "/api/v1/organizations/<path:organization_id>"): _key(
        _WRITE, "organization", "/organizations/{}", lambda _: {"size": "large"}, absent=201
    ),
    ("GET", "/api/v1/organizations/<path:organization_id>/goals"): _key(
        _READ, "organization", "/organizations/{}/goals"
    ),
    ("GET", "/api/v1/organizations/<path:organization_id>/metrics"): _key(
        _READ, "organization", "/organizations/{}/metrics"
    ),
    ("GET", "/api/v1/leaderboards/<key>"): _key(_READ, "member", "/leaderboards/top?around={}"),
    ("POST", "/api/v1/adjustments"): _key(
        "awards:write", "member", "/adjustments", lambda id_: {"member": id_, "points": 5, "reason": "Fair"}
    ),
    ("POST", "/api/v1/awards"): _key(
        "awards:write", "member", "/awards", lambda id_: {"member": id_, "badge": "helper", "reason": "Fair"}
    ),
    ("DELETE", "/api/v1/awards/<award_id>"): _key(
        "awards:write", "member", "/awards/{award of {}}", lambda _: {"reason": "By mistake"}
    ),
    ("GET", "/api/v1/effects"): _key("effects:read", None, "/effects"),
    ("GET", "/api/v1/events"): _key("events:read", "member", "/events?source=crm&id=of-{}"),
    ("POST", "/api/v1/events"): Key(
        ("events:write", "events:reverse"),
        "member",
        lambda _: "/events",
        lambda id_: {**_DEAL, "id": f"of {id_}", "subject": id_},
        foreign=422,
        absent=202,
    ),
    ("GET", "/api/v1/events/<ref>"): _key("events:read", "member", "/events/{event of {}}"),
    ("GET", "/api/v1/held"): _key("events:read", None, "/held"),
    ("GET", "/api/v1/program"): _key("program:read", None, "/program"),
    ("GET", "/api/v1/widgets"): _key("program:read", None, "/widgets"),
    **{
        (method, rule): Key(("scim:write",), None, lambda _: "")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        for rule in ("/scim/v2/", "/scim/v2/<path:path>")
    },
}
