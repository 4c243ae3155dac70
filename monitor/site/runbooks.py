"""Runbooks as pages: the files of docs/runbooks, which stand beside the program, read where they are needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER = "docs/runbooks"
_NAME = re.compile(r"[a-z0-9_]{1,60}")
_SIBLING = re.compile(r"([a-z0-9_]+)\.md(#[a-z0-9-]+)?")


@dataclass(frozen=True, slots=True)
class Runbook:
    title: str
    html: SafeString


def name_of(path: str) -> str:
    """As in the address: `database` for `docs/runbooks/database.md`; empty for a file elsewhere."""
    folder, _, file = path.rpartition("/")
    return file.removesuffix(".md") if folder == FOLDER else ""


def runbook_called(name: str) -> Runbook | None:
    """None if there is no such file."""
    return _read(Path(settings.BASE_DIR) / FOLDER / f"{name}.md") if _NAME.fullmatch(name) else None


@lru_cache(maxsize=64)
def _read(path: Path) -> Runbook | None:
    try:
        text = path.read_text()
    except OSError:
        return None
    # HTML in a file stays text.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    title = path.stem
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        title = tokens[1].content
        del tokens[:3]
    _make_anchors(tokens)
    for token in tokens:
        _turn_links(token.children or [])
    html = parser.renderer.render(tokens, parser.options, {})
    return Runbook(title, mark_safe(html))  # noqa: S308 (our own files, with HTML turned off)


def _make_anchors(tokens: list[Token]) -> None:
    for token, content in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slugify(content.content))


def _turn_links(tokens: list[Token]) -> None:
    """Links to other runbooks lead to their pages here; the rest of docs/ is not served, so its links are text."""
    for token in tokens:
        if token.type != "link_open":
            continue
        target = str(token.attrGet("href") or "")
        sibling = _SIBLING.fullmatch(target)
        if sibling is not None:
            address = reverse("alerts:runbook", args=[sibling[1]])
            token.attrSet("href", f"{address}{sibling[2] or ''}")
        elif not target.startswith(("https://", "#")):
            token.attrs = {"title": target}
