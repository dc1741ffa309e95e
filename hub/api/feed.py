"""The feed of effects: how mail, chat or a CRM learn what to react to."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from flask import Response
from msgspec import UNSET, UnsetType

from hub.api import bp
from hub.api.answers import PAGE, Limit, Moment, answer, invalid, moment, query
from hub.api.openapi import describe
from hub.db import reader
from hub.identity.access import current_key, requires_scope
from hub.ledger import entry, feed
from hub.ledger.feed import BEGINNING, Place

READ = "effects:read"

_ID = re.compile(r"f_(\d{1,18})_(\d{1,18})", re.ASCII)
#: What an effect calls its cause, where that is not the cause's own word: `member` is who it happened to.
_CAUSES = {"member": "adjustment"}


class EffectsQuery(msgspec.Struct):
    """`after`: the `id` of the last effect that was read, or a `next`; without it from the beginning."""

    after: str | None = None
    limit: Limit = PAGE


class EventRef(msgspec.Struct):
    source: str
    id: str
    ref: str


class EffectItem(msgspec.Struct, kw_only=True):
    """An effect. `at` is its event's time; which fields it has, its kind says. `historic`: a publication brought it,
    over what had happened before."""

    id: str
    at: Moment
    posted_at: Moment
    member: str
    kind: feed.Kind
    rule: str | UnsetType = UNSET
    badge: str | UnsetType = UNSET
    goal: str | UnsetType = UNSET
    action: str | UnsetType = UNSET
    survey: str | UnsetType = UNSET
    leaderboard: str | UnsetType = UNSET
    recognition: str | UnsetType = UNSET
    adjustment: str | UnsetType = UNSET
    level: str | UnsetType = UNSET
    streak: str | UnsetType = UNSET
    amount: int | UnsetType = UNSET
    corrects: str | UnsetType = UNSET
    tier: str | UnsetType = UNSET
    object: str | UnsetType = UNSET
    window: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    current: int | UnsetType = UNSET
    from_: str | UnsetType = msgspec.field(name="from", default=UNSET)
    to: str | UnsetType = UNSET
    kept: str | UnsetType | None = UNSET
    revoked: str | UnsetType = UNSET
    historic: bool
    event: EventRef


class EffectsAnswer(msgspec.Struct):
    items: list[EffectItem]
    next: str | None


@bp.get("/effects")
@requires_scope(READ)
@describe("All effects, in the order of their commit", scope=READ, query=EffectsQuery, answers={200: EffectsAnswer})
def list_effects() -> Response:
    asked = query(EffectsQuery)
    place = BEGINNING if asked.after is None else _place(asked.after)
    with reader() as connection:
        page = feed.after(connection, place, asked.limit, current_key().organization)
    following = None if page.next is None else _id(page.next)
    return answer(EffectsAnswer([_item(one) for one in page.items], following))


def _place(text: str) -> Place:
    found = _ID.fullmatch(text)
    if found is None:
        raise invalid("after", "cursor", "no effect has this id")
    return Place(int(found[1]), int(found[2]) - 1)


def _id(place: Place) -> str:
    return f"f_{place.ticket}_{place.number + 1}"


def _item(one: feed.Told) -> EffectItem:
    return EffectItem(
        id=_id(one.place),
        at=moment(one.at),
        posted_at=moment(one.posted_at),
        member=one.member,
        kind=one.kind,
        historic=one.historic,
        event=EventRef(one.source, one.id, entry.ref(one.entry)),
        **_fields(one),
    )


def _fields(one: feed.Told) -> dict[str, Any]:
    """What the effect has by its kind; what is kept again as it was earned has null as its reason."""
    fields = dict(one.fields)
    if "cause" in fields:
        cause = fields.pop("cause")
        fields[_CAUSES.get(cause, cause)] = fields.pop("key")
    if "corrects" in fields:
        fields["corrects"] = f"t_{fields['corrects']}"
    if "from" in fields:
        fields["from_"] = fields.pop("from")
    if one.kind == "kept":
        fields = {"kept": None, **fields}
        fields[fields.pop("award")] = fields.pop("key")
    return fields
