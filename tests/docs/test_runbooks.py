"""What somebody types at three in the morning works, and agrees with the strategy."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from django.db import connection

from strategy import load_strategy
from strategy.model.classification import Category
from tests.docs import pages

STRATEGY = load_strategy(env={})
AS_WRITTEN = tomllib.loads(STRATEGY.path.read_text(encoding="utf-8"))
HEADINGS = ["What it means", "Who is hurt", "Look first", "Stop the harm", "Mend", "Over when", "Afterwards"]
ONE_SCREEN = 70

RUNBOOKS = sorted((pages.DOCS / "runbooks").glob("*.md"))
every_runbook = pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
every_category = pytest.mark.parametrize(
    "category", list(STRATEGY.categories.values()), ids=lambda category: category.name
)


def page_of(category: Category) -> str:
    return (pages.ROOT / category.runbook).read_text(encoding="utf-8")


@every_category
def test_each_category_has_a_runbook_of_one_screen_with_all_its_parts(category: Category) -> None:
    text = page_of(category)
    assert pages.headings(text)[1:] == HEADINGS
    assert len(text.splitlines()) <= ONE_SCREEN


@every_category
def test_the_facts_at_the_head_of_a_runbook_are_those_of_the_strategy(category: Category) -> None:
    severity = AS_WRITTEN["severities"][category.severity]
    assert (
        f"**{category.severity}**: respond in {severity['respond']}, resolve in {severity['resolve']}. "
        f"Owner: {category.owner}. "
        f"Status: {category.http_status}. Tried again: {'yes' if category.retryable else 'no'}."
    ) in page_of(category)


def test_each_runbook_names_the_alerts_that_lead_to_it() -> None:
    for category in STRATEGY.categories.values():
        line = re.search(r"^Alerts: (.*)$", page_of(category), re.MULTILINE)
        leading = [rule.id for rule in STRATEGY.alerts if rule.runbook == category.runbook]
        assert line is not None
        if leading:
            assert re.findall(r"`([\w-]+)`", line[1]) == leading, category.name
        else:
            assert line[1].startswith("none of its own"), category.name


def test_the_index_links_to_each_runbook() -> None:
    index = (pages.DOCS / "runbooks" / "index.md").read_text(encoding="utf-8")
    assert {page.name for page in RUNBOOKS} - {"index.md"} <= set(pages.links(index))


@every_runbook
@pytest.mark.django_db
def test_each_query_of_a_runbook_fits_the_tables_that_there_are(page: Path) -> None:
    for block in pages.blocks(page.read_text(encoding="utf-8"), "sql"):
        for statement in filter(None, (line.strip() for line in block.split(";\n"))):
            query = statement.rstrip(";")
            # Planned, not run: they end sessions and transactions of others.
            with connection.cursor() as cursor:
                cursor.execute(query if query.startswith("SHOW") else f"EXPLAIN {query}")


@every_runbook
@pytest.mark.django_db
def test_each_python_line_of_a_runbook_runs(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in pages.shell_snippets(page.read_text(encoding="utf-8")):
        exec(compile(line, page.name, "exec"), {})
        assert capsys.readouterr().out


def test_each_celery_command_of_a_runbook_exists() -> None:
    from celery.app.control import Inspect

    named = {
        found
        for page in RUNBOOKS
        for found in re.findall(r"celery inspect (\w+)", page.read_text(encoding="utf-8"))
    }
    assert named
    assert all(hasattr(Inspect, name) for name in named)
