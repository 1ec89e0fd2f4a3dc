"""The Chromium that browser tests drive: the system's, else installed, else a sentence that says what to type.

`python -m tests.support.browser` makes sure that there is one.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> str | None:
    """Path of a Chromium: CHROMIUM, the system's, or one that Playwright downloaded."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if Path(given).exists() else None
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    return _downloaded()


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Install a Chromium: by apt when root, else by Playwright's download."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"check": False, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], **quiet)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def ensure() -> str:
    """Path of a Chromium; ends the process with what to type when there is none and none can be installed."""
    path = find()
    if path is None:
        install()
        path = find()
    if path is None:
        sys.exit(
            "The browser tests need Chromium. Type: sudo apt-get install chromium\n"
            "(or set CHROMIUM to the path of one that you have)"
        )
    return path


if __name__ == "__main__":
    print(f"Chromium: {ensure()}")
