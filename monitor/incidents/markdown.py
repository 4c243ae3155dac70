"""What people wrote as HTML that can do no harm: no HTML of theirs, no images, links to the web only."""

from __future__ import annotations

from functools import cache

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt


@cache
def _parser() -> MarkdownIt:
    # markdown-it refuses javascript:, vbscript:, file: and data: links by itself; html=False leaves tags as text.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")
    parser.validateLink = _is_web  # type: ignore[method-assign]
    return parser


def _is_web(url: str) -> bool:
    return url.lower().startswith(("https://", "http://", "/incidents/", "/issues/", "#"))


def rendered(text: str) -> SafeString:
    html: str = _parser().render(text)
    return mark_safe(html)  # noqa: S308 (HTML is turned off, links are checked)
