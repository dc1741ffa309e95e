"""Every program that these tests read without faults fits the schema that `hub program schema` prints."""

from collections.abc import Collection, Iterator

import pytest

from hub.gamification import program
from hub.gamification.homepages import Widgets
from hub.gamification.program import Reading
from hub.gamification.sections import Document
from tests.gamification import schemas


@pytest.fixture(scope="module", autouse=True)
def what_reads_fits_the_schema() -> Iterator[None]:
    original = program._read

    def read(
        document: Document, now: int, widgets: Widgets | None, sent: Collection[str] | None, not_yet: Collection[str]
    ) -> Reading:
        reading = original(document, now, widgets, sent, not_yet)
        if reading.program is not None and widgets is not None:
            assert schemas.faults(document.values, widgets, not_yet) == []
        return reading

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "_read", read)
        yield
