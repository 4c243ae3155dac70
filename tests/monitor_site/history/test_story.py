"""The story and its traffic: the same by seed, quiet at night and at the week-end, and telling what it should tell."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.history.calendar import Calendar
from monitor.history.faults import COMMON, DATABASE_AWAY, SPECIAL
from monitor.history.story import Story, story_of
from monitor.history.traffic import BY_NAME, Traffic, traffic_of
from strategy import load_strategy

ZONE = ZoneInfo("Europe/Vienna")
END = datetime(2026, 11, 27, 10, 0, tzinfo=UTC).timestamp()
MONTH = Calendar(END, 30, ZONE)


@pytest.fixture(scope="module")
def told() -> tuple[Story, Traffic]:
    story = story_of(MONTH)
    return story, traffic_of(story, seed=7, scale=0.2)


def test_a_seed_tells_the_same_story_again_and_another_one_does_not(told: tuple[Story, Traffic]) -> None:
    story, traffic = told
    again, other = traffic_of(story, seed=7, scale=0.2), traffic_of(story, seed=8, scale=0.2)
    assert again == traffic
    assert other.occurrences != traffic.occurrences


def test_figures_and_errors_come_from_one_table(told: tuple[Story, Traffic]) -> None:
    _, traffic = told
    failed = sum(row.failed for row in traffic.served if not row.place.is_task)
    assert failed == sum(one.fault.fails_request for one in traffic.occurrences)
    assert all(row.failed + row.refused <= row.total for row in traffic.served)


def test_what_is_tried_again_is_a_part_of_what_went_well_and_of_what_failed(
    told: tuple[Story, Traffic],
) -> None:
    _, traffic = told
    for row in traffic.served:
        assert row.recovered <= row.worked
        assert row.exhausted <= row.failed
        assert row.place.is_task or not row.recovered + row.exhausted
    exhausted = sum(row.exhausted for row in traffic.served)
    assert 0 < exhausted <= sum(one.fault.tried_again for one in traffic.occurrences)
    assert sum(row.recovered for row in traffic.served) > 0


def test_nights_and_week_ends_are_quiet(told: tuple[Story, Traffic]) -> None:
    _, traffic = told
    by_hour: Counter[tuple[bool, int]] = Counter()
    for row in traffic.served:
        moment = datetime.fromtimestamp(row.at, ZONE)
        by_hour[moment.weekday() >= 5, moment.hour] += row.total
    assert by_hour[False, 3] * 5 < by_hour[False, 10]
    assert by_hour[True, 10] / 2 * 3 < by_hour[False, 10] / 5


def test_the_outage_fails_nearly_everything_and_nothing_before_it(told: tuple[Story, Traffic]) -> None:
    story, traffic = told
    outage = next(one for one in story.troubles if one.fault is DATABASE_AWAY)
    during = [row for row in traffic.served if outage.holds(row.at) and not row.place.is_task]
    assert sum(row.failed for row in during) > 0.8 * sum(row.total for row in during)
    times = [one.at for one in traffic.occurrences if one.fault is DATABASE_AWAY]
    assert outage.since <= min(times)
    assert max(times) < outage.until


def test_a_release_is_taken_back_and_what_was_mended_returns(told: tuple[Story, Traffic]) -> None:
    story, _ = told
    versions = [one.version for one in story.outings]
    bad = versions.index("2.4.0")
    assert versions[bad + 1] == "2.3.1"
    assert story.outings[bad + 1].is_return
    assert story.release_at(story.outings[bad + 1].at + 1) == "hydroml@2.3.1"
    returned = [one for one in story.troubles if one.fault.name == "returned"]
    assert returned[0].until <= story.returned_resolved_at <= returned[1].since


@pytest.mark.parametrize("days", [1, 3, 10, 90])
def test_any_length_has_its_story_within_it(days: int) -> None:
    calendar = Calendar(END, days, ZONE)
    story = story_of(calendar)
    assert all(one.until <= END for one in story.troubles)
    assert all(one.at <= END for one in story.outings)


def test_the_status_page_has_words_for_what_users_are_told(told: tuple[Story, Traffic]) -> None:
    strategy = load_strategy()
    notices = [one.notice for one in told[0].troubles if one.notice is not None]
    assert {one.impact for one in notices} == {"down", "degraded"}
    for notice in notices:
        assert set(notice.features) <= set(strategy.features), notice.title
        assert notice.title.endswith("(generated)")


def test_faults_are_the_strategys_and_happen_where_something_is_served() -> None:
    strategy = load_strategy()
    for fault in (*COMMON, *SPECIAL):
        assert fault.category in strategy.categories, fault.name
        assert fault.severity in strategy.severities, fault.name
        assert fault.place in BY_NAME, fault.name
        if fault.tried_again:
            assert fault.is_task
            assert strategy.categories[fault.category].retryable, fault.name
    assert len({fault.name for fault in (*COMMON, *SPECIAL)}) == len(COMMON) + len(SPECIAL)
