"""The one dict that says what the error pages need to know of a site: `ERROR_PAGES` in settings, every key optional."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

_SCRIPT = "core/error-page.js"


@dataclass(frozen=True, slots=True)
class ErrorPageSettings:
    """`search_url` and `home_url` are paths, addresses or names of URLs; the search field is called `q`."""

    support_email: str = ""
    search_url: str = ""
    home_url: str = "/"
    site_name: str = ""
    feedback_dir: str | Path = ""
    """Where feedback is kept; `var/feedback` under BASE_DIR when empty. Web and worker must see the same directory."""

    debug_dir: str | Path = ""
    """Where technical pages are kept under DEBUG; `var/debug-pages` under BASE_DIR when empty."""

    event_url: str = ""
    """Where an event is looked up, for the error laboratory and lookup_error: `{event_id}` stands for its id."""

    lab_base: str = "core/lab/base.html"
    """The template that the error laboratory extends; it fills the blocks title, heading, summary and content."""


def error_page_settings() -> ErrorPageSettings:
    """As settings say. Raises ImproperlyConfigured for a key that there is not."""
    given = {str(key).lower(): value for key, value in getattr(settings, "ERROR_PAGES", {}).items()}
    known = {field.name for field in fields(ErrorPageSettings)}
    if unknown := sorted(set(given) - known):
        raise ImproperlyConfigured(
            f"ERROR_PAGES has no key {unknown[0].upper()!r}: use {', '.join(sorted(known)).upper()}."
        )
    return ErrorPageSettings(**given)


def address(name_or_path: str) -> str:
    """The path that a URL's name leads to; a path or address as it is; nothing for a name that leads nowhere."""
    if not name_or_path or name_or_path.startswith(("/", "http://", "https://")):
        return name_or_path
    try:
        return reverse(name_or_path)
    except NoReverseMatch:
        return ""


def event_address(event_id: str) -> str:
    """Where that event is looked up; nothing when the site does not say."""
    return error_page_settings().event_url.replace("{event_id}", event_id) if event_id else ""


def script_url() -> str:
    """Address of the pages' script, or nothing: they work without it."""
    try:
        return static(_SCRIPT)
    except (ValueError, ImproperlyConfigured):  # not collected, or no static files at all
        return ""


def place(directory: str | Path, name: str) -> Path:
    """`directory`, or `var/<name>` under BASE_DIR when it is empty."""
    return Path(directory) if directory else Path(getattr(settings, "BASE_DIR", ".")) / "var" / name
