"""What users were told of a trouble on the status page, stage by stage: the room's own drafts, published at their times."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from monitor.access.models import User
from monitor.history.story import MINUTE_S, Notice, Trouble
from monitor.incidents import status
from monitor.incidents.course import moment
from monitor.incidents.drafts import drafts_of
from monitor.incidents.models import Incident
from monitor.site.strategy_file import current_strategy

Act = Callable[[Incident, float], None]
"""What somebody does about an incident at a time."""
Plan = Callable[[float, Incident, Act], None]
_LONG_S = 30 * MINUTE_S
_AGAIN_AFTER_S = 15 * MINUTE_S


class PublicWords:
    """Of each trouble that users notice, one incident is published, by whoever deals with it."""

    def __init__(self, people: list[User], plan: Plan, chance: random.Random) -> None:
        self._people = people
        self._plan = plan
        self._chance = chance
        self._told_of: set[Trouble] = set()

    def plan(self, incident: Incident, trouble: Trouble, alarmed: float) -> None:
        """A word soon after the first alert, one when the cause is known if it takes long, and two at its end."""
        if trouble.notice is None or trouble in self._told_of:
            return
        self._told_of.add(trouble)
        later = self._chance.uniform
        times = {
            "investigating": alarmed + later(4, 8) * MINUTE_S,
            "monitoring": trouble.until + later(1.5, 4) * MINUTE_S,
            "resolved": trouble.until + later(17, 25) * MINUTE_S,
        }
        if trouble.until - alarmed > _LONG_S:
            times["identified"] = trouble.until - later(0.2, 0.4) * (trouble.until - alarmed)
        for stage, at in times.items():
            self._plan(at, incident, partial(self._say, notice=trouble.notice, stage=stage))

    def _say(self, incident: Incident, at: float, *, notice: Notice, stage: str) -> None:
        is_last = stage == "resolved"
        if is_last and incident.is_open:
            self._plan(at + _AGAIN_AFTER_S, incident, partial(self._say, notice=notice, stage=stage))
            return
        if incident.is_open == is_last or (stage in ("monitoring", "resolved") and not incident.is_public):
            return  # it was over by itself before anything was said
        # A draft says what is known: as on its page, where these are chosen first.
        incident.impact, incident.features = notice.impact, list(notice.features)
        drafts = {one.stage: one.text for one in drafts_of(current_strategy(), incident, moment(at))}
        status.publish(
            incident,
            title=notice.title,
            impact=notice.impact,
            features=list(notice.features),
            stage=stage,
            text=drafts[stage],
            by=incident.owner or self._people[0],
            now=at,
        )
