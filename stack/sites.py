"""The two Django sites of this repository and whose tests are whose. One process can hold one site's settings only."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Site:
    """A Django site: its settings module, the folders of its tests, the plugins that bring the fixtures of these."""

    name: str
    settings: str
    folders: tuple[str, ...]
    fixtures: tuple[str, ...] = ()


# What is below no folder of the monitor's is the application's.
APPLICATION = Site("application", "hydroml.settings", ("tests",), fixtures=("tests.application",))
MONITOR = Site("monitor", "monitor.settings", ("tests/monitor", "tests/monitor_site"))
SITES = (APPLICATION, MONITOR)


def site_with(settings: str) -> Site | None:
    """The site with this settings module; None for a module that is no site's here."""
    return next((site for site in SITES if site.settings == settings), None)


def fixture_plugins(environ: Mapping[str, str]) -> list[str]:
    """The pytest plugins with the fixtures of the site that DJANGO_SETTINGS_MODULE names."""
    site = site_with(environ.get("DJANGO_SETTINGS_MODULE", ""))
    return list(site.fixtures) if site else []


def sites_below(path: Path, root: Path = ROOT) -> frozenset[Site]:
    """The sites that have tests at or below the path: both for a folder above those of the monitor."""
    folders = [root / folder for folder in MONITOR.folders]
    if any(path.is_relative_to(folder) for folder in folders):
        return frozenset({MONITOR})
    if any(folder.is_relative_to(path) for folder in folders):
        return frozenset(SITES)
    return frozenset({APPLICATION})


def concerned(
    named: Iterable[str], *, directory: Path, failed_before: Iterable[str] = (), root: Path = ROOT
) -> frozenset[Site]:
    """The sites whose tests are asked for.

    `named` are pytest's files, folders and node ids, relative to `directory`; none means all tests. `failed_before`
    are the node ids that `--last-failed` goes by: of two sites the one that has none of them is left out.
    """
    paths = [location(name, directory) for name in named] or [root]
    sites = frozenset[Site]().union(*(sites_below(path, root) for path in paths))
    failing = frozenset[Site]().union(*(sites_below(location(name, root), root) for name in failed_before))
    return sites & failing or sites


def location(name: str, directory: Path) -> Path:
    """The path in what pytest calls a file, a folder or a node id."""
    return (directory / name.partition("::")[0]).resolve()


def failures_before(cache: Path) -> list[str]:
    """The node ids that failed the last time they ran, as pytest keeps them in its cache directory."""
    try:
        return list(json.loads((cache / "v" / "cache" / "lastfailed").read_text()))
    except (OSError, ValueError):
        return []
