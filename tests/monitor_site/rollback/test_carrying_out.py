"""Confirming, the signed webhook to a real receiver, the command without a shell, and that each is begun once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sys
import time
from pathlib import Path

import orjson
import pytest
from django.test import Client

from monitor.access.models import AuditEntry, Role, User
from monitor.releases.rollback import calling, keeping, services
from monitor.releases.rollback.models import Call, Rollback, State
from monitor.rota.models import Person, Seat
from monitor.site.strategy_file import current_strategy
from tests.monitor_site.rollback.conftest import BAD, GOOD, SECRET, Receiver, Site


def script(path: Path, body: str) -> tuple[str, ...]:
    path.write_text(body)
    return (sys.executable, str(path), "$(touch /tmp/never); a b")


def test_automatically_the_webhook_is_called_once_and_signed(site: Site, receiver: Receiver) -> None:
    site.rules(mode="automatic", url=receiver.url, credential=SECRET, allow_private_addresses=True)
    site.goes_wrong()
    site.watched()
    site.carried_out()
    site.carried_out()
    rollback = Rollback.objects.get()
    assert rollback.state == State.DONE
    (body,) = receiver.bodies
    sent = orjson.loads(body)
    assert sent["type"] == "release.rollback"
    assert (sent["data"]["release"], sent["data"]["back_to"]) == (BAD, GOOD)
    assert sent["data"]["evidence"]["now"]["failed"] == 40
    # As https://www.standardwebhooks.com has it, reckoned here a second time.
    headers = {name.lower(): value for name, value in receiver.headers[0].items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert rollback.incident is not None
    assert rollback.incident.timeline.filter(text__contains="webhook done").exists()


def test_a_receiver_that_is_away_is_called_again_under_the_same_id(site: Site, receiver: Receiver) -> None:
    site.rules(mode="automatic", url=receiver.url, credential=SECRET, allow_private_addresses=True)
    site.goes_wrong()
    site.watched()
    receiver.status = 503
    site.carried_out()
    call = Call.objects.get()
    assert (call.state, call.attempts) == (Call.State.WAITING, 1)
    assert call.not_before.timestamp() > time.time()
    receiver.status = 200
    Call.objects.update(not_before=0)
    site.carried_out()
    assert Rollback.objects.get().state == State.DONE
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 1


def test_an_address_inside_our_network_is_not_called(site: Site, receiver: Receiver) -> None:
    site.rules(mode="automatic", url=receiver.url, credential=SECRET)
    site.goes_wrong()
    site.watched()
    site.carried_out()
    rollback = Rollback.objects.get()
    assert rollback.state == State.FAILED
    assert "inside a network" in rollback.problem
    assert receiver.bodies == []


def test_the_command_gets_its_words_as_they_are_and_its_output_is_kept(site: Site, tmp_path: Path) -> None:
    command = script(
        tmp_path / "hook.py",
        "import json, os, sys\n"
        "told = json.load(sys.stdin)['data']\n"
        "print(sys.argv[1], os.environ['ROLLBACK_RELEASE'], os.environ['ROLLBACK_TO'], told['back_to'])\n"
        "print('secret' if 'MONITOR_SECRET_KEY' in os.environ else 'no secrets')\n",
    )
    site.patch.setenv("MONITOR_SECRET_KEY", "of the monitor")
    site.rules(mode="automatic", command=command)
    site.goes_wrong()
    site.watched()
    site.carried_out()
    call = Call.objects.get()
    assert call.state == Call.State.DONE
    assert call.outcome == f"$(touch /tmp/never); a b {BAD} {GOOD} {GOOD}\nno secrets"
    assert not Path("/tmp/never").exists()


def test_a_command_that_fails_or_hangs_says_so_and_is_not_begun_again(site: Site, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    body = f"open({str(runs)!r}, 'a').write('x')\nprint('halfway', flush=True)\n"
    site.rules(mode="automatic", command=script(tmp_path / "fails.py", body + "raise SystemExit(3)"))
    site.goes_wrong()
    site.watched()
    site.carried_out()
    site.carried_out()
    assert runs.read_text() == "x"
    rollback = Rollback.objects.get()
    assert rollback.state == State.FAILED
    assert "ended with 3" in rollback.problem
    assert "halfway" in Call.objects.get().outcome

    site.patch.setattr(calling, "COMMAND_TIMEOUT_S", 1)
    site.rules(mode="automatic", command=script(tmp_path / "hangs.py", body + "import time; time.sleep(60)"))
    Rollback.objects.all().delete()
    site.watched()
    site.carried_out()
    assert "took longer than 1 s" in Call.objects.get().outcome


def test_a_monitor_that_dies_with_the_command_does_not_begin_it_again(site: Site, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    site.rules(mode="automatic", command=script(tmp_path / "hook.py", f"open({str(runs)!r}, 'a').write('x')"))
    site.goes_wrong()
    site.watched()
    call = calling.due(time.time() + 1)[0]
    assert calling.claim(call, time.time())
    # Whoever claimed it is gone. Nobody else gets it, neither now nor later.
    assert not calling.claim(call, time.time())
    calling.carry_out(time.time())
    calling.give_up_abandoned(time.time() + calling.COMMAND_TIMEOUT_S + 60)
    site.carried_out()
    call.refresh_from_db()
    assert call.state == Call.State.FAILED
    assert "not known" in call.outcome
    assert not runs.exists()


def test_a_webhook_that_was_left_is_called_again(site: Site, receiver: Receiver) -> None:
    site.rules(mode="automatic", url=receiver.url, credential=SECRET, allow_private_addresses=True)
    site.goes_wrong()
    site.watched()
    assert calling.claim(calling.due(time.time() + 1)[0], time.time())
    calling.give_up_abandoned(time.time() + 120)
    site.carried_out()
    assert len(receiver.bodies) == 1
    assert Rollback.objects.get().state == State.DONE


def test_with_nothing_to_call_it_fails_and_says_why(site: Site) -> None:
    site.rules(mode="automatic", url=None, command=())
    site.goes_wrong()
    found = site.watched()
    assert found is not None
    assert found.state == State.FAILED
    assert "neither url nor command" in found.problem


@pytest.fixture
def on_call(member: User) -> User:
    person = Person.objects.create(name="Mary", email=member.email, user=member)
    Seat.objects.create(role="lead", person=person)
    return member


def test_confirming_is_for_who_holds_the_role_and_works_once(
    site: Site, receiver: Receiver, on_call: User, as_member: Client, as_viewer: Client, as_admin: Client
) -> None:
    site.rules(
        mode="confirm",
        url=receiver.url,
        credential=SECRET,
        allow_private_addresses=True,
        confirmed_by=("lead",),
    )
    site.goes_wrong()
    rollback = site.watched()
    assert rollback is not None
    assert rollback.state == State.WAITING
    site.carried_out()
    assert receiver.bodies == []

    address, page = f"/releases/rollback/{rollback.pk}/decide/", f"/releases/version/{BAD}/"
    assert as_viewer.post(address, {"action": "confirm"}).status_code == 403
    assert as_member.get(address).status_code == 405
    # An admin who holds no such role does not, as somebody does.
    assert "Only" in as_admin.post(address, {"action": "confirm"}, follow=True).text
    assert "Take it back to" not in as_admin.get(page).text
    assert f"Take it back to {GOOD}" in as_member.get(page).text
    assert "Somebody must confirm" in as_member.get(page).text
    without_token = Client(enforce_csrf_checks=True)
    without_token.force_login(on_call)
    assert without_token.post(address, {"action": "confirm"}).status_code == 403

    assert "taken back now" in as_member.post(address, {"action": "confirm"}, follow=True).text
    assert "decided already" in as_member.post(address, {"action": "confirm"}, follow=True).text
    assert "decided already" in as_member.post(address, {"action": "dismiss"}, follow=True).text
    assert "Somebody must confirm" not in as_member.get(page).text
    site.carried_out()
    assert len(receiver.bodies) == 1
    rollback.refresh_from_db()
    assert (rollback.state, rollback.decided_by) == (State.DONE, on_call)
    assert "It is taken back to" not in as_member.get(page).text
    assert AuditEntry.objects.filter(action="rollback.confirmed", user=on_call).count() == 1


def test_confirming_where_nothing_can_be_called_says_that_nothing_was_done(
    site: Site, on_call: User, as_member: Client
) -> None:
    site.rules(mode="confirm", url=None, command=(), confirmed_by=("lead",))
    site.goes_wrong()
    rollback = site.watched()
    assert rollback is not None
    text = as_member.post(
        f"/releases/rollback/{rollback.pk}/decide/", {"action": "confirm"}, follow=True
    ).text
    assert "It is taken back" not in text
    assert "There is nothing to call" in text


def test_what_was_replaced_meanwhile_cannot_be_confirmed_and_what_nobody_confirms_lapses(
    site: Site, on_call: User
) -> None:
    site.rules(mode="confirm", confirmed_by=("lead",))
    site.goes_wrong()
    rollback = site.watched()
    assert rollback is not None
    site.deploy("hydroml@1.2.0", ago_s=10)
    with pytest.raises(services.RollbackError, match="Another release"):
        services.confirm(rollback, on_call, site.now)
    services.watch(site.now + 2 * 86_400)
    rollback.refresh_from_db()
    assert rollback.state == State.DISMISSED


def test_without_holders_an_admin_decides(site: Site, admin: User, member: User) -> None:
    site.rules(mode="confirm", confirmed_by=("lead",))
    assert services.may_decide(admin, site.now)
    assert not services.may_decide(member, site.now)
    stranger = User.objects.create_user("v@example.org", "a-long-password", role=Role.VIEWER)
    assert not services.may_decide(stranger, site.now)


def test_strangers_see_nothing_of_it(site: Site, other_project: object) -> None:
    site.goes_wrong()
    rollback = site.watched()
    assert rollback is not None
    stranger = User.objects.create_user("s@example.org", "a-long-password", role=Role.MEMBER)
    client = Client()
    client.force_login(stranger)
    assert client.post(f"/releases/rollback/{rollback.pk}/decide/", {"action": "confirm"}).status_code == 404


def test_it_is_kept_as_long_as_incidents_with_what_was_called_for_it(site: Site, receiver: Receiver) -> None:
    site.rules(mode="automatic", url=receiver.url, credential=SECRET, allow_private_addresses=True)
    site.goes_wrong()
    site.watched()
    later = site.now + current_strategy().retention.incidents_s
    keeping.forget_old(later + 60)
    assert Call.objects.count() == 1, "it is still to be carried out"
    site.carried_out()
    assert Rollback.objects.get().state == State.DONE
    keeping.forget_old(later - 60)
    assert Call.objects.count() == 1
    keeping.forget_old(later + 60)
    assert (Rollback.objects.count(), Call.objects.count()) == (0, 0)
