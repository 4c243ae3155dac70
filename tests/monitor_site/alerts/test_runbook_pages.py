"""Runbooks are files beside the program; the monitor shows them where they are needed."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from tests.monitor_site.issue_page.reading import page


def test_runbooks_are_pages_that_lead_to_each_other(as_viewer: Client) -> None:
    found = page(as_viewer.get(reverse("alerts:runbook", args=["database"])))
    assert "Look first" in found.text
    assert found.all("a", href="/alerts/runbooks/data_loss/")
    assert found.all("a", href="/alerts/runbooks/index/#taking-a-release-back")
    index = page(as_viewer.get(reverse("alerts:runbook", args=["index"])))
    assert index.all("h2", id="taking-a-release-back")
    assert [one.attributes["href"] for one in index.all("a") if ".md" in one.attributes.get("href", "")] == []
    for name in ("nothing", "a-b", "settings"):
        assert as_viewer.get(f"/alerts/runbooks/{name}/").status_code == 404
