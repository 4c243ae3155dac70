"""The drill as JSON, for machines: what a gate reads and what is kept beside a release."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.firedrill.lines import Line, Verdict, figures

FORMAT = 1
STANDARD_OUTPUT = Path("-")


def report(lines: Sequence[Line], *, run: str, where: str, began_at: float, seconds: float) -> dict[str, Any]:
    """`passed`: no line is wrong, and something was learned."""
    counts = {verdict.value: sum(line.verdict is verdict for line in lines) for verdict in Verdict}
    return {
        "format": FORMAT,
        "run": run,
        "where": where,
        "began_at": datetime.fromtimestamp(began_at, UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "passed": has_passed(lines),
        "counts": counts,
        "figures": [asdict(figure) for figure in figures(lines)],
        "lines": [line.as_json() for line in lines],
    }


def has_passed(lines: Sequence[Line]) -> bool:
    """A drill that learned nothing has not passed."""
    verdicts = {line.verdict for line in lines}
    return Verdict.WRONG not in verdicts and bool(verdicts & {Verdict.RIGHT, Verdict.REHEARSED})


def write_report(file: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if file == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        file.write_text(text)
