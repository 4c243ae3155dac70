"""A deploy that was told over the API is heard by the rules of new releases."""

from __future__ import annotations

import subprocess
import sys

from monitor.alerts import measurements as kinds
from monitor.alerts.engine_measured import Releases
from monitor.alerts.measurements import Measurement
from stack.folder import ROOT

SETUP = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'monitor.settings'; django.setup(); "


def test_a_process_that_only_serves_knows_who_listens_to_deploys() -> None:
    asked = "from monitor.releases.observers import deploy_observers; print(len(deploy_observers))"
    done = subprocess.run(
        [sys.executable, "-c", SETUP + asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) >= 1


def test_an_event_in_the_second_of_its_deploy_is_one_of_the_new_release() -> None:
    releases = Releases()
    releases.deployed(
        Measurement(
            kind=kinds.DEPLOY,
            time=100.9,
            received=101.0,
            environment="production",
            project_id=1,
            release="a@2",
        )
    )
    assert releases.is_new(1, "production", "a@2", 100)
    assert not releases.is_new(1, "production", "a@2", 99)
