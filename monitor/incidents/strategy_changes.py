"""That strategy.toml has changed, in the audit log: a rule or a channel that somebody changed is a change like a deploy.

Kept are digests of the file's sections, so that the next change can say which they were; no values.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from typing import Any

from django.db import transaction

from monitor.access.audit import record
from monitor.incidents.course import moment
from monitor.incidents.models import StrategySeen
from monitor.site.strategy_file import current_strategy

NOTICE_EVERY_S = 60.0


def notice(now: float) -> None:
    """Writes an entry where the file is another than the last time; none for the first. Raises OSError, TOMLDecodeError."""
    sections = digests_of(current_strategy().path.read_text())
    with transaction.atomic():
        seen = StrategySeen.objects.first()
        if seen is None:
            StrategySeen.objects.create(digests=sections, at=moment(now))
            return
        changed = sorted(
            name for name in {*seen.digests, *sections} if seen.digests.get(name) != sections.get(name)
        )
        if changed:
            seen.digests, seen.at = sections, moment(now)
            seen.save()
            record("monitor", "strategy.changed", f"strategy.toml ({', '.join(changed)})")


def digests_of(text: str) -> dict[str, str]:
    """Of each section; in arrays of tables whose entries have ids, of each entry."""
    found = {}
    for name, value in tomllib.loads(text).items():
        if isinstance(value, list) and all(isinstance(one, dict) and "id" in one for one in value):
            found.update({f"{name}.{one['id']}": _digest(one) for one in value})
        else:
            found[name] = _digest(value)
    return found


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]
