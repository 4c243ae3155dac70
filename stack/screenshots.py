"""`script/screenshots`: the pictures of docs/img, taken from the running system with a month of generated history.

Everything is thrown away afterwards but the pictures. Chromium takes them, Pillow makes them small: WebP, 1280 pixels wide.
"""

import argparse
import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from stack.application import Application, application, environment, prepare, wait_until_ready
from stack.chromium import find_or_install_chromium
from stack.errors import StackError
from stack.failing import OPERATOR, PASSWORD
from stack.folder import ROOT, throwaway
from stack.interrupts import stop_on_signals
from stack.ports import free_port
from stack.services import backing_services

IMAGES = ROOT / "docs" / "img"
VISITOR = "demo@hydroml.example"
WIDTH, HEIGHT = 1280, 860
QUALITY = 78
PATIENCE_MS = 60_000


@dataclass(frozen=True)
class Shot:
    """A picture: its name, its page, what must be seen on it, and on what is clicked before (the first that fits)."""

    name: str
    site: str
    path: str
    shows: str
    click: str = ""


SHOTS = (
    Shot("error-lab", "application", "test-sentry-error/", "h1"),
    Shot("error-page", "application", "test-sentry-error/?type=division", ".error-id, [data-error-id], h1"),
    Shot("projects", "application", "projects/", "h1"),
    Shot("monitor-issues", "monitor", "issues/", "h1"),
    Shot(
        "monitor-issue",
        "monitor",
        "issues/?q=is:unresolved+category:external_service",
        "h1",
        click="main a[href*='/issues/']:not([href*='?']):not([href$='/issues/'])",
    ),
    Shot("monitor-incidents", "monitor", "incidents/", "h1"),
    Shot("monitor-objectives", "monitor", "slos/", "h1"),
    Shot("monitor-performance", "monitor", "performance/", "h1"),
    Shot("monitor-releases", "monitor", "releases/", "h1"),
    Shot("monitor-system", "monitor", "system/", "h1"),
)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    stop_on_signals()
    try:
        with running(dict(os.environ), days=options.days) as (stack, env):
            take(
                stack, [shot for shot in SHOTS if not options.names or shot.name in options.names], options.to
            )
        del env
    except StackError as error:
        print(f"script/screenshots: {error}", file=sys.stderr)
        return 1
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help=f"which ones; all without: {', '.join(shot.name for shot in SHOTS)}"
    )
    parser.add_argument("--to", type=Path, default=IMAGES, metavar="FOLDER", help="where they go (docs/img)")
    parser.add_argument("--days", type=int, default=30, help="of history in the monitor")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - {shot.name for shot in SHOTS}:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return options


@contextlib.contextmanager
def running(given: Mapping[str, str], *, days: int) -> Iterator[tuple[Application, Mapping[str, str]]]:
    """The whole system on free ports, with a history in its monitor."""
    with throwaway("screenshots") as folder, contextlib.ExitStack() as stack:
        services = stack.enter_context(backing_services(folder, throwaway=True))
        env = environment(folder, services, given, free_port(), free_port())
        prepare(env)
        made = subprocess.run(
            [sys.executable, "-m", "monitor", "make_history", "--days", str(days), "--scale", "0.2"],
            env=dict(env), cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise StackError(f"The history could not be made:\n{made.stderr[-2000:]}")
        print(made.stdout.strip(), flush=True)
        started = stack.enter_context(application(folder, env, show_output=False))
        wait_until_ready(started, env, lambda name: None)
        yield started, env


def take(stack: Application, shots: list[Shot], to: Path) -> None:
    """All of them, each with its size. Raises StackError where there is no browser, or a page is not as it should be."""
    path = find_or_install_chromium()
    if path is None:
        raise StackError("There is no Chromium here, and none could be installed.")
    to.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            pages = {
                "application": logged_in(browser, stack.address, VISITOR),
                "monitor": logged_in(browser, stack.monitor_address, OPERATOR),
            }
            addresses = {"application": stack.address, "monitor": stack.monitor_address}
            for shot in shots:
                file = photograph(pages[shot.site], addresses[shot.site], shot, to)
                print(f"  {file.stat().st_size / 1000:6.1f} kB  {file.name}", flush=True)
        finally:
            browser.close()


def logged_in(browser: Browser, address: str, user: str) -> Page:
    """A page in light colours whose visitor is known."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{address}accounts/login/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
    return page


def photograph(page: Page, address: str, shot: Shot, to: Path) -> Path:
    answer = page.goto(address + shot.path)
    expected = 500 if shot.name == "error-page" else 200
    if answer is None or answer.status != expected:
        raise StackError(
            f"{shot.path} answered {answer.status if answer else 'nothing'}; {expected} was expected."
        )
    if shot.click:
        page.locator(shot.click).first.click()
        page.wait_for_load_state("networkidle")
    page.locator(shot.shows).first.wait_for()
    time.sleep(0.3)  # what fades in has done so
    file = to / f"{shot.name}.webp"
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.save(file, "WEBP", quality=QUALITY, method=6)
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
