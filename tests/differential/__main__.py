"""The long run: `python -m tests.differential --runs 100000 --seed 7`. Prints its seed; the first difference is shrunk."""

import argparse
import secrets
import sys
import time

from tests.differential.check import run
from tests.differential.door import Door

# A run of this many quotes has its own Node process and forgets what was drawn, so that memory does not grow.
SPLIT = 2_000


def main() -> int:
    """0 when both sides agreed on every quote."""
    reader = argparse.ArgumentParser(prog="make differential")
    reader.add_argument("--runs", type=int, default=100_000)
    reader.add_argument("--seed", type=int, default=None)
    given = reader.parse_args()
    number = secrets.randbelow(10**9) if given.seed is None else given.seed
    print(f"SEED={number} RUNS={given.runs}", flush=True)
    done = {"priced": 0, "refused": 0}
    began = time.monotonic()
    for split, first in enumerate(range(0, given.runs, SPLIT)):
        with Door("quote") as door:
            counts = run(door, min(SPLIT, given.runs - first), number + split)
        done = {name: done[name] + counts[name] for name in done}
        print(f"{sum(done.values())} quotes, {time.monotonic() - began:.0f} s: {done}", flush=True)
    print(f"{sum(done.values())} quotes cost the same on both sides ({done['refused']} were refused by both).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
