"""Waiting for what must come, with a limit that only a fault reaches."""

import time
from collections.abc import Callable


def until(holds: Callable[[], object], what: str, seconds: float = 180.0) -> None:
    """Wait until `holds()` is true; AssertionError with `what` after that time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.01)


def at_best(measure: Callable[[], float], promised: float, tries: int = 3) -> float:
    """The least of some measurements, no more than are needed to keep what is promised.

    A machine that does other things meanwhile gives no measure; one that keeps the promise once could not do so by chance.
    """
    least = measure()
    for _ in range(tries - 1):
        if least <= promised:
            break
        least = min(least, measure())
    return least
