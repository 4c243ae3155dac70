"""What can be asked for and done. Importing this fills the table of routing.py."""

from monitor.api.operations import (
    alerts,
    changing_issues,
    crons,
    events,
    feedback,
    incidents,
    issues,
    organizations,
    performance,
    projects,
    releases,
    statistics,
)

__all__ = [
    "alerts",
    "changing_issues",
    "crons",
    "events",
    "feedback",
    "incidents",
    "issues",
    "organizations",
    "performance",
    "projects",
    "releases",
    "statistics",
]
