"""All that the page of an issue shows beside the event itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from monitor.access.models import User
from monitor.access.permissions import Someone
from monitor.feedback.models import Feedback
from monitor.feedback.selectors import of_issue as feedback_of_issue
from monitor.issues.detail import selectors
from monitor.issues.detail.activity_words import ToldActivity, told
from monitor.issues.detail.navigation import Navigation, navigation_from
from monitor.issues.detail.presentation import ShownEvent, read_event
from monitor.issues.detail.reading import Reading
from monitor.issues.detail.strategy_words import Verdict, verdict_on
from monitor.issues.detail.tags import TagShares, shares_of
from monitor.issues.detail.trend import Trend, trend_of
from monitor.issues.models import Attachment, Issue, IssueHash, StoredEvent
from monitor.performance.models import TransactionSample
from monitor.releases.suspects import Suspect
from monitor.releases.suspects import of_issue as suspects_of_issue

_FEEDBACK = 5


@dataclass
class IssuePage:
    """Read by the templates, part by part. `shown` is None where no payload is left to show."""

    viewer: Someone
    issue: Issue
    stored: StoredEvent | None
    navigation: Navigation | None
    shown: ShownEvent | None

    @property
    def may_change(self) -> bool:
        return isinstance(self.viewer, User) and self.viewer.may_change

    @cached_property
    def verdict(self) -> Verdict:
        return verdict_on(self.issue)

    @cached_property
    def trend(self) -> Trend:
        return trend_of(self.issue, now=timezone.now(), zone=timezone.get_current_timezone())

    @cached_property
    def tags(self) -> list[TagShares]:
        return shares_of(self.issue)

    @cached_property
    def similar(self) -> list[Issue]:
        return selectors.similar_to(self.issue)

    @cached_property
    def known_errors(self) -> list[Issue]:
        return selectors.known_errors_like(self.issue)

    @cached_property
    def activities(self) -> list[ToldActivity]:
        return [told(one) for one in selectors.activities_of(self.issue)]

    @cached_property
    def hashes(self) -> list[IssueHash]:
        return selectors.hashes_of(self.issue)

    @cached_property
    def assignable(self) -> list[User]:
        return list(selectors.assignable_users(self.issue)) if self.may_change else []

    @cached_property
    def users(self) -> list[str]:
        return selectors.user_hashes(self.issue)

    @cached_property
    def releases(self) -> list[str]:
        """Those that it was seen in, for a form's suggestions."""
        found = next((one for one in self.tags if one.key == "release"), None)
        return [one.value for one in found.values if one.can_be_searched] if found else []

    @cached_property
    def trace_neighbours(self) -> list[selectors.TraceNeighbour]:
        return selectors.others_of_trace(self.stored, self.viewer) if self.stored else []

    @cached_property
    def transactions(self) -> list[TransactionSample]:
        return selectors.transactions_of_trace(self.stored, self.viewer) if self.stored else []

    @property
    def trace_neighbours_are_capped(self) -> bool:
        return len(self.trace_neighbours) == selectors.OF_TRACE

    @cached_property
    def other_issues_of_user(self) -> list[Issue]:
        return selectors.other_issues_of_user(self.stored, self.viewer) if self.stored else []

    @cached_property
    def feedback(self) -> list[Feedback]:
        """The newest of the issue's."""
        return list(feedback_of_issue(self.issue)[:_FEEDBACK])

    @cached_property
    def suspects(self) -> list[Suspect]:
        """Commits of its first release that touch a file in which it failed."""
        if self.shown is None:
            return []
        return suspects_of_issue(self.issue, self.shown.failing_frames)

    @cached_property
    def attachments(self) -> list[Attachment]:
        if self.stored is None:
            return []
        return list(
            Attachment.objects.filter(uid=bytes(self.stored.uid), project=self.issue.project_id).order_by(
                "id"
            )[:50]
        )


def page_of(viewer: Someone, issue: Issue, stored: StoredEvent | None, reading: Reading) -> IssuePage:
    """The page of `issue` at the event `stored`."""
    event = read_event(stored) if stored is not None else None
    return IssuePage(
        viewer=viewer,
        issue=issue,
        stored=stored,
        navigation=navigation_from(issue, stored) if stored is not None else None,
        shown=ShownEvent(event, reading.order, reading.all_open) if event is not None else None,
    )
