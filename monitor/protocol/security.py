"""Reports that browsers send by themselves: CSP, Expect-CT, HPKP, Expect-Staple and network errors (NEL).

One report a request by the old ways (`report-uri`), a list of them by the Reporting API (`report-to`). They are kept
as the browser sent them, an item each; whoever digests them makes events.
"""

from urllib.parse import parse_qs
from uuid import uuid4

import orjson

from monitor.protocol.envelope import serialise_envelope
from monitor.protocol.errors import ProtocolError, Reason
from monitor.protocol.json_payload import load_json

_SECURITY_TYPES = frozenset(
    {
        "application/csp-report",
        "application/expect-ct-report",
        "application/expect-ct-report+json",
        "application/expect-staple-report",
        "application/json",
        "application/reports+json",
    }
)
_NEL_TYPES = frozenset({"application/json", "application/reports+json"})
_REPORTS_MAX = 100


def envelope_from_reports(
    body: bytes, content_type: str, query: str, *, network: bool = False
) -> tuple[str, bytes]:
    """An event id and an envelope with a `raw_security` or `nel` item for each report.

    Raises ProtocolError: unsupported_media_type, empty_body, invalid_json, too_large.
    """
    taken = _NEL_TYPES if network else _SECURITY_TYPES
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in taken:
        raise ProtocolError(
            Reason.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type {media_type[:60]!r} is not one of reports: {', '.join(sorted(taken))}.",
        )
    if not body.strip():
        raise ProtocolError(Reason.EMPTY_BODY, "Empty request body: there is no report in it.")
    value = load_json(body)
    reports = value if isinstance(value, list) else [value]
    if len(reports) > _REPORTS_MAX:
        raise ProtocolError(
            Reason.TOO_LARGE, f"{len(reports)} reports in one request; {_REPORTS_MAX} are taken."
        )
    if not reports or not all(isinstance(report, dict) for report in reports):
        raise ProtocolError(Reason.INVALID_JSON, "A report must be a JSON object, or several in a list.")
    headers = _item_headers(query)
    payloads = [orjson.dumps(report) for report in reports] if isinstance(value, list) else [body]
    items = [
        ({"type": _item_type(report, network=network), **headers}, payload)
        for report, payload in zip(reports, payloads, strict=True)
    ]
    event_id = uuid4().hex
    return event_id, serialise_envelope({"event_id": event_id}, items)


def _item_type(report: dict[str, object], *, network: bool) -> str:
    return "nel" if network or report.get("type") == "network-error" else "raw_security"


def _item_headers(query: str) -> dict[str, str]:
    """Browsers know neither release nor environment: the site's administrator put them into the URL."""
    given = parse_qs(query, errors="replace", max_num_fields=100)
    return {name: given[name][0][:200] for name in ("sentry_release", "sentry_environment") if name in given}
