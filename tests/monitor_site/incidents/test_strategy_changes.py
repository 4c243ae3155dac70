"""A change of the strategy is noticed, once, and stands beside the incidents that begin after it."""

from __future__ import annotations

import time
from pathlib import Path

from pytest_django.fixtures import Settings

from monitor.access.models import AuditEntry
from monitor.incidents.changed import changed_around
from monitor.incidents.course import moment
from monitor.incidents.strategy_changes import notice
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.incidents.episodes import alerted


def test_it_says_which_rule_was_changed(project: Project, settings: Settings, tmp_path: Path) -> None:
    text = current_strategy().path.read_text()
    file = tmp_path / "strategy.toml"
    file.write_text(text)
    settings.STRATEGY_FILE = str(file)
    notice(0)
    notice(0)
    assert not AuditEntry.objects.exists()
    file.write_text(text.replace('title = "The cache fails"', 'title = "The cache is gone"'))
    notice(0)
    notice(0)
    entry = AuditEntry.objects.get(action="strategy.changed")
    assert entry.target == "strategy.toml (alerts.cache)"
    incident = alerted("cache", time.time(), project=project)
    found = [one.text for one in changed_around(incident, moment(time.time()))]
    assert "strategy changed: strategy.toml (alerts.cache)" in found
