"""What may be called a release or an environment, whoever sends it."""

from __future__ import annotations

from typing import Any

MAX_RELEASE = 200
MAX_ENVIRONMENT = 64
# As Sentry has it. The dots could be no part of an address.
_NO_RELEASES = frozenset({"", ".", ".."})


def release_of(value: Any) -> str | None:
    """The name of a release, without blanks around it; None when it is none that can be kept or linked to."""
    if not isinstance(value, str):
        return None
    name = value.strip()
    if name in _NO_RELEASES or len(name) > MAX_RELEASE or not name.isprintable():
        return None
    return name


def environment_of(value: Any) -> str:
    """The name of an environment, as it stands with events; empty when there is none."""
    if not isinstance(value, str):
        return ""
    return "".join(character for character in value.strip() if character.isprintable())[:MAX_ENVIRONMENT]
