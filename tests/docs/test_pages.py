"""Every page: what it links to, calls and names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from manage import THE_MONITORS
from tests.docs import pages
from tests.docs.variables import error_page_keys, setting_names, variable_names

every_page = pytest.mark.parametrize("page", pages.all_pages(), ids=pages.name_of)

# Words in capitals that are neither: an error of OpenSSL, a key of FIREDRILL, what another project's settings have.
NO_SETTINGS = {
    "CERTIFICATE_VERIFY_FAILED", "DATABASE_PAGE", "REST_FRAMEWORK", "EXCEPTION_HANDLER", "OWN_EXCEPTION_HANDLER", "SENTRY_ENABLED",
}  # fmt: skip
# Announced, and not there yet.
COMING: set[str] = set()


@every_page
def test_each_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    for target in pages.links(page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in pages.anchors(file.read_text(encoding="utf-8")), f"{page.name} links to {target}"


@every_page
def test_each_management_command_exists_with_its_options(page: Path) -> None:
    known = get_commands()
    assert not COMING & set(known), "it has come: take it out of COMING"
    for name, options in pages.manage_commands(page.read_text(encoding="utf-8")):
        if name in COMING or name in THE_MONITORS:
            continue
        assert name in known, f"{page.name}: manage.py {name}"
        app = known[name]
        command = load_command_class(app, name) if isinstance(app, str) else app
        parser = command.create_parser("manage.py", name)
        accepted = {option for action in parser._actions for option in action.option_strings}
        assert set(options) <= accepted, f"{page.name}: manage.py {name} {options}"


@every_page
def test_each_setting_and_variable_that_is_named_exists(page: Path) -> None:
    known = variable_names() | setting_names() | error_page_keys() | set(dir(settings)) | NO_SETTINGS
    known |= settings.DATABASES["default"].keys()
    for words in pages.inline(page.read_text(encoding="utf-8")):
        for name in re.findall(r"(?<![\w.])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w.])", words):
            assert name in known, f"{page.name} names {name}"


def test_the_table_of_contents_lists_each_page_once() -> None:
    listed = [
        target.partition("#")[0]
        for target in pages.links((pages.DOCS / "index.md").read_text(encoding="utf-8"))
    ]
    # One entry stands for the runbooks, which have an index of their own.
    expected = {
        pages.name_of(page)
        for page in pages.all_pages()
        if page.parent.name != "runbooks" and pages.name_of(page) != "index.md"
    } | {"runbooks/index.md"}
    inside = [target for target in listed if not target.startswith("..")]
    assert sorted(inside) == sorted(expected)
