"""The Compose files, read as Compose reads them: closed, bounded, watched, and told where to report to."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.docs.pages import ROOT

BASE, PROD, SENTRY = (
    yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    for name in ("docker-compose.yml", "docker-compose.prod.yml", "docker-compose.sentry.yml")
)
SERVICES: dict[str, dict[str, Any]] = BASE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "hydroml"}
# They do one thing and end.
STEPS = {"secrets", "prepare", "monitor-prepare"}
APPLICATION = {"prepare", "web", "web-2", "worker", "worker-2", "beat"}
MONITOR = {"monitor-prepare", "monitor", "monitor-worker"}

every_service = pytest.mark.parametrize("name", sorted(SERVICES))
each_of_ours = pytest.mark.parametrize("name", sorted(OURS))


@every_service
def test_no_service_can_write_but_where_it_must_or_gain_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert not [
        volume for volume in service.get("volumes", []) if volume.startswith((".", "/")) and ":" in volume
    ]


@each_of_ours
def test_ours_are_of_one_image_and_have_no_rights_at_all(name: str) -> None:
    assert "cap_add" not in OURS[name]
    assert "user" not in OURS[name], "the image says it"
    assert OURS[name]["init"] is True


@every_service
def test_what_goes_on_running_is_watched_and_has_time_to_stop(name: str) -> None:
    if name in STEPS:
        assert "healthcheck" not in SERVICES[name]
        return
    assert SERVICES[name]["healthcheck"]["test"]
    if name in OURS and name != "weather":
        command = SERVICES[name]["healthcheck"]["test"][-1]
        assert re.search(rf'^    "{command}": \w+,$', (ROOT / "stack/health.py").read_text(), re.MULTILINE)


@every_service
def test_ports_are_published_on_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:${") for port in SERVICES[name].get("ports", []))


def test_the_databases_are_on_a_network_that_leads_nowhere_and_the_monitor_is_not_on_it() -> None:
    assert BASE["networks"]["servers"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["servers"]
        assert "ports" not in SERVICES[name]
    for name in MONITOR:
        assert "networks" not in SERVICES[name]
        assert not {"postgres", "redis", "web"} & set(SERVICES[name]["depends_on"])


@pytest.mark.parametrize("name", sorted(APPLICATION))
def test_the_application_is_told_where_to_report_under_which_environment_and_release(name: str) -> None:
    environment = SERVICES[name]["environment"]
    for variable in ("SENTRY_DSN", "SENTRY_ENVIRONMENT", "SENTRY_RELEASE"):
        assert environment[variable] is None, "as it is outside, and not set where it is not"
    # A variable without a value takes away what the image sets, and production does not start without a release.
    assert environment["APP_VERSION"] == SERVICES["secrets"]["build"]["args"]["APP_VERSION"]
    assert SERVICES[name]["env_file"] == [{"path": ".env", "required": False}]


def test_the_version_is_built_into_the_image() -> None:
    assert SERVICES["secrets"]["build"]["args"] == {"APP_VERSION": "${APP_VERSION:-0.1.0}"}
    assert [name for name, service in SERVICES.items() if "build" in service] == ["secrets"]


def test_production_has_no_debug_no_demo_and_starts_again() -> None:
    for name in sorted(APPLICATION | MONITOR):
        assert PROD["services"][name]["environment"]["DEBUG"] == "0", name
        if name not in STEPS:
            assert PROD["services"][name]["restart"] == "unless-stopped", name
    assert all(PROD["services"][name]["environment"]["DEMO_WORLD"] == "0" for name in APPLICATION)
    assert PROD["services"]["weather"] == {"profiles": ["demo"]}
    forever = set(SERVICES) - STEPS - {"weather"}
    assert forever <= {name for name, service in PROD["services"].items() if service.get("restart")}


def test_the_profile_scale_adds_a_web_a_worker_and_what_is_in_front_of_both_webs() -> None:
    added = {name for name, service in SERVICES.items() if service.get("profiles") == ["scale"]}
    assert added == {"web-2", "worker-2", "balancer"}
    for name in ("web", "worker"):
        one, two = SERVICES[name], SERVICES[f"{name}-2"]
        same = set(one) - {"ports"}
        assert {key: two[key] for key in same} == {key: one[key] for key in same}
        assert not two.get("ports")
    assert SERVICES["balancer"]["command"] == ["balance", "web:8000", "web-2:8000"]
    assert not SERVICES["balancer"]["environment"], "it needs no secret"
    assert "volumes" not in SERVICES["balancer"]


def test_with_a_sentry_elsewhere_there_is_no_monitor_and_no_start_without_a_dsn() -> None:
    for name in APPLICATION:
        assert SENTRY["services"][name]["environment"]["SENTRY_DSN"].startswith("${SENTRY_DSN:?")
    for name in MONITOR:
        assert SENTRY["services"][name] == {"profiles": ["monitor"]}
    waiting_for = {other for name in APPLICATION for other in SERVICES[name]["depends_on"]}
    assert not waiting_for & MONITOR


@pytest.mark.parametrize(
    "files",
    [(), ("prod",), ("sentry",), ("prod", "sentry")],
    ids=lambda files: "+".join(("base", *files)),
)
def test_compose_itself_takes_the_files(files: tuple[str, ...]) -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("docker compose is not installed; the files are read as YAML only")
    names = ["docker-compose.yml", *(f"docker-compose.{file}.yml" for file in files)]
    chosen = [part for name in names for part in ("-f", name)]
    done = subprocess.run(
        [docker, "compose", *chosen, "--profile", "scale", "config", "--services"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "SENTRY_DSN": "https://a@o1.ingest.de.sentry.io/1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    gone = (MONITOR if "sentry" in files else set()) | ({"weather"} if "prod" in files else set())
    assert set(done.stdout.split()) == set(SERVICES) - gone


def test_the_image_runs_as_nobody_in_particular_and_carries_no_tools_of_a_build() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = re.split(r"^FROM ", dockerfile, flags=re.MULTILINE)[1:]
    last = stages[-1]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "pip " not in last
    assert set(re.findall(r"^COPY --from=(\w+)", last, re.MULTILINE)) == {"lean", "build"}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".env", ".venv", "var", "tests"} <= set(ignored)
