"""Faults and warnings of a program file, told."""

from __future__ import annotations

from collections.abc import Sequence

import click

from hub.gamification.faults import Fault


def say(found: Sequence[Fault], warnings: Sequence[Fault] = ()) -> None:
    """On standard error, a line each."""
    for fault in found:
        click.echo(str(fault), err=True)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
