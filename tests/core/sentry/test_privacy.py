"""docs/privacy.md says what cannot be known, with a proof of each point; here they are run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.sentry.scrubbing import EventScrubber, KnownValues, TextScrubber
from core.sentry.scrubbing.secrets_of import of_log_entry

PAGE = Path(__file__).resolve().parents[3] / "docs" / "privacy.md"
PROOFS = re.findall(r"\*\*(\d+)\. ([^*]+)\*\*.*?```python\n(.*?)```", PAGE.read_text(), re.DOTALL)

scrubber = EventScrubber(TextScrubber())


def _scrub_event(event: dict[str, Any]) -> dict[str, Any]:
    known = of_log_entry(event.get("logentry"), scrubber.text.names)
    return scrubber.event(event, KnownValues(known))


def test_every_point_has_a_proof() -> None:
    assert [int(number) for number, _, _ in PROOFS] == list(range(1, 10))


@pytest.mark.parametrize("proof", [proof for _, _, proof in PROOFS], ids=[title for _, title, _ in PROOFS])
def test_what_the_page_says_is_true(proof: str) -> None:
    exec(proof, {"scrub": scrubber.value, "scrub_event": _scrub_event, "scrub_code": scrubber.text.code})
