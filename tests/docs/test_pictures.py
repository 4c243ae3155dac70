"""The pictures of the documents are small, used, and named by the script that takes them."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from stack.screenshots import SHOTS, parse
from tests.docs import pages

MAX_BYTES = 150_000
# Taken by hand, before there was a script.
BY_HAND = {"data-source.png"}


def used() -> set[str]:
    return {
        match
        for file in [*pages.all_pages(), pages.ROOT / "README.md"]
        for match in re.findall(
            r"!\[[^\]]+\]\((?:[\w./-]*/)?img/([\w.-]+)\)", file.read_text(encoding="utf-8")
        )
    }


def test_each_picture_is_small_and_made_by_the_script() -> None:
    made = {f"{shot.name}.webp" for shot in SHOTS} | BY_HAND
    for file in (pages.DOCS / "img").iterdir():
        assert file.name in made, f"no script makes {file.name}"
        assert file.stat().st_size < MAX_BYTES, file.name
        with Image.open(file) as picture:
            assert picture.width <= 1600


def test_each_picture_is_shown_somewhere() -> None:
    there = {file.name for file in (pages.DOCS / "img").iterdir()}
    assert there <= used()


def test_a_picture_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["monitor-nothing"])
    assert "there is no monitor-nothing" in capsys.readouterr().err
