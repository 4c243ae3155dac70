"""Which issues are like another one, and that they are found without a look at all of them."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitor.issues.detail import selectors
from monitor.issues.models import Issue
from monitor.projects.models import Project
from tests.monitor_site.issue_page.conftest import Deliver, sdk_event


def plan(context: CaptureQueriesContext) -> str:
    """How SQLite goes about what was asked."""
    with connection.cursor() as cursor:
        steps = [
            cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}").fetchall() for one in context.captured_queries
        ]
    return "\n".join(str(step[-1]) for found in steps for step in found)


def message(arrived: Deliver, text: str) -> Issue:
    return arrived({"platform": "python", "message": text}).issue


def test_of_one_type_the_newest_are_found_by_an_index(arrived: Deliver) -> None:
    issues = [arrived(sdk_event(name)).issue for name in ("view", "group", "recursion_30", "thread", "deep")]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = selectors.similar_to(issues[0])
    assert found == [issues[3], issues[2], issues[1]]
    assert "USING INDEX issue_by_type (project_id=? AND type=?)" in plan(asked)
    assert "SCAN" not in plan(asked)


def test_messages_with_the_same_words_are_alike(arrived: Deliver, other_project: Project) -> None:
    one = message(arrived, "Upload 17 is refused by the gauge of Narraguagus")
    like = message(arrived, "Once more: upload of 3 files is refused by the gauge of Narraguagus")
    message(arrived, "Nothing of the kind")
    arrived(
        {"platform": "python", "message": "It is refused by the gauge of Narraguagus"}, project=other_project
    )
    assert selectors.similar_to(one) == [like]
    assert selectors.similar_to(message(arrived, "4711")) == []


def test_known_errors_are_found_by_their_own_small_index(arrived: Deliver) -> None:
    one, like, unlike = (arrived(sdk_event(name)).issue for name in ("view", "group", "deep"))
    Issue.objects.filter(pk__in=[like.pk, unlike.pk]).update(known_error="The gauge is dry.")
    with CaptureQueriesContext(connection) as asked:
        assert selectors.known_errors_like(one) == [like]
    assert "USING INDEX issue_with_known_error" in plan(asked)


def test_a_known_message_is_known_again(arrived: Deliver) -> None:
    one = message(arrived, "Quota of station 17 is used up")
    like = message(arrived, "The quota of station Q is used up, and so on")
    assert selectors.known_errors_like(like) == []
    Issue.objects.filter(pk=like.pk).update(known_error="Buy more.")
    Issue.objects.filter(pk=message(arrived, "Something else").pk).update(known_error="Something else.")
    assert selectors.known_errors_like(one) == [like]
