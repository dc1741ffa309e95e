"""CSV files as other systems export them: rows with their line, or what is wrong with them.

A file is read in bounded memory, and a bad row costs only itself: after a stray quote the reading goes on with the next
line. Lines count the heading as line 1; a row has the line that it begins on. An empty cell is a missing value.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedIOBase, TextIOWrapper
from typing import BinaryIO, NamedTuple

from typing_extensions import override

from hub.gamification.faults import Fault

MAX_CELL = 64 * 1024
MAX_ROW = 1024 * 1024
MAX_COLUMNS = 1_000


class Row(NamedTuple):
    """`cells` by heading, `fields` by what they fill here; both without the empty ones."""

    line: int
    cells: Mapping[str, str]
    fields: Mapping[str, str]


class Bad(NamedTuple):
    """A row that cannot be read."""

    line: int
    fault: Fault


class Unreadable(Exception):
    """The file has no heading to read its rows by."""

    def __init__(self, fault: Fault, line: int = 1) -> None:
        super().__init__(fault.message)
        self.fault, self.line = fault, line


class Table:
    """A CSV file's rows. A column fills the field of its own name, unless `mapping` (field: column) uses it for others.

    `constants` (field: text) are the same in every row and go before both. Raises Unreadable.
    """

    def __init__(self, file: BinaryIO, mapping: Mapping[str, str], constants: Mapping[str, str]) -> None:
        self._records = _records(file)
        self.columns = _heading(self._records)
        self.constants = constants
        self.mapping = mapping
        for field, column in mapping.items():
            if column not in self.columns:
                raise Unreadable(Fault(field, "columns", f"there is no column {column!r} for {field}"))
        used = set(mapping.values())
        own = {column: column for column in self.columns if column and column not in used and column not in mapping}
        self.sources: Mapping[str, str] = {**own, **mapping}

    def __iter__(self) -> Iterator[Row | Bad]:
        for line, record in self._records:
            yield Bad(line, record) if isinstance(record, Fault) else self._row(line, record)

    @property
    def fields(self) -> set[str]:
        """The fields that a row can have."""
        return {*self.sources, *self.constants}

    def _row(self, line: int, record: Sequence[str]) -> Row | Bad:
        if len(record) != len(self.columns):
            told = f"the row has {len(record)} cells, the heading {len(self.columns)}"
            return Bad(line, Fault("", "columns", told))
        cells = {column: cell for column, cell in zip(self.columns, record, strict=True) if cell}
        for column, cell in cells.items():
            if fault := _cell_fault(column, cell):
                return Bad(line, fault)
        filled = {field: cells[column] for field, column in self.sources.items() if column in cells}
        return Row(line, cells, {**filled, **self.constants})


def _cell_fault(column: str, cell: str) -> Fault | None:
    if len(cell) > MAX_CELL:
        return Fault(column, "too_long", f"a cell has at most {MAX_CELL} characters")
    if not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell):
        return Fault(column, "encoding", "the cell is not UTF-8")
    if "\0" in cell:
        return Fault(column, "text", "a cell may not hold the character U+0000")
    return None


def _heading(records: Iterator[tuple[int, list[str] | Fault]]) -> tuple[str, ...]:
    line, heading = next(records, (1, Fault("", "missing", "the file is empty")))
    if isinstance(heading, Fault):
        raise Unreadable(heading, line)
    if len(heading) > MAX_COLUMNS:
        raise Unreadable(Fault("", "too_large", f"a file has at most {MAX_COLUMNS} columns"), line)
    for column in heading:
        if fault := _cell_fault("", column):
            raise Unreadable(Fault("", fault.code, f"the heading cannot be read: {fault.message}"), line)
        # Columns without a heading are common at the end of an export; nothing can ask for them.
        if column and heading.count(column) > 1:
            raise Unreadable(Fault("", "columns", f"two columns are named {column!r}"), line)
    return tuple(heading)


def _records(file: BinaryIO) -> Iterator[tuple[int, list[str] | Fault]]:
    lines = _Lines(file)
    while True:
        line = lines.begin()
        try:
            # Strict: where a quote makes no sense the row is reported, not guessed at.
            record = next(csv.reader(lines, strict=True), None)
        except _TooLong:
            yield line, Fault("", "too_long", f"a row has at most {MAX_ROW} characters")
            lines.skip()
        except csv.Error as error:
            yield line, _misread(error)
            lines.skip()
        else:
            if record is None:
                return
            if record:
                yield line, record


def _misread(error: csv.Error) -> Fault:
    if "field limit" in str(error):
        return Fault("", "too_long", f"a cell has at most {MAX_CELL} characters")
    return Fault("", "quotes", "the quotes of this row do not match")


class _TooLong(Exception):
    pass


class _Borrowed(BufferedIOBase):
    """Somebody else's file: it stays open when its reader goes."""

    name = "borrowed"

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @override
    def readable(self) -> bool:
        return True

    @override
    def read1(self, size: int = -1) -> bytes:
        return self._file.read(size)


class _Lines(Iterator[str]):
    """The lines of a file; those of a record that turned out bad, but its first, come again."""

    def __init__(self, file: BinaryIO) -> None:
        # What is not UTF-8 becomes half surrogates, which the row is then reported for.
        self._text = TextIOWrapper(_Borrowed(file), "utf-8-sig", "surrogateescape", newline="")
        self._again: deque[str] = deque()
        self._given: list[str] = []
        self._size = 0
        self._line = 1

    def begin(self) -> int:
        """The number of the line that the next record begins on."""
        self._line += len(self._given)
        self._given, self._size = [], 0
        return self._line

    def skip(self) -> None:
        """Go on behind the first line of the record."""
        self._again.extendleft(reversed(self._given[1:]))
        self._given = self._given[:1]

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(MAX_ROW)
        if not line:
            raise StopIteration
        self._given.append(line)
        self._size += len(line)
        if self._size >= MAX_ROW:
            self._drop_rest(line)
            raise _TooLong
        return line

    def _drop_rest(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(MAX_ROW)
