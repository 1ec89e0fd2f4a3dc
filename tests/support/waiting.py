"""Waiting for what must come, with a limit that only a fault reaches."""

import time
from collections.abc import Callable


def until(holds: Callable[[], object], what: str, seconds: float = 180.0) -> None:
    """Wait until `holds()` is true; AssertionError with `what` after that time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.01)
