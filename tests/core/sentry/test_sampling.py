"""Who decides what is traced, and how a flood is thinned without losing its count."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sentry.sampling import FloodGate, TracesSampler


def _request(path: str = "/", parent: bool | None = None, **environ: str) -> dict[str, object]:
    return {
        "wsgi_environ": {"PATH_INFO": path, "REMOTE_ADDR": "203.0.113.5", **environ},
        "parent_sampled": parent,
    }


def test_a_request_is_sampled_at_the_rate() -> None:
    assert TracesSampler(0.1)(_request()) == 0.1


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/static/app.css", "/media/x"])
def test_health_checks_and_files_are_never_traced(path: str) -> None:
    assert TracesSampler.build(1.0, never_paths=["/media/"])(_request(path)) == 0.0


@pytest.mark.parametrize(
    "header", [{"HTTP_SENTRY_TRACE": "a-b-1"}, {"HTTP_BAGGAGE": "sentry-sample_rand=0.000001"}]
)
def test_a_strangers_headers_do_not_decide(header: dict[str, str]) -> None:
    # 1 or 0, never the rate: the SDK would compare a rate with a random number that the stranger sent.
    assert TracesSampler(0.1, dice=lambda: 0.5)(_request(parent=True, **header)) == 0.0
    assert TracesSampler(0.1, dice=lambda: 0.05)(_request(parent=False, **header)) == 1.0


def test_a_trusted_networks_decision_is_kept() -> None:
    sampler = TracesSampler.build(0.0, trusted=["203.0.113.0/24"])
    assert sampler(_request(parent=True, HTTP_SENTRY_TRACE="a-b-1")) == 1.0


def test_a_task_keeps_the_decision_of_the_request_that_sent_it() -> None:
    sampler = TracesSampler.build(0.1, never_tasks=["jobs.tasks.heartbeat"])
    assert sampler({"celery_job": {"task": "train"}, "parent_sampled": True}) == 1.0
    assert sampler({"celery_job": {"task": "train"}, "parent_sampled": None}) == 0.1
    assert sampler({"celery_job": {"task": "jobs.tasks.heartbeat"}, "parent_sampled": True}) == 0.0


def test_asgi_requests_are_decided_alike() -> None:
    scope = {"path": "/", "client": ["203.0.113.5", 1], "headers": [(b"baggage", b"sentry-sample_rand=0")]}
    assert TracesSampler(0.1, dice=lambda: 0.5)({"asgi_scope": scope, "parent_sampled": True}) == 0.0


def test_the_next_event_sent_tells_how_many_were_held_back() -> None:
    now = [0.0]
    gate = FloodGate(burst=3, per_second=1, clock=lambda: now[0])
    assert [gate.admit("a", severity="P2") for _ in range(10)] == [0, 0, 0, *[None] * 7]
    assert gate.admit("b", severity="P2") == 0
    now[0] = 1.0
    assert gate.admit("a", severity="P2") == 7
    now[0] = 2.0
    assert gate.admit("a", severity="P2") == 0


def test_the_worst_are_never_held_back() -> None:
    gate = FloodGate(burst=1, per_second=0.001)
    assert {gate.admit("a", severity=severity) for severity in ("P0", "P1") for _ in range(50)} == {0}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 3)), max_size=200))
def test_no_error_is_ever_lost_from_the_count(steps: list[tuple[int, float]]) -> None:
    now = [0.0]
    gate = FloodGate(burst=2, per_second=0.5, capacity=5, clock=lambda: now[0])
    sent = told = 0
    for key, pause in steps:
        now[0] += pause
        suppressed = gate.admit(key, severity="P3")
        if suppressed is not None:
            sent, told = sent + 1, told + suppressed
    assert sent + told + gate.held_back() == len(steps)


def test_threads_do_not_lose_counts() -> None:
    gate = FloodGate(burst=5, per_second=0.001)
    results: list[int | None] = []

    def flood() -> None:
        results.extend(gate.admit("a", severity="P2") for _ in range(500))

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2000
    assert results.count(None) == gate.held_back() == 1995
