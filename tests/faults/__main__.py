"""`make faults`: random schedules on both databases, from one seed.

python -m tests.faults --runs 1000 --seed 7 [--database sqlite|postgresql] [--shrink]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

from tests.faults.bench import bench
from tests.faults.run import run, shrink
from tests.faults.schedule import make

KINDS = ("sqlite", "postgresql")


def main() -> int:
    """0 when every promise was kept."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=None)
    arguments.add_argument("--database", choices=KINDS, default=None)
    arguments.add_argument("--shrink", action="store_true", help="look for a shorter schedule that fails too")
    arguments.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    asked = arguments.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**9)
    kinds = (asked.database,) if asked.database else KINDS
    print(f"{asked.runs} schedules from seed {seed} on {' and '.join(kinds)}", flush=True)
    with postgres("postgresql" in kinds) as url:
        failed = asyncio.run(run_all(seed, asked.runs, kinds, url, asked.shrink, asked.keep_going))
    return 1 if failed else 0


@contextlib.contextmanager
def postgres(wanted: bool) -> Iterator[str | None]:
    """The PostgreSQL that the tests use."""
    if not wanted or os.environ.get("TEST_PG_URL"):
        yield os.environ.get("TEST_PG_URL")
        return
    from tests.support.postgres import running_postgres

    with running_postgres() as url:
        yield url


async def run_all(
    seed: int, runs: int, kinds: tuple[str, ...], url: str | None, shorten: bool = False, keep_going: bool = False
) -> list[int]:
    """Seeds whose schedule broke a promise. A run of one plays it on every kind; more are dealt out in turn."""
    failed: list[int] = []
    plans = {
        kind: [seed + n for n in range(runs) if runs == 1 or n % len(kinds) == place]
        for place, kind in enumerate(kinds)
    }
    done = 0
    figures: Counter[str] = Counter()
    begun = time.monotonic()

    running = asyncio.current_task()
    assert running is not None
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)

    async def on(kind: str) -> None:
        nonlocal done
        async with bench(kind, url if kind == "postgresql" else None) as where:
            for number in plans[kind]:
                if failed and not keep_going:
                    return
                verdict = await run(where, make(number))
                done += 1
                figures.update(verdict.figures)
                if verdict.faults:
                    failed.append(number)
                    shorter = await shrink(where, make(number)) if shorten else None
                    print((shorter or verdict).report(kind), flush=True)
                if done % 25 == 0 or done == runs:
                    took = time.monotonic() - begun
                    print(f"{done} schedules in {took:.0f} s, {len(failed)} failed {failed or ''}", flush=True)

    await asyncio.gather(*(on(kind) for kind in kinds))
    print("\n".join(f"{count:8} {name}" for name, count in sorted(figures.items())))
    return failed


if __name__ == "__main__":
    sys.exit(main())
