"""Draws docs/exactly-one.md from the rows: `python -m tests.exactly_one.page` writes it anew."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from tests.exactly_one.ways.commands import COMMANDS
from tests.exactly_one.ways.requests import REQUESTS
from tests.exactly_one.ways.row import Told, Way
from tests.exactly_one.ways.tasks import TASKS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "exactly-one.md"

_HEAD = """# Exactly one

{count} ways to fail, and what comes of each. A failure makes one event, which says truthfully whether it was handled,
stands in its category and group, and carries the request's or the task's ids. What is expected makes none. Each row is a
test: nothing is eager and nothing is mocked. Requests go through Django's WSGI and ASGI handlers; tasks through a prefork
worker, beat and Valkey; commands are processes. The site is a small project that has copied `core/`
(`tests/exactly_one/site/`).

```sh
script/test tests/exactly_one                   # all of them
script/test tests/exactly_one -k TaskGroup      # one
python -m tests.exactly_one.page                # this page, from the rows in tests/exactly_one/ways/
```

**Handled** is what the event's mechanism says; a dash, that it is a message. **Session** is how the request is counted
in the crash-free share. **Group**: *stack* is left to Sentry; the rest is strategy.toml's, or ours for what has no stack.

## How it is done

- **A failure is an exception with what it was raised `from`.** It is told once in a request or task, wherever it is logged,
  captured or raised again. The SDK compares with the last exception alone: `capture_exception(e)`, then `raise X from e`,
  makes two of it. What merely *follows* another, a bug in an `except` block, is a failure of its own and is told.
- **A log record with an exception waits** while that exception is being handled. Raised further, it is told by whoever does
  not handle it, as unhandled; else as soon as the `except` block is left. `log.exception(…); raise` is therefore a crash,
  and an error that is retried or expected is not told because somebody logged it on the way.
- **What was captured has left.** Its id may stand on a page. When the same failure is raised on after all, no second event
  is made, the session counts as crashed, and the event goes on saying `handled`, as whoever captured it did. This is the
  one place where the mechanism can be wrong: capture or raise, never both.
- **What only a log line would tell** of a task (a hard time limit, a killed child, a result that cannot be stored, a name
  that nobody knows) is told by the worker's parent with the task's tags, and the log line is an echo.
- Two failures are two events: the rows that say so are those in which something fails *because* or *after* something failed.

In `core/sentry/same_failure.py`, `core/sentry/filters.py`, `core/task_requests.py`, `core/tasks.py` and `core/drf.py`.
"""


def page() -> str:
    rows = (*REQUESTS, *TASKS, *COMMANDS)
    parts = [_HEAD.format(count=len(rows))]
    for kind, ways in groupby(REQUESTS, key=lambda way: way.kind):
        parts.append(_table(kind, list(ways), ("answer", "session"), _of_request))
    for kind, ways in groupby(TASKS, key=lambda way: way.kind):
        shown = list(ways)
        extra = ("check-ins",) if any(way.check_ins for way in shown) else ()
        parts.append(_table(kind, shown, extra, _of_task if extra else _nothing_more))
    for kind, ways in groupby(COMMANDS, key=lambda way: way.kind):
        parts.append(_table(kind, list(ways), ("exit",), _of_command))
    return "\n".join(parts)


def _table(kind: str, ways: list[Way], columns: tuple[str, ...], more: Callable[[Way], list[str]]) -> str:
    head = ["way", "events", "category", "handled", "group", *columns]
    lines = [f"## {kind}", "", _line(head), _line(["---"] * len(head))]
    notes = []
    for way in ways:
        says = way.says
        if way.note:
            notes.append(f"- *{way.says}*: {way.note}")
        by = f" ({', '.join(handler.upper() for handler in way.handlers)})" if "answer" in columns else ""
        lines.append(_line([says + by, str(len(way.told)), *_told(way.told), *more(way)]))
    return "\n".join([*lines, *(["", *notes] if notes else []), ""])


def _told(told: tuple[Told, ...]) -> list[str]:
    if not told:
        return ["", "", ""]
    return [
        ", ".join(dict.fromkeys(row.category for row in told)),
        ", ".join({True: "yes", False: "no", None: "–"}[row.handled] for row in told),
        ", ".join(dict.fromkeys(_group(row) for row in told)),
    ]


def _group(told: Told) -> str:
    if told.group:
        return "`" + " / ".join(told.group) + "`"
    return "stack" if told.raised else "message"


def _of_request(way: Way) -> list[str]:
    return [str(way.status) if way.status else "none", way.session]


def _of_task(way: Way) -> list[str]:
    return [", ".join(way.check_ins)]


def _of_command(way: Way) -> list[str]:
    return [str(way.status)]


def _nothing_more(way: Way) -> list[str]:
    return []


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
