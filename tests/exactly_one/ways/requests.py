"""All rows that are requests."""

from tests.exactly_one.ways.data import DATA
from tests.exactly_one.ways.refusals import REFUSALS
from tests.exactly_one.ways.reports import REPORTS
from tests.exactly_one.ways.views import VIEWS

REQUESTS = (*VIEWS, *REPORTS, *DATA, *REFUSALS)
