"""The search language of issues: words and `key:value`, read, checked and made a query. docs/monitor/issues.md says it all.

found = search(text, Scope(user=…, projects=…))      # a queryset of issues, in no order; raises SearchError
"""

from monitor.issues.search.conditions import search
from monitor.issues.search.errors import SearchError
from monitor.issues.search.scope import Scope
from monitor.issues.search.terms import Term, parse

__all__ = ["Scope", "SearchError", "Term", "parse", "search"]
