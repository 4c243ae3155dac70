"""A page as a reader, or a browser, takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from monitor.issues.models import Issue, StoredEvent

VOID = {"meta", "link", "input", "br", "hr", "rect", "line", "path", "circle", "polyline"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]


@dataclass
class Page(HTMLParser):
    """Elements in their order, and all text. Scripts and styles have none."""

    source: str
    elements: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.parts).split())

    def all(self, tag: str, **wanted: str) -> list[Element]:
        return [
            one
            for one in self.elements
            if one.tag == tag
            and all(one.attributes.get(name.rstrip("_")) == value for name, value in wanted.items())
        ]


def page(response: Any) -> Page:
    assert response.status_code == 200, response
    return Page(response.content.decode())


def shown(client: Client, issue: Issue | StoredEvent, query: str = "") -> Page:
    """The page of the issue, or of the event's issue."""
    pk = issue.pk if isinstance(issue, Issue) else issue.issue_id
    return page(client.get(reverse("issues:detail", args=[pk]) + query))
