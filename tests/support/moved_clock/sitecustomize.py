"""On PYTHONPATH of a server's process, moves its clock: by the seconds that stand in the file CLOCK_AHEAD_FILE."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

LOOK_SECONDS = 0.05


def _follow(file: Path) -> None:
    """Look at the file again and again; the process's own end ends this."""
    while True:
        time.sleep(LOOK_SECONDS)
        clock = sys.modules.get("app.foundation.clock")
        with suppress(OSError, ValueError):
            seconds = float(file.read_text())
            if clock is not None:
                clock._offset = timedelta(seconds=seconds)  # type: ignore[attr-defined]


def _begin() -> None:
    threading.Thread(target=_follow, args=(Path(os.environ["CLOCK_AHEAD_FILE"]),), daemon=True).start()


if "CLOCK_AHEAD_FILE" in os.environ:
    _begin()
    os.register_at_fork(after_in_child=_begin)  # a thread does not come along
