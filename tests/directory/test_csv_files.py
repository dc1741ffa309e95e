"""Every way in which an exported file can be wrong costs the rows that are wrong, and no other."""

from io import BytesIO

import pytest

from hub.directory.csv_files import MAX_CELL, MAX_COLUMNS, MAX_ROW, Bad, Row, Table, Unreadable


def read(content: str | bytes, mapping: dict[str, str] | None = None, constants: dict[str, str] | None = None):
    raw = content.encode() if isinstance(content, str) else content
    return list(Table(BytesIO(raw), mapping or {}, constants or {}))


def told(content: str | bytes) -> list[tuple[int, str]]:
    """Each row as its line and its first field, or the code of what is wrong with it."""
    return [(row.line, row.fault.code if isinstance(row, Bad) else row.fields["id"]) for row in read(content)]


def test_a_column_fills_the_field_of_its_name():
    assert read("id,name\nbo,Bo Lind\n") == [Row(2, {"id": "bo", "name": "Bo Lind"}, {"id": "bo", "name": "Bo Lind"})]


def test_an_empty_cell_is_a_missing_value():
    assert read("id,name\nbo,\n")[0].fields == {"id": "bo"}


def test_other_headings_are_mapped_and_one_column_may_fill_two_fields():
    row = read("who,city\nBo Lind,Kiel\n", {"id": "who", "name": "who"})[0]
    assert row.fields == {"id": "Bo Lind", "name": "Bo Lind", "city": "Kiel"}


def test_a_mapped_field_does_not_fall_back_to_the_column_of_its_name():
    assert read("id,code\nbo,\n", {"id": "code"})[0].fields == {}


def test_a_constant_goes_before_the_column():
    assert read("id,source\nw-1,sap\n", constants={"source": "crm"})[0].fields == {"id": "w-1", "source": "crm"}


def test_a_mapping_to_a_column_that_is_not_there_is_named():
    with pytest.raises(Unreadable, match="no column 'agent' for subject"):
        read("id\nbo\n", {"subject": "agent"})


def test_a_byte_order_mark_is_no_part_of_the_heading():
    assert told(b"\xef\xbb\xbfid,name\r\nbo,Bo\r\n") == [(2, "bo")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_all_line_endings_are_read(ending: str):
    assert told(ending.join(["id,name", "bo,Bo", "ada,Ada"])) == [(2, "bo"), (3, "ada")]


def test_blank_lines_are_no_rows_and_count_as_lines():
    assert told("id,name\n\nbo,Bo\n\n") == [(3, "bo")]


def test_a_row_has_the_line_it_begins_on():
    assert told('id,name\nbo,"Bo\nLind"\nada,Ada\n') == [(2, "bo"), (4, "ada")]


def test_a_row_too_wide_or_too_short_is_reported_and_the_next_is_read():
    assert told("id,name\nbo,Bo,x\nada\ncy,Cy\n") == [(2, "columns"), (3, "columns"), (4, "cy")]


def test_a_stray_quote_costs_one_row_and_not_the_rest_of_the_file():
    assert told('id,name\nbo,"Bo\nada,Ada\ncy,Cy\n') == [(2, "quotes"), (3, "ada"), (4, "cy")]


def test_text_behind_a_closing_quote_is_reported():
    assert told('id,name\nbo,"Bo" Lind\ncy,Cy\n') == [(2, "quotes"), (3, "cy")]


def test_a_huge_cell_is_reported():
    assert told(f"id,name\nbo,{'x' * (MAX_CELL + 1)}\ncy,Cy\n") == [(2, "too_long"), (3, "cy")]


def test_a_cell_beyond_what_the_reader_takes_is_reported():
    assert told(f"id,name\nbo,{'x' * 200_000}\ncy,Cy\n") == [(2, "too_long"), (3, "cy")]


def test_a_line_that_does_not_end_is_dropped_without_being_kept_in_memory():
    assert told(f"id,name\nbo,{'x' * (3 * MAX_ROW)}\ncy,Cy\n") == [(2, "too_long"), (3, "cy")]


def test_a_cell_of_many_lines_is_bounded_too():
    told_of = told('id,name\nbo,"' + ("x" * 1000 + "\n") * 2000 + '"\ncy,Cy\n')
    assert told_of[0] == (2, "too_long")
    assert told_of[-1] == (2003, "cy")


def test_a_nul_byte_is_reported():
    assert told("id,name\nbo,B\0o\ncy,Cy\n") == [(2, "text"), (3, "cy")]


def test_what_is_not_utf_8_is_reported():
    assert told(b"id,name\nbo," + "Bö".encode("latin-1") + b"\ncy,Cy\n") == [(2, "encoding"), (3, "cy")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "missing"),
        ("id,name\nbo,Bo\n".encode("utf-16"), "encoding"),
        (b"id,name,id\n", "columns"),
        (b'id,"name\n', "quotes"),
        (b"id,na\0me\n", "text"),
        (b"id," + b"x" * (2 * MAX_ROW) + b"\nbo,Bo\n", "too_long"),
        (",".join(f"c{i}" for i in range(MAX_COLUMNS + 1)).encode(), "too_large"),
    ],
)
def test_a_file_without_a_usable_heading_is_one_fault(content: bytes, code: str):
    with pytest.raises(Unreadable) as caught:
        read(content)
    assert caught.value.fault.code == code


def test_columns_without_a_heading_are_left_alone():
    assert read("id,,\nbo,x,y\n")[0].fields == {"id": "bo"}
