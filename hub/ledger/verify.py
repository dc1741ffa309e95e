"""The invariants of the ledger, checked: each breach is one line that names it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from hub.db import on_sqlite, reader
from hub.ledger import replay, reversals

#: Whose an entry is by now, and whose a line of the ledger.
_WHOSE = "COALESCE((SELECT m.root FROM merges m WHERE m.member = {0}), {0})"

#: Each query finds breaches; its row fills the sentence. Alike on both databases.
_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "entry {no} ({source} {id}) is held no more, and has no time at which it became known",
        """SELECT e.no, e.source, e.id FROM entries e WHERE e.known_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM held h WHERE h.entry = e.no)
           AND NOT EXISTS (SELECT 1 FROM refused r WHERE r.entry = e.no)""",
    ),
    (
        "entry {no} ({source} {id}) is known and still held",
        """SELECT e.no, e.source, e.id FROM entries e JOIN held h ON h.entry = e.no WHERE e.known_at IS NOT NULL""",
    ),
    (
        "entry {no} ({source} {id}) is known, but of nobody",
        """SELECT e.no, e.source, e.id FROM entries e
           WHERE e.known_at IS NOT NULL AND e.member IS NULL AND e.organization IS NULL
           AND NOT EXISTS (SELECT 1 FROM reversals r WHERE r.entry = e.no AND r.reversed IS NULL)""",
    ),
    (
        "reversal {entry} takes back entry {reversed}, which is not that of {source} {id}",
        """SELECT r.entry, r.reversed, r.source, r.id FROM reversals r WHERE r.reversed IS NOT NULL AND NOT EXISTS
           (SELECT 1 FROM entries e WHERE e.no = r.reversed AND e.source = r.source AND e.id = r.id
            AND e.known_at IS NOT NULL AND e.type <> 'event.reversed')""",
    ),
    (
        "reversal {entry} waits for {source} {id}, which is there",
        """SELECT r.entry, r.source, r.id FROM reversals r JOIN entries e ON e.source = r.source AND e.id = r.id
           WHERE r.reversed IS NULL AND e.known_at IS NOT NULL AND e.type <> 'event.reversed'""",
    ),
    (
        "reversal {entry} is not in the log of whom its event {reversed} belongs to",
        """SELECT r.entry, r.reversed FROM reversals r
           JOIN entries o ON o.no = r.entry JOIN entries e ON e.no = r.reversed
           WHERE COALESCE(o.member, 0) <> COALESCE(e.member, 0)
           OR COALESCE(o.organization, 0) <> COALESCE(e.organization, 0)""",
    ),
    (
        "queue entry {entry} is not in the log",
        "SELECT q.entry FROM queue q WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.no = q.entry)",
    ),
    (
        "transfer {no}: its amount {amount} is not positive",
        "SELECT no, amount FROM transfers WHERE amount <= 0",
    ),
    (
        "transfer {no} goes from account {from_account} to itself",
        "SELECT no, from_account FROM transfers WHERE from_account = to_account",
    ),
    (
        "transfer {no} names an account that does not exist",
        """SELECT t.no FROM transfers t WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.no = t.from_account)
           OR NOT EXISTS (SELECT 1 FROM accounts a WHERE a.no = t.to_account)""",
    ),
    (
        "transfer {no}: its cause, entry {entry}, is not in the log of its member",
        f"""SELECT t.no, t.entry FROM transfers t WHERE NOT EXISTS (SELECT 1 FROM entries e
           WHERE e.no = t.entry AND {_WHOSE.format("e.member")} = {_WHOSE.format("t.member")})""",  # noqa: S608
    ),
    (
        "transfer {no} names version {version}, which was never published",
        """SELECT t.no, t.version FROM transfers t
           WHERE NOT EXISTS (SELECT 1 FROM versions v WHERE v.version = t.version)""",
    ),
    (
        "transfer {no} corrects {corrects}, which is not an earlier transfer of the same cause",
        """SELECT t.no, t.corrects FROM transfers t WHERE t.corrects IS NOT NULL AND NOT EXISTS
           (SELECT 1 FROM transfers f
            WHERE f.no = t.corrects AND f.no < t.no AND f.cause = t.cause AND f.member = t.member)""",
    ),
    (
        "transfer {no} is a correction and names none",
        "SELECT no FROM transfers WHERE kind = 'correction' AND corrects IS NULL",
    ),
    (
        "account {no} stores the balance {balance}, its transfers add up to {total}",
        """SELECT a.no, a.balance, COALESCE(s.total, 0) AS total FROM accounts a LEFT JOIN (
               SELECT account, SUM(amount) AS total FROM (
                   SELECT to_account AS account, amount FROM transfers
                   UNION ALL SELECT from_account, -amount FROM transfers) AS ends
               GROUP BY account) AS s ON s.account = a.no
           WHERE a.balance IS NOT NULL AND a.balance <> COALESCE(s.total, 0)""",
    ),
    (
        "transfer {no} says the balance after it was {balance}, it was {total}",
        """SELECT no, balance, total FROM (
               SELECT t.no, t.balance, SUM(CASE WHEN t.to_account = a.no THEN t.amount ELSE -t.amount END)
                   OVER (PARTITION BY t.member ORDER BY t.no) AS total
               FROM transfers t JOIN accounts a ON a.member = t.member) AS running
           WHERE balance <> total""",
    ),
    (
        "account {no} of many stores a balance",
        "SELECT no FROM accounts WHERE kind IN ('issued', 'expired', 'forfeited') AND balance IS NOT NULL",
    ),
    (
        "account {no} is below zero without a correction or deduction",
        """SELECT a.no FROM accounts a WHERE a.balance < 0 AND NOT EXISTS
           (SELECT 1 FROM transfers t WHERE t.member = a.member AND t.kind IN ('correction', 'deduction'))""",
    ),
    (
        "award {no}: its cause, entry {entry}, is not in the log of its member",
        f"""SELECT a.no, a.entry FROM awards a WHERE NOT EXISTS (SELECT 1 FROM entries e
           WHERE e.no = a.entry AND {_WHOSE.format("e.member")} = {_WHOSE.format("a.member")})""",  # noqa: S608
    ),
    (
        "award {award} was ended by entry {by}, which is not in the log of its member",
        f"""SELECT v.award, v."by" FROM revocations v WHERE NOT EXISTS (SELECT 1 FROM entries e
           WHERE e.no = v."by" AND {_WHOSE.format("e.member")} = {_WHOSE.format("v.member")})""",  # noqa: S608
    ),
    (
        "member {member} was merged into {into} by entry {entry}, which does not say so",
        """SELECT m.member, m."into", m.entry FROM merges m WHERE NOT EXISTS (SELECT 1 FROM entries e
           WHERE e.no = m.entry AND e.member = m."into" AND e.type = 'hub.member.merged')""",
    ),
    (
        "entry {no} merges members who are not merged",
        """SELECT e.no FROM entries e WHERE e.type = 'hub.member.merged'
           AND NOT EXISTS (SELECT 1 FROM merges m WHERE m.entry = e.no)""",
    ),
    (
        "member {member} was merged into {into}, and stands as part of {root}",
        """SELECT m.member, m."into", m.root FROM merges m
           WHERE m.root <> COALESCE((SELECT o.root FROM merges o WHERE o.member = m."into"), m."into")""",
    ),
    (
        "award {award} was ended and stands",
        "SELECT v.award FROM revocations v WHERE EXISTS (SELECT 1 FROM awards a WHERE a.no = v.award)",
    ),
)

#: The triggers that forbid changes of log and ledger: the absence of one is a breach.
_GUARDS = tuple(f"{table}_{act}" for table in ("entries", "transfers") for act in ("changed", "deleted"))
#: SQLite knows no TRUNCATE.
_GUARDS_POSTGRES = (*_GUARDS, "entries_emptied", "transfers_emptied")


def breaches(*, folds: bool = True) -> Iterator[str]:
    """Every breach found; `folds`: also what a fold of the whole log says otherwise."""
    with reader() as connection:
        for sentence, query in _CHECKS:
            for row in connection.execute(text(query)).mappings():
                yield sentence.format(**row)
        yield from reversals.breaches(connection)
        yield from _unguarded(connection)
    if folds:
        yield from replay.differences()


def _unguarded(connection: Connection) -> Iterator[str]:
    if on_sqlite(connection):
        wanted, query = _GUARDS, "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        wanted, query = _GUARDS_POSTGRES, "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')"
    standing = set(connection.scalars(text(query)))
    for guard in wanted:
        if guard not in standing:
            yield f"nothing forbids changes of the table {guard.split('_')[0]}: its trigger {guard} is gone"
