"""Panels of issues: what is new, what has come back, and which commits may have brought it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, QuerySet

from monitor.dashboards import readings
from monitor.dashboards.look import Look
from monitor.dashboards.panel import Line, Panel, change_of
from monitor.dashboards.step_charts import step_bars
from monitor.issues.models import Issue, IssueTag, Status, Substatus
from monitor.releases.models import CommitFile, ReleaseCommit
from monitor.site.quantities import quantity

SHOWN = 5
COMMITS_SHOWN = 12
_ERRORS = f"level:[{', '.join(readings.ERROR_LEVELS)}]"


def _issues(look: Look) -> QuerySet[Issue]:
    found = Issue.objects.filter(project__in=look.ids, level__in=readings.ERROR_LEVELS)
    if look.environment:
        seen = IssueTag.objects.filter(
            issue=OuterRef("pk"), tag__key="environment", tag__value=look.environment
        )
        found = found.filter(Exists(seen))
    return found


def _new(look: Look) -> QuerySet[Issue]:
    return _issues(look).filter(first_seen__gte=look.since, first_seen__lte=look.until)


def _within(key: str, look: Look) -> str:
    """The time of the look in a search; its end only where it is not now, so that the list goes on with time."""
    found = f"{key}:>={_written(look.since)}"
    return f"{found} {key}:<={_written(look.until)}" if "until" in dict(look.query) else found


def _written(at: float) -> str:
    """To the microsecond, and in UTC whatever the reader's zone."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _line(look: Look, issue: Issue) -> Line:
    return Line(
        issue.title,
        quantity(issue.times),
        url=look.link("issues:detail", issue.pk),
        hint=" · ".join(filter(None, [issue.severity, issue.category, issue.first_release])),
    )


def _lines(look: Look, issues: Iterable[Issue]) -> list[Line]:
    """Titles hold what an exception said: a reader without a log-in is shown none."""
    return [_line(look, issue) for issue in issues] if look.has_links else []


def new_issues(look: Look) -> Panel:
    firsts = list(_new(look).values_list("first_seen", flat=True))
    return Panel(
        title="New issues",
        about="Issues of errors whose first event was in this time.",
        figure=quantity(len(firsts)),
        level="ok" if not firsts else "",
        note="" if firsts else "nothing that was not known before",
        change=change_of(len(firsts), _new(look.before).count(), more_is=False),
        charts=[step_bars(look, look.counted(firsts), "issues")] if firsts else [],
        lines=_lines(look, _new(look).order_by("-first_seen")[:SHOWN]),
        url=look.link("issues:list", q=f"{_ERRORS} {_within('firstSeen', look)}", sort="first_seen"),
        url_words="New issues",
    )


def regressions(look: Look) -> Panel:
    back = _issues(look).filter(
        status=Status.UNRESOLVED, substatus=Substatus.REGRESSED, last_seen__gte=look.since
    )
    number = back.count()
    return Panel(
        title="Returned",
        about="Issues that were resolved, have come back, and are open; seen in this time.",
        figure=quantity(number),
        level="warning" if number else "ok",
        note="open again" if number else "nothing that was mended has come back",
        lines=_lines(look, back.order_by("-last_seen")[:SHOWN]),
        url=look.link("issues:list", q=f"is:regressed {_ERRORS} lastSeen:>={_written(look.since)}"),
        url_words="Returned issues",
    )


def suspect_commits(look: Look) -> Panel:
    """By file and release. The page of an issue goes by the frames of its stack trace, and is sharper."""
    about = "Commits of the releases in which new issues were first seen, that touch the file where the issue failed."
    issues = list(_new(look).exclude(first_release="").select_related("project").order_by("-times")[:50])
    releases = {issue.first_release for issue in issues}
    commits = list(
        ReleaseCommit.objects.filter(release__version__in=releases)
        .select_related("commit", "release")
        .order_by("position")[:500]
    )
    touched: dict[int, set[str]] = {}
    for commit, path in CommitFile.objects.filter(commit__in=[one.commit_id for one in commits]).values_list(
        "commit", "path"
    )[:5000]:
        touched.setdefault(commit, set()).add(_module_of(path))
    found: dict[int, tuple[ReleaseCommit, list[Issue]]] = {}
    for one in commits:
        for issue in issues:
            if issue.first_release == one.release.version and _touches(
                issue.culprit, touched.get(one.commit_id, set())
            ):
                found.setdefault(one.commit_id, (one, []))[1].append(issue)
    if not found:
        return Panel(
            title="Suspect commits",
            about=about,
            empty="No commit is suspected. Releases need their commits: sentry-cli releases set-commits.",
        )
    ranked = sorted(found.values(), key=lambda pair: -sum(issue.times for issue in pair[1]))
    suspected = list(dict.fromkeys(issue.short_id for _, of in ranked for issue in of))
    return Panel(
        title="Suspect commits",
        about=about,
        figure=quantity(len(ranked)),
        note=f"for {quantity(len(suspected), 'issues')}",
        lines=[
            Line(
                one.commit.title if look.has_links else one.commit.short_sha,
                quantity(len(of), "issues"),
                url=look.link("issues:detail", of[0].pk),
                hint=f"{one.commit.short_sha} · {one.release.version}",
            )
            for one, of in ranked[:COMMITS_SHOWN]
        ],
        url=look.link("issues:list", q=f"issue:[{', '.join(suspected)}]"),
        url_words="Issues that they may have brought",
    )


def _module_of(path: str) -> str:
    return path.rpartition(".")[0].replace("/", ".")


def _touches(culprit: str, modules: set[str]) -> bool:
    """A culprit is a module with the function in it, or the name of a transaction, which no file has."""
    name = culprit.split(" ")[0]
    return any(name == module or name.startswith(f"{module}.") for module in modules)
