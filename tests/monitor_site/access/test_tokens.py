"""Tokens of scripts."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from monitor.access import tokens
from monitor.access.models import ApiToken, Role, User
from monitor.access.scopes import SCOPES, granted


def test_a_token_is_let_in_and_only_its_digest_is_kept(member: User) -> None:
    token, bearer = tokens.create(member, "deploy script", ["project:releases"])
    assert re.fullmatch(r"sntryu_[0-9a-f]{64}", bearer)
    assert tokens.authenticate(bearer) == token
    kept = str(ApiToken.objects.values().get())
    assert bearer not in kept
    assert bearer.removeprefix(tokens.PREFIX) not in kept


@pytest.mark.django_db
@pytest.mark.parametrize("bearer", ["", "x", "sntryu_" + "0" * 64, "\ud800", "é" * 5000])
def test_anything_else_is_not(bearer: str) -> None:
    assert tokens.authenticate(bearer) is None


def test_an_unknown_scope_is_refused_by_name(member: User) -> None:
    with pytest.raises(ValueError, match="event:everything"):
        tokens.create(member, "x", ["event:read", "event:everything"])


def test_a_token_ends_when_it_was_told_to(member: User) -> None:
    _, bearer = tokens.create(member, "x", ["event:read"], now() + timedelta(days=1))
    assert tokens.authenticate(bearer)
    with time_machine.travel(now() + timedelta(days=1, seconds=1), tick=False):
        assert tokens.authenticate(bearer) is None


def test_its_use_is_written_once_a_minute(
    member: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token, bearer = tokens.create(member, "x", ["event:read"])
    start = now()
    with time_machine.travel(start, tick=False):
        tokens.authenticate(bearer)
        with django_assert_num_queries(1):
            tokens.authenticate(bearer)
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        tokens.authenticate(bearer)
    token.refresh_from_db()
    assert token.last_used_at == start + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["event:read"], {"event:read"}),
        (["event:admin"], {"event:read", "event:write", "event:admin"}),
        (["project:releases"], {"project:releases"}),
        (["org:ci"], {"org:ci", "project:releases"}),
        (["alerts:write"], {"alerts:read", "alerts:write"}),
        (["nonsense", "event:nonsense"], set()),
    ],
)
def test_a_scope_includes_the_lesser_ones(member: User, scopes: list[str], allowed: set[str]) -> None:
    assert granted(ApiToken(user=member, scopes=scopes)) == allowed


def test_a_token_may_never_more_than_its_user(member: User) -> None:
    token, _ = tokens.create(member, "x", SCOPES)
    member.role = Role.VIEWER
    assert all(scope.endswith(":read") for scope in granted(ApiToken(user=member, scopes=token.scopes)))


def test_a_user_makes_one_sees_it_once_and_revokes_it(as_member: Client, member: User) -> None:
    page = as_member.post("/accounts/tokens/", {"name": "ci", "scopes": ["org:ci"], "expires": "30"})
    found = re.search(r"sntryu_[0-9a-f]{64}", page.content.decode())
    assert found
    token = tokens.authenticate(found[0])
    assert token
    assert token.expires_at
    assert found[0] not in as_member.get("/accounts/tokens/").content.decode()
    as_member.post(f"/accounts/tokens/{token.pk}/revoke/")
    assert tokens.authenticate(found[0]) is None


def test_a_viewer_is_offered_only_reading(as_viewer: Client) -> None:
    page = as_viewer.get("/accounts/tokens/").content.decode()
    assert "event:read" in page
    assert "event:write" not in page
    response = as_viewer.post("/accounts/tokens/", {"name": "x", "scopes": ["event:write"], "expires": "30"})
    assert response.status_code == 422
    assert not ApiToken.objects.exists()
