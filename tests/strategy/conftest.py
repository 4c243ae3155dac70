"""A strategy as small as it may be, for tests to spoil."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from strategy import Strategy, StrategyError, StrategyProblem
from strategy.loader import read_strategy

SMALLEST = """\
[environments.production]
description = "What users work with."

[severities]
P0 = { label = "critical", description = "All.", respond = "5m", resolve = "1h" }
P1 = { label = "high", description = "Many.", respond = "15m", resolve = "4h" }
P2 = { label = "medium", description = "Some.", respond = "1h", resolve = "24h" }
P3 = { label = "low", description = "Few.", respond = "24h", resolve = "weekly review" }
P4 = { label = "info", description = "None.", respond = "weekly review", resolve = "weekly review" }

[roles]
lead = { title = "Lead" }

[owners.backend]
title = "Backend"
role = "lead"

[categories.database]
description = "PostgreSQL."
severity = "P0"
owner = "backend"
retryable = true
http_status = 503
runbook = "docs/runbooks/database.md"
classes = ["django.db.Error"]

[categories.uncategorised]
description = "The rest."
severity = "P2"
owner = "backend"
retryable = false
http_status = 500
runbook = "docs/runbooks/uncategorised.md"
"""

Read = Callable[..., Strategy]
Problems = Callable[..., list[StrategyProblem]]


@pytest.fixture
def read() -> Read:
    """Reads the smallest strategy with something added, and something in it replaced."""

    def read_it(
        added: str = "", *, replaced: tuple[str, str] = ("", ""), env: Mapping[str, str] | None = None
    ) -> Strategy:
        assert replaced[0] in SMALLEST, f"{replaced[0]!r} is not in the smallest strategy"
        text = SMALLEST.replace(*replaced, 1) if replaced[0] else SMALLEST
        return read_strategy(text + added, env=env or {}, file=Path("strategy.toml"))

    return read_it


@pytest.fixture
def problems(read: Read) -> Problems:
    """What is wrong with it; fails when nothing is."""

    def problems_of(*args: str, **kwargs: object) -> list[StrategyProblem]:
        with pytest.raises(StrategyError) as caught:
            read(*args, **kwargs)
        return list(caught.value.problems)

    return problems_of


def line_with(text: str, added: str = "", *, replaced: tuple[str, str] = ("", "")) -> int:
    """The number of the one line that contains `text`."""
    whole = (SMALLEST.replace(*replaced, 1) if replaced[0] else SMALLEST) + added
    (found,) = [number for number, line in enumerate(whole.split("\n"), start=1) if text in line]
    return found
