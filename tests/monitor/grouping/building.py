"""Events for tables of pairs, written short: `error("ValueError", "river.views:show", "+django.core:inner")`."""

from __future__ import annotations

from typing import Any

from monitor.events import Event, normalise

NOW = 1_795_000_000.0


def frames(*places: str | dict[str, Any]) -> list[dict[str, Any]]:
    """`module:function` or `path/file.ext:function`; a leading + marks a library's frame; `@12` a line."""
    return [_frame(place) if isinstance(place, str) else place for place in places]


def _frame(place: str) -> dict[str, Any]:
    library = place.startswith("+")
    place, _, line = place.lstrip("+").partition("@")
    where, _, function = place.rpartition(" > ") if " > " in place else place.partition(":")
    found: dict[str, Any] = {"in_app": not library, "lineno": int(line or 1), "function": function}
    found["filename" if "/" in where or where.endswith((".js", ".ts", ".html")) else "module"] = where
    return found


def exception(kind: str, *places: str | dict[str, Any], value: str = "", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "value": value, **more}
    if places:
        found["stacktrace"] = {"frames": frames(*places)}
    return found


def event(platform: str = "python", **raw: Any) -> Event:
    return normalise({"platform": platform, **raw}, received=NOW)


def error(
    kind: str, *places: str | dict[str, Any], value: str = "", platform: str = "python", **raw: Any
) -> Event:
    return event(platform, exception=[exception(kind, *places, value=value)], **raw)


def chain(*exceptions: dict[str, Any], platform: str = "python", **raw: Any) -> Event:
    return event(platform, exception={"values": list(exceptions)}, **raw)


def message(text: str, **raw: Any) -> Event:
    return event(message=text, **raw)
