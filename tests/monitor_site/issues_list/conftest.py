"""The browser tests of the list open pages as those of other rooms do."""

from tests.monitor_site.releases.in_browser import beside_playwright, opened

__all__ = ["beside_playwright", "opened"]
