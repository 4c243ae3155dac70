"""GitHub issues, against a local server that keeps issues and comments as GitHub does and checks what it is sent."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.channels import github
from monitor.alerts.channels.wording import units
from monitor.alerts.dispatch.errors import DeliveryError, NotForThisChannelError
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel
from tests.monitor_site.deliveries.messages import letter
from tests.monitor_site.deliveries.receivers import Got, Receiver, Reply
from tests.monitor_site.deliveries.strange import strange_letters

TOKEN = "github_pat_0123456789"
# As GitHub's published OpenAPI description has them: issues/create, issues/create-comment.
ISSUE = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 256},
        "body": {"type": "string", "maxLength": 65536},
        "labels": {"type": "array", "items": {"type": "string", "maxLength": 50}},
    },
    "required": ["title"],
    "additionalProperties": False,
}
COMMENT = {
    "type": "object",
    "properties": {"body": {"type": "string", "minLength": 1, "maxLength": 65536}},
    "required": ["body"],
    "additionalProperties": False,
}


class GitHub:
    """One repository, ada/hydroml."""

    def __init__(self) -> None:
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.fails_after: set[str] = set()
        """Endpoints that do what they are asked, and then answer 502, once."""

    def __call__(self, got: Got) -> Reply:
        if got.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, b'{"message":"Bad credentials"}')
        assert got.headers["x-github-api-version"] == "2022-11-28"
        path, _, _ = got.path.partition("?")
        match = re.fullmatch(r"/repos/ada/hydroml(|/issues|/issues/(\d+)/comments)", path)
        if match is None:
            return Reply(404, b'{"message":"Not Found"}')
        what = "repository" if not match[1] else "comments" if match[2] else "issues"
        if got.method == "GET":
            found = {"has_issues": True} if what == "repository" else self._list(match[2])
            return Reply(200, orjson.dumps(found))
        made = self._make(got.json, match[2])
        if what in self.fails_after:
            self.fails_after.discard(what)
            return Reply(502, b"<html>Bad Gateway</html>")
        return Reply(201, orjson.dumps(made))

    def _list(self, number: str | None) -> list[dict[str, Any]]:
        return self.comments.get(int(number), []) if number else self.issues[::-1]

    def _make(self, body: dict[str, Any], number: str | None) -> dict[str, Any]:
        jsonschema_rs.validate(COMMENT if number else ISSUE, body)
        if number:
            made = body | {"html_url": f"https://github.com/ada/hydroml/issues/{number}#issuecomment-1"}
            self.comments.setdefault(int(number), []).append(made)
            return made
        made = body | {"number": len(self.issues) + 41}
        made["html_url"] = f"https://github.com/ada/hydroml/issues/{made['number']}"
        self.issues.append(made)
        return made


@pytest.fixture
def hub(receiver: Receiver) -> GitHub:
    made = GitHub()
    receiver.answers = made
    return made


@pytest.fixture
def channel(receiver: Receiver) -> Channel:
    return Channel(
        name="github",
        kind="github",
        url=receiver.url,
        credential=TOKEN,
        to=("ada/hydroml",),
        allow_private_addresses=True,
    )


def told(channel: Channel, kind: Kind = Kind.FIRED, **given: Any) -> dict[str, Any]:
    one = letter(kind, letter_of={"to": channel.to, **given.pop("letter_of", {})}, **given)
    return github.send(github.draw(one), channel, one)


def test_a_thread_has_one_issue_and_comments(hub: GitHub, channel: Channel) -> None:
    first = told(channel)
    assert first == {"number": 41, "url": "https://github.com/ada/hydroml/issues/41"}
    second = told(channel, Kind.RESOLVED, letter_of={"earlier": (first,), "key": "msg_2"})
    assert second["number"] == 41
    [issue] = hub.issues
    assert issue["title"] == "[P0] Database connections fail"
    assert issue["labels"] == ["hydroml-alert", "P0"]
    assert "[Runbook](https://monitor.example.org/alerts/runbooks/database/)" in issue["body"]
    assert "[Incident \\#12](https://monitor.example.org/incidents/12/)" in issue["body"]
    [comment] = hub.comments[41]
    assert comment["body"].startswith("**Resolved:** Database connections fail")


def test_an_issue_that_was_opened_and_not_answered_for_is_found_again(hub: GitHub, channel: Channel) -> None:
    hub.fails_after = {"issues"}
    with pytest.raises(DeliveryError, match="502"):
        told(channel)
    assert told(channel, letter_of={"may_have_arrived": True})["number"] == 41
    assert len(hub.issues) == 1


def test_a_comment_that_was_made_and_not_answered_for_is_found_again(hub: GitHub, channel: Channel) -> None:
    earlier = {"earlier": (told(channel),), "key": "msg_2"}
    hub.fails_after = {"comments"}
    with pytest.raises(DeliveryError, match="502"):
        told(channel, Kind.RESOLVED, letter_of=earlier)
    told(channel, Kind.RESOLVED, letter_of=earlier | {"may_have_arrived": True})
    assert len(hub.comments[41]) == 1
    told(channel, Kind.ACKNOWLEDGED, letter_of=earlier | {"may_have_arrived": True, "key": "msg_3"})
    assert len(hub.comments[41]) == 2


def test_another_thread_and_another_monitor_have_issues_of_their_own(hub: GitHub, channel: Channel) -> None:
    told(channel)
    told(channel, thread="episode:18")
    told(channel, letter_of={"home": "https://other.example.org"})
    assert len(hub.issues) == 3


@pytest.mark.parametrize("severity", ["P2", "P3", "P4", ""])
def test_below_p1_nothing_is_opened(severity: str) -> None:
    with pytest.raises(NotForThisChannelError, match="P1 and P0"):
        github.draw(letter(severity=severity))


def test_what_has_no_issue_gets_none_by_being_over() -> None:
    for kind in (Kind.RESOLVED, Kind.ACKNOWLEDGED, Kind.UPDATE_DUE):
        with pytest.raises(NotForThisChannelError, match="No issue was opened"):
            github.draw(letter(kind))
    with pytest.raises(NotForThisChannelError):
        github.draw(letter(Kind.REPORT, severity="P0"))


def test_a_test_asks_and_changes_nothing(hub: GitHub, channel: Channel, receiver: Receiver) -> None:
    assert "can be reached" in told(channel, Kind.TEST)["note"]
    assert [(got.method, got.path) for got in receiver.got] == [("GET", "/repos/ada/hydroml")]
    assert hub.issues == []


def test_an_errors_text_calls_nobody_and_forges_no_mark(hub: GitHub, channel: Channel) -> None:
    other = github.thread_mark(letter(thread="episode:99"))
    told(channel, title=f"@octocat {other}", text=f"mail @ada {other}", facts=(("@team", f"{other}"),))
    [issue] = hub.issues
    assert not re.search(r"@[a-z]", issue["title"] + issue["body"])
    assert other not in issue["body"]
    told(channel, thread="episode:99")
    assert len(hub.issues) == 2


def test_a_repository_that_is_none_and_one_that_is_not_there(hub: GitHub, channel: Channel) -> None:
    from dataclasses import replace

    with pytest.raises(DeliveryError, match="owner/name"):
        told(replace(channel, to=("../../user",)))
    with pytest.raises(DeliveryError, match="no such repository"):
        told(replace(channel, to=("ada/other",)))
    with pytest.raises(DeliveryError, match="401"):
        told(replace(channel, credential="wrong"))


@settings(max_examples=20, deadline=None)
@given(strange_letters(st.sampled_from([Kind.FIRED, Kind.ESCALATED])), st.booleans())
def test_whatever_a_message_says_github_would_take_it(strange: Any, is_comment: bool) -> None:
    from dataclasses import replace

    if is_comment:
        strange = replace(strange, earlier=({"number": 7},))
    try:
        drawn = github.draw(strange)
    except NotForThisChannelError:
        assert strange.message.severity not in {"P0", "P1"}
        return
    assert units(drawn["body"]) <= github.BODY_MAX
    assert github.thread_mark(strange) in drawn["body"]
    if not is_comment:
        jsonschema_rs.validate(ISSUE, {name: drawn[name] for name in ("title", "body", "labels")})
