"""The real sentry-cli against the real monitor, and what the monitor then shows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.monitor_site.clients_cli.conftest import Running
from tests.monitor_site.digest.processes import wait_until

CLI = Path(sys.executable).with_name("sentry-cli")
VERSION = "hydroml@2.0.0"
Run = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With three commits, the last of which says that it fixes something."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run([*git, "init", "-q", "."], cwd=folder, check=True)
    for place, message in enumerate(("Read gauges", "Train", "Divide no more\n\nFixes HYDROML-1")):
        (folder / "models.py").write_text(f"a = {place}\n")
        subprocess.run([*git, "add", "."], cwd=folder, check=True)
        subprocess.run([*git, "commit", "-q", "-m", message], cwd=folder, check=True)
    return folder


@pytest.fixture
def cli(running: Running, repository: Path) -> Run:
    """Runs a command in the repository; gives what it says."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(repository.parent),
        "SENTRY_URL": running.address,
        "SENTRY_AUTH_TOKEN": running.bearer,
        "SENTRY_ORG": "hydroml",
        "SENTRY_PROJECT": "hydroml",
        "SENTRY_DSN": running.dsn,
    }

    def run(*command: str) -> str:
        done = subprocess.run(
            [str(CLI), *command], cwd=repository, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    return run


def _shown(running: Running, path: str, what: Callable[[Any], object]) -> Any:
    """What the API gives as soon as it is there."""
    found: list[Any] = []

    def is_there() -> bool:
        found[:] = [running.get(path)]
        return bool(what(found[0]))

    wait_until(is_there, f"{path} shows it")
    return found[0]


@pytest.mark.stack
def test_a_release_from_its_first_commit_to_its_deploy(running: Running, cli: Run) -> None:
    assert "project:releases" in cli("info")
    cli(
        "send-event",
        "-m",
        "No discharge for 01022500",
        "-r",
        VERSION,
        "-E",
        "staging",
        "-t",
        "basin:01022500",
    )
    (issue,) = _shown(running, "organizations/hydroml/issues/", len)
    assert running.get("organizations/hydroml/issues/?query=basin:01022500")[0]["id"] == issue["id"]
    assert (issue["title"], issue["level"], issue["shortId"]) == (
        "No discharge for 01022500",
        "error",
        "HYDROML-1",
    )

    cli("releases", "new", VERSION)
    cli("releases", "set-commits", VERSION, "--local", "--initial-depth", "3")
    cli("releases", "finalize", VERSION)
    cli("deploys", "new", "-r", VERSION, "-e", "production", "-n", "blue")
    release = running.get(f"organizations/hydroml/releases/{VERSION}/")
    assert release["dateReleased"]
    assert release["lastDeploy"]["environment"] == "production"
    assert release["authors"] == [{"name": "Ada", "email": ""}]
    commits = running.get(f"organizations/hydroml/releases/{VERSION}/commits/")
    assert [one["message"].split("\n")[0] for one in commits][:2] == ["Divide no more", "Train"]
    # The last commit said so.
    fixed = running.get(f"issues/{issue['id']}/")
    assert (fixed["status"], fixed["statusDetails"]) == ("resolved", {"inRelease": VERSION})

    assert VERSION in cli("releases", "list")
    assert "production" in cli("deploys", "list", "-r", VERSION)
    cli("releases", "archive", VERSION)
    assert running.get("organizations/hydroml/releases/") == []
    cli("releases", "restore", VERSION)
    assert len(running.get("organizations/hydroml/releases/")) == 1


@pytest.mark.stack
def test_commits_by_name_and_jobs_and_issues(running: Running, cli: Run) -> None:
    cli("releases", "new", VERSION, "--finalize")
    cli("releases", "set-commits", VERSION, "--local", "--initial-depth", "1")
    sha = "b" * 40
    cli("releases", "new", "hydroml@2.1.0")
    repository = running.get("organizations/hydroml/repos/")[0]["name"]
    cli("releases", "set-commits", "hydroml@2.1.0", "--commit", f"{repository}@{sha}")
    (commit,) = running.get("organizations/hydroml/releases/hydroml@2.1.0/commits/")
    assert (commit["id"], commit["repository"]["name"]) == (sha, repository)

    cli("monitors", "run", "nightly", "-e", "production", "-s", "0 3 * * *", "--", "true")
    ended = "organizations/hydroml/monitors/nightly/checkins/"
    _shown(running, "organizations/hydroml/monitors/", len)
    (run,) = _shown(running, ended, lambda found: found and found[0]["status"] == "ok")
    assert run["environment"] == "production"
    assert run["monitorConfig"]["schedule"] == "0 3 * * *"
    assert "nightly" in cli("monitors", "list")

    cli("send-event", "-m", "Dry")
    (issue,) = _shown(running, "organizations/hydroml/issues/", len)
    assert issue["shortId"] in cli("issues", "list")
    assert "Dry" in cli("events", "list")
    cli("issues", "resolve", "-i", issue["id"])
    assert running.get(f"issues/{issue['id']}/")["status"] == "resolved"
    assert "hydroml" in cli("organizations", "list") + cli("projects", "list")
