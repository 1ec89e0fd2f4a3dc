"""A handful of kills while reps are told, in every run of the tests; `make faults` has a hundred."""

import os
import random
import re
import shutil
from pathlib import Path

from tests.faults.installation import Zygote
from tests.faults.notice_phones import BUILT
from tests.faults.notices import run_all
from tests.faults.notices_world import notice_world


def test_no_notice_is_lost_and_none_is_shown_twice_whatever_is_killed() -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**9))
    faults = run_all(10, seed)
    assert faults == [], f"again with: python -m tests.faults.notices --runs 10 --seed {seed}"


def test_a_worker_that_forgets_what_it_showed_is_found_out(tmp_path: Path) -> None:
    """The harness itself: where the push service accepted a message and its row did not come to say so, it comes again."""
    shutil.copy(BUILT / "worker.js", tmp_path)
    worker = (BUILT / "background.js").read_text()
    forgetful, places = re.subn(r"\.includes\((\w+)\.notice\)", r".includes(\1)", worker)
    assert places == 1
    (tmp_path / "background.js").write_text(forgetful)
    zygote = Zygote()
    try:
        with notice_world(zygote, "sqlite", "embedded", tmp_path) as (made, phones):
            made.put(random.Random(1))
            while not made.kill_a_sender(0.0):
                made.put(random.Random(1))
            made.wait()
            phones.all_online()
            found = made.judge()
    finally:
        zygote.stop()
    assert found.again and [fault for fault in found.faults if "times on phone" in fault]
