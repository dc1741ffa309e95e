"""`hub program backtest`: what publishing a file would post, told before it is published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub import clock
from hub.cli import Fault, with_app
from hub.cli._faults import count, say
from hub.gamification import program as programs
from hub.gamification.program import Program
from hub.ledger import backtest as backtests
from hub.ledger import changes
from hub.ledger.backtest import Amount, Given, Money, Posting, Report, Silent
from hub.ledger.changes import Change, MemberChange
from hub.widgets import kit
from hub.wording import reasons
from hub.wording.phrases import Speaker

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
DEFAULT = 90 * clock.DAY

_encode = msgspec.json.Encoder(decimal_format="number").encode


@click.command()
@FILE
@click.option(
    "--since",
    help="What if its rules had been in force since then: a date in the program's zone, or an instant. "
    "Default: 90 days ago.",
)
@click.option(
    "--members", type=click.File("w", encoding="utf-8", lazy=False), help="What changes for each member, as NDJSON."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
@with_app
def backtest(file: Path, since: str | None, members: IO[str] | None, as_json: bool) -> None:
    """Tell what publishing a program file would post. Writes nothing.

    On publishing: what it posts at once. What if: what it would post with --from, had its rules been in force since
    then.
    """
    text = file.read_bytes()
    told = forecast(file, text, _since(text, since), members, quiet=as_json)
    if as_json:
        click.echo(msgspec.json.format(_encode(_report(told)), indent=2).decode())
    else:
        click.echo("\n".join(_lines(file, told)))


def _since(text: bytes, written: str | None) -> int:
    read = programs.read(text, now=clock.now(), widgets=kit.options()).program
    since = clock.now() - DEFAULT if written is None or read is None else instant(read, written, "--since")
    if since > clock.now():
        raise click.BadParameter("lies in the future", param_hint="--since")
    return since


def instant(program: Program, written: str, option: str) -> int:
    """An instant, or the first one of a date in the program's zone."""
    found = program.calendar.instant(written)
    if found is None:
        raise click.BadParameter(
            f"{written!r} is no date such as 2026-10-01, and no instant such as 2026-10-01T12:00:00+02:00",
            param_hint=option,
        )
    return found


