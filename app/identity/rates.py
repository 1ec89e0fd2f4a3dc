"""Rate limits: a sliding window for each credential, address or e-mail."""

from typing import cast

from flask import current_app
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from app.foundation.problems import Problem

EXTENSION = "doorstep.rates"


def make_limiter(storage_url: str) -> MovingWindowRateLimiter:
    """A limiter that counts in memory, or in Redis for several processes."""
    return MovingWindowRateLimiter(storage_from_string(storage_url))


def spend(what: str, who: str, per_minute: int) -> None:
    """Count one use; Problem 429 with `Retry-After` when the minute's allowance is spent."""
    limiter = cast(MovingWindowRateLimiter, current_app.extensions[EXTENSION])
    item = RateLimitItemPerMinute(per_minute)
    if limiter.hit(item, what, who):
        return
    import time

    reset, _ = limiter.get_window_stats(item, what, who)
    wait = max(1, round(reset - time.time()))
    raise Problem(
        429,
        "too-many-requests",
        "Too many requests",
        f"Try again in {wait} seconds.",
        headers={"Retry-After": str(wait)},
    )
