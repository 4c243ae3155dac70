"""The Chromium that browser tests drive: found on the machine, else installed where that can be done without asking."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_chromium() -> str | None:
    """The path from CHROMIUM, PATH, or Playwright's own folder."""
    wanted = os.environ.get("CHROMIUM")
    if wanted:
        return shutil.which(wanted)
    for name in (*NAMES, *MACOS):
        if path := shutil.which(name):
            return path
    return playwrights_own()


def find_or_install_chromium() -> str | None:
    """None when there is none and none could be had."""
    if (path := find_chromium()) or os.environ.get("CHROMIUM"):
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Debian's chromium for the browser tests …", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *arguments], env=quiet, capture_output=True, check=False)
    else:
        print("Installing Playwright's chromium for the browser tests …", flush=True)
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, check=False
        )
    return find_chromium()


def playwrights_own() -> str | None:
    """Where `playwright install chromium` puts it, if it is there."""
    program = "from playwright.sync_api import sync_playwright as p\nwith p() as q: print(q.chromium.executable_path)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    path = Path(answer.stdout.strip() or "/nowhere")
    return str(path) if path.exists() else None
