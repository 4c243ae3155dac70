"""Email as text and HTML. Mails of one thread answer one another, so that a reader's program shows them together."""

from __future__ import annotations

import smtplib
from email.utils import parseaddr
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.core.mail.message import SafeMIMEMultipart
from django.template.loader import render_to_string
from markdown_it import MarkdownIt

from monitor.alerts.channels.letter import Letter
from monitor.alerts.channels.wording import (
    STATE_WORDS,
    colour,
    cut,
    facts,
    headline,
    moment,
    one_line,
    plain,
    web_links,
    where,
)
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel

SUBJECT_MAX = 200
_TEXT_MAX = 200_000
_REFERENCES_MAX = 20
_RECIPIENTS_MAX = 50


def draw(letter: Letter) -> dict[str, Any]:
    """`to` may be empty: then nobody can be written to, and sending says so."""
    message = letter.message
    text = cut(plain(message.text).strip(), _TEXT_MAX)
    context = {
        "headline": headline(message),
        "title": plain(message.title),
        "state": STATE_WORDS[message.kind],
        "where": where(message),
        "moment": moment(message),
        "facts": facts(message),
        "links": web_links(message),
        "text": text,
        "html": _markdown().render(text),
        "message": message,
        "colour": f"#{colour(message):06x}",
        "home": letter.home,
    }
    environment = cut(one_line(message.environment), 64)
    place = f" ({environment})" if environment and message.kind is not Kind.REPORT else ""
    return {
        "subject": cut(headline(message), SUBJECT_MAX - len(place)) + place,
        "to": list(letter.to)[:_RECIPIENTS_MAX],
        "text": render_to_string("deliveries/mail.txt", context).strip() + "\n",
        "html": render_to_string("deliveries/mail.html", context),
        "headers": _headers(letter),
    }


def send(payload: dict[str, Any], channel: Channel, letter: Letter) -> dict[str, Any]:
    if not payload["to"]:
        raise DeliveryError(
            "There is nobody to write to: SENTRY_ALERT_EMAIL_RECIPIENTS is empty, and nobody in the rota who holds"
            " the roles has an address.",
            permanent=True,
        )
    mail = EmailMultiAlternatives(
        payload["subject"], payload["text"], to=payload["to"], headers=payload["headers"]
    )
    mail.attach_alternative(payload["html"], "text/html")
    reply = {"message_id": payload["headers"]["Message-ID"]}
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        # Files are for trying things out; nobody is told by one.
        raise DeliveryError("There is no mail server: MONITOR_EMAIL_HOST is not set.")
    connection = get_connection()
    if not isinstance(connection, SmtpBackend):
        mail.connection = connection
        mail.send()
        return reply
    connection.timeout = channel.timeout_s
    refused = _by_smtp(connection, mail)
    if refused:
        reply["note"] = f"refused for {len(refused)} of {len(payload['to'])}: {_told(refused)}"
    return reply


def message_id(letter: Letter) -> str:
    """The same at each try: mail programs show a mail that comes twice once."""
    return f"<{letter.key}@{letter.host}>"


def _headers(letter: Letter) -> dict[str, str]:
    headers = {
        "Message-ID": message_id(letter),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-HydroML-Severity": letter.message.severity or "none",
    }
    earlier = [str(answer["message_id"]) for answer in letter.earlier if answer.get("message_id")]
    if earlier:
        # The first stays: it is what the thread hangs on.
        kept = earlier if len(earlier) <= _REFERENCES_MAX else [earlier[0], *earlier[1 - _REFERENCES_MAX :]]
        headers |= {"In-Reply-To": earlier[-1], "References": " ".join(kept)}
    return headers


def _by_smtp(connection: SmtpBackend, mail: EmailMultiAlternatives) -> dict[str, Any]:
    """Gives whom the server refused while it took the mail for others: Django's own way loses that."""
    try:
        connection.open()
        session = connection.connection
        if session is None:
            raise DeliveryError("The mail server did not take the connection.")
        sender = parseaddr(mail.from_email)[1]
        written = cast(SafeMIMEMultipart, mail.message()).as_bytes(linesep="\r\n")
        refused: dict[str, Any] = session.sendmail(sender, mail.recipients(), written)
        return refused
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise DeliveryError(
            f"Nobody was accepted: {_told(error.recipients)}", permanent=all(code >= 500 for code in codes)
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(f"The mail server refuses the log-in ({error.smtp_code}).") from error
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"{error.smtp_code}: {_words(error.smtp_error)}",
            permanent=isinstance(error, smtplib.SMTPDataError | smtplib.SMTPSenderRefused)
            and error.smtp_code >= 500,
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"The mail server: {str(error) or type(error).__name__}") from error
    finally:
        connection.close()


def _told(refused: dict[str, Any]) -> str:
    """Whose and why, the first three; enough of an address to recognise it and no more."""
    said = []
    for address, (code, why) in list(refused.items())[:3]:
        name, _, domain = address.rpartition("@")
        said.append(f"{name[:1]}…@{domain} ({code} {_words(why).replace(address, 'it')})")
    return ", ".join(said)


def _words(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:150]


@cache
def _markdown() -> MarkdownIt:
    """Without HTML of others, and without pictures: a mail that is opened must not tell anybody."""
    return (
        MarkdownIt("commonmark", {"html": False})
        .enable("table")
        .disable(["image", "html_inline", "html_block"])
    )
