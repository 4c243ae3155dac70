"""Secrets in free text that their name gives away: `password=…`, `"token": "…"`, `Authorization: Bearer …`, `--secret …`.

Text is what people and reprs wrote: JSON inside JSON, a dict's repr, a conninfo, a form body, a line of source. A
regular expression cannot know where a value ends, so the end is looked for by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.sentry.scrubbing.patterns import FILTERED

IsSecret = Callable[[str], bool]

_KEY = re.compile(
    r"""(?<![\w.-])(?P<dashes>--?)?(?P<key>[A-Za-z_][\w.-]*+)"""
    r"""(?:(?P<quote>\\*["'`])?\]?[ \t]*(?P<separator>=>|:=|==|!=|=|:(?!//)|->)[ \t]*"""
    r"""|(?P<pair>\\*["'])[ ]*,[ ]*(?=\\*[bru]?["'\[(]))"""
)
_FLAG = re.compile(r"(?<![\w-])--?([A-Za-z][\w-]*+)[ \t]+(?=[^\s-])")
_ELEMENT = re.compile(r"<([A-Za-z_][\w.:-]*)(?:\s[^<>]*)?>([^<]+)</")
_PART = re.compile(
    r"""name=\\?["']([^"'\\]+)\\?["'](?:(?!\r?\n\r?\n|\\r\\n\\r\\n)[\s\S]){0,300}?(?:\r?\n\r?\n|\\r\\n\\r\\n)"""
    r"""([\s\S]*?)(?=\r?\n--|\\r\\n--|\Z)"""
)
_PROSE = re.compile(
    r"\b((?i:pass(?:word|wd|phrase|code)|pwd|secret|token|api[ _-]?key|(?:access|secret|private) key|pin|otp))"
    r"((?:\s+(?i:is|was|of|for|from|with|value|code|number|set to|changed to)){0,2}\s+)"
    r"([\"'`]?)(?=[^\s\"'`]*[\d!#$%^&*+=_@])([^\s\"'`,;)]{4,})"
)
_PLACEHOLDER = re.compile(
    r"%(?:\([A-Za-z_.]+\))?[sdrif]|\{[A-Za-z_.]*\}|\$\d{1,2}|\?|:[a-z_]+|\*+|<[a-z-]+>|None|True|False|null|true|false|0"
)
# Of a URL that stands whole in a line of source; `{token}` and `%s` are no values.
_PARAMETER = re.compile(r"""(?<=[?&])([A-Za-z_][\w.-]{0,99})=([^\s&#"'`{}%<>\\]+)""")
_WHOLE_LINE = frozenset(
    {"authorization", "cookie", "setcookie", "proxyauthorization", "httpcookie", "httpauthorization"}
)
_SCHEMES = re.compile(r"(?i:bearer|basic|token|digest|apikey|negotiate)\s+(?=\S)")
_UNQUOTED_END = frozenset(" \t\r\n,;&\"'`)]}|<>")
_OPENING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_ANNOTATION = re.compile(r"[\w.\[\], |]{1,60}?=[ \t]*(?=[bru]{0,2}[\"'])")
_MAX_KEY = 100


def remove_assigned(text: str, is_secret: IsSecret) -> tuple[str, list[tuple[str, str]]]:
    """`text` without the values of secret names, and these names and values."""
    found: list[tuple[str, str]] = []
    if "=" in text or ":" in text or "," in text:
        text = _scan(text, is_secret, code=False, found=found)
    if "-" in text:
        text = _flags(text, is_secret)
    if "</" in text:
        text = _ELEMENT.sub(lambda m: _element(m, is_secret), text)
    if "name=" in text:
        text = _PART.sub(lambda m: _part(m, is_secret), text)
    return _PROSE.sub(_prose, text), found


def remove_assigned_literals(line: str, is_secret: IsSecret) -> str:
    """A line of source without the literals that are assigned to secret names; expressions stay, they are no secrets."""
    if "'" not in line and '"' not in line:
        return line
    if "?" in line and "=" in line:
        line = _PARAMETER.sub(lambda m: f"{m[1]}={FILTERED}" if is_secret(m[1]) else m[0], line)
    return _scan(line, is_secret, code=True, found=[])


def _scan(text: str, is_secret: IsSecret, *, code: bool, found: list[tuple[str, str]]) -> str:
    pieces: list[str] = []
    place = 0
    while match := _KEY.search(text, place):
        key = match["key"]
        if len(key) > _MAX_KEY or not is_secret(key) or (match["pair"] and not _opens_pair(text, match)):
            # The value of a harmless name may itself begin with a secret one: `data=password=…`.
            place = _next_place(pieces, text, place, match.end("key"))
            continue
        start = match.end()
        if code and (annotation := _ANNOTATION.match(text, start)):
            start = annotation.end()
        value = _literal(text, start) if code else _value(text, start, key, pair=bool(match["pair"]))
        if value is None:
            place = _next_place(pieces, text, place, match.end())
            continue
        opened, closed, end = value
        pieces.append(text[place:start])
        inner = text[opened:closed]
        if code and match["pair"] and text[end : end + 1] not in {")", "]"}:
            # A list of field names, not a name and its value.
            pieces.append(text[start:end])
            place = end
            continue
        kept = not inner or _PLACEHOLDER.fullmatch(inner) or inner == FILTERED
        if not kept:
            found.append((key, inner))
        pieces.append(text[start:end] if kept else text[start:opened] + FILTERED + text[closed:end])
        place = end
    pieces.append(text[place:])
    return "".join(pieces)


def _next_place(pieces: list[str], text: str, place: int, end: int) -> int:
    pieces.append(text[place:end])
    return end


def _opens_pair(text: str, match: re.Match[str]) -> bool:
    before = text[: match.start()].rstrip("\\\"'")[-1:]
    return before in {"(", "["}


def _literal(text: str, start: int) -> tuple[int, int, int] | None:
    """Of a line of source: the quoted literal at `start`, or None for an expression."""
    prefix = re.compile(r"[bBrRuU]{0,2}").match(text, start)
    place = prefix.end() if prefix else start
    return _quoted(text, place) if text[place : place + 1] in {'"', "'"} else None


def _value(text: str, start: int, key: str, *, pair: bool) -> tuple[int, int, int] | None:
    """Where the value's inside begins and ends, and where the whole value ends."""
    if start >= len(text):
        return None
    place = start
    if text[place] in "bBrRuU" and text[place + 1 : place + 2] in {'"', "'"}:
        place += 1
    if pair:
        end = _balanced_end(text, start, depth=1) - 1
        return start, max(start, end), max(start, end)
    if text[place] in "\"'`\\":
        return _quoted(text, place)
    if text[place] in _OPENING:
        end = _balanced_end(text, place, depth=0)
        return place, end, end
    if key.replace("-", "").replace("_", "").lower() in _WHOLE_LINE:
        end = _first(text, place, "\r\n\"'")
        return place, end, end
    if scheme := _SCHEMES.match(text, place):
        place = scheme.end()
    end = place
    while end < len(text) and text[end] not in _UNQUOTED_END:
        if text[end] in _OPENING:
            end = _balanced_end(text, end, depth=0)
        else:
            end += 1
    return (start, end, end) if end > start else None


def _quoted(text: str, place: int) -> tuple[int, int, int]:
    slashes = 0
    while text[place + slashes : place + slashes + 1] == "\\":
        slashes += 1
    quote = text[place + slashes : place + slashes + 1]
    if slashes and quote in {'"', "'"}:
        mark = text[place : place + slashes + 1]
        closed = _closing_mark(text, place + slashes + 1, mark)
        return place + slashes + 1, closed, min(len(text), closed + len(mark))
    if text.startswith(quote * 3, place):
        closed = text.find(quote * 3, place + 3)
        closed = len(text) if closed < 0 else closed
        return place + 3, closed, min(len(text), closed + 3)
    closed = place + 1
    while closed < len(text) and text[closed] != quote:
        closed += 2 if text[closed] == "\\" else 1
    closed = min(closed, len(text))
    return place + 1, closed, min(len(text), closed + 1)


def _closing_mark(text: str, place: int, mark: str) -> int:
    """The next `mark` (backslashes and a quote) that is not escaped once more."""
    while (found := text.find(mark, place)) >= 0:
        if text[found - 1] != "\\":
            return found
        place = found + len(mark)
    return len(text)


def _balanced_end(text: str, place: int, *, depth: int) -> int:
    """After the bracket that closes the one at `place` (or, with depth 1, the one around it); else the text's end."""
    stack = depth
    while place < len(text):
        letter = text[place]
        if letter in "\"'":
            place = _quoted(text, place)[2]
            continue
        if letter in _OPENING:
            stack += 1
        elif letter in ")]}>":
            stack -= 1
            if stack <= 0:
                return place + 1
        place += 1
    return len(text)


def _first(text: str, place: int, letters: str) -> int:
    found = [at for at in (text.find(letter, place) for letter in letters) if at >= 0]
    return min(found, default=len(text))


def _flags(text: str, is_secret: IsSecret) -> str:
    pieces: list[str] = []
    place = 0
    for match in _FLAG.finditer(text):
        if match.start() < place or not is_secret(match[1]):
            continue
        value = _value(text, match.end(), "", pair=False)
        if value is None:
            continue
        pieces += [text[place : match.end()], FILTERED]
        place = value[2]
    return "".join([*pieces, text[place:]]) if pieces else text


def _element(match: re.Match[str], is_secret: IsSecret) -> str:
    return match[0].replace(match[2], FILTERED, 1) if is_secret(match[1]) else match[0]


def _part(match: re.Match[str], is_secret: IsSecret) -> str:
    if not is_secret(match[1]):
        return match[0]
    return match[0][: match.start(2) - match.start()] + FILTERED


def _prose(match: re.Match[str]) -> str:
    if match[4].startswith(FILTERED) or _PLACEHOLDER.fullmatch(match[4].rstrip(".:")):
        return match[0]
    return f"{match[1]}{match[2]}{match[3]}{FILTERED}"
