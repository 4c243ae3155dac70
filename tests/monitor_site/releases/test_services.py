"""Releases, commits and deploys as scripts and people make them."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.access.models import AuditEntry, User
from monitor.issues.models import Issue, Status
from monitor.projects.models import Project
from monitor.releases import services
from monitor.releases.commits import CommitData, commits_of
from monitor.releases.fixes import mentioned
from monitor.releases.models import (
    Commit,
    CommitFile,
    Deploy,
    Regression,
    Release,
    ReleaseHour,
    ReleaseProject,
)
from monitor.releases.notes import notes_of
from monitor.releases.services import ReleaseError
from monitor.releases.suspects import of_issue
from tests.monitor_site.delivering import Delivery


@pytest.fixture
def release(project: Project, admin: User) -> Release:
    made, _ = services.create_release("shop@1.0.0", [project], by=admin)
    return made


def failure(release: str, **more: object) -> dict[str, object]:
    error = {"type": "ValueError", "value": "boom"}
    return {"release": release, "environment": "production", "exception": {"values": [error]}, **more}


def test_a_release_is_made_once(project: Project, other_project: Project, admin: User) -> None:
    first, is_new = services.create_release(" shop@1.0.0 ", [project], by=admin, ref="main")
    again, is_new_again = services.create_release(
        "shop@1.0.0", [other_project], by=admin, url="https://shop.example"
    )
    assert (is_new, is_new_again) == (True, False)
    assert first == again
    release = Release.objects.get()
    assert (release.version, release.ref, release.url) == ("shop@1.0.0", "main", "https://shop.example")
    assert set(release.projects.all()) == {project, other_project}
    assert AuditEntry.objects.filter(action="release.created").count() == 1


@pytest.mark.parametrize("version", ["", " ", ".", "..", "a\nb", "a" * 201])
def test_what_can_be_no_release_is_refused(project: Project, admin: User, version: str) -> None:
    with pytest.raises(ReleaseError, match="cannot be a release"):
        services.create_release(version, [project], by=admin)
    assert not Release.objects.exists()


def test_only_what_may_be_linked_to_is_an_address(release: Release, admin: User) -> None:
    with pytest.raises(ReleaseError, match="no address"):
        services.update_release(release, by=admin, url="javascript:alert(1)")
    with pytest.raises(ReleaseError, match="no address"):
        services.create_deploy(release, "production", by=admin, url="data:text/html,x")
    assert not Deploy.objects.exists()


def test_it_went_live_the_first_time_it_was_said(release: Release, admin: User) -> None:
    first = datetime(2026, 6, 1, tzinfo=UTC)
    services.finalize(release, by=admin, at=first)
    services.finalize(release, by=admin)
    assert Release.objects.get().released_at == first


def test_deploys(release: Release, admin: User) -> None:
    end = datetime(2026, 6, 1, 12, tzinfo=UTC)
    services.create_deploy(
        release, "production", by=admin, started_at=end - timedelta(minutes=3), finished_at=end
    )
    services.create_deploy(release, "staging", by=admin, name="canary")
    assert [deploy.environment for deploy in release.deploys.all()] == ["staging", "production"]
    with pytest.raises(ReleaseError, match="environment"):
        services.create_deploy(release, " ", by=admin)
    with pytest.raises(ReleaseError, match="before"):
        services.create_deploy(release, "x", by=admin, started_at=end, finished_at=end - timedelta(minutes=1))


def test_of_an_author_the_name_is_kept_and_the_address_is_not(release: Release, admin: User) -> None:
    raw = [
        {
            "id": "4f1c" * 10,
            "repository": "shop",
            "message": "fix: rain\n\nlong",
            "author_name": "Ada",
            "author_email": "Ada@Example.org ",
            "timestamp": "2026-06-01T12:00:00Z",
            "patch_set": [{"path": "shop/views.py", "type": "M"}, {"path": "new.py", "type": "A"}],
        }
    ]
    assert services.set_commits(release, commits_of(raw), by=admin) == 1
    commit = Commit.objects.get()
    assert (commit.title, commit.short_sha, commit.author_name) == ("fix: rain", "4f1c4f1c4f1c", "Ada")
    assert "example" not in str(vars(commit)).lower()
    other = commits_of([{"id": "2", "author_email": "ada@example.org"}])
    services.set_commits(release, other, by=admin)
    assert Commit.objects.get(sha="2").author_hash == commit.author_hash
    assert commit.timestamp == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert sorted(CommitFile.objects.values_list("path", "change")) == [
        ("new.py", "A"),
        ("shop/views.py", "M"),
    ]


def test_commits_said_again_replace_the_list(release: Release, admin: User) -> None:
    services.set_commits(
        release, [CommitData("a", message="one"), CommitData("b"), CommitData("a")], by=admin
    )
    services.set_commits(release, [CommitData("c"), CommitData("a")], by=admin)
    assert [link.commit.sha for link in release.in_commits.select_related("commit")] == ["c", "a"]
    assert Commit.objects.get(sha="a").message == "one"


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        [1],
        [{}],
        [{"id": ""}],
        [{"id": "x" * 65}],
        [{"id": "1", "message": 7}],
        [{"id": "1", "patch_set": {}}],
        [{"id": "1", "patch_set": [{}]}],
        [{"id": str(n)} for n in range(1001)],
    ],
)
def test_commits_that_are_none_are_refused(raw: object) -> None:
    with pytest.raises(ValueError, match="commit"):
        commits_of(raw)


@pytest.mark.parametrize(
    ("message", "issues"),
    [
        ("Fixes HYDROML-12", [("hydroml", 12)]),
        ("fix: rain\n\nCloses: hydroml-1, HYDROML-2 and #HYDROML-3", [("hydroml", n) for n in (1, 2, 3)]),
        ("resolved my-shop-7.", [("my-shop", 7)]),
        ("fix UTF-8 reading of HYDROML-1", [("utf", 8)]),
        ("prefixes HYDROML-1", []),
        ("see HYDROML-12", []),
    ],
)
def test_which_issues_a_message_says_it_fixes(message: str, issues: list[tuple[str, int]]) -> None:
    assert mentioned(message) == issues


def test_what_a_commit_fixes_is_resolved_in_its_release(
    release: Release, deliver: Delivery, admin: User
) -> None:
    deliver(failure("shop@0.9.0"))
    issue = Issue.objects.get()
    services.set_commits(release, [CommitData("a", message=f"Fixes {issue.short_id}, OTHER-1")], by=admin)
    issue.refresh_from_db()
    assert (issue.status, issue.resolved_in_release) == (Status.RESOLVED, "shop@1.0.0")
    deliver(failure("shop@0.9.5"))
    issue.refresh_from_db()
    assert issue.status == Status.RESOLVED
    deliver(failure("shop@1.1.0"), failure("shop@1.1.0"))
    issue.refresh_from_db()
    assert issue.status == Status.UNRESOLVED
    assert Regression.objects.get().release.version == "shop@1.1.0"


def test_a_release_comes_to_be_with_its_first_event(deliver: Delivery, project: Project) -> None:
    deliver(
        failure("shop@2.0.0"), failure("shop@2.0.0", tags={"suppressed": "4"}), failure(".."), failure("")
    )
    release = Release.objects.get()
    assert release.version == "shop@2.0.0"
    assert ReleaseProject.objects.get().project == project
    hour = ReleaseHour.objects.get()
    assert (hour.events, hour.sessions, hour.environment) == (6, 0, "production")


def test_a_release_in_use_is_not_deleted(deliver: Delivery, admin: User, release: Release) -> None:
    deliver(failure("shop@2.0.0"))
    with pytest.raises(ReleaseError, match="Archive"):
        services.delete_release(Release.objects.get(version="shop@2.0.0"), by=admin)
    services.delete_release(release, by=admin)
    assert Release.objects.count() == 1


def test_notes_are_made_from_commits(release: Release) -> None:
    messages = [
        "feat(plots): zoom with [two] fingers",
        "fix!: rain is *millimetres*",
        "fix: gaps",
        "Merge branch 'main'",
        "tidy up",
    ]
    commits = [Commit(sha=f"{n}" * 40, message=text, author_name="Ada") for n, text in enumerate(messages)]
    release.released_at = datetime(2026, 6, 1, tzinfo=UTC)
    assert notes_of(release, commits) == (
        "# shop@1.0.0\n\nReleased 2026-06-01.\n\n"
        "## Breaking\n\n- rain is \\*millimetres\\* (111111111111, Ada)\n\n"
        "## New\n\n- plots: zoom with \\[two\\] fingers (000000000000, Ada)\n\n"
        "## Fixed\n\n- gaps (222222222222, Ada)\n\n"
        "## Other changes\n\n- tidy up (444444444444, Ada)\n"
    )
    release.notes = "By hand."
    assert notes_of(release, commits) == "By hand."


def test_commits_that_touch_where_it_failed_are_suspects(
    deliver: Delivery, release: Release, admin: User
) -> None:
    deliver(failure("shop@1.0.0"))
    commits = [
        CommitData("1" * 40, files=(("docs/index.md", "M"), ("shop/__init__.py", "M"))),
        CommitData("2" * 40, files=(("backend/shop/models.py", "M"),)),
        CommitData("3" * 40, files=(("backend/shop/views.py", "M"), ("backend/shop/models.py", "A"))),
        CommitData("4" * 40, files=(("django/db.py", "M"), ("views.py", "M"))),
    ]
    services.set_commits(release, commits, by=admin)
    frames = [
        {"filename": "shop/views.py", "abs_path": "/app/backend/shop/views.py", "in_app": True},
        {"filename": "shop\\models.py", "in_app": True},
        {"filename": "django/db.py", "in_app": False},
    ]
    issue = Issue.objects.get()
    found = of_issue(issue, frames)  # type: ignore[arg-type]
    assert [(one.commit.sha[0], one.path, one.distance) for one in found] == [
        ("2", "backend/shop/models.py", 0),
        ("3", "backend/shop/models.py", 0),
    ]
    assert of_issue(issue, []) == []
    issue.first_release = "gone"
    assert of_issue(issue, frames) == []  # type: ignore[arg-type]
