"""Words that look like a credential although nothing marks them: long, and mixing letters and digits as no language does."""

from __future__ import annotations

import re

from core.sentry.scrubbing.patterns import FILTERED

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CANDIDATE = re.compile(r"(?<![A-Za-z0-9_+~.%-])[A-Za-z0-9_+~.%-]{20,}={0,2}")
_DIVIDERS = re.compile(r"[-_.+=~%]")
_TURNS = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# AWS's secret keys: 40 letters, digits, slashes and pluses with no mark of their own, which slashes cut into short words.
_WITH_SLASHES = re.compile(r"(?<![A-Za-z0-9/+=_.~-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.~-])")
# What stands before tells that the word names a thing: an id, a commit, a checksum.
_NAMES_A_THING = re.compile(
    r"(?i)(?:id|ids|uuid|sha\d*|commit|release|revision|digest|checksum|etag|version|trace|span)[\s:='\"#(]{1,4}\Z"
)

MIN_LENGTH = 20


def looks_like_token(word: str) -> bool:
    """Whether `word` (no spaces) is more likely a credential than a name, a slug, a UUID or a number."""
    if len(word) < MIN_LENGTH or _UUID.fullmatch(word):
        return False
    parts = [part for part in _DIVIDERS.split(word) if part]
    if any(_is_random(part) for part in parts):
        return True
    mixed = [part for part in parts if len(part) >= 4 and _TURNS.search(part)]
    return len(mixed) >= 2 and sum(map(len, mixed)) >= 10


def _is_random(part: str) -> bool:
    if len(part) < 16:
        return False
    if len(_TURNS.findall(part)) >= 2:
        return True
    # Letters only: words are long between capitals, random letters are not.
    runs = _CAMEL.findall(part)
    return len(part) >= 20 and len(part) / max(len(runs), 1) < 2.6


def remove_tokens(text: str) -> str:
    """`text` without words that look like credentials, unless what stands before says that they name something."""

    def replace(match: re.Match[str]) -> str:
        if not looks_like_token(match[0].rstrip(".=")):
            return match[0]
        before = text[max(0, match.start() - 24) : match.start()]
        named = _NAMES_A_THING.search(before) and "session" not in before.lower()
        return match[0] if named else FILTERED

    if "/" in text or "+" in text:
        text = _WITH_SLASHES.sub(lambda match: FILTERED if _is_mixed(match[0]) else match[0], text)
    return _CANDIDATE.sub(replace, text)


def _is_mixed(word: str) -> bool:
    """Unlike a path: small and capital letters and digits, which change within its words every few letters."""
    kinds = any(map(str.islower, word)) and any(map(str.isupper, word)) and any(map(str.isdigit, word))
    return kinds and len(word) / len(_CAMEL.findall(word)) < 4
