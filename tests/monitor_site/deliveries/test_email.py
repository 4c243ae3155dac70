"""Email over a real SMTP server, read back by the standard library."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from pytest_django.fixtures import Settings

from monitor.alerts.channels import email
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel
from tests.monitor_site.deliveries.messages import letter
from tests.monitor_site.deliveries.receivers import Mailbox
from tests.monitor_site.deliveries.strange import strange_letters

CHANNEL = Channel(name="email", kind="email", timeout_s=20)
TO = {"to": ("ada@example.org", "mary@example.org")}


@pytest.fixture
def box(mails: Mailbox, settings: Settings) -> Mailbox:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mails.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.DEFAULT_FROM_EMAIL = "HydroML monitor <monitor@example.org>"
    return mails


def told(kind: Kind = Kind.FIRED, **given: Any) -> dict[str, Any]:
    one = letter(kind, letter_of=TO | given.pop("letter_of", {}), **given)
    return email.send(email.draw(one), CHANNEL, one)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_it_is_text_and_html_with_all_that_is_known(box: Mailbox) -> None:
    told()
    [mail] = box.mails
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["Subject"] == "[P0] Database connections fail (production)"
    assert mail["From"] == "HydroML monitor <monitor@example.org>"
    assert mail["To"] == "ada@example.org, mary@example.org"
    assert mail["Message-ID"] == "<msg_0123456789@monitor.example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not mail.defects
    for kind in ("plain", "html"):
        said = part(mail, kind)
        for expected in (
            "Database connections fail",
            "hydroml · production",
            "12 events",
            "1.4.2",
            "/alerts/runbooks/database/",
        ):
            assert expected in said, (kind, expected)
    assert "<strong>12</strong> events" in part(mail, "html")
    assert box.to == [["ada@example.org", "mary@example.org"]]


def test_mails_of_a_thread_answer_one_another(box: Mailbox) -> None:
    first = told()
    second = told(Kind.ESCALATED, letter_of={"key": "msg_2", "earlier": (first,)})
    told(Kind.RESOLVED, letter_of={"key": "msg_3", "earlier": (first, second)})
    one, two, three = box.mails
    assert one["In-Reply-To"] is None
    assert two["In-Reply-To"] == one["Message-ID"]
    assert three["In-Reply-To"] == two["Message-ID"]
    assert three["References"] == f"{one['Message-ID']} {two['Message-ID']}"
    assert three["Subject"] == "[P0] Resolved: Database connections fail (production)"


def test_a_long_thread_keeps_its_first_mail(box: Mailbox) -> None:
    earlier = tuple({"message_id": f"<m{number}@monitor.example.org>"} for number in range(60))
    told(Kind.UPDATE_DUE, letter_of={"earlier": earlier})
    references = str(box.mails[0]["References"]).split()
    assert len(references) == 20
    assert (references[0], references[-1]) == ("<m0@monitor.example.org>", "<m59@monitor.example.org>")


def test_text_of_others_is_no_html_and_no_header(box: Mailbox) -> None:
    told(
        title="<script>alert(1)</script>\r\nBcc: eve@example.org",
        text="<img src=x> ![p](https://t.example/p.png) [x](javascript:alert(1))",
    )
    [mail] = box.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    html = part(mail, "html")
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_whom_the_server_refuses_is_said_and_the_others_are_told(box: Mailbox) -> None:
    box.refuses = {"mary@example.org"}
    answer = told()
    assert answer["note"] == "refused for 1 of 2: m…@example.org (550 no such user here)"
    assert box.to == [["ada@example.org"]]


def test_nobody_accepted_is_a_failure_for_good(box: Mailbox) -> None:
    box.refuses = {"mary@example.org", "ada@example.org"}
    with pytest.raises(DeliveryError, match="Nobody was accepted") as failed:
        told()
    assert failed.value.permanent
    assert "ada@" not in failed.value.problem


@pytest.mark.parametrize(
    ("says", "permanent"), [("451 come again", False), ("554 we think this is spam", True)]
)
def test_what_the_server_says_decides_whether_it_goes_again(box: Mailbox, says: str, permanent: bool) -> None:
    box.says = says
    with pytest.raises(DeliveryError) as failed:
        told()
    assert failed.value.problem == f"{says[:3]}: {says[4:]}"
    assert failed.value.permanent is permanent


def test_no_server_and_no_recipient_are_said(settings: Settings, box: Mailbox) -> None:
    with pytest.raises(DeliveryError, match="nobody to write to"):
        told(letter_of={"to": ()})
    settings.EMAIL_PORT = 1
    with pytest.raises(DeliveryError, match="The mail server") as failed:
        told()
    assert not failed.value.permanent
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    with pytest.raises(DeliveryError, match="MONITOR_EMAIL_HOST"):
        told()


def test_a_report_has_no_environment_in_its_subject() -> None:
    drawn = email.draw(
        letter(
            Kind.REPORT,
            title="Daily digest",
            severity="",
            text="# Yesterday\n\n| a | b |\n| - | - |\n| 1 | 2 |",
        )
    )
    assert drawn["subject"] == "Daily digest"
    assert "<td>1</td>" in drawn["html"]


@settings_of(max_examples=15, deadline=None)
@given(strange_letters())
def test_whatever_a_message_says_a_mail_can_be_written_and_read(strange: Any) -> None:
    from email import message_from_bytes, policy

    from django.core.mail import EmailMultiAlternatives

    drawn = email.draw(strange)
    made = EmailMultiAlternatives(
        drawn["subject"], drawn["text"], "m@example.org", ["a@example.org"], headers=drawn["headers"]
    )
    made.attach_alternative(drawn["html"], "text/html")
    read = message_from_bytes(made.message().as_bytes(), policy=policy.default)
    assert not read.defects
    assert read.get_body(("html",)) is not None
    assert "<script" not in drawn["html"].lower()
