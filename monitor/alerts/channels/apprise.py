"""Whatever else there is, through the library Apprise: one address in its own notation, such as `ntfy://host/topic`.

Apprise makes its own connections. The host that its address names is judged as all others are, but cannot be pinned;
redirects are switched off.
"""

from __future__ import annotations

import logging
import warnings
from functools import cache
from typing import Any

from monitor.alerts.channels.letter import Letter
from monitor.alerts.channels.wording import cut, facts, headline, moment, plain, web_links, where
from monitor.alerts.dispatch.addresses import place_of
from monitor.alerts.dispatch.errors import DeliveryError
from monitor.alerts.messages import Kind
from strategy.model.alerting import Channel

TITLE_MAX, BODY_MAX = 250, 20_000
_TYPES = {"P0": "failure", "P1": "failure", "P2": "warning"}


def draw(letter: Letter) -> dict[str, Any]:
    """Markdown; Apprise makes of it what each service can show, and cuts it to what the service takes."""
    message = letter.message
    place = " · ".join(part for part in (where(message), moment(message)) if part)
    rows = "\n".join(f"- {name}: {value}" for name, value in facts(message))
    links = "\n".join(f"- [{link.label}]({link.url})" for link in web_links(message))
    body = "\n\n".join(part for part in (place, plain(message.text).strip(), rows, links) if part)
    kind = "success" if message.kind is Kind.RESOLVED else _TYPES.get(message.severity, "info")
    return {"title": cut(headline(message), TITLE_MAX), "body": cut(body, BODY_MAX), "type": kind}


def send(payload: dict[str, Any], channel: Channel, letter: Letter) -> dict[str, Any]:
    library = _library()
    found = library.Apprise(asset=library.AppriseAsset(async_mode=False, app_id="HydroML monitor"))
    if not found.add(channel.url or "") or len(found) != 1:
        raise DeliveryError(
            "The address is not one that Apprise knows; it must be exactly one.", permanent=True
        )
    service = found[0]
    service.redirects = False
    service.socket_connect_timeout = service.socket_read_timeout = float(channel.timeout_s)
    host = getattr(service, "host", None)
    if isinstance(host, str) and host:
        place_of(
            f"http://{f'[{host}]' if ':' in host else host}/", allow_private=channel.allow_private_addresses
        )
    with library.LogCapture(level=logging.WARNING) as log:
        taken = found.notify(
            body=payload["body"], title=payload["title"], notify_type=payload["type"], body_format="markdown"
        )
        said = log.getvalue()
    if not taken:
        raise DeliveryError(f"{service.service_name} did not take it: {_last_line(said)}")
    return {"service": str(service.service_name)[:60]}


def _last_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1].rpartition(" - ")[2][:200] if lines else "no reason was given"


@cache
def _library() -> Any:
    """Loaded when it is needed first: it brings a hundred services along."""
    with warnings.catch_warnings():
        # It looks for imghdr, which Python 3.11 and 3.12 warn of.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        # Its services are loaded at their first use.
        apprise.Apprise.instantiate("json://localhost")
    return apprise
