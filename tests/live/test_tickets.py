"""A ticket says who listens to what, cannot be made up, and ends."""

from random import Random

import pytest

from hub.clock import HOUR
from hub.live.tickets import CHARACTERS, TOPICS, Ticket, Tickets
from hub.live.topics import event_name, trigger
from hub.signals import EVERYTHING

NOW = 1_795_000_000_000_000
tickets = Tickets("the key of today", ["the key of yesterday"])


def test_a_ticket_is_read_as_it_was_issued() -> None:
    text = tickets.issue(17, ["points/17", "badges/17", "points/17"], 42, NOW)
    assert tickets.read(text, NOW + 11 * HOUR) == Ticket(17, frozenset({"points/17", "badges/17"}), 42)


def test_a_ticket_says_in_which_session_its_page_was_shown() -> None:
    read = tickets.read(tickets.issue(17, [], None, NOW, session=5), NOW)
    assert read
    assert read.session == 5


def test_a_ticket_ends_after_half_a_day() -> None:
    assert tickets.read(tickets.issue(17, ["points/17"], 42, NOW), NOW + 12 * HOUR) is None


def test_a_ticket_of_an_older_key_is_read_and_new_ones_are_signed_with_the_new_key() -> None:
    older = Tickets("the key of yesterday", []).issue(17, [], None, NOW)
    assert tickets.read(older, NOW) == Ticket(17, frozenset(), None)
    assert Tickets("the key of today", []).read(tickets.issue(17, [], None, NOW), NOW)


@pytest.mark.parametrize("text", ["", ".", "x" * 100_000, "WzE3LFtdLG51bGwsMV0.c2lnbmF0dXJl", "\x00", "é"])
def test_what_the_hub_did_not_sign_is_no_ticket(text: str) -> None:
    assert tickets.read(text, NOW) is None
    assert tickets.read(Tickets("another key", []).issue(17, [], None, NOW), NOW) is None


@pytest.mark.parametrize("topics", [TOPICS + 1, TOPICS])
def test_a_ticket_is_short_whatever_the_page_shows(topics: int) -> None:
    keys = Random(1)
    text = tickets.issue(17, [f"leaderboard/{keys.randbytes(60).hex()}" for _ in range(topics)], 42, NOW)
    read = tickets.read(text, NOW)
    assert len(text) <= CHARACTERS
    assert read
    assert read.topics == {EVERYTHING}


def test_topics_have_different_names_that_htmx_can_listen_to() -> None:
    topics = ["points/17", "points.17", "points/1/7", "points/1.7", "a,b", "a b", "a[b]", "a%2Cb", "ä"]
    names = [event_name(topic) for topic in topics]
    assert names[0] == "hub:points.17"
    assert len(set(names)) == len(topics)
    assert not any(set(name) & set(" ,[]\n") for name in names)


def test_an_element_listens_to_its_topics_and_to_everything() -> None:
    assert trigger(["points/17", "badges/17"]) == (
        "hub:points.17 from:body delay:30ms, hub:badges.17 from:body delay:30ms, hub:all from:body delay:30ms"
    )
