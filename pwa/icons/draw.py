"""Draws the PNG icons from public/icon.svg with Chromium. Run it when the drawing changes: `python pwa/icons/draw.py`."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

PUBLIC = Path(__file__).parent.parent / "public"
GROUND = "#0d5c63"
# A maskable icon fills its square and keeps the drawing within the central 80 %.
SIZES = {"icon-192.png": (192, 1.0), "icon-512.png": (512, 1.0), "icon-maskable-512.png": (512, 0.8)}


def draw() -> None:
    """Write every size into public/."""
    svg = (PUBLIC / "icon.svg").read_text("utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (size, scale) in SIZES.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            ground = GROUND if scale < 1 else "transparent"
            inset = size * (1 - scale) / 2
            page.set_content(
                f"<style>body{{margin:0;background:{ground}}}svg{{position:absolute;inset:{inset}px;"
                f"width:{size * scale}px;height:{size * scale}px}}</style>{svg}"
            )
            page.screenshot(path=PUBLIC / name, omit_background=True)
        browser.close()


if __name__ == "__main__":
    draw()
