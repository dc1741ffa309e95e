"""What the browser gets from other people is byte for byte what the lock names, with its licence beside it."""

import json
from base64 import b64encode
from hashlib import sha384
from pathlib import Path
from xml.etree import ElementTree

import pytest

VENDOR = Path(__file__).resolve().parent.parent / "hub" / "static" / "vendor"
LOCK = json.loads((VENDOR / "vendor.lock.json").read_text())
FILES = {file["path"]: file["sha384"] for package in LOCK["packages"] for file in package["files"]}


@pytest.mark.parametrize("path", FILES)
def test_a_vendored_file_is_the_one_locked(path: str):
    assert "sha384-" + b64encode(sha384((VENDOR / path).read_bytes()).digest()).decode() == FILES[path]


def test_nothing_else_lies_among_the_vendored_files():
    assert {file.name for file in VENDOR.iterdir()} == {*FILES, "vendor.lock.json"}


@pytest.mark.parametrize("package", LOCK["packages"], ids=lambda package: package["name"])
def test_every_package_brings_its_licence_and_its_origin(package: dict):
    assert package["integrity"].startswith("sha512-")
    assert [file for file in package["files"] if file["path"].endswith(".LICENSE.txt")]


def test_the_sprite_holds_the_named_icons_and_no_script():
    sprite = ElementTree.parse(VENDOR / "icons.svg").getroot()
    tag = "{http://www.w3.org/2000/svg}"
    assert [symbol.get("id") for symbol in sprite] == LOCK["icons"]
    drawn = {element.tag.removeprefix(tag) for symbol in sprite for element in symbol}
    assert drawn <= {"path", "circle", "rect", "line", "polyline", "polygon", "ellipse"}
