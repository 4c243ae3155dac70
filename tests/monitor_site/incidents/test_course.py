"""Whatever order of clicks, alerts and clocks: states follow each other, and times never run backwards."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.incidents import course
from monitor.incidents.course import IncidentError, moment
from monitor.incidents.models import Incident, State

NAMES = ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at", "reviewed_at")
MOVES = ("acknowledge", "investigate", "mitigate", "resolve", "end", "reopen", "review")


def _incident(started: float = 100, detected: float = 200) -> Incident:
    return Incident(number=1, started_at=moment(started), detected_at=moment(detected))


def _move(incident: Incident, name: str, at: float) -> bool:
    if name == "end":
        return course.resolve(incident, at, by_alerts=True)
    if name == "reopen":
        return course.reopen(incident, at)
    return bool(getattr(course, name)(incident, at))


# Clocks may be wrong: any time, also before the incident began.
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.floats(0, 10_000)), max_size=25))
def test_no_order_of_clicks_makes_times_run_backwards(clicks: list[tuple[str, float]]) -> None:
    incident = _incident()
    for name, at in clicks:
        before = {field: getattr(incident, field) for field in (*NAMES, "state")}
        try:
            changed = _move(incident, name, at)
        except IncidentError:
            changed = False
        if not changed:
            assert before == {field: getattr(incident, field) for field in (*NAMES, "state")}
        times = [time for field in NAMES if (time := getattr(incident, field)) is not None]
        assert all(earlier <= later for earlier, later in pairwise(times))
        assert (incident.resolved_at is None) == incident.is_open
        assert (incident.reviewed_at is not None) == (incident.state == State.REVIEWED)
        assert (incident.mitigated_at is not None) >= (incident.state == State.MITIGATED)
        if incident.state in {State.ACKNOWLEDGED, State.INVESTIGATING, State.MITIGATED}:
            assert incident.acknowledged_at is not None
        # What was acknowledged once stays so.
        assert before["acknowledged_at"] in (None, incident.acknowledged_at)


def test_whoever_resolves_has_acknowledged_and_alerts_have_not() -> None:
    by_hand, by_alerts = _incident(), _incident()
    course.resolve(by_hand, 300)
    course.resolve(by_alerts, 300, by_alerts=True)
    assert by_hand.acknowledged_at == by_hand.resolved_at == moment(300)
    assert by_alerts.acknowledged_at is None


def test_what_was_reviewed_stays_so() -> None:
    incident = _incident()
    with pytest.raises(IncidentError, match="still open"):
        course.review(incident, 300)
    course.resolve(incident, 300)
    course.review(incident, 400)
    with pytest.raises(IncidentError, match="Open a new incident"):
        course.reopen(incident, 450)
    with pytest.raises(IncidentError, match="is over"):
        course.mitigate(incident, 500)
