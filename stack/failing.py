"""The last steps of `script/demo --check`: break the application on purpose, and find the failure in its monitor."""

import re
import time

import httpx

from stack.page import Page
from stack.visiting import Visitor, WalkError

ERROR_ID = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
OPERATOR, PASSWORD = "operator@hydroml.example", "demo-hydroml"  # of the demo, as its start prints them
OF_A_DIVISION = ("ZeroDivisionError", "division by zero", "P2", "programming")
STORED_WITHIN_S = 60


def break_it(visitor: Visitor) -> str:
    """A view divides by zero; gives the error id that its page shows, or nothing where there is no laboratory."""
    answer = visitor.client.get("/test-sentry-error/", params={"type": "division"})
    if answer.status_code == httpx.codes.NOT_FOUND:
        return ""
    if answer.status_code != httpx.codes.INTERNAL_SERVER_ERROR:
        raise WalkError(f"the broken page answered {answer.status_code}")
    return shown_error_id(answer.text)


def shown_error_id(html: str) -> str:
    """What the visitor of a page that failed can read out to somebody. Raises WalkError when there is none."""
    text = Page(html).text
    found = ERROR_ID.search(text)
    if found is None:
        raise WalkError(f"the broken page shows no error id: {text[:600]}")
    return found[0]


def find_it(
    monitor: Visitor,
    error_id: str,
    *,
    words: tuple[str, ...] = OF_A_DIVISION,
    user: str = OPERATOR,
    password: str = PASSWORD,
) -> None:
    """The monitor leads from the id that the user saw to the event, which says truthfully what happened."""
    form = monitor.get("/accounts/login/").form_with("password")
    monitor.submit(form, username=user, password=password)
    deadline = time.monotonic() + STORED_WITHIN_S
    monitor.get(f"/issues/?q={error_id}")
    while "/events/" not in monitor.path:
        if time.monotonic() > deadline:
            raise WalkError(f"the monitor has no event with {error_id} after {STORED_WITHIN_S} s")
        time.sleep(0.3)
        monitor.get(f"/issues/?q={error_id}")
    monitor.expect(*words, error_id)
