"""Which teams mend an incident: by the paths of the failing code, else by its category, as the strategy has it."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from monitor.incidents.models import Incident
from monitor.issues.models import Issue
from strategy import Strategy


def owners_of(strategy: Strategy, incident: Incident, issues: Iterable[Issue]) -> list[str]:
    """Titles, each once: of the owners of the issues' code, then of the category."""
    found = list(issues)
    # What failed along with it has owners of its own.
    mine = [issue for issue in found if issue.category == incident.category] or found
    names = [name for issue in mine for name in (owner_of_path(strategy, path_of(issue.culprit)),) if name]
    category = strategy.categories.get(incident.category)
    if category is not None and not names:
        names.append(category.owner)
    return [strategy.owners[name].title for name in dict.fromkeys(names) if name in strategy.owners]


def path_of(culprit: str) -> str:
    """`data_tools/importing/readers` for `data_tools.importing.readers in read`; a module's path, without its suffix."""
    module = culprit.split(" in ")[0].strip()
    return module.replace(".", "/") if "/" not in module and " " not in module else ""


def owner_of_path(strategy: Strategy, path: str) -> str:
    """The owner whose glob is the longest that fits; empty where none does."""
    fitting = [
        (len(pattern), name)
        for name, owner in strategy.owners.items()
        for pattern in owner.paths
        if path and fnmatchcase(path, pattern)
    ]
    return max(fitting)[1] if fitting else ""
