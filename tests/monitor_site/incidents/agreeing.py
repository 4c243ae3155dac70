"""What the list at a figure's address makes of it: of each of the figures of monitor.incidents.figures."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from monitor.incidents.figures import Figure


def follow(client: Client, address: str) -> Any:
    """The context of the page at an address."""
    answer = client.get(address)
    assert answer.status_code == 200, (answer.status_code, address)
    return answer.context


def reckoned(client: Client, name: str, address: str) -> tuple[float, int]:
    """The figure, and of how many, from what is listed at its address. Fails for a name that is not known here."""
    page = follow(client, address)
    if name == "coverage":
        return page["found"].covered, page["found"].total
    if name == "false_positives":
        useless = [row["episode"].useful for row in page["rows"]]
        assert useless == [False] * page["in_all"].useless
        return page["in_all"].false_share, page["in_all"].judged
    listed = page["means"].number
    if name == "in_time":
        late = follow(client, address.replace("only=judged", "only=late"))["means"].number
        return 1 - late / listed, listed
    if name == "recurrence":
        everything = follow(client, address.replace("only=returned", ""))["means"].number
        return listed / everything, everything
    kind, _, severity = name.partition("_")
    assert kind in ("detect", "acknowledge", "resolve"), name
    assert not severity or {row.incident.severity for row in page["rows"]} <= {severity}
    return getattr(page["means"], kind), listed


def check(client: Client, figure: Figure) -> None:
    """Follows the address, and reckons the figure again from what is listed there."""
    assert figure.value is not None
    assert reckoned(client, figure.name, figure.address) == (pytest.approx(figure.value), figure.of), figure
