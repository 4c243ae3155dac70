"""Links to dashboards: who may make them, what whoever has one sees, and how it ends."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from monitor.access.models import AuditEntry
from monitor.dashboards import sharing
from monitor.dashboards.models import SharedLink
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.delivering import Delivery

SECRET = "Lat 44.6 of the observer Jane"


def _made(client: Client, name: str = "sre", **data: object) -> str:
    """The path that the link leads to."""
    page = client.post(f"/dashboards/{name}/share/", {"days": 7, "note": "the board", **data})
    assert page.status_code == 200
    found = re.search(r"http://testserver(/dashboards/shared/[\w-]{43}/)", page.content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize("name", list(current_strategy().dashboards))
def test_without_a_log_in_one_sees_figures_and_nobodys_name(
    as_member: Client, two_days: float, deliver: Delivery, name: str
) -> None:
    deliver(
        {
            "message": SECRET,
            "level": "error",
            "timestamp": two_days - 60,
            "environment": "production",
            "user": {"id": "jane"},
        }
    )
    path = _made(as_member, name)
    for address in (f"{path}?more=1", f"{path}panels/?more=1"):
        page = Client().get(address)
        assert page.status_code == 200
        text = page.content.decode()
        assert f"panel-{current_strategy().dashboards[name].panels[-1]}" in text
        assert "Jane" not in text
        assert "mary@example.org" not in text
        assert "Requests failed at noon" not in text
        assert page["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page["X-Robots-Tag"]
        assert "no-store" in page["Cache-Control"]
        main = text[text.index("<main") :] if "<main" in text else text
        assert not re.search(r'href="/(issues|performance|slos|incidents|releases|alerts)/', main)


def test_the_token_is_not_kept(as_member: Client, project: Project) -> None:
    token = _made(as_member).split("/")[3]
    link = SharedLink.objects.get()
    assert token not in str(vars(link))
    assert sharing.link_for(token) == link
    assert sharing.link_for(link.token_hash) is None


def test_it_shows_the_projects_and_the_environment_it_was_made_for_whoever_asks(
    as_admin: Client, project: Project, other_project: Project
) -> None:
    path = _made(as_admin)
    assert "Other" in Client().get(path).content.decode()
    page = as_admin.post(
        "/dashboards/sre/share/?project=hydroml&environment=staging&period=7d", {"days": 1}
    ).content.decode()
    narrow = re.search(r"http://testserver(/dashboards/shared/[\w-]{43}/)", page)
    assert narrow
    shown = Client().get(f"{narrow[1]}?project=other&environment=production").content.decode()
    assert "Other" not in shown
    assert "staging" in shown
    assert "last 7 days" in shown


def test_it_ends_by_itself(as_member: Client, project: Project) -> None:
    path = _made(as_member)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert Client().get(path).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        assert Client().get(path).status_code == 404
        assert Client().get(f"{path}panels/").status_code == 404


def test_it_is_revoked_at_once(as_member: Client, project: Project) -> None:
    path = _made(as_member)
    link = SharedLink.objects.get()
    assert "the board" in as_member.get("/dashboards/").content.decode()
    assert as_member.post(f"/dashboards/links/{link.pk}/revoke/").status_code == 302
    assert Client().get(path).status_code == 404
    assert "leads nowhere from now on" in as_member.get("/dashboards/").content.decode()
    assert "the board" not in as_member.get("/dashboards/").content.decode()
    assert as_member.post(f"/dashboards/links/{link.pk}/revoke/").status_code == 404


def test_making_and_revoking_stand_in_the_audit_log(as_member: Client, project: Project) -> None:
    _made(as_member)
    as_member.post(f"/dashboards/links/{SharedLink.objects.get().pk}/revoke/")
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "actor")) == [
        ("dashboard.shared", "mary@example.org"),
        ("dashboard.share_revoked", "mary@example.org"),
    ]


def test_viewers_share_and_revoke_nothing(as_viewer: Client, as_member: Client, project: Project) -> None:
    _made(as_member)
    link = SharedLink.objects.get()
    assert as_viewer.post("/dashboards/sre/share/", {"days": 7}).status_code == 403
    assert as_viewer.post(f"/dashboards/links/{link.pk}/revoke/").status_code == 403
    assert "Share" not in as_viewer.get("/dashboards/sre/").content.decode()
    assert SharedLink.objects.filter(revoked_at=None).count() == 1


def test_a_link_of_projects_that_one_may_not_see_is_not_listed(
    as_admin: Client, as_member: Client, other_project: Project
) -> None:
    _made(as_admin, note="everything")
    link = SharedLink.objects.get()
    assert "everything" not in as_member.get("/dashboards/").content.decode()
    assert as_member.post(f"/dashboards/links/{link.pk}/revoke/").status_code == 404
    assert "everything" in as_admin.get("/dashboards/").content.decode()


@pytest.mark.parametrize("days", ["0", "365", "x", "²", ""])
def test_no_link_lasts_for_ever(as_member: Client, project: Project, days: str) -> None:
    page = as_member.post("/dashboards/sre/share/", {"days": days}, follow=True)
    assert "A link needs a lifetime" in page.content.decode()
    assert not SharedLink.objects.exists()


def test_what_never_was_is_not_there(db: None) -> None:
    assert Client().get(f"/dashboards/shared/{'0' * 43}/").status_code == 404
    assert Client().post(f"/dashboards/shared/{'0' * 43}/").status_code in {403, 405}


def test_links_that_nobody_can_follow_are_forgotten(as_member: Client, project: Project) -> None:
    _made(as_member)
    ends = SharedLink.objects.get().expires_at.timestamp()
    sharing.forget_old(ends + 29 * 86_400)
    assert SharedLink.objects.exists()
    sharing.forget_old(ends + 31 * 86_400)
    assert not SharedLink.objects.exists()
