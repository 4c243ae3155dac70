"""Carrying a rollback out: the signed webhook and the local command, each begun once, whoever is killed meanwhile.

The command's row is set to running before it is begun, and what is running is never begun again: a monitor that dies with
it does not know whether it had done its work, and says so. The webhook may be called again, under the same id, by which
its receiver knows it (monitor.alerts.channels.webhook).
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import orjson
from django.db import connection, transaction

from monitor.alerts.channels.webhook import signed_headers
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.dispatch.outgoing import post
from monitor.digest.sql import database
from monitor.incidents.journal import write
from monitor.releases.rollback.models import Call, Rollback, State
from monitor.site.strategy_file import current_strategy
from strategy.model.service_levels import Rollback as Rules

logger = logging.getLogger(__name__)
CALL_EVERY_S = 1.0
COMMAND_TIMEOUT_S = 300
WEBHOOK_TIMEOUT_S = 20
WEBHOOK_ATTEMPTS = 5
_AGAIN_AFTER_S = (5, 20, 60, 180)
_SLACK_S = 30
_OUTPUT_MAX = 20_000
_ANY_UNDER_WAY = "SELECT 1 FROM rollback_call WHERE state IN (?, ?) LIMIT 1"
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


def carry_out(now: float) -> None:
    """The clock job: begins what is due, in a thread of its own each, and closes what was left running.

    Asked each second, and there is hardly ever anything.
    """
    if database().execute(_ANY_UNDER_WAY, (Call.State.WAITING, Call.State.RUNNING)).fetchone() is None:
        return
    give_up_abandoned(now)
    for call in due(now):
        if claim(call, now):
            threading.Thread(target=_in_thread, args=(call.pk,), name=f"rollback-{call.pk}").start()


def due(now: float) -> list[Call]:
    waiting = Call.objects.filter(
        state=Call.State.WAITING, not_before__lte=_moment(now), rollback__state=State.DUE
    )
    return list(waiting.order_by("pk"))


def claim(call: Call, now: float) -> bool:
    """Whether it is this caller who begins it: the row says so before anything happens."""
    timeout = COMMAND_TIMEOUT_S if call.kind == Call.Kind.COMMAND else WEBHOOK_TIMEOUT_S
    changed = Call.objects.filter(pk=call.pk, state=Call.State.WAITING).update(
        state=Call.State.RUNNING,
        attempts=call.attempts + 1,
        began_at=_moment(now),
        claimed_until=_moment(now + timeout + _SLACK_S),
    )
    return bool(changed)


def give_up_abandoned(now: float) -> None:
    """What was begun by somebody who is no more: a webhook is called again, a command is not."""
    for call in Call.objects.filter(state=Call.State.RUNNING, claimed_until__lt=_moment(now)):
        if call.kind == Call.Kind.WEBHOOK and call.attempts < WEBHOOK_ATTEMPTS:
            Call.objects.filter(pk=call.pk, state=Call.State.RUNNING).update(state=Call.State.WAITING)
        else:
            text = "The monitor stopped while it ran. Whether it did its work is not known; it is not begun again."
            _end(call.pk, done=False, outcome=text, now=now)


def run(call: Call) -> None:
    """What was claimed, to its end."""
    rollback = Rollback.objects.select_related("release", "project").get(pk=call.rollback_id)
    rules = current_strategy().rollback
    act = _CALLS[call.kind]
    try:
        outcome = act(rollback, rules)
    except DeliveryError as error:
        _failed(call, str(error), again=not error.permanent and call.kind == Call.Kind.WEBHOOK)
    except (OSError, subprocess.SubprocessError) as error:
        _failed(call, f"{type(error).__name__}: {error}", again=False)
    else:
        _end(call.pk, done=True, outcome=outcome, now=time.time())


def body_of(rollback: Rollback) -> bytes:
    """What the webhook is sent and the command reads: plain JSON, its keys promised."""
    return orjson.dumps(
        {
            "type": "release.rollback",
            "timestamp": rollback.found_at.isoformat(),
            "data": {
                "id": rollback.pk,
                "project": rollback.project.slug,
                "environment": rollback.environment,
                "release": rollback.release.version,
                "back_to": rollback.previous or None,
                "mode": rollback.mode,
                "evidence": rollback.evidence,
                "incident": rollback.incident.number if rollback.incident else None,
            },
        }
    )


def _webhook(rollback: Rollback, rules: Rules) -> str:
    body = body_of(rollback)
    key = f"rollback-{rollback.pk}"
    headers = signed_headers(key, body, rules.credential or "", time.time())
    post(
        rules.url or "",
        body,
        timeout_s=WEBHOOK_TIMEOUT_S,
        allow_private=rules.allow_private_addresses,
        headers=headers,
    )
    return "Accepted."


def _command(rollback: Rollback, rules: Rules) -> str:
    """Its output. Raises SubprocessError with it when it fails or takes too long."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    told = {
        "ROLLBACK_PROJECT": rollback.project.slug,
        "ROLLBACK_ENVIRONMENT": rollback.environment,
        "ROLLBACK_RELEASE": rollback.release.version,
        "ROLLBACK_TO": rollback.previous,
    }
    # A list, never a shell; a session of its own, so that what it has begun ends with it.
    process = subprocess.Popen(
        list(rules.command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=kept | told,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(body_of(rollback), timeout=COMMAND_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        said = _cut(output)
        raise subprocess.SubprocessError(
            f"It took longer than {COMMAND_TIMEOUT_S} s and was ended. {said}"
        ) from None
    if process.returncode:
        raise subprocess.SubprocessError(f"It ended with {process.returncode}. {_cut(output)}")
    return _cut(output)


_CALLS: dict[str, Callable[[Rollback, Rules], str]] = {
    Call.Kind.WEBHOOK: _webhook,
    Call.Kind.COMMAND: _command,
}


def _in_thread(pk: int) -> None:
    # The boundary of a thread: what nobody foresaw ends the call, and stands in its row.
    try:
        run(Call.objects.get(pk=pk))
    except Exception as error:
        logger.exception("A call of a rollback failed.")
        _end(pk, done=False, outcome=f"{type(error).__name__}: {error}", now=time.time())
    finally:
        connection.close()


def _failed(call: Call, why: str, *, again: bool) -> None:
    now = time.time()
    attempts = Call.objects.get(pk=call.pk).attempts
    if again and attempts < WEBHOOK_ATTEMPTS:
        wait = _AGAIN_AFTER_S[min(attempts, len(_AGAIN_AFTER_S)) - 1]
        Call.objects.filter(pk=call.pk).update(
            state=Call.State.WAITING, not_before=_moment(now + wait), outcome=why[:_OUTPUT_MAX]
        )
        return
    _end(call.pk, done=False, outcome=why, now=now)


def _end(pk: int, *, done: bool, outcome: str, now: float) -> None:
    with transaction.atomic():
        state = Call.State.DONE if done else Call.State.FAILED
        changed = Call.objects.filter(pk=pk, state=Call.State.RUNNING).update(
            state=state, ended_at=_moment(now), claimed_until=None, outcome=outcome[:_OUTPUT_MAX]
        )
        if changed:
            _conclude(Call.objects.get(pk=pk), now)


def _conclude(call: Call, now: float) -> None:
    rollback = Rollback.objects.select_related("release", "incident").get(pk=call.rollback_id)
    calls = list(rollback.calls.all())
    if rollback.incident is not None:
        done = "done" if call.state == Call.State.DONE else "failed"
        text = f"Rollback of {rollback.release.version}: {call.get_kind_display().lower()} {done}. {call.outcome}"
        write(rollback.incident, "rollback", text, now, rollback=rollback.pk)
    if any(one.state in (Call.State.WAITING, Call.State.RUNNING) for one in calls):
        return
    failed = [one for one in calls if one.state == Call.State.FAILED]
    rollback.state = State.FAILED if failed else State.DONE
    rollback.problem = "; ".join(f"{one.get_kind_display()}: {one.outcome}" for one in failed)[:500]
    rollback.ended_at = _moment(now)
    rollback.save(update_fields=["state", "problem", "ended_at"])


def _cut(output: bytes) -> str:
    text = output.decode(errors="replace").replace("\0", "").strip()
    return text if len(text) <= _OUTPUT_MAX else f"{text[: _OUTPUT_MAX - 1]}…"


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
