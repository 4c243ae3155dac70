"""Taking a release back with a click, in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from monitor.access.models import User
from monitor.releases.rollback.models import Rollback, State
from monitor.rota.models import Person, Seat
from tests.monitor_site.in_browser import Opened, too_wide
from tests.monitor_site.rollback.conftest import BAD, GOOD, Receiver, Site

pytestmark = pytest.mark.browser


def test_it_asks_and_then_takes_it_back(opened: Opened, site: Site, receiver: Receiver, member: User) -> None:
    Seat.objects.create(role="lead", person=Person.objects.create(name="Mary", user=member))
    site.rules(mode="confirm", url=receiver.url, allow_private_addresses=True, confirmed_by=("lead",))
    site.goes_wrong()
    rollback = site.watched()
    assert rollback is not None
    assert rollback.incident is not None
    # Both pages show it; either decides.
    page = opened(f"/releases/version/{BAD}/", width=360)
    assert too_wide(page) <= 0
    page = opened(f"/incidents/{rollback.incident.number}/", width=360)
    expect(page.get_by_text("10 % of 400 requests failed").first).to_be_visible()
    page.get_by_role("button", name=f"Take it back to {GOOD}").click()
    expect(page.get_by_text(f"Take {BAD} back to {GOOD} in production?")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    assert Rollback.objects.get().state == State.WAITING
    page.get_by_role("button", name=f"Take it back to {GOOD}").click()
    page.locator("dialog[open]").get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("It is taken back now.")).to_be_visible()
    assert Rollback.objects.get().state == State.DUE
    site.carried_out()
    assert len(receiver.bodies) == 1
