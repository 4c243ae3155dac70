"""The release gate, whole: held in a process of the release against a staging that runs, and stopped by what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from core.lab.catalogue import CASES
from stack.folder import ROOT
from tests.firedrill.conftest import SABOTAGE, Drilled
from tests.firedrill.sentry_host import ORG, PROJECT, TOKEN, SentryHost
from tests.firedrill.test_safeguards import ready

RELEASE = "hydroml@1.4.0+3f2a91c"
STAGING = {"DEBUG": "0", "SENTRY_ENVIRONMENT": "staging", "SENTRY_RELEASE": RELEASE}


def gate(env: dict[str, str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the report, and what people are shown."""
    done = subprocess.run(
        [sys.executable, "manage.py", "firedrill", "--gate", "--json", "-", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def verdicts(found: dict[str, Any]) -> dict[str, set[str]]:
    by_verdict: dict[str, set[str]] = defaultdict(set)
    for line in found["lines"]:
        by_verdict[line["verdict"]].add(f"{line['drill']}: {line['check']}")
    return by_verdict


@pytest.mark.stack
@pytest.mark.timeout(300)
def test_what_is_wrong_stops_a_release_and_one_in_order_passes(drilled: Drilled) -> None:
    """Staging is a web process of the running system, without DEBUG; its database, worker and monitor are the system's."""
    release = drilled.env | STAGING | {"FIREDRILL_FILE": str(drilled.file)}
    fails = [case.key for case in CASES if case.raises]

    drilled.whole()  # and so under DEBUG
    ready(drilled)
    nameless = {
        name: value for name, value in release.items() if name not in ("SENTRY_RELEASE", "APP_VERSION")
    }
    code, found, said = gate(nameless | {"PYTHONPATH": str(SABOTAGE), "SABOTAGE": "scrubber-off"})
    assert (code, found["passed"]) == (1, False), said
    no_canary = {f"here: {key}: no canary" for key in fails}
    wrong = verdicts(found)["WRONG"]
    assert {"gate: release", "gate: laboratory", *no_canary} <= wrong
    assert {line.rpartition(": ")[2] for line in wrong} == {"release", "laboratory", "no canary"}

    drilled.without("web", STAGING)
    ready(drilled)
    code, found, said = gate(release)
    assert (code, found["passed"]) == (0, True), said
    assert {line["verdict"] for line in found["lines"]} == {"ok"}
    right = verdicts(found)["ok"]
    asked = ("environment", "release", "/livez", "/readyz", "error page", "page is clean", "laboratory")
    assert {f"gate: {check}" for check in asked} <= right
    for check in ("stored", "category", "severity", "environment", "release", "handled", "no canary"):
        assert {f"here: {key}: {check}" for key in fails} <= right
    assert "\nhere: division\n" in said, "a reader can tell whose lines they are"


@pytest.mark.shared
@pytest.mark.timeout(120)
def test_a_staging_that_does_not_answer_stops_it_and_the_rest_is_learned_all_the_same(tmp_path: Path) -> None:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("SENTRY_", "FIREDRILL_"))
    }
    with SentryHost() as host:
        env = inherited | {
            "DJANGO_SETTINGS_MODULE": "hydroml.settings", "DATA_ROOT": str(tmp_path / "data"), "DEBUG": "1",
            "SENTRY_DSN": host.dsn, "SENTRY_ORG": ORG, "SENTRY_PROJECT": PROJECT, "SENTRY_AUTH_TOKEN": TOKEN,
            "SENTRY_RELEASE": RELEASE,
        }  # fmt: skip
        code, found, said = gate(env, "--against", "sentry")
        assert (code, found) == (1, {})
        assert "FIREDRILL_APPLICATION" in said
        code, found, said = gate(env | {"FIREDRILL_APPLICATION": "http://127.0.0.1:9"}, "--against", "sentry")
    assert code == 1, said
    assert verdicts(found)["WRONG"] == {"gate: answers"}
    assert "here: division: no canary" in verdicts(found)["ok"]
