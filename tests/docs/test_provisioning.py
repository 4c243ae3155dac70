"""docs/provisioning.md says of each rule what becomes of it: the same as the code does."""

from __future__ import annotations

from core.provisioning.alerts import alerts_wish
from core.provisioning.dashboards import _ELSEWHERE, PANELS
from core.provisioning.looking import RELEASE_SCOPE, SCOPES
from core.provisioning.wanted import Place, Wish
from strategy import load_strategy
from strategy.model.following_up import PANELS as ALL_PANELS
from tests.docs import pages

PAGE = (pages.DOCS / "provisioning.md").read_text(encoding="utf-8")
PLACE = Place("acme", "hydroml", 1, ("production",), {}, {}, {})


def what_becomes_of_rules() -> dict[str, str]:
    """Rule → what is made of it and how well, as the table has it."""
    strategy, wish = load_strategy(env={}), Wish()
    alerts_wish(strategy, PLACE, wish)
    found = {}
    for rule in strategy.alerts:
        monitors = [
            each for each in wish.objects if each.kind == "monitor" and each.key.split(".")[0] == rule.id
        ]
        alert = any(each.kind == "alert" and each.key == rule.id for each in wish.objects)
        gap = any(each.what.split(".")[0].split("/")[0] == rule.id for each in wish.gaps)
        made = "no" if not alert else "alert" if not monitors else "monitor and alert"
        if len(monitors) > 1:
            made = f"{len(monitors)} monitors and alert"
        found[rule.id] = made + (", nearly" if gap and alert else "")
    return found


def test_the_table_says_of_each_rule_what_becomes_of_it() -> None:
    rows = {row[0].strip("`"): row[1] for row in pages.table_rows(PAGE, "Each rule")}
    assert rows == what_becomes_of_rules()


def test_the_table_of_scopes_is_the_commands() -> None:
    rows = {row[0].strip("`"): row[1] for row in pages.table_rows(PAGE, "What the token may do")}
    assert rows == SCOPES | RELEASE_SCOPE


def test_each_panel_is_a_widget_or_is_said_to_be_none() -> None:
    assert set(PANELS) | set(_ELSEWHERE) == set(ALL_PANELS)
    assert not set(PANELS) & set(_ELSEWHERE)
    rows = {row[0].strip("`"): row[1] for row in pages.table_rows(PAGE, "Panels without a widget")}
    assert rows == _ELSEWHERE
