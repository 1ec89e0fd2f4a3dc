"""A handful of kills in every run of the tests; `make faults` has hundreds."""

import os
import random

from tests.faults.jobs import run_all


def test_no_job_is_lost_and_no_effect_comes_twice_whatever_is_killed() -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**9))
    faults = run_all(10, seed)
    assert faults == [], f"again with: python -m tests.faults.jobs --runs 10 --seed {seed}"
