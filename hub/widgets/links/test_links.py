"""The links widget: the other portals, by job."""

from hub.widgets import kit
from hub.widgets.links.query import query
from tests.club import Club

LINKS = [
    {"title": "Register a deal", "link": "https://prm.example/deals/new", "icon": "handshake", "group": "Close a deal"},
    {
        "title": {"en": "Courses", "de": "Kurse"},
        "link": "https://lms.example",
        "group": {"en": "Learn", "de": "Lernen"},
    },
    {"title": "Price list", "link": "https://prm.example/prices", "group": "Close a deal"},
    {"title": "My points", "link": "/points"},
]


def test_links_stand_by_job_in_the_order_they_are_written(club: Club) -> None:
    with club.looks("bo", links=LINKS) as view:
        groups = query(view).groups
    assert [(one.title, [link.title for link in one.links]) for one in groups] == [
        ("Close a deal", ["Register a deal", "Price list"]),
        ("Learn", ["Courses"]),
        ("", ["My points"]),
    ]


def test_a_link_without_an_icon_says_whether_it_leads_away(club: Club) -> None:
    with club.looks("bo", links=LINKS) as view:
        links = [link for group in query(view).groups for link in group.links]
    assert {link.title: (link.icon, link.away) for link in links} == {
        "Register a deal": ("handshake", True),
        "Price list": ("external-link", True),
        "Courses": ("external-link", True),
        "My points": ("arrow-right", False),
    }


def test_a_hostile_title_is_text(club: Club) -> None:
    with club.looks(
        "bo", links=[{"title": "<script>alert(1)</script>", "link": 'https://x.example/?a=1&b="2'}]
    ) as view:
        html = kit.render(kit.catalogue()["links"], view).html
    assert "&lt;script&gt;" in html
    assert 'href="https://x.example/?a=1&amp;b=&#34;2"' in html


def test_without_links_it_says_what_could_be_here(club: Club) -> None:
    with club.looks("bo") as view:
        assert "No links here yet" in kit.render(kit.catalogue()["links"], view).html
