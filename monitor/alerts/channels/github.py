"""GitHub issues: one for each thread, opened for P1 and up; what comes later in the thread are comments on it.

A hidden mark in the text says of which thread it is. Before one is opened, the latest issues are asked for the mark, and
after a try of which nobody knows how it ended, the comments are: GitHub itself knows no idempotency key.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import orjson

from monitor.alerts.channels.letter import Letter
from monitor.alerts.channels.wording import (
    STATE_WORDS,
    cut,
    facts,
    headline,
    moment,
    one_line,
    plain,
    units,
    web_links,
    where,
)
from monitor.alerts.dispatch.errors import DeliveryError, NotForThisChannelError
from monitor.alerts.dispatch.outgoing import Answer, ask, taken
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel

ADDRESS = "https://api.github.com"
TITLE_MAX, BODY_MAX = 256, 65_536
LABEL = "hydroml-alert"
_SEVERITIES = frozenset({"P0", "P1"})
_OPENING = frozenset({Kind.FIRED, Kind.ESCALATED, Kind.ROLLBACK})
_TEXT_MAX = 40_000
_LOOKS_AT = 50
_LISTS_MAX = 8 * 1024 * 1024
_MENTION = re.compile(r"@(?=[A-Za-z0-9])")
_CELL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def draw(letter: Letter) -> dict[str, Any]:
    """What is opened has a `title`, a comment has the `number` of its issue; a test has neither and changes nothing."""
    message = letter.message
    repository = letter.to[0] if letter.to else "owner/repository"
    if message.kind is Kind.TEST:
        return {"repository": repository}
    # Somebody's hand-over of an incident is of any severity (monitor.incidents.handing_over).
    is_wanted = message.severity in _SEVERITIES or message.details.get("hand_over")
    if message.kind is Kind.REPORT or not is_wanted:
        raise NotForThisChannelError("GitHub issues are opened for alerts of P1 and P0.")
    number = letter.remembered("number")
    if number is not None:
        return {"repository": repository, "number": number, "body": _body(letter, is_comment=True)}
    if message.kind not in _OPENING:
        raise NotForThisChannelError("No issue was opened for this, so there is none to comment on.")
    return {
        "repository": repository,
        "title": cut(_calling_nobody(headline(message)), TITLE_MAX),
        "body": _body(letter, is_comment=False),
        "labels": [LABEL, message.severity],
    }


def send(payload: dict[str, Any], channel: Channel, letter: Letter) -> dict[str, Any]:
    api = _Api(payload["repository"], channel)
    if "title" in payload:
        return _open(api, payload, letter)
    if "number" in payload:
        return _comment(api, payload, letter)
    found = api.ask("GET", "").json()
    if not found.get("has_issues", True):
        raise DeliveryError(f"{payload['repository']} has its issues switched off.", permanent=True)
    return {"note": f"{payload['repository']} can be reached; a test opens no issue."}


def thread_mark(letter: Letter) -> str:
    named = hashlib.sha256(f"{letter.home} {letter.message.thread or letter.key}".encode()).hexdigest()[:32]
    return f"<!-- hydroml thread {named} -->"


def _open(api: _Api, payload: dict[str, Any], letter: Letter) -> dict[str, Any]:
    mark = thread_mark(letter)
    latest = api.ask("GET", f"/issues?state=all&sort=created&direction=desc&per_page={_LOOKS_AT}").json()
    found = next((issue for issue in latest if mark in (issue.get("body") or "")), None)
    if found is None:
        wanted = {name: payload[name] for name in ("title", "body", "labels")}
        found = api.ask("POST", "/issues", wanted).json()
    return {"number": found["number"], "url": _page_of(found)}


def _comment(api: _Api, payload: dict[str, Any], letter: Letter) -> dict[str, Any]:
    number = int(payload["number"])
    found = None
    if letter.may_have_arrived:
        since = datetime.fromtimestamp(letter.message.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        comments = api.ask("GET", f"/issues/{number}/comments?per_page=100&since={since}").json()
        found = next((one for one in comments if _own_mark(letter) in (one.get("body") or "")), None)
    if found is None:
        found = api.ask("POST", f"/issues/{number}/comments", {"body": payload["body"]}).json()
    return {"number": number, "url": _page_of(found)}


def _page_of(found: dict[str, Any]) -> str:
    address = str(found.get("html_url", ""))
    return address if address.startswith(("https://", "http://")) else ""


class _Api:
    """The REST API of one repository."""

    def __init__(self, repository: str, channel: Channel) -> None:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise DeliveryError("GitHub needs a repository, written owner/name.", permanent=True)
        self._base = f"{(channel.url or ADDRESS).rstrip('/')}/repos/{repository}"
        self._channel = channel

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        answer = ask(
            method,
            self._base + path,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._channel.credential or ''}",
                "X-GitHub-Api-Version": "2022-11-28",
                **({"Content-Type": "application/json"} if body is not None else {}),
            },
            content=b"" if body is None else orjson.dumps(body),
            timeout_s=self._channel.timeout_s,
            allow_private=self._channel.allow_private_addresses,
            answer_max=_LISTS_MAX,
        )
        if answer.status == 404:
            raise DeliveryError("404: there is no such repository, or the token may not write issues in it.")
        return taken(answer)


def _body(letter: Letter, *, is_comment: bool) -> str:
    message = letter.message
    said = [f"**{STATE_WORDS[message.kind] or 'Alert'}:** {_literal(message.title)}"] if is_comment else []
    place = " · ".join(part for part in (_literal(where(message)), moment(message)) if part)
    rows = [f"| {_literal(name)} | {_literal(value)} |" for name, value in facts(message)]
    table = ["| | |\n| --- | --- |\n" + "\n".join(rows)] if rows else []
    links = " · ".join(f"[{_literal(link.label)}]({link.url})" for link in web_links(message))
    text = cut(_calling_nobody(plain(message.text)), _TEXT_MAX)
    marks = f"{thread_mark(letter)}\n{_own_mark(letter)}"
    end = "\n\n".join(part for part in (links, marks) if part)
    body = "\n\n".join(part for part in (*said, place, text, *table) if part)
    return f"{cut(body, BODY_MAX - units(end) - 2)}\n\n{end}"


def _own_mark(letter: Letter) -> str:
    return f"<!-- hydroml notification {letter.key} -->"


def _literal(text: str) -> str:
    return _CELL.sub(r"\\\1", _calling_nobody(one_line(text)))


def _calling_nobody(text: str) -> str:
    """An error that has @somebody in its text must not call them, nor may it forge a mark."""
    return _MENTION.sub("@\u200b", text).replace("<!--", "<!\u200b--")
