"""A hundred random schedules of faults, half on SQLite, half on PostgreSQL. The seed is printed; FAULTS_SEED and FAULTS_RUNS set it."""

from __future__ import annotations

import os
import random

import pytest

from tests.faults.__main__ import KINDS, run_all
from tests.faults.apart import run_apart


def test_nothing_is_lost_or_doubled_and_phones_equal_the_server(
    postgres_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**9))
    runs = int(os.environ.get("FAULTS_RUNS") or 100)
    with capfd.disabled():
        print(f"\n{runs} schedules of faults from seed {seed}: make faults RUNS={runs} SEED={seed}", flush=True)
    failed = run_apart(run_all(seed, runs, KINDS, postgres_url))
    assert failed == [], "the output above says how to replay"
