"""Kill -9 while reps are told of their visits, often between a push service's answer and its row: told once, and told.

python -m tests.faults.notices --runs 100 --seed 7 [--database sqlite|postgresql] [--mode embedded|celery]

Visits are planned, moved and cancelled all the while. After the last kill everything is told within its time: no notice is
lost, none is shown twice by the worker that phones have, and no phone has two ids for one part of what is told of a visit.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.faults.installation import Zygote
from tests.faults.jobs import KINDS, MODES, SHARE
from tests.faults.notices_world import notice_world

# Long enough for some to be told in between.
LONGEST_PAUSE = {"embedded": 2.0, "celery": 3.0}
# Seconds from a message's being accepted to the kill; 0 is before the push service answers.
DELAYS = (0.0, 0.0, 0.001, 0.003, 0.01, 0.03)


def run(zygote: Zygote, kind: str, mode: str, kills: int, seed: int) -> list[str]:
    """Kill so many times; what promise was broken."""
    chance = random.Random(f"{seed} notices {kind} {mode}")
    begun = time.monotonic()
    with notice_world(zygote, kind, mode) as (made, phones):
        killed: Counter[str] = Counter()
        between = 0
        for _ in range(kills):
            made.put(chance)
            made.tend()
            time.sleep(chance.uniform(0, LONGEST_PAUSE[mode]))
            if chance.random() < 0.5:
                killed["sender"] += 1
                between += made.kill_a_sender(chance.choice(DELAYS))
            else:
                victim = chance.choice(made.victims())
                killed[victim.rstrip(" 12")] += 1
                made.kill(victim)
            phones.come_and_go(chance)
        last = time.monotonic()
        found = made.judge()
        print(
            f"notices, {mode} on {kind}: {len(made.told_of)} visits, {len(made.changed)} of them changed, {found.due} notices "
            f"due on {len(phones.all)} phones, {found.accepted} accepted by the push service ({found.again} of them again), "
            f"{found.shown} shown, {kills} kills ({', '.join(f'{count} {name}' for name, count in sorted(killed.items()))}; "
            f"{between} between acceptance and row), all told {time.monotonic() - last:.1f} s after the last, "
            f"{time.monotonic() - begun:.0f} s in all, {len(found.faults)} faults",
            flush=True,
        )
        if found.faults:
            print(made.log.read_text("utf-8", "replace")[-4000:], flush=True)
    return found.faults


def run_all(runs: int, seed: int, kinds: Sequence[str] = KINDS, modes: Sequence[str] = MODES) -> list[str]:
    """`runs` kills, shared out over databases and modes."""
    print(f"{runs} kills while reps are told, from seed {seed}", flush=True)
    shares = {(mode, kind): SHARE[mode] for mode in modes for kind in kinds}
    zygote = Zygote()
    faults: list[str] = []
    try:
        for (mode, kind), share in shares.items():
            kills = -(-runs * share // sum(shares.values()))
            faults += [f"notices, {mode} on {kind}: {fault}" for fault in run(zygote, kind, mode, kills, seed)]
    finally:
        zygote.stop()
    return faults


def main() -> int:
    """0 when every promise was kept."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=100)
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
