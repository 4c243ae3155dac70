"""The containers without DEBUG: no laboratory, pages that work, and an error that reaches the monitor."""

import secrets
from pathlib import Path

import httpx

from stack.compose import BASE, PRODUCTION, Compose
from stack.failing import find_it, shown_error_id
from stack.folder import throwaway
from stack.visiting import Visitor, WalkError
from stack.walk import catchment_files, first_page, make_project, sign_up, step, upload, wait_for_processing

ADMIN = "compose-check@hydroml.example"
# As a disk would break it: production has no page that fails on request.
BREAK = (
    "from data_tools.models import DataSource as D; "
    "D.objects.exclude(parquet_path='').latest('created_at').parquet_file.write_bytes(b'PAR1 and no more PAR1')"
)


def check_production() -> None:
    """Started, looked at, gone again. Raises StackError that says what is not as it should be."""
    password = secrets.token_urlsafe(16)
    given = {"MONITOR_ADMIN_EMAIL": ADMIN, "MONITOR_ADMIN_PASSWORD": password}
    stack = Compose("production", (BASE, PRODUCTION), given)
    with stack.up(), throwaway("check") as folder:
        stack.run("run", "--rm", "-T", *(f"-e{name}" for name in given), "monitor-prepare")
        visitor, monitor = Visitor(stack.address), Visitor(stack.monitor_address)
        with visitor.client, monitor.client:
            with step("production has no laboratory"):
                no_laboratory(visitor)
            _work(visitor, folder.path)
            with step("production reports an error"):
                stack.run("exec", "-T", "web", "hydroml", "manage", "shell", "-c", BREAK)
                error_id = fail(visitor)
                find_it(monitor, error_id, words=("P1", "data_processing"), user=ADMIN, password=password)


def no_laboratory(visitor: Visitor) -> None:
    for path in ("/test-sentry-error/", "/test-sentry-error/?type=division"):
        answer = visitor.client.get(path)
        if answer.status_code != httpx.codes.NOT_FOUND:
            raise WalkError(f"{path} answered {answer.status_code}")
        if "Traceback" in answer.text or "urlconf" in answer.text.lower():
            raise WalkError(f"{path} shows what DEBUG shows")


def _work(visitor: Visitor, folder: Path) -> None:
    """Up to a data source whose page is open then."""
    file = catchment_files(folder)[0]
    for take in (first_page, sign_up, make_project, upload, wait_for_processing):
        with step(f"production: {take.__name__.replace('_', ' ')}"):
            take(visitor, file)


def fail(visitor: Visitor) -> str:
    """The page that was open a moment ago fails; gives the error id that it shows."""
    answer = visitor.client.get(visitor.path)
    if answer.status_code != httpx.codes.INTERNAL_SERVER_ERROR:
        raise WalkError(f"the page of a broken file answered {answer.status_code}")
    return shown_error_id(answer.text)
