"""docs/acts.md is played from top to bottom: its requests are answered as shown."""

from tests.docs import pages
from tests.docs.reader import Reader


def test_what_the_page_does_is_answered_as_it_shows(reader: Reader):
    reader.plays(pages.page("acts"))
