"""How Alembic meets the hub's databases: in the caller's transaction, on a connection that the caller made."""

from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from alembic import context

import hub
from hub.db import Ordered, db
from hub.signals import Number

# Tables stand in `hub/signals.py` and each package's `tables.py`.
for module in walk_packages(hub.__path__, "hub."):
    if module.name.endswith(".tables"):
        import_module(module.name)


def render(kind: str, item: Any, _context: Any) -> str | bool:
    """Write the two types that differ by database by their names; each migration defines them."""
    if kind == "type" and item is Ordered:
        return "Ordered"
    return "Number" if kind == "type" and item is Number else False


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True, render_item=render)
context.run_migrations()
