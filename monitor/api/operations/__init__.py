"""What can be asked for and done. Importing this fills the table of routing.py."""

from monitor.api.operations import (
    changing_issues,
    crons,
    events,
    feedback,
    issues,
    organizations,
    projects,
    releases,
    statistics,
)

__all__ = [
    "changing_issues",
    "crons",
    "events",
    "feedback",
    "issues",
    "organizations",
    "projects",
    "releases",
    "statistics",
]
