"""Markdown as Slack writes it (mrkdwn), in pieces that fit its blocks.

Everything else is escaped: no text can call a channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor.alerts.channels.wording import first_units, plain, units

# Each of these walks a line once, whatever is in it.
_LINK = re.compile(r"\[([^\[\]\n]+)\]\((https?://[^\s)]+)\)")
_HEADING = re.compile(r"^#{1,6}[ \t]+(?=\S)")
_BOLD = re.compile(r"\*\*(.+?)\*\*|__(.+?)__")
_BULLET = re.compile(r"^(\s*)[-*+]\s+")
_HALF = re.compile(r"(?:<[^>]*|&[a-z]{0,4})$")


def escaped(text: str) -> str:
    """The three characters that mean something to Slack."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_mrkdwn(markdown: str) -> str:
    """Links, bold, headings and lists; the rest as it stands."""
    return "\n".join(_line(line) for line in plain(markdown).split("\n"))


def fitting(text: str, limit: int) -> str:
    """At most `limit` units of what is escaped already; no link and no escape is cut in its middle."""
    if units(text) <= limit:
        return text
    return _HALF.sub("", first_units(text, limit - 1)).rstrip() + "…"


def pieces(markdown: str, limit: int) -> Iterator[str]:
    """Of at most `limit` units each, broken between lines; a line that is longer than that is cut."""
    piece = ""
    for line in map(_line, plain(markdown).split("\n")):
        fit = fitting(line, limit)
        if piece and units(piece) + 1 + units(fit) > limit:
            yield piece
            piece = fit
        else:
            piece = f"{piece}\n{fit}" if piece else fit
    if piece.strip():
        yield piece


def _line(line: str) -> str:
    # Links first: what stands between them is escaped, and their addresses are, too.
    parts, end = [], 0
    for link in _LINK.finditer(line):
        label = escaped(link[1]).replace("|", "/")
        parts += [_words(line[end : link.start()]), f"<{escaped(link[2]).replace('|', '%7C')}|{label}>"]
        end = link.end()
    said = "".join([*parts, _words(line[end:])])
    heading = _HEADING.match(said)
    return f"*{said[heading.end() :].rstrip(' #').strip('*')}*" if heading else said


def _words(text: str) -> str:
    text = _BOLD.sub(lambda bold: f"*{bold[1] or bold[2]}*", escaped(text))
    return _BULLET.sub(r"\1• ", text)
