"""The month's releases: what is new in each, and when it went where."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from django.db import transaction

from monitor.history.payloads import ENVIRONMENT, hexadecimal
from monitor.history.story import PACKAGE, Outing, Story
from monitor.projects.models import Project
from monitor.releases.commits import CommitData
from monitor.releases.counting import Sighting, see_releases
from monitor.releases.models import Deploy, Release
from monitor.releases.services import set_commits

BY = "make_history"
_STAGING_BEFORE_S = 20 * 3600
_DEPLOY_TAKES_S = 140
_REPOSITORY = "hydroml/hydroml"
_AUTHORS = (("Ines Ortner", "ines"), ("Jakob Lang", "jakob"), ("Petra Novak", "petra"))
_WORK: dict[str, tuple[tuple[str, str], ...]] = {
    "2.3.0": (("Members of a project see who changed it", "projects/activity.py"),),
    "2.3.1": (
        ("Dates with a full stop are recognised in more languages", "data_tools/engine/dates.py"),
        ("The upload says how large a file may be before it is chosen", "data_tools/forms.py"),
    ),
    "2.4.0": (
        ("Experiments show the course of their search", "experiments/detail_page.py"),
        ("Trials of one search run on several workers", "experiments/search.py"),
        ("A page of an experiment asks the database four times less", "experiments/selectors.py"),
    ),
    "2.4.1": (
        ("An experiment without a search has no best score", "experiments/detail_page.py"),
        ("A shape of the experiment page is tested without a search", "tests/experiments/test_detail.py"),
        ("Comparing with a forecast of zero", "experiments/comparing.py"),
    ),
    "2.5.0": (
        ("Comparisons show which of two is better", "experiments/comparing.py"),
        ("Weather is fetched for several stations at once", "data_tools/weather/client.py"),
    ),
    "2.5.1": (("No better or worse where the other one is zero", "experiments/comparing.py"),),
    "2.6.0": (
        ("Exports are written where the workers can read them", "experiments/exports.py"),
        ("Exports run as a user of their own", "deploy/export-user.conf"),
    ),
    "2.6.1": (("Exports are written as the application's user", "deploy/export-user.conf"),),
}


def store_releases(story: Story, project: Project, seed: int) -> None:
    """Through the rooms' own services, but at their times in the past."""
    chance = random.Random(f"{seed}:releases")  # noqa: S311
    for outing in story.outings:
        with transaction.atomic():
            first = outing.at - _STAGING_BEFORE_S
            if not outing.is_return:
                see_releases([Sighting(project.pk, outing.release, first)])
                _describe(outing, chance)
            _deploy(outing, project)


def _describe(outing: Outing, chance: random.Random) -> None:
    release = Release.objects.get(version=outing.release)
    release.released_at = _moment(outing.at)
    release.ref = f"v{outing.version}"
    release.save(update_fields=["released_at", "ref"])
    commits = []
    for number, (message, path) in enumerate(_WORK.get(outing.version, ())):
        name, mail = _AUTHORS[(len(message) + number) % len(_AUTHORS)]
        commits.append(
            CommitData(
                sha=hexadecimal(chance, 40),
                repository=_REPOSITORY,
                message=message,
                author_name=f"{name} (generated)",
                author_email=f"{mail}@generated.example",
                timestamp=_moment(outing.at - _STAGING_BEFORE_S - 3600 * (number + 1)),
                files=((path, "M"),),
            )
        )
    set_commits(release, commits, by=BY)


def _deploy(outing: Outing, project: Project) -> None:
    release = Release.objects.get(version=outing.release)
    places = ((ENVIRONMENT, outing.at),) if outing.is_return else (
        ("staging", outing.at - _STAGING_BEFORE_S), (ENVIRONMENT, outing.at)
    )  # fmt: skip
    for environment, at in places:
        Deploy.objects.create(
            release=release,
            environment=environment,
            name=f"{PACKAGE} {outing.version}{' again' if outing.is_return else ''}",
            started_at=_moment(at - _DEPLOY_TAKES_S),
            finished_at=_moment(at),
        )


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
