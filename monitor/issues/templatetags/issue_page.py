"""How the issue page writes what came from outside: source lines, values, tables of them.

Made here and not in templates because a page may hold thousands of them. Everything passes through `_text` and is
escaped there, once; nothing of an event ever becomes an address, an attribute's name or a class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from monitor.events.secret_forms import FILTERED
from monitor.issues.detail.breadcrumbs import relative
from monitor.issues.detail.stack import ShownFrame, SourceLine
from monitor.issues.detail.values import is_compound, without_controls, written
from monitor.issues.models import Issue
from monitor.issues.tag_choice import NEVER

register = template.Library()

_SHORT = 160
_FEW_LINES = 400
_PREVIEW = 80
_FILTERED_HTML = f'<span class="filtered" title="A secret was here. It was removed before it was stored.">{FILTERED}</span>'
_FAILING = '<span class="visually-hidden">Failing line: </span>'
_SEARCHABLE = re.compile(r"[^\]\s\\]{1,200}")
_PLAIN_KEYS = frozenset({"environment", "release", "level", "category", "severity", "error_id"})
_WHITESPACE = re.compile(r"\s+")


def _text(text: str) -> str:
    """`text` as HTML."""
    return str(escape(without_controls(text))).replace(FILTERED, _FILTERED_HTML)


@register.filter
def source_lines(lines: Iterable[SourceLine]) -> SafeString:
    """The lines as a numbered list, the failing one marked."""
    found = list(lines)
    if not found:
        return mark_safe("")
    first = found[0].number
    parts = [
        f'<ol class="source" start="{first}">' if first is not None else '<ol class="source unnumbered">'
    ]
    for line in found:
        if line.is_failing:
            parts.append(f'<li class="failing"><mark>{_FAILING}{_text(line.text) or " "}</mark></li>')
        else:
            parts.append(f"<li>{_text(line.text) or ' '}</li>")
    parts.append("</ol>")
    return mark_safe("".join(parts))  # noqa: S308 (escaped by _text)


@register.simple_tag
def call(frame: ShownFrame, platform: str, event_url: str) -> SafeString:
    """One frame as an item of a list: its place and its source; of an open one its locals, else where they are."""
    title = f' title="{escape(without_controls(frame.full_place))}"' if frame.full_place else ""
    parts = [f'<span class="frame-place"{title}>{_text(frame.place)}</span>']
    if frame.line:
        parts.append(f'<span class="frame-line">:{_text(frame.line)}</span>')
    if frame.function:
        parts.append(
            f' <span class="frame-in">in</span> <span class="frame-function">{_text(frame.function)}</span>'
        )
    place = "".join(parts)
    if frame.has_details:
        inside = (
            f"{source_lines(frame.source)}{_locals(frame, platform, event_url) if frame.variables else ''}"
        )
        body = f"<details{' open' if frame.is_open else ''}><summary>{place}</summary>{inside}</details>"
    else:
        body = f'<div class="frame-plain">{place}</div>'
    kind = "frame in-app" if frame.in_app else "frame"
    return mark_safe(f'<li class="{kind}" id="{escape(frame.anchor)}">{body}</li>')  # noqa: S308 (escaped by _text)


def _locals(frame: ShownFrame, platform: str, event_url: str) -> SafeString:
    """They may be a megabyte, so those of a folded frame come when it is opened; without scripts, with all frames."""
    if frame.is_open:
        return names_and_values(frame.variables, platform, "Locals")
    return format_html(
        '<a class="frame-locals" href="{0}?frames=all#{1}" hx-get="{0}?locals={1}"'
        ' hx-trigger="click, toggle from:closest details once" hx-swap="outerHTML">Local variables ({2})</a>',
        event_url,
        frame.anchor,
        len(frame.variables),
    )


@register.filter
def value(found: Any) -> SafeString:
    """Any JSON; what is long is folded behind its beginning."""
    return _value(found, quoted=not isinstance(found, str))


@register.filter
def local(found: Any, platform: str) -> SafeString:
    """A local variable: SDKs of Python send what `repr` gave."""
    return _value(found, quoted=platform != "python")


def _value(found: Any, *, quoted: bool) -> SafeString:
    text = written(found, quoted=quoted)
    if len(text) <= _SHORT and "\n" not in text:
        return mark_safe(f'<code class="value">{_text(text)}</code>')  # noqa: S308 (escaped by _text)
    preview = _WHITESPACE.sub(" ", text[: _PREVIEW * 2])[:_PREVIEW]
    size = (
        f"{len(found):,} entr{'y' if len(found) == 1 else 'ies'}"
        if is_compound(found)
        else f"{len(text):,} characters"
    )
    return mark_safe(  # noqa: S308 (escaped by _text)
        f'<details class="value"><summary><code>{_text(preview)}…</code> <span class="count">{size}</span></summary>'
        f"<pre>{_text(text)}</pre></details>"
    )


@register.simple_tag
def names_and_values(
    pairs: Mapping[str, Any] | Iterable[tuple[str, Any]], platform: str = "", label: str = ""
) -> SafeString:
    """A table of two columns. With `platform`, the values are locals of a frame of that platform."""
    rows = pairs.items() if isinstance(pairs, Mapping) else pairs
    parts = [f'<table class="dense plain values" aria-label="{escape(label)}"><tbody>']
    for name, found in rows:
        shown = local(found, platform) if platform else value(found)
        parts.append(f'<tr><th scope="row"><code>{_text(str(name))}</code></th><td>{shown}</td></tr>')
    parts.append("</tbody></table>")
    return mark_safe("".join(parts))  # noqa: S308 (escaped by _text)


@register.filter
def inert(text: str) -> SafeString:
    """Text of an event, escaped, without what reorders a line, secrets' places marked."""
    return mark_safe(_text(str(text or "")))  # noqa: S308 (escaped by _text)


@register.filter
def folded(text: str) -> SafeString:
    """Text of an event; what is longer than some lines is folded behind its beginning."""
    return inert(text) if len(text) <= _FEW_LINES else _value(text, quoted=False)


@register.filter
def hexadecimal(found: bytes | memoryview | None) -> str:
    """The hash of a user."""
    return bytes(found).hex() if found is not None else ""


@register.filter
def distance(seconds: float) -> str:
    """Seconds after another event, with their sign."""
    return relative(-seconds)


@register.simple_tag
def issues_with(issue: Issue, key: str, found: str) -> str:
    """The address of the list of the project's issues whose events have this tag; empty if no search can say it."""
    if not _SEARCHABLE.fullmatch(key) or (key in NEVER and key not in _PLAIN_KEYS):
        return ""
    name = key if key in _PLAIN_KEYS else f"tags[{key}]"
    return _search(f"{name}:{_quoted(found)}", project=issue.project.slug)


@register.simple_tag
def issues_of_user(user_id: str) -> str:
    """The address of the list of all issues that this user met."""
    return _search(f"user:{_quoted(user_id)}")


def _quoted(text: str) -> str:
    return '"' + re.sub(r'([\\"*])', r"\\\1", text) + '"'


def _search(words: str, **further: str) -> str:
    return f"{reverse('issues:list')}?{urlencode({'q': words, **further})}"
