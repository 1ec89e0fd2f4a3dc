"""Rate limits: a moving window for each credential, address or e-mail.

Counted in memory, or in Redis for several processes. When Redis does not answer, each process counts for itself until it
does: limits grow looser by the number of processes, and never vanish.
"""

import ipaddress
import threading
import time
from typing import cast

from flask import current_app, request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from app.foundation.logs import log
from app.foundation.problems import Problem

EXTENSION = "doorstep.rates"
SWEEP_SECONDS = 30.0


class OwnMemory(MemoryStorage):
    """The library's memory of one process, swept at a use now and then.

    By itself it starts a thread at every use, which goes through everything that was counted: on a busy server a tenth of a
    small request. Should a new version of the library name its method otherwise, that is what happens again.
    """

    def __init__(self) -> None:
        self._swept = time.monotonic()
        self._sweeping = threading.Lock()
        super().__init__(wrap_exceptions=True)
        self.timer.cancel()

    def _MemoryStorage__schedule_expiry(self) -> None:
        if time.monotonic() - self._swept < SWEEP_SECONDS or not self._sweeping.acquire(blocking=False):
            return
        try:
            self._swept = time.monotonic()
            self._MemoryStorage__expire_events()  # type: ignore[attr-defined]
            for key in [key for key, events in self.events.items() if not events]:
                with self.locks[key]:
                    if not self.events[key]:
                        del self.events[key]
        finally:
            self._sweeping.release()


class Limiter:
    """Counts uses in the shared storage, or in this process while that is away."""

    def __init__(self, storage_url: str) -> None:
        self.memory = OwnMemory()
        self._own = self._shared = MovingWindowRateLimiter(self.memory)
        if not storage_url.startswith("memory"):
            options = {"socket_connect_timeout": 1, "socket_timeout": 1}
            self._shared = MovingWindowRateLimiter(storage_from_string(storage_url, wrap_exceptions=True, **options))

    def wait(self, item: RateLimitItem, what: str, who: str, *, count: bool = True) -> int:
        """0 when a use is allowed (and counted, unless `count` is False), else the seconds until one will be."""
        try:
            return self._wait(self._shared, item, what, who, count)
        except StorageError:
            log.error("rate limits are counted in this process alone: their storage does not answer", exc_info=True)
            return self._wait(self._own, item, what, who, count)

    @staticmethod
    def _wait(window: MovingWindowRateLimiter, item: RateLimitItem, what: str, who: str, count: bool) -> int:
        if (window.hit if count else window.test)(item, what, who):
            return 0
        stats = window.get_window_stats(item, what, who)
        return max(1, round(stats.reset_time - time.time()))


def make_limiter(storage_url: str) -> Limiter:
    """A limiter that counts in memory, or in Redis for several processes."""
    return Limiter(storage_url)


def _limiter() -> Limiter:
    return cast(Limiter, current_app.extensions[EXTENSION])


def spend(what: str, who: str, per_minute: int) -> None:
    """Count one use; Problem 429 with `Retry-After` when the minute's allowance is spent."""
    _refuse_for(_limiter().wait(RateLimitItemPerMinute(per_minute), what, who))


def check_failures(what: str, who: str, per_hour: int) -> None:
    """Problem 429 when too many failures were counted within an hour."""
    _refuse_for(_limiter().wait(RateLimitItemPerHour(per_hour), what, who, count=False))


def count_failure(what: str, who: str, per_hour: int) -> None:
    """Count a failure."""
    _limiter().wait(RateLimitItemPerHour(per_hour), what, who)


def _refuse_for(seconds: int) -> None:
    if seconds:
        raise Problem(
            429,
            "too-many-requests",
            "Too many requests",
            f"Try again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )


def caller_network() -> str:
    """Where the request came from, for counting: the address, or its /64 network, since an IPv6 caller has all of that."""
    text = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return text
