"""SQL without what was written into it: statements keep their shape, literals and comments go."""

from __future__ import annotations

import re
from functools import lru_cache

_LITERALS = re.compile(
    r"""(?P<dollar>\$(?P<tag>\w*)\$(?s:.*?)(?:\$(?P=tag)\$|\Z))"""
    r"""|[eEbBxXnN]?'(?:[^'\\]|''|\\.)*(?:'|\Z)"""
    r"""|/\*(?s:.*?)(?:\*/|\Z)|--[^\n]*"""
    r"""|(?<![\w."$%])-?\d{5,}(?:\.\d+)?\b|(?<![\w."$%])0[xX][0-9a-fA-F]+|(?<![\w.])\d+\.\d{3,}"""
)
STATEMENT = re.compile(
    r"(?i)\b(?:select\b.{0,400}\bfrom|insert\s+into|update\b.{0,400}\bset|delete\s+from|alter\s+(?:user|role)|create\s+(?:user|role)"
    r"|set\s+(?:session\s+)?authorization|copy\b.{0,200}\b(?:from|to)|where\b.{0,200}[=<>])"
)


@lru_cache(maxsize=1024)
def remove_literals(statement: str) -> str:
    """`statement` with each literal as `'?'` or `?`, and without comments."""
    return _LITERALS.sub(_shape, statement)


def _shape(match: re.Match[str]) -> str:
    text = match[0]
    if text.startswith(("/*", "--")):
        return " "
    return "'?'" if text[-1] == "'" or "'" in text[:2] or text.startswith("$") else "?"


def looks_like_sql(text: str) -> bool:
    """Whether free text quotes a statement, as PostgreSQL's `LINE 1: SELECT …` does."""
    return "'" in text and STATEMENT.search(text) is not None
