"""What a name in an event says of the value under it: a secret, an id, a statement, a URL, or any text."""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import NamedTuple

from core.sentry.scrubbing.keys import words_of
from core.sentry.scrubbing.text import TextScrubber

# Made by the SDK from code, configuration or random numbers: nothing of a request can be in them.
VERBATIM = words_of(
    "event_id timestamp start_timestamp platform level release environment dist sdk type transaction_info modules "
    "server_name measurements check_in_id monitor_slug status duration monitor_config"
)
FRAME_CODE = (
    "filename",
    "abs_path",
    "function",
    "module",
    "lineno",
    "in_app",
    "colno",
    "package",
    "platform",
)
FRAME_LINES = ("pre_context", "context_line", "post_context")
DROPPED_KEYS = frozenset({"http.fragment", "url.fragment", "context"})
IDS = words_of(
    "trace_id span_id parent_span_id event_id replay_id profile_id request_id celery_task_id segment_id thread.id"
)
ID_VALUE = re.compile(r"[0-9a-fA-F-]{8,36}|\d{1,20}")
IDENTIFIER = re.compile(r"[A-Za-z_.]{1,40}")


class Kind(enum.Enum):
    """What stands under a name."""

    TEXT = enum.auto()
    HIDDEN = enum.auto()
    DROPPED = enum.auto()
    ID = enum.auto()
    SQL = enum.auto()
    QUERY = enum.auto()
    URL = enum.auto()
    COMMANDS = enum.auto()


KINDS = (
    dict.fromkeys(IDS, Kind.ID)
    | dict.fromkeys(("sql", "query", "statement", "db.statement", "db.query.text"), Kind.SQL)
    | dict.fromkeys(("http.query", "url.query", "query_string"), Kind.QUERY)
    | dict.fromkeys(
        ("url", "http.url", "url.full", "http.target", "url.path", "path", "referer", "location"), Kind.URL
    )
    | {"redis.commands": Kind.COMMANDS}
)


class NameRule(NamedTuple):
    """How a name is shown, what stands under it, and whether it can hold a known secret itself."""

    shown: str
    kind: Kind
    seen: bool


class NameRules:
    """Answers for one set of secret names, from a cache."""

    def __init__(self, text: TextScrubber) -> None:
        self._text = text
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, name: str) -> NameRule:
        if name in DROPPED_KEYS:
            return NameRule("", Kind.DROPPED, seen=False)
        # A name may be a secret itself: a table of sessions, keyed by the session's key.
        shown = self._text.text(name)
        hidden = name not in IDS and self._text.names.is_secret(name)
        kind = Kind.HIDDEN if hidden else KINDS.get(name.lower(), Kind.TEXT)
        return NameRule(shown, kind, seen=IDENTIFIER.fullmatch(name) is None)
