"""For whom is searched, where, and when."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cached_property

from django.utils.timezone import get_current_timezone

from monitor.access.models import User
from monitor.access.permissions import Someone, visible_projects
from monitor.projects.models import Project


@dataclass
class Scope:
    """`projects` are those that are looked through, of those that the user may see (`choices`): all where it is None."""

    user: Someone
    projects: Sequence[Project] | None = None
    choices: Sequence[Project] | None = None
    environment: str = ""
    now: float = field(default_factory=time.time)
    zone: tzinfo = field(default_factory=get_current_timezone)

    @cached_property
    def visible(self) -> Sequence[Project]:
        return list(visible_projects(self.user)) if self.choices is None else self.choices

    @property
    def sees_all(self) -> bool:
        """Then nothing need be compared: an admin who has chosen no project."""
        if not (isinstance(self.user, User) and self.user.is_admin):
            return False
        return self.projects is None or len(self.projects) >= len(self.visible)

    @cached_property
    def project_ids(self) -> list[int]:
        if self.projects is None:
            return [one.pk for one in self.visible]
        return [one.pk for one in self.projects]
