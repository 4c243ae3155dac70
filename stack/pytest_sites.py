"""Chooses the Django site that a pytest process holds, by the tests it is asked for, before Django is set up.

pyproject.toml loads this by `-p`: a conftest.py would come too late. A process holds one site, so a call that asks for
tests of both ends with an error that says so, unless `script/test` makes it: `--both-sites` has others run the monitor's
tests beside it and report to it (`stack.relay`), those in a browser or with whole systems in a process of their own.
Where there are servers for it, a fourth runs those of the application's that start whole systems, and wait for them
more than they work.
"""

import contextlib
import os
from argparse import Namespace
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from stack.folder import throwaway
from stack.relay.messages import LEFT
from stack.relay.receiving import OtherProcess, Share
from stack.relay.sending import Sender
from stack.sites import APPLICATION, MONITOR, Site, concerned, failures_before, site_with, sites_below
from stack.sites import location as location_of

SETTINGS = "DJANGO_SETTINGS_MODULE"
# What `script/test` gives for a process of the application's beside the first: one of each that nobody else uses.
SERVERS_BESIDE = {
    "DATABASE_URL": "BESIDE_DATABASE_URL", "REDIS_URL": "BESIDE_REDIS_URL", "DATA_ROOT": "BESIDE_DATA_ROOT"
}  # fmt: skip
BOTH = (
    "These are tests of two Django sites, and one process holds one of them. `script/test` with the same arguments runs "
    "both, with one closing line. Or name paths of one site (tests/monitor and tests/monitor_site are the monitor's, all "
    "others the application's), or give --ds=hydroml.settings or --ds=monitor.settings."
)
_site = pytest.StashKey[Site | None]()
_other = pytest.StashKey[bool]()
_others = pytest.StashKey[list[OtherProcess]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sites", "the two Django sites of this repository")
    group.addoption(
        "--both-sites",
        action="store_true",
        help="run the tests of both, the monitor's in a process of their own, as script/test does",
    )
    group.addoption(
        "--share",
        metavar="MARKS",
        help="of the tests, those with one of these marks; `not MARKS`: the others",
    )
    group.addoption("--report-to", type=int, metavar="FD", help="for that process: where it reports to")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    options = parser.parse_known_args(args)
    sites = asked_for(early_config, options)
    site = choose(options, sites)
    early_config.stash[_site] = site
    early_config.stash[_other] = bool(options.both_sites) and len(sites) > 1
    if site is not None:
        os.environ[SETTINGS] = site.settings
        # Of the files named, the conftest.py beside one of the other site would be loaded next.
        named = early_config.known_args_namespace.file_or_dir
        named[:] = own(named, site, early_config)
    if site is MONITOR:
        give_monitor_its_ground(early_config)
    return (yield)


def asked_for(config: pytest.Config, options: Namespace) -> frozenset[Site]:
    """The sites whose tests these options name."""
    failed_before: list[str] = []
    if getattr(options, "lf", False):  # not there with -p no:cacheprovider
        failed_before = failures_before(config.rootpath / config.getini("cache_dir"))
    return concerned(
        options.file_or_dir,
        directory=config.invocation_params.dir,
        failed_before=failed_before,
        root=config.rootpath,
    )


def choose(options: Namespace, sites: frozenset[Site]) -> Site | None:
    """The site of this process; None when `--ds` names settings that are no site's. Raises UsageError when both ask."""
    if options.ds:
        return site_with(options.ds)
    if len(sites) == 1:
        return next(iter(sites))
    if options.both_sites or options.help or options.version:
        return APPLICATION
    raise pytest.UsageError(BOTH)


def own(named: list[str], site: Site, config: pytest.Config) -> list[str]:
    """Those of the named files and folders in which the site has tests."""
    directory = config.invocation_params.dir
    return [name for name in named if site in sites_below(location_of(name, directory), config.rootpath)]


def give_monitor_its_ground(config: pytest.Config) -> None:
    """A directory of this run's own, with the database file in it; nothing of the application's or of a running monitor."""
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    folder = stack.enter_context(throwaway("monitor-test")).path / "monitor"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("MONITOR_")]:
        del os.environ[name]
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ["MONITOR_DATA_DIR"] = str(folder)
    os.environ["MONITOR_TEST_DB_NAME"] = str(folder / "test.sqlite3")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    site = config.stash.get(_site, None)
    if site is None:
        return
    config.args = own(config.args, site, config)
    if config.stash[_other]:
        others = config.stash[_others] = [OtherProcess(config, share) for share in other_shares(config)]
        for other in others:
            config.pluginmanager.register(other, f"others-{other.share.title}")
        if any(other.share.is_collected_here for other in others):
            config.option.share = "not stack"
    if (descriptor := config.getoption("report_to")) is not None:
        config.pluginmanager.register(Sender(config, descriptor), "site-sender")


def other_shares(config: pytest.Config) -> Iterator[Share]:
    """What other processes run. Of what failed before there is little: that needs but one for each site."""
    servers = {name: os.environ.pop(given) for name, given in SERVERS_BESIDE.items() if given in os.environ}
    if len(servers) < len(SERVERS_BESIDE) or config.getoption("lf"):
        yield Share(MONITOR, f"the {MONITOR.name}")
        return
    title = f"the {APPLICATION.name} that are marked stack"
    yield Share(APPLICATION, title, ("--share=stack",), servers, is_collected_here=True)
    yield Share(MONITOR, f"the {MONITOR.name}", ("--share=not browser stack",))
    title = f"the {MONITOR.name} in a browser or with whole systems"
    yield Share(MONITOR, title, ("--share=browser stack",))


def meant_by(share: str) -> tuple[bool, list[str]]:
    """Whether those with one of the marks are meant, or the others; the marks."""
    return not share.startswith("not "), share.removeprefix("not ").split()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Before any selection: what another process runs is not deselected here."""
    if share := config.getoption("share"):
        is_meant, marks = meant_by(share)
        ours = [item for item in items if any(map(item.get_closest_marker, marks)) == is_meant]
        if not is_meant:
            config.stash[LEFT] = frozenset(item.nodeid for item in items) - {item.nodeid for item in ours}
        items[:] = ours


def pytest_collection_finish(session: pytest.Session) -> None:
    """What one process has left to another that has not found it would be run by nobody."""
    others = session.config.stash.get(_others, [])
    left = set(session.config.stash.get(LEFT, ())).union(*(other.left for other in others))
    if others and (lost := left.difference(*(other.found for other in others))):
        text = "\n".join(["Left to another process, which has not found them:", *sorted(lost)])
        session.config.hook.pytest_collectreport(report=pytest.CollectReport("tests", "failed", text, []))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is below a common folder and not this site's; for a process that runs some marks, files that name none.

    Most do not, and importing them takes half a minute. A test that was missed so is an error once all have collected.
    """
    site = config.stash.get(_site, None)
    if site is None or site in sites_below(collection_path, config.rootpath):
        is_meant, marks = meant_by(config.getoption("share") or "not ")
        if not is_meant or not collection_path.match("test_*.py"):
            return None
        text = collection_path.read_text()
        return None if any(f"mark.{mark}" in text for mark in marks) else True
    return True


def pytest_report_header(config: pytest.Config) -> str | None:
    site = config.stash.get(_site, None)
    if site is None:
        return None
    if others := config.stash.get(_others, []):
        titles = ", of ".join(other.share.title for other in others)
        return f"site: {site.name}; beside it, in a process for each: the tests of {titles}"
    return f"site: {site.name}"
