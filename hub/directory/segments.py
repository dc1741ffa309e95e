"""Segments: the regions, tiers and types that people have now, each of which may have a board of its own."""

from __future__ import annotations

from sqlalchemy import Connection, Select, func, select

from hub.directory.tables import present

#: By what boards are divided, but for organizations, of which there may be thousands.
NAMES = ("region", "tier", "type")
#: The most segments that are listed.
MAX_SEGMENTS = 50


def known(connection: Connection, name: str) -> list[str]:
    """The values that members have of a name, in their order. From one to the next by index: one step a value."""
    return list(connection.scalars(_KNOWN[name]))


def _steps(name: str) -> Select[tuple[str]]:
    column = present.c[name]
    step = select(func.min(column).label("value")).cte("step", recursive=True)
    following = select(func.min(column)).where(column > step.c.value).scalar_subquery()
    step = step.union_all(select(following).where(step.c.value.is_not(None)))
    return select(step.c.value).where(step.c.value.is_not(None)).limit(MAX_SEGMENTS)


_KNOWN = {name: _steps(name) for name in NAMES}
