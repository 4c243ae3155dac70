"""docs/monitor/issues.md and the help on the page tell of every key, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.urls import reverse

from monitor.issues.orders import FEW, MANY
from monitor.issues.presenting import HELP
from monitor.issues.search.keys import IS, KEYS, key_named
from monitor.issues.search.terms import parse
from monitor.issues.unmerging import TAGS_READ
from tests.monitor_site.delivering import Delivery
from tests.monitor_site.issues_list.events import failure

PAGE = (Path(settings.BASE_DIR) / "docs" / "monitor" / "issues.md").read_text(encoding="utf-8")


def table_of_keys() -> dict[str, str]:
    """The first cell's words, each with its line."""
    lines = PAGE.partition("| key | values |")[2].partition("\n\n")[0].splitlines()
    return {name: line for line in lines[2:] for name in re.findall(r"`([\w.]+)`", line.split("|")[1])}


def test_each_key_is_told_of_and_each_that_is_told_of_is_one() -> None:
    told = table_of_keys()
    assert {key.name for key in KEYS} <= set(told)
    assert [name for name in told if key_named(name) is None] == []
    assert [name for name in IS if f"`{name}`" not in told["is"]] == []


def test_each_example_of_a_key_is_one() -> None:
    for key in KEYS:
        [term] = parse(key.examples)
        assert key_named(term.key) is key


def test_the_help_on_the_page_is_of_keys_that_there_are(deliver: Delivery, as_member: Client) -> None:
    deliver(failure("a"))
    page = as_member.get(reverse("issues:list")).content.decode()
    for example, words in HELP:
        assert parse(example.replace("…", "x"))
        for name in re.findall(r"\b([A-Za-z_]+):(?=\S)", f"{example} {words}"):
            assert key_named(name) is not None or name in ("environment", "url"), name
    assert page.count("<dt><code>") == len(HELP)


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"At once: {MANY:,} issues, {FEW['delete']:,} to delete, {FEW['merge']} to merge" in PAGE
    assert f"Of more than {TAGS_READ:,} events" in PAGE
