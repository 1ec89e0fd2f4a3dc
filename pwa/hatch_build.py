"""Builds the phone app into the wheel, so that `pip wheel .` in a fresh clone is whole."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PhoneAppHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs the PWA's build unless it is there already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        if (root / "app/static/pwa/index.html").is_file():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "The wheel holds the phone app, which needs Node 20 or newer (https://nodejs.org) to build."
            )
        for command in (["ci", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "--silent", "build"]):
            subprocess.run([npm, *command], cwd=root / "pwa", check=True)  # noqa: S603
