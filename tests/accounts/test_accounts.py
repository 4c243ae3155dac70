"""From sign-up to preferences, as a person goes through it."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password"


def log_in(client: Client, email: str, password: str) -> int:
    data = {"username": email, "password": password}
    return client.post(reverse("accounts:login"), data, REMOTE_ADDR="127.0.0.9").status_code


def test_signing_up_makes_an_account_and_logs_in(client: Client) -> None:
    data = {
        "name": "Ada",
        "email": "Ada@Example.org",
        "password1": "kt9-river-bed",
        "password2": "kt9-river-bed",
    }
    response = client.post(reverse("accounts:signup"), data)
    assert response.status_code == 302
    user = User.objects.get()
    assert user.email == "ada@example.org"
    assert client.get(reverse("accounts:preferences")).status_code == 200


def test_an_address_in_other_letters_is_the_same_account(
    client: Client, make_user: Callable[..., User]
) -> None:
    make_user(email="ada@example.org")
    data = {
        "name": "Ada",
        "email": "ADA@example.org",
        "password1": "kt9-river-bed",
        "password2": "kt9-river-bed",
    }
    response = client.post(reverse("accounts:signup"), data)
    assert response.status_code == 422
    assert "An account with this address exists" in response.content.decode()
    assert log_in(client, "ADA@example.org", PASSWORD) == 302


def test_the_sixth_wrong_password_is_paused_and_the_right_one_too(
    client: Client, make_user: Callable[..., User]
) -> None:
    make_user(email="ada@example.org")
    for _ in range(4):
        assert log_in(client, "ada@example.org", "wrong") == 200
    assert log_in(client, "ada@example.org", "wrong") == 429
    response = client.post(
        reverse("accounts:login"),
        {"username": "ada@example.org", "password": PASSWORD},
        REMOTE_ADDR="127.0.0.9",
    )
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_language_time_zone_and_theme_apply_to_the_next_page(
    client: Client, make_user: Callable[..., User]
) -> None:
    user = make_user()
    client.force_login(user)
    data = {"name": "Ada", "theme": "dark", "language": "de", "time_zone": "Europe/Berlin"}
    assert client.post(reverse("accounts:preferences"), data).status_code == 302
    page = client.get(reverse("accounts:preferences"))
    text = page.content.decode()
    assert '<html lang="de" data-theme="dark">' in text
    assert page["Content-Language"] == "de"


def test_an_unknown_time_zone_is_refused_beside_the_field(
    client: Client, make_user: Callable[..., User]
) -> None:
    client.force_login(make_user())
    data = {"name": "Ada", "theme": "dark", "language": "de", "time_zone": "Mars/Olympus"}
    response = client.post(reverse("accounts:preferences"), data)
    assert response.status_code == 422
    assert "Mars/Olympus" in response.content.decode()


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(
    client: Client, make_user: Callable[..., User]
) -> None:
    make_user(email="ada@example.org")
    client.post(reverse("accounts:password_reset"), {"email": "ada@example.org"})
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)
    assert link is not None
    form = client.get(link.group(1), follow=True)
    new = {"new_password1": "kt9-river-bed", "new_password2": "kt9-river-bed"}
    client.post(form.redirect_chain[-1][0], new)
    assert log_in(client, "ada@example.org", "kt9-river-bed") == 302
    assert "used already" in client.get(link.group(1), follow=True).content.decode()


def test_resetting_tells_nobody_whether_an_address_has_an_account(client: Client) -> None:
    response = client.post(reverse("accounts:password_reset"), {"email": "nobody@example.org"})
    assert response.status_code == 302
    assert mail.outbox == []


def test_a_page_for_strangers_asks_no_query_and_sets_no_vary_cookie_on_health(
    client: Client, django_assert_num_queries: Callable[[int], object]
) -> None:
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        response = client.get("/livez")
    assert "Cookie" not in response.get("Vary", "")


def test_the_headers_theme_is_kept_for_visitors_and_accounts(
    client: Client, make_user: Callable[..., User]
) -> None:
    url = reverse("accounts:theme")
    response = client.post(url, {"theme": "dark", "next": "https://elsewhere.example/"})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert 'data-theme="dark"' in client.get(reverse("accounts:login")).content.decode()
    user = make_user()
    client.force_login(user)
    client.post(url, {"theme": "light", "next": "/projects/"})
    user.refresh_from_db()
    assert user.theme == "light"
    assert client.post(url, {"theme": "mauve"}).status_code == 400