def forecast(file: Path, text: bytes, since: int, members: IO[str] | None = None, *, quiet: bool = False) -> Report:
    """The backtest of a file, with its progress on a terminal."""
    draft = changes.draft(text, clock.now(), since, kit.options())
    if isinstance(draft, list):
        say(draft)
        raise Fault(f"{file} cannot be tested: {count(len(draft), 'fault')}")
    with _progress(quiet) as told:
        try:
            return backtests.run(draft, told, _writer(members))
        except changes.Overtaken:
            raise Fault("another version was published meanwhile: begin again") from None


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("members", total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


# ------------------------------------------------------------------------------------------------------ for a program


def _report(report: Report) -> dict[str, Any]:
    return {
        "version": report.draft.number,
        "as_of": clock.moment(report.now).isoformat(),
        "since": clock.moment(report.since).isoformat(),
        "members": report.members,
        "failed": report.failed,
        "on_publishing": _posting(report.on_publishing),
        "what_if": _posting(report.what_if),
        "never_fired": [_silent(report, one) for one in report.silent],
    }


def _posting(posting: Posting) -> dict[str, Any]:
    return {
        "points": posting.points,
        "raised": posting.raised,
        "lowered": posting.lowered,
        "cost": _cost(posting.cost),
        "posted": posting.posted,
        "drafted": posting.drafted,
        "members": posting.members,
        "amounts": [_amount(one) for one in posting.amounts],
        "badges": [
            {"badge": one.key, "tier": one.tier, "awards": one.awards, "members": one.members, "kept": one.kept}
            for one in _of_kind(posting, "badge")
        ],
        "levels": [{"level": one.key, "members": one.members, "kept": one.kept} for one in _of_kind(posting, "level")],
        "goals": [{"goal": one.goal, "reached": one.reached, "missed": one.missed} for one in posting.goals],
        "segments": [
            {"segment": one.name, "value": one.value, "members": one.members, "points": one.points}
            for one in posting.segments
        ],
        "gains": [{"member": one.member, "points": one.points} for one in posting.gains],
        "losses": [{"member": one.member, "points": one.points} for one in posting.losses],
    }


def _of_kind(posting: Posting, kind: str) -> list[Given]:
    return [one for one in posting.given if one.kind == kind]


def _cost(cost: Money | None) -> dict[str, Any] | None:
    return None if cost is None else {"amount": _decimal(cost.amount), "currency": cost.currency}


def _decimal(amount: Fraction) -> Decimal:
    """Exact: a point's value has a few decimals, and points are whole."""
    return Decimal(amount.numerator) / Decimal(amount.denominator)


def _amount(one: Amount) -> dict[str, Any]:
    told = {"posted": one.posted, "drafted": one.drafted, "points": one.points, "members": one.members}
    return {"kind": one.kind, "key": one.key, **told}


def _silent(report: Report, one: Silent) -> dict[str, Any]:
    told = {"rule": one.rule.key, "events": one.events, "code": one.code, "times": one.times}
    return {**told, "message": None if one.example is None else _why(report, one)}


def _why(report: Report, one: Silent) -> str:
    assert one.example is not None
    return reasons.skipped(Speaker(report.draft.program), one.rule, one.example).text


def _writer(members: IO[str] | None) -> Callable[[MemberChange], None]:
    """Writes a line for each member for whom anything changes."""

    def write(one: MemberChange) -> None:
        if members is not None and not (one.on_publishing.nothing and one.what_if.nothing):
            answers = {"on_publishing": _change(one.on_publishing), "what_if": _change(one.what_if)}
            members.write(_encode({"member": one.member, **answers}).decode() + "\n")

    return write


def _change(change: Change) -> dict[str, Any]:
    badges = [fact for fact in change.given if fact.kind == "badge"]
    return {
        "points": change.points,
        "badges": [
            {"badge": fact.badge, "tier": fact.tier, "object": fact.object, "window": fact.window,
             "earned_at": clock.moment(fact.place[0]).isoformat()}
            for fact in badges
        ],
        "levels": [fact.badge for fact in change.given if fact.kind == "level"],
        "goals": [{"goal": goal, "window": window} for goal, window in change.reached],
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------- for a person


def local(at: int, program: Program) -> str:
    """An instant on the clocks of the program's zone."""
    return clock.moment(at).astimezone(ZoneInfo(program.settings.time_zone)).isoformat()


def totals(posting: Posting) -> str:
    """One publication in one line."""
    awards = sum(one.awards for one in _of_kind(posting, "badge"))
    levels = sum(one.awards for one in _of_kind(posting, "level"))
    goals = sum(one.reached for one in posting.goals)
    told = [_points(posting), count(posting.members, "member")]
    told += [count(number, noun) for number, noun in ((awards, "badge"), (levels, "level")) if number]
    told += [count(goals, "goal") + " reached"] if goals else []
    return ", ".join(told)


def _points(posting: Posting) -> str:
    cost = "" if posting.cost is None else f" ({_money(posting.cost)})"
    parts = f": {posting.raised:+,} and {posting.lowered:+,}" if posting.raised and posting.lowered else ""
    return f"{posting.points:+,} points{cost}{parts}"


def _money(cost: Money) -> str:
    amount = _decimal(cost.amount)
    decimals = max(-int(amount.as_tuple().exponent), 2)
    return f"{amount:+,.{decimals}f} {cost.currency}"


def _lines(file: Path, report: Report) -> Iterator[str]:
    yield f"{file} as version {report.draft.number}: {count(report.members, 'member')} looked at"
    if report.failed:
        yield f"it cannot be worked out for some, who would be set aside: {', '.join(report.failed)}"
    yield ""
    yield f"On publishing it posts at once: {totals(report.on_publishing)}"
    yield from _details(report.on_publishing)
    yield ""
    since = local(report.since, report.draft.program)
    yield f"What if its rules had been in force since {since}: {totals(report.what_if)}"
    yield from _details(report.what_if)
    if report.silent:
        yield ""
        yield "Rules that would have given nothing since then"
        yield from (f"  {one.rule.key}: {_told_why(report, one)}" for one in report.silent)


def _details(posting: Posting) -> Iterator[str]:
    rows = [
        [f"{one.kind} {one.key}", f"{one.posted:,}", f"{one.drafted:,}", f"{one.points:+,}", f"{one.members:,}"]
        for one in posting.amounts
    ]
    yield from _table(["points of", "posted", "drafted", "change", "members"], rows)
    yield from (f"  {line}" for line in _awards(posting))
    yield from (
        f"  goal {one.goal}: {one.reached:,} more reached" + (f", {one.missed:,} no longer" if one.missed else "")
        for one in posting.goals
    )
    segments = [[f"{one.name} {one.value or '-'}", f"{one.points:+,}", f"{one.members:,}"] for one in posting.segments]
    yield from _table(["points by", "change", "members"], segments)
    for name, ranked in (("most gained", posting.gains), ("most lost", posting.losses)):
        if ranked:
            yield f"  {name}: " + ", ".join(f"{one.member} {one.points:+,}" for one in ranked)


def _awards(posting: Posting) -> Iterator[str]:
    for one in posting.given:
        what = f"{one.kind} {one.key}" + (f" {one.tier}" if one.tier else "")
        told = [f"{count(one.awards, 'award')} to {count(one.members, 'member')}"] if one.awards else []
        told += [f"{one.kept:,} are kept, though no longer earned"] if one.kept else []
        yield f"{what}: {', '.join(told)}"


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Columns: the first to the left, numbers to the right."""
    if not rows:
        return
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        first, *rest = (
            text.ljust(width) if at == 0 else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  " + "  ".join([first, *rest]).rstrip()


def _told_why(report: Report, one: Silent) -> str:
    if one.code is None:
        return "no event of its types"
    return f"{one.events:,} events, {one.times:,} times first of all {one.code}, such as: {_why(report, one)}"
