"""Tests in real Chromium: what a person sees, on a server of their own.

A machine that does other things too takes its time, and tests with it: what is expected may come as late as `PATIENCE_MS`,
which only a fault reaches. What promises to be quick is measured where it says so.
"""

from playwright.sync_api import expect

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
