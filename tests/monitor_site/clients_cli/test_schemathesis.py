"""Schemathesis asks each operation what its document allows and what it does not: none fails, all answer as documented."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.monitor_site.clients_cli.conftest import Running
from tests.monitor_site.delivering import envelope_of
from tests.monitor_site.digest.processes import wait_until

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip


def _document(running: Running) -> bytes:
    """Ours, with what is really there named as examples of each variable."""
    running.monitor.write(_event())
    wait_until(lambda: running.monitor.count("issues_storedevent"), "the event is stored")
    event_id = running.get("projects/hydroml/hydroml/events/")[0]["eventID"]
    there = {
        "organization_id_or_slug": "hydroml",
        "project_id_or_slug": "hydroml",
        "issue_id": "1",
        "event_id": event_id,
        "version": "hydroml@1.0.0",
        "key": "environment",
        "member_id": "me",
    }
    made = running.get("openapi.json")
    for operations in made["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in there:
                    parameter["schema"] = {"enum": [there[parameter["name"]]]}
    return orjson.dumps(made)


def _event() -> bytes:
    event: dict[str, Any] = {"message": "dry", "release": "hydroml@1.0.0", "environment": "production"}
    return envelope_of(event)


def _run(running: Running, folder: Path, *options: str) -> str:
    description = folder / "openapi.json"
    description.write_bytes(_document(running))
    command = [
        str(SCHEMATHESIS), "run", str(description), "-u", running.address,
        "-H", f"Authorization: Bearer {running.bearer}", "--checks", ",".join(CHECKS), "--warnings", "off", *options,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.stack
def test_nothing_fails_and_all_answers_are_as_documented(running: Running, tmp_path: Path) -> None:
    said = _run(
        running, tmp_path, "--phases", "coverage,fuzzing", "-n", "3", "--max-time", "15", "--seed", "1"
    )
    assert "passed" in said
    assert "submission_failed" not in running.monitor.log("web")
    assert "error id" not in running.monitor.log("web")


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_the_same_for_ten_minutes(running: Running, tmp_path: Path) -> None:
    _run(running, tmp_path, "--max-time", "600")
    assert "error id" not in running.monitor.log("web")
