"""Merging: somebody is known as two members, and becomes one.

It is an entry in the log of the one that stays. From its place on that log reads as if all that happened to the other
had happened to this one (`refold.Joined`): the digest folds her anew, and the other has nothing left. Her points come
back by corrections, and are posted anew here; awards keep their numbers.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, delete, select

from hub.directory import erasures, lookup, members, merges, preferences
from hub.directory.members import MemberRecord
from hub.directory.names import short
from hub.directory.writing import take_turns
from hub.gamification.events import MERGED
from hub.gamification.faults import Fault
from hub.ledger import arrivals, log, taking
from hub.ledger.tables import progress, set_aside
from hub.signals import refolds

FROM, INTO = "from", "into"


def merge(connection: Connection, name: str, into: str, by: str, now: int) -> int | Fault:
    """Let the member of the first name be that of the second from now on; -> the entry."""
    take_turns(connection)
    gone, stays = lookup.member(connection, name), lookup.member(connection, into)
    fault = _fault(connection, name, into, gone, stays)
    if fault is not None:
        return fault
    assert gone
    assert stays
    _take_lease(connection, gone.no)
    # What was held for the other may be about this one from now on.
    names = members.names(connection, gone.no)
    entered = arrivals.own(MERGED, f"merge/{gone.no}", stays.id, now, data={"member": gone.id, "by": by})
    [verdict] = log.append(connection, [entered], {}, now)
    assert verdict.status == "accepted", verdict
    merges.record(connection, gone.no, stays.no, verdict.entry, by, now)
    _stay_unlisted(connection, gone, stays, now)
    for table in (refolds, set_aside):
        connection.execute(delete(table).where(table.c.member == gone.no))
    log.release(connection, now, names=names)
    return verdict.entry


def _fault(
    connection: Connection, name: str, into: str, gone: lookup.Known | None, stays: lookup.Known | None
) -> Fault | None:
    erased = erasures.erased(connection, [name, into])
    for path, one, found in ((FROM, name, gone), (INTO, into, stays)):
        if one in erased:
            return Fault(path, erasures.ERASED, f"{short(one)} meant somebody who was erased")
        if found is None:
            return Fault(path, "unknown_member", f"there is no member {short(one)}")
    assert gone
    assert stays
    became = merges.merged_into(connection, name)
    if became is not None:
        return Fault(FROM, "merged", f"{short(name)} was merged before, and is {short(became)} now")
    if gone.no == stays.no:
        return Fault(INTO, "self", f"{short(name)} and {short(into)} are the same member")
    if not stays.active:
        return Fault(INTO, "inactive", f"{short(into)} is not active; reactivate that member, or merge the other way")
    return None


def _stay_unlisted(connection: Connection, gone: lookup.Known, stays: lookup.Known, now: int) -> None:
    """Who asked as either of the two to stand on no board stands on none as one."""
    chosen = preferences.of(connection, {gone.no, stays.no})
    own = chosen.get(stays.no, preferences.NONE)
    if own.unlisted or not chosen.get(gone.no, preferences.NONE).unlisted:
        return
    preferences.write(connection, stays.no, replace(own, unlisted=True), now)
    profile = members.profile_at(connection, stays.no, now)
    assert profile
    members.upsert(connection, [MemberRecord(stays.id, profile)], now)


def _take_lease(connection: Connection, member: int) -> None:
    """Wait for a worker that digests the member; none begins to from here on."""
    taking.open_rows(connection, [member])
    connection.execute(select(progress.c.member).where(progress.c.member == member).with_for_update())
