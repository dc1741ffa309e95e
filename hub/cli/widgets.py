"""`hub widgets`: what can be put on a homepage."""

from __future__ import annotations

import json
from typing import Any

import click

from hub.widgets import kit


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
def widgets(as_json: bool) -> None:
    """The catalogue of widgets: their options, sizes and topics."""
    described = [_described(kind.widget) for kind in kit.catalogue().values()]
    if as_json:
        click.echo(json.dumps({"items": described}, indent=2))
        return
    for one in described:
        click.echo(f"{one['widget']}: {one['title']} ({', '.join(one['sizes'])})")
        for option in one["options"]:
            click.echo(f"  {_sentence(option)}")
        if one["topics"]:
            click.echo(f"  listens to {', '.join(one['topics'])}")


def _described(widget: kit.Widget) -> dict[str, Any]:
    options = [
        {"option": option.name, "type": option.type, "default": option.default, "names": option.names}
        for option in widget.options
    ]
    told = {"widget": widget.name, "title": widget.title, "sizes": list(widget.sizes), "options": options}
    return told | {"topics": list(widget.listens)}


def _sentence(option: dict[str, Any]) -> str:
    what = f"a key of {option['names']}" if option["names"] else option["type"]
    default = "" if option["default"] is None else f" (default {option['default']})"
    return f"{option['option']}: {what}{default}"


commands = [widgets]
