"""What is to be there, and what cannot be: the two things that reading the strategy gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["monitor", "alert", "cron monitor", "dashboard"]
KINDS: tuple[Kind, ...] = ("monitor", "alert", "cron monitor", "dashboard")
"""In the order in which they are made: an alert names the monitors that it listens to."""


@dataclass(frozen=True)
class Wanted:
    """One object. `body` is what is sent, but for `monitors`: keys whose ids are known once they exist."""

    kind: Kind
    key: str
    body: Json
    monitors: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.body.get("name") or self.body["title"])


@dataclass(frozen=True)
class Gap:
    """Something of the strategy that the API cannot say, or not wholly: why, and the nearest that it can."""

    what: str
    why: str
    nearest: str


@dataclass
class Wish:
    """Everything that one strategy asks for."""

    objects: list[Wanted] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def miss(self, what: str, why: str, nearest: str) -> None:
        """Say what is not expressed."""
        gap = Gap(what, why, nearest)
        if gap not in self.gaps:
            self.gaps.append(gap)


@dataclass(frozen=True)
class Place:
    """What is known of the organisation and project before anything is asked for."""

    organization: str
    project: str
    project_id: int
    environments: tuple[str, ...]
    teams: dict[str, str]
    """Owner of the strategy → id of the team that answers for it."""
    team_slugs: dict[str, str]
    integrations: dict[str, Json]
    """Provider (slack, pagerduty, github) → its first active integration."""
