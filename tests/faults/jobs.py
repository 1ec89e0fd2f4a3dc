"""Kill -9 at random moments of claim → run → effect → done, and of what jobs stand on: none is lost, no effect comes twice.

python -m tests.faults.jobs --runs 300 --seed 7 [--database sqlite|postgresql] [--mode embedded|celery]

Jobs are written all the while. After the last kill everything has to be done within its lease and the time that it takes:
nothing lost, every effect once, no lease that outlives its time, nothing done that was never committed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.faults.installation import Zygote
from tests.faults.jobs_world import world

KINDS = ("sqlite", "postgresql")
MODES = ("embedded", "celery")
# Of ten kills; workers take longer to be back at work.
SHARE = {"embedded": 3, "celery": 2}
LONGEST_PAUSE = {"embedded": 0.4, "celery": 2.0}


def run(zygote: Zygote, kind: str, mode: str, kills: int, seed: int) -> list[str]:
    """Kill so many times; what promise was broken."""
    chance = random.Random(f"{seed} {kind} {mode}")
    begun = time.monotonic()
    with world(zygote, kind, mode) as made:
        killed: Counter[str] = Counter()
        for _ in range(kills):
            made.put(chance)
            made.tend()
            time.sleep(chance.uniform(0, LONGEST_PAUSE[mode]))
            victim = chance.choice(made.victims())
            killed[victim.rstrip(" 12")] += 1
            made.kill(victim)
        last = time.monotonic()
        faults = made.faults()
        print(
            f"{mode} on {kind}: {len(made.numbers)} jobs, {made.tries()} tries, {kills} kills "
            f"({', '.join(f'{count} {name}' for name, count in sorted(killed.items()))}), all done "
            f"{time.monotonic() - last:.1f} s after the last ({made.backed_off:.1f} s of it back-off), "
            f"{time.monotonic() - begun:.0f} s in all, {len(faults)} faults",
            *(f"  tried again because of {excuse.partition(chr(10))[0][:150]}" for excuse in sorted(made.excuses)),
            sep="\n",
            flush=True,
        )
        if faults:
            print(made.log.read_text("utf-8", "replace")[-4000:], flush=True)
    return faults


def run_all(runs: int, seed: int, kinds: Sequence[str] = KINDS, modes: Sequence[str] = MODES) -> list[str]:
    """`runs` kills, shared out over databases and modes."""
    print(f"{runs} kills from seed {seed}", flush=True)
    shares = {(mode, kind): SHARE[mode] for mode in modes for kind in kinds}
    zygote = Zygote()
    faults: list[str] = []
    try:
        for (mode, kind), share in shares.items():
            kills = -(-runs * share // sum(shares.values()))
            faults += [f"{mode} on {kind}: {fault}" for fault in run(zygote, kind, mode, kills, seed)]
    finally:
        zygote.stop()
    return faults


def main() -> int:
    """0 when every promise was kept."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=300)
    arguments.add_argument("--seed", type=int, default=None)
    arguments.add_argument("--database", choices=KINDS, default=None)
    arguments.add_argument("--mode", choices=MODES, default=None)
    asked = arguments.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**9)
    kinds = (asked.database,) if asked.database else KINDS
    faults = run_all(asked.runs, seed, kinds, (asked.mode,) if asked.mode else MODES)
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
