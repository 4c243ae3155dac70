"""What is there against what is to be there: a list of changes, each with its difference. Nothing is written here."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal

from core.provisioning.alerts import alerts_wish
from core.provisioning.api import SentryApi
from core.provisioning.crons import crons_wish
from core.provisioning.dashboards import dashboards_wish
from core.provisioning.marks import Mark
from core.provisioning.reading import comparable, issue_stream_of, monitor_names, readable, seen
from core.provisioning.settings import ownership_wish, settings_wish
from core.provisioning.wanted import KINDS, Json, Kind, Place, Wanted, Wish
from strategy.model.strategy import Strategy

PARTS = ("alerts", "crons", "dashboards", "ownership", "settings")
"""What can be asked for alone. Alerts are monitors and alerts."""

_KINDS_OF: dict[str, tuple[Kind, ...]] = {
    "alerts": ("monitor", "alert"),
    "crons": ("cron monitor",),
    "dashboards": ("dashboard",),
}

Action = Literal["create", "update", "delete", "nothing"]


@dataclass(frozen=True)
class Change:
    """One object, or one document of settings (its `kind` is then `ownership` or `settings`)."""

    action: Action
    kind: str
    key: str
    name: str
    before: Json | None
    after: Json | None
    current: Json = field(default_factory=dict, repr=False)
    wanted: Wanted | None = None

    def diff(self) -> str:
        """Unified; empty when nothing changes."""
        before = readable(self.before).splitlines() if self.before is not None else []
        after = readable(self.after).splitlines() if self.after is not None else []
        title = f"{self.kind}: {self.name}"
        lines = difflib.unified_diff(
            before, after, f"{title} (Sentry)", f"{title} (strategy.toml)", lineterm="", n=2
        )
        return "\n".join(lines)


@dataclass
class Plan:
    """All changes, in the order in which they are to be made, and what cannot be said."""

    place: Place
    changes: list[Change]
    wish: Wish
    monitor_ids: dict[str, str]
    """Our key → id, of monitors that exist."""

    @property
    def to_make(self) -> list[Change]:
        return [each for each in self.changes if each.action != "nothing"]


def make_plan(
    api: SentryApi, strategy: Strategy, place: Place, parts: Collection[str] = PARTS, *, adopt: bool = False
) -> Plan:
    """Reads everything that is concerned. Raises SentryApiError."""
    wish = Wish()
    if "alerts" in parts:
        alerts_wish(strategy, place, wish)
    if "crons" in parts:
        crons_wish(place, wish)
    if "dashboards" in parts:
        dashboards_wish(strategy, place, wish)
    kinds = [kind for part in parts for kind in _KINDS_OF.get(part, ())]
    existing = {kind: list(_existing(api, kind, place)) for kind in KINDS if kind in kinds}
    detectors = existing.get("monitor", [])
    names = monitor_names(detectors, Mark(place.project), issue_stream_of(detectors))
    changes = [
        change
        for kind in existing
        for change in _of_kind(kind, existing[kind], wish, place, names, adopt=adopt)
    ]
    changes += _documents(api, strategy, place, parts, wish)
    changes.sort(key=_order)
    return Plan(place, changes, wish, {key: number for number, key in names.items()})


def collection(kind: Kind, place: Place) -> str:
    """Where the objects of `kind` are listed, below /api/0/."""
    words = {
        "monitor": "detectors",
        "alert": "workflows",
        "cron monitor": "monitors",
        "dashboard": "dashboards",
    }
    return f"organizations/{place.organization}/{words[kind]}/"


def project_path(place: Place) -> str:
    return f"projects/{place.organization}/{place.project}/"


def _existing(api: SentryApi, kind: Kind, place: Place) -> Iterator[Json]:
    where = collection(kind, place)
    if kind != "dashboard":
        yield from api.get_all(where, project=place.project_id)
        return
    # The list has titles alone, and no filter by project: our mark names it.
    mark = Mark(place.project)
    for row in api.get_all(where):
        if mark.key(row["title"]):
            yield api.get(f"{where}{row['id']}/")


def _of_kind(
    kind: Kind, existing: list[Json], wish: Wish, place: Place, names: dict[str, str], *, adopt: bool
) -> Iterator[Change]:
    mark = Mark(place.project)
    ours = {key: each for each in existing if (key := mark.key(each.get("name") or each.get("title") or ""))}
    others = {each["slug"]: each for each in existing if kind == "cron monitor" and each not in ours.values()}
    wanted = {each.key: each for each in wish.objects if each.kind == kind}
    for key, each in wanted.items():
        current = ours.pop(key, None)
        if current is None and (twin := others.get(each.body.get("slug"))):
            if not adopt:
                why = "A cron monitor of this slug exists and was not made here; the job's own check-ins make it, too."
                wish.miss(
                    f"cron {each.body['slug']}",
                    why,
                    "Left alone: check-ins keep its schedule; or say --adopt.",
                )
                continue
            current = twin
        after = comparable(each)
        if current is None:
            yield Change("create", kind, key, each.name, None, after, wanted=each)
        else:
            before = seen(current, after, names)
            yield Change(
                "nothing" if before == after else "update", kind, key, each.name, before, after, current, each
            )
    for key, current in ours.items():
        title = current.get("name") or current["title"]
        yield Change("delete", kind, key, title, {"name": title, "id": current["id"]}, None, current)


def _documents(
    api: SentryApi, strategy: Strategy, place: Place, parts: Collection[str], wish: Wish
) -> Iterator[Change]:
    readers = {
        "settings": ("", settings_wish),
        "ownership": ("ownership/", ownership_wish),
    }
    for part, (path, asks) in readers.items():
        if part in parts:
            current = api.get(project_path(place) + path)
            after = asks(current, strategy, place, wish)
            before = {key: current.get(key) for key in after}
            action: Action = "nothing" if readable(before) == readable(after) else "update"
            yield Change(action, part, part, f"of {place.project}", before, after, current)


def _order(change: Change) -> tuple[int, int]:
    """Monitors before the alerts that name them; what goes, goes last, and alerts before their monitors."""
    position = KINDS.index(change.kind) if change.kind in KINDS else len(KINDS)
    return (1, -position) if change.action == "delete" else (0, position)
