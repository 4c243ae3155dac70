"""What only shows when sections are seen together; single tables check themselves while they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strategy.model.classification import SEVERITY_NAMES, Category
from strategy.problems import CLASS_CLAIMED_TWICE, UNKNOWN_NAME
from strategy.reading import FAILED, Reading

UNCATEGORISED = "uncategorised"


def check_together(sections: Mapping[str, Any], reading: Reading) -> None:
    """Notes what is wrong between sections; those that could not be read are passed over."""
    sound = {name: value for name, value in sections.items() if value is not FAILED}
    if "severities" in sound:
        _check_severities(set(sound["severities"]), reading)
    if "categories" in sound:
        _check_categories(sound["categories"], reading)


def _check_severities(named: set[str], reading: Reading) -> None:
    for name in sorted(named - set(SEVERITY_NAMES)):
        hint = f"There are these five: {', '.join(SEVERITY_NAMES)}."
        reading.note(UNKNOWN_NAME, ("severities", name), f"severities.{name} is no severity.", hint)


def _check_categories(categories: Mapping[str, Category], reading: Reading) -> None:
    claimed: dict[str, tuple[str, int]] = {}
    for category in categories.values():
        for index, name in enumerate(category.classes):
            other, at = claimed.setdefault(name.dotted, (category.name, index))
            if (other, at) != (category.name, index):
                message = f"{name.dotted} is claimed by {other} and by {category.name}."
                hint = "Leave it in one of them; a more specific class may stand in another."
                reading.note(
                    CLASS_CLAIMED_TWICE, ("categories", category.name, "classes", index), message, hint
                )
