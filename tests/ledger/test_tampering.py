"""Tampering: whoever changes rows behind the hub's back is found out by `hub verify`, which names the row."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from hub.db import on_sqlite, transaction
from tests.club import Club

Command = Callable[..., tuple[int, str, str]]

#: What the tamperer does, and what verify says of it.
TAMPERED = {
    "a transfer's amount": (
        "UPDATE transfers SET amount = amount + 1 WHERE no = (SELECT MIN(no) FROM transfers)",
        "stores the balance",
    ),
    "a transfer's kind": (
        "UPDATE transfers SET kind = 'correction' WHERE no = (SELECT MIN(no) FROM transfers)",
        "is a correction and names none",
    ),
    "a transfer that is gone": (
        "DELETE FROM transfers WHERE no = (SELECT MIN(no) FROM transfers)",
        "transfers of rule/won_deal/",
    ),
    "a balance": (
        "UPDATE accounts SET balance = balance + 1000 WHERE kind = 'member'",
        "stores the balance",
    ),
    "a state": (
        "UPDATE progress SET state = (SELECT p.state FROM progress p WHERE p.member = {cy}) WHERE member = {bo}",
        "member bo: progress.",
    ),
    "a value that was seen": (
        "UPDATE progress_parts SET part = 'seen/assets_seen/all/tother' WHERE part LIKE 'seen/%'",
        "member bo: progress_parts seen/assets_seen/all/tother",
    ),
    "an award's cause": (
        "UPDATE awards SET entry = (SELECT MAX(no) FROM entries WHERE member = {bo}) WHERE badge = 'deal_maker'",
        "member bo: award badge/deal_maker/Bronze stands for entry",
    ),
    "an award that nobody earned": (
        "UPDATE awards SET badge = 'explorer', key = 'badge/explorer/' WHERE badge = 'deal_maker' AND member = {bo}",
        "member bo: award badge/explorer/ stands, the fold does not derive it",
    ),
    "what an event said": (
        "UPDATE entries SET data = '{{\"amount\":9000000,\"deal\":\"d1\"}}' WHERE type = 'deal.won' AND member = {bo}",
        "member bo: transfers of rule/won_deal/",
    ),
    "when an event was known": (
        "UPDATE entries SET known_at = NULL WHERE type = 'deal.won' AND member = {bo}",
        "has no time at which it became known",
    ),
    "whose an event was": (
        "UPDATE entries SET member = {cy} WHERE type = 'deal.won' AND member = {bo}",
        "is not in the log of its member",
    ),
    "an event that is gone": (
        "DELETE FROM entries WHERE type = 'deal.won' AND member = {bo}",
        "is not in the log of its member",
    ),
    "a value on a board": (
        "UPDATE member_values SET value = value || '9' WHERE member = {bo} AND metric = 'revenue'",
        "member bo: member_values revenue/",
    ),
    "a goal reached": (
        "INSERT INTO goals_reached VALUES ({bo}, 'quarter_revenue', '2026-Q4', 1, 0, 'crm', 'w-1', 0, NULL)",
        "member bo: goals_reached quarter_revenue/2026-Q4",
    ),
}  # fmt: skip


@pytest.fixture
def played(club: Club) -> Club:
    club.happens("bo", "deal.won", "2026-11-20T09:30:00Z", amount=12000, deal="d1")
    club.happens("bo", "asset.viewed", "2026-11-20T10:30:00Z", asset="a1")
    club.happens("cy", "deal.won", "2026-11-20T09:30:00Z", amount=500, deal="d2")
    return club


def unguard() -> None:
    """What a tamperer does first."""
    with transaction() as connection:
        for table in ("entries", "transfers"):
            for act in ("changed", "deleted"):
                on = "" if on_sqlite(connection) else f" ON {table}"
                connection.execute(text(f"DROP TRIGGER {table}_{act}{on}"))


def tamper(statement: str) -> int:
    with transaction() as connection:
        return connection.execute(text(statement.replace(":", "\\:"))).rowcount


@pytest.mark.parametrize("what", TAMPERED)
def test_verify_names_what_was_tampered_with(played: Club, hub: Command, what: str):
    statement, told = TAMPERED[what]
    unguard()
    assert tamper(statement.format(**played.numbers)) > 0
    status, _, found = hub("verify")
    assert status == 1
    assert told in found, found


def test_verify_finds_nothing_where_nothing_was_touched(played: Club, hub: Command):
    assert played
    assert hub("verify")[:2] == (0, "no breach\n")


def test_verify_misses_the_triggers(played: Club, hub: Command):
    assert played
    unguard()
    status, _, found = hub("verify", "--quick")
    assert status == 1
    for guard in ("entries_changed", "entries_deleted", "transfers_changed", "transfers_deleted"):
        assert f"its trigger {guard} is gone\n" in found


def test_log_and_ledger_cannot_be_changed_by_mistake(played: Club, app: Flask):
    assert played
    assert app
    for statement in (
        "UPDATE transfers SET amount = 1",
        "DELETE FROM transfers",
        "DELETE FROM entries",
        "UPDATE entries SET data = '{}'",
        "UPDATE entries SET known_at = NULL",
    ):
        with pytest.raises(Exception, match="never"):
            tamper(statement)
