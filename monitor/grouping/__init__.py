"""Which events are one issue: versioned hashes, each with the reasons for it. Pure Python: no Django, no disk."""

from monitor.grouping.components import Component, Grouping
from monitor.grouping.explanation import Explanation, explain
from monitor.grouping.grouper import Grouper, group

__all__ = ["Component", "Explanation", "Grouper", "Grouping", "explain", "group"]
