"""The lines that a project adds, and what to mind in each kind of project."""

from __future__ import annotations

from collections.abc import Iterator

from core.copying.copier import CORE
from core.copying.project import Project

REQUIREMENTS = ('"sentry-sdk==2.75.0"', '"tenacity==9.2.1"', '"pybreaker==1.4.1"')

_SETTINGS = """from core.sentry import setup_sentry
INSTALLED_APPS = [*INSTALLED_APPS, "core"]
MIDDLEWARE = ["core.middleware.SentryContextMiddleware", *MIDDLEWARE]
CSRF_FAILURE_VIEW = "core.error_pages.csrf_failure"
ERROR_PAGES = {"SITE_NAME": "Your site", "SUPPORT_EMAIL": "support@example.org"}
setup_sentry(service="your-site", debug=DEBUG, base_dir=BASE_DIR)
"""
_URLS = """from django.urls import include, path
from core.error_pages import bad_request as handler400, page_not_found as handler404
from core.error_pages import permission_denied as handler403, server_error as handler500
urlpatterns = [path("", include("core.urls")), *urlpatterns]
"""
_TASK_BASE = 'task_cls="core.tasks:SentryTask"'
_DRF = """REST_FRAMEWORK = {
    **(_own := globals().get("REST_FRAMEWORK", {})),
    "EXCEPTION_HANDLER": "core.drf.exception_handler",
    "OWN_EXCEPTION_HANDLER": _own.get("EXCEPTION_HANDLER"),
}
"""


def settings_lines(project: Project) -> list[tuple[str, str]]:
    """(file, lines for its end): six in all, five more for DRF. The set-up stands where DEBUG is known."""
    lines = _SETTINGS.replace("your-site", project.name)
    if not project.has_base_dir:
        lines = lines.replace("BASE_DIR", '__file__.rpartition("/")[0] + "/.."')
    drf = _DRF if project.rest_framework else ""
    if not project.debug_files:
        return [(project.settings, lines + drf)]
    *common, set_up = lines.splitlines(keepends=True)
    return [(project.settings, "".join(common) + drf), *((file, set_up) for file in project.debug_files)]


def urls_lines() -> str:
    """For the end of the root urls.py; four."""
    return _URLS


def task_base() -> str:
    """The argument of `Celery(...)`."""
    return _TASK_BASE


def notes(project: Project) -> Iterator[str]:
    """What is to be minded in this project, beyond the lines."""
    for spot in project.sentry:
        yield (
            f"{spot} sets Sentry up already: take it out, two set-ups report twice. Options of your own go to "
            "setup_sentry(...) as keyword arguments; before_send hooks and middleware that capture go as well."
        )
    if project.user_model:
        yield (
            f"The user model is {project.user_model}: reports carry its primary key and a role (admin by is_staff or "
            "is_superuser, else member), and nothing else of it. There is nothing to set."
        )
    if project.asgi:
        yield "Under ASGI nothing is different: the middleware is both, and keeps async views async."
    if project.own_handlers:
        yield f"{project.urls} has handlers of its own: the lines come after them and win."
    if project.celery is None:
        yield "No Celery application was found: core.tasks is left unused, and nothing imports it."
    if project.rest_framework:
        yield (
            "DRF answers its own errors: the last lines of the settings let its 5xx be reported too. An EXCEPTION_HANDLER "
            "of your own goes on answering."
        )
    if not any(CORE.glob("locale/*/LC_MESSAGES/*.mo")):
        yield (
            "The error pages' German was not compiled where core comes from; until it is, they are in English: "
            "pip install babel; pybabel compile --directory core/locale"
        )
    yield "Keep var/ out of version control: reports wait there until the host has them."
