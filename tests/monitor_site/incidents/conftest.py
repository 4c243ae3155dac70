"""Fixtures of this room's browser tests."""

from tests.monitor_site.releases.in_browser import beside_playwright, opened

__all__ = ["beside_playwright", "opened"]
