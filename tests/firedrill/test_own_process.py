"""`--against sentry` and `--gate`: failures of the command's own process, sent for real and looked up by their ids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.lab.catalogue import CASES
from stack.folder import ROOT
from tests.firedrill.sentry_host import ORG, PROJECT, TOKEN, SentryHost

pytestmark = [pytest.mark.shared, pytest.mark.timeout(120)]
SABOTAGE = Path(__file__).with_name("sabotage")


def drill(
    host: SentryHost, folder: Path, *arguments: str, **variables: str
) -> tuple[int, dict[str, Any], str]:
    """The exit code, what it wrote as JSON, and what it said."""
    report = folder / "report.json"
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "FIREDRILL_"))
    }
    env |= {
        "DJANGO_SETTINGS_MODULE": "hydroml.settings", "DEBUG": "1", "DATA_ROOT": str(folder / "data"),
        "SENTRY_DSN": host.dsn, "SENTRY_ORG": ORG, "SENTRY_PROJECT": PROJECT, "SENTRY_AUTH_TOKEN": TOKEN,
        "SENTRY_RELEASE": "hydroml@1.2.3+abc", **variables,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "manage.py", "firedrill", "--json", str(report), *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(report.read_text()) if report.exists() else {}
    return done.returncode, found, done.stdout + done.stderr


def test_against_sentry_every_failure_is_found_by_its_id_over_the_published_api(tmp_path: Path) -> None:
    with SentryHost() as host:
        code, found, said = drill(host, tmp_path, "--against", "sentry")
    assert (code, found.get("passed")) == (0, True), said
    assert host.wrong == []
    wanted = {f"here: {case.key}" for case in CASES if case.raises} | {"here: message"}
    assert {line["drill"] for line in found["lines"] if line["check"] == "stored"} == wanted
    assert len(host.events) == len(wanted)
    checks = {line["check"] for line in found["lines"]}
    assert {"category", "severity", "handled", "environment", "release", "no canary"} <= checks


def test_a_scrubber_that_is_off_is_found_out(tmp_path: Path) -> None:
    with SentryHost() as host:
        code, found, said = drill(
            host, tmp_path, "--against", "sentry", SABOTAGE="scrubber-off", PYTHONPATH=str(SABOTAGE)
        )
    assert code == 1, said
    wrong = {(line["drill"], line["check"]) for line in found["lines"] if line["verdict"] == "WRONG"}
    assert {check for _, check in wrong} == {"no canary"}
    assert ("here: secrets", "no canary") in wrong


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"SENTRY_DSN": ""}, "SENTRY_DSN is not set"),
        ({"SENTRY_AUTH_TOKEN": ""}, "Set SENTRY_AUTH_TOKEN"),
        ({"SENTRY_AUTH_TOKEN": "another"}, "401"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path, variables: dict[str, str], says: str) -> None:
    with SentryHost() as host:
        code, found, said = drill(host, tmp_path, "--against", "sentry", **variables)
    assert (code, found) == (1, {})
    assert says in said
    assert "Traceback" not in said
