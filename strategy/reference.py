"""The reference of every key, made from the declarations: docs/strategy.md carries it, and a test holds the two together.

python -m strategy.reference docs/strategy.md     # writes it between the two marks
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import MISSING
from pathlib import Path

from strategy.durations import format_seconds
from strategy.model.strategy import Strategy
from strategy.model.watches import WATCHES
from strategy.quantities import Duration, Share
from strategy.schema import Declared, Key, NamedTables, Table, TableArray, expectation, keys_of

BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"


def reference() -> str:
    """Markdown: a heading and a table of keys for each section, then what a rule can watch."""
    return "\n".join([*_sections(), "", *_watches()])


def written_into(document: str) -> str:
    """`document` with the reference between its two marks."""
    before, _, rest = document.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{reference()}\n{END}{after}"


def _sections() -> Iterator[str]:
    for section in keys_of(Strategy):
        yield from _section(section.written, section.key, required=section.required)


def _section(name: str, key: Key, *, required: bool = False) -> Iterator[str]:
    shape = key.shape
    if not isinstance(shape, Table | NamedTables | TableArray):
        return
    written = {Table: f"[{name}]", NamedTables: f"[{name}.<name>]", TableArray: f"[[{name}]]"}[type(shape)]
    yield from (
        "",
        f"### `{written}`",
        "",
        f"{_first_line(shape.cls)}{' Required.' if required else ''}",
        "",
    )
    yield from ("| key | what it may be | default | meaning |", "| --- | --- | --- | --- |")
    inner = []
    for each in keys_of(shape.cls):
        if isinstance(each.key.shape, Table | NamedTables | TableArray):
            inner.append(each)
            continue
        yield f"| `{each.written}` | {_cell(expectation(each.key.shape))} | {_default(each)} | {_cell(each.key.doc)} |"
    for each in inner:
        yield from _section(f"{name}.{each.written}", each.key)


def _watches() -> Iterator[str]:
    yield from ("### What a rule can watch", "", "| `watches` | looks at | threshold | needs | may have |")
    yield "| --- | --- | --- | --- | --- |"
    for name, watch in WATCHES.items():
        needs, may = (", ".join(f"`{key}`" for key in keys) or "–" for keys in (watch.needs, watch.may))
        yield f"| `{name}` | {watch.meaning} | {watch.unit or 'none'} | {needs} | {may} |"


def _default(each: Declared) -> str:
    if each.default is MISSING:
        return "required"
    if each.key.secret:
        return "from the environment only"
    return f"`{_as_written(each)}`" if each.default not in (None, (), {}) else "–"


def _as_written(each: Declared) -> str:
    value, shape = each.default, each.key.shape
    if isinstance(shape, Duration) and isinstance(value, int):
        return f'"{format_seconds(value)}"'
    if isinstance(shape, Share) and isinstance(value, float):
        return f'"{value * 100:g}%"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{part}"' for part in value) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value:,}".replace(",", "_")


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().split("\n")[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(written_into(target.read_text(encoding="utf-8")), encoding="utf-8")
