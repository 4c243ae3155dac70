"""Pages of alerts: the list, an alert with its evidence and who was told, the rules in the file's words, muting, judging."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from monitor.access.models import AuditEntry
from monitor.alerts import announcing, selectors
from monitor.alerts.models import Episode, Mute, Notification
from monitor.alerts.rule_texts import rule_called
from monitor.projects.models import Project
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.alerts.clocked import Clocked
from tests.monitor_site.alerts.conftest import UseRules
from tests.monitor_site.issue_page.reading import page


def made(project: Project, rule: str = "database", **given: object) -> Episode:
    """An episode as the engine makes it."""
    of = rule_called(current_strategy(), rule)
    assert of is not None
    values: dict[str, object] = {
        "rule": rule,
        "key": "all",
        "title": of.title,
        "severity": of.severity,
        "project": project,
        "environment": "production",
        "began_at": time.time() - 600,
        "value": 1,
        "worst": 3,
    }
    return Episode.objects.get(pk=Episode.objects.create(**(values | given)).pk)  # type: ignore[misc]


def test_the_list_has_open_ones_first_and_is_narrowed_by_its_address(
    as_viewer: Client, project: Project, other_project: Project
) -> None:
    made(project, "cache", ended_at=time.time() - 60)
    made(project, "database", began_at=time.time() - 90_000)
    made(project, "latency-p95", key="projects/", environment="staging", ended_at=time.time() - 30)
    made(other_project, "security")
    address = reverse("alerts:list")
    text = page(as_viewer.get(address)).text
    assert text.index("The database fails") < text.index("The cache fails", text.index("Worst Began"))
    assert "transaction projects/" in text
    for query, expected in (
        ({"state": "open"}, {"database"}),
        ({"state": "over"}, {"cache", "latency-p95"}),
        ({"severity": "P1"}, {"cache"}),
        ({"rule": "latency-p95"}, {"latency-p95"}),
        ({"environment": "staging"}, {"latency-p95"}),
        ({"environment": "production", "state": "over"}, {"cache"}),
        ({"project": project.slug}, {"database", "cache", "latency-p95"}),
    ):
        rows = as_viewer.get(address, query).context["rows"]
        assert {row["episode"].rule for row in rows} == expected, query


def test_what_people_said_is_counted_where_an_alert_began(as_viewer: Client, project: Project) -> None:
    now = time.time()
    for days, useful in ((1, True), (1, False), (2, None), (40, False)):
        made(project, key=f"{days} {useful}", began_at=now - days * 86_400, ended_at=now - 60, useful=useful)
    address = reverse("alerts:list")
    for query, number in (
        ({}, 4),
        ({"began": "1"}, 3),
        ({"useful": "said"}, 2),
        ({"useful": "yes"}, 1),
        ({"useful": "no"}, 1),
        ({"useful": "no", "period": "90d"}, 2),
        ({"useful": "nonsense"}, 4),
    ):
        found = as_viewer.get(address, query).context
        assert len(found["rows"]) == number, query
    assert (found["in_all"].times, found["in_all"].judged, found["in_all"].false_share) == (3, 2, 0.5)
    assert "No alerts of this kind" in as_viewer.get(address, {"useful": "no", "period": "1h"}).text


def test_each_number_of_a_rule_leads_to_so_many_alerts(
    as_admin: Client, project: Project, other_project: Project
) -> None:
    now = time.time()
    for one in (project, other_project):
        for days, useful, lasted in ((1, True, 60), (2, False, 60), (3, None, None), (40, None, 39 * 86_400)):
            made(
                one,
                key=f"{days}",
                began_at=now - days * 86_400,
                ended_at=now - days * 86_400 + lasted if lasted else None,
                useful=useful,
            )
    for narrowed, times in (("", 2), (f"?project={project.slug}", 1)):
        html = as_admin.get(f"{reverse('alerts:rules')}{narrowed}").text
        found = re.findall(r'<a [^>]*href="([^"]*\?rule=database[^"]*)">(\d+)', html)
        assert [int(number) for _, number in found] == [3 * times, times, times, 2 * times]
        of_rule = as_admin.get(reverse("alerts:rule", args=["database"]) + narrowed).text
        found += re.findall(r'<a href="([^"]*\?rule=database&amp;began=1[^"]*)">(\d+)', of_rule)
        assert len(found) == 5
        for href, number in found:
            assert len(as_admin.get(unescape(href)).context["rows"]) == int(number), href


def test_the_list_asks_the_same_of_the_database_however_long_it_is(
    as_member: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        made(project, key=f"route-{number}")
    with django_assert_max_num_queries(10):
        as_member.get(reverse("alerts:list"))
    with django_assert_max_num_queries(10):
        as_member.get(reverse("alerts:rules"))


def test_an_empty_list_says_what_will_be_here(as_viewer: Client) -> None:
    found = page(as_viewer.get(reverse("alerts:list")))
    assert "When a rule of the strategy holds, it stands here" in found.text
    assert "Take a filter away" in page(as_viewer.get(reverse("alerts:list"), {"severity": "P0"})).text


def test_an_alert_shows_what_it_saw_and_who_was_told(
    as_member: Client, clocked: Clocked, use_rules: UseRules
) -> None:
    use_rules("critical-errors")
    clocked.at(0)
    ids = [
        clocked.error(second, "cache", "P1", release="shop@1.0", user={"id": str(second)})
        for second in range(12)
    ]
    clocked.at(13)
    episode = Episode.objects.get()
    found = page(as_member.get(reverse("alerts:episode", args=[episode.pk])))
    for part in (
        "10 events",
        "10 events or more in 5 min",
        "shop@1.0",
        "it failed",
        "pagerduty",
        "Waiting",
        "Incident #1",
    ):
        assert part in found.text, part
    assert [one for one in ids if one in found.text], "its events can be opened"
    assert page(as_member.get(reverse("alerts:episode", args=[episode.pk]))).all(
        "a", href=reverse("alerts:rule", args=["critical-errors"])
    )


def test_the_page_of_an_alert_whose_rule_is_gone_still_says_what_it_was(
    as_viewer: Client, project: Project, use_rules: UseRules
) -> None:
    episode = made(project, ended_at=time.time(), ended_because="The strategy has no such rule any more.")
    use_rules("cache")
    text = page(as_viewer.get(reverse("alerts:episode", args=[episode.pk]))).text
    assert "gone from the strategy" in text
    assert "The strategy has no such rule any more." in text
    assert page(as_viewer.get(reverse("alerts:list"))).text.count("The database fails") == 1


def test_whether_it_was_useful_is_said_taken_back_and_counted(
    as_member: Client, as_viewer: Client, project: Project
) -> None:
    first, second = made(project, ended_at=time.time()), made(project, key="other")
    address = reverse("alerts:judge", args=[first.pk])
    as_member.post(address, {"useful": "no"})
    as_member.post(reverse("alerts:judge", args=[second.pk]), {"useful": "yes"})
    assert as_viewer.post(address, {"useful": "yes"}).status_code == 403
    first.refresh_from_db()
    assert (first.useful, first.useful_by.name if first.useful_by else "") == (False, "Mary")
    assert AuditEntry.objects.filter(action="alert.judged").count() == 2
    rules = as_member.get(reverse("alerts:rules"))
    assert "50 % of 2 judged were of no use" in page(rules).text
    assert "goal: at most 5 %" in page(rules).text
    assert {text.rule.id: fared.false_share for text, fared in rules.context["rows"]}["database"] == 0.5
    as_member.post(address, {"useful": ""})
    as_member.post(address, {"useful": "perhaps"})
    first.refresh_from_db()
    assert (first.useful, first.useful_by) == (None, None)


def test_how_one_rule_has_fared_is_read_without_the_alerts_of_others(project: Project) -> None:
    made(project, "database")
    made(project, "cache")
    found = selectors.fared([project], time.time(), "database")
    assert {rule: one.times for rule, one in found.items()} == {"database": 1}


def test_every_rule_is_shown_in_the_files_own_words_with_its_runbook(as_viewer: Client) -> None:
    strategy = current_strategy()
    shown = page(as_viewer.get(reverse("alerts:rules"))).text
    for rule in strategy.alerts:
        assert rule.title in shown
        found = page(as_viewer.get(reverse("alerts:rule", args=[rule.id])))
        assert f'id = "{rule.id}"' in found.text
        assert f'watches = "{rule.watches}"' in found.text
        name = rule.runbook.removeprefix("docs/runbooks/").removesuffix(".md")
        assert found.all("a", href=reverse("alerts:runbook", args=[name]))
    assert "SENTRY_CRITICAL_ERROR_THRESHOLD can set its threshold" in shown
    assert as_viewer.get("/alerts/rules/no-such-rule/").status_code == 404


def test_the_rules_page_shows_the_variable_that_has_the_last_word(
    as_viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_CRITICAL_ERROR_THRESHOLD", "3")
    assert (
        "SENTRY_CRITICAL_ERROR_THRESHOLD sets its threshold"
        in page(as_viewer.get(reverse("alerts:rules"))).text
    )


def test_a_rule_is_muted_with_a_reason_and_lifted_again(
    as_member: Client, as_viewer: Client, project: Project
) -> None:
    address = reverse("alerts:rule", args=["database"])
    given = {"length": "3600", "reason": "The database moves tonight.", "for": project.slug}
    assert as_viewer.post(address, given).status_code == 403
    assert "This field is required" in as_member.post(address, {**given, "reason": ""}).content.decode()
    assert not Mute.objects.exists()
    assert as_member.post(address, given).status_code == 302
    mute = Mute.objects.get()
    assert mute.by is not None
    assert mute.by.name == "Mary"
    for where in (address, reverse("alerts:rules")):
        assert "The database moves tonight." in page(as_viewer.get(where)).text
    lift = reverse("alerts:unmute", args=[mute.pk])
    assert as_viewer.post(lift).status_code == 403
    as_member.post(lift)
    mute.refresh_from_db()
    assert mute.lifted_at is not None
    assert "Muted until" not in page(as_member.get(address)).text
    actions = AuditEntry.objects.filter(target="database").values_list("action", flat=True)
    assert sorted(actions) == ["alert_rule.muted", "alert_rule.unmuted"]


def test_lifting_one_of_two_mutes_says_that_the_other_holds(as_member: Client, project: Project) -> None:
    address = reverse("alerts:rule", args=["database"])
    for reason in ("tonight", "the same once more"):
        as_member.post(address, {"length": "3600", "reason": reason, "for": project.slug})
    first, second = Mute.objects.order_by("pk")
    said = page(as_member.post(reverse("alerts:unmute", args=[first.pk]), follow=True)).text
    assert "Another mute still silences it, until" in said
    assert "UTC: the same once more" in said
    assert "People are told of it again" not in said
    said = page(as_member.post(reverse("alerts:unmute", args=[second.pk]), follow=True)).text
    assert "People are told of it again" in said


def test_only_an_admin_mutes_a_rule_everywhere(as_member: Client, as_admin: Client) -> None:
    address = reverse("alerts:rule", args=["database"])
    given = {"length": "3600", "reason": "It is known.", "for": ""}
    assert as_member.post(address, given).status_code == 403
    assert as_admin.post(address, given).status_code == 302
    assert as_member.post(reverse("alerts:unmute", args=[Mute.objects.get().pk])).status_code == 403


def test_a_stranger_mutes_and_lifts_nothing_of_another_project(
    as_member: Client, other_project: Project
) -> None:
    address = reverse("alerts:rule", args=["database"])
    given = {"length": "3600", "reason": "Not mine.", "for": other_project.slug}
    assert as_member.post(address, given).status_code == 404
    theirs = Mute.objects.create(
        rule="database", project=other_project, until=time.time() + 60, reason="Theirs", made_at=time.time()
    )
    assert as_member.post(reverse("alerts:unmute", args=[theirs.pk])).status_code == 404
    assert "Theirs" not in page(as_member.get(address)).text


def test_a_silent_alert_says_why(as_viewer: Client, project: Project) -> None:
    now = time.time()
    Mute.objects.create(rule="database", project=None, until=now + 60, reason="We know.", made_at=now - 1)
    episode = made(project)
    rule = rule_called(current_strategy(), "database")
    assert rule is not None
    announcing.begun(current_strategy(), rule, episode, now)
    assert not Notification.objects.exists()
    assert "by somebody: We know." in page(as_viewer.get(reverse("alerts:episode", args=[episode.pk]))).text
