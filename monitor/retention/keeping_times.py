"""How long what is kept, by strategy.toml and by what a project's page says."""

from __future__ import annotations

from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy

DAY_S = 86400.0


def events_kept_s() -> dict[int, float]:
    """By project, in seconds. The page wins over `[retention.projects.…]`, and that over `[retention] events`."""
    retention = current_strategy().retention
    kept = {}
    for number, slug, days in Project.objects.values_list("pk", "slug", "retention_days"):
        named = retention.projects.get(slug)
        in_strategy = named.events_s if named else retention.events_s
        kept[number] = days * DAY_S if days else float(in_strategy)
    return kept


def bytes_kept() -> tuple[int, dict[int, int]]:
    """At most: of all together, and of the payloads of those projects for which the strategy says it."""
    retention = current_strategy().retention
    numbers = dict(Project.objects.values_list("slug", "pk"))
    named = {
        numbers[slug]: one.max_bytes
        for slug, one in retention.projects.items()
        if one.max_bytes is not None and slug in numbers
    }
    return retention.max_bytes, named
