"""Two hundred phones on one server, as `doorstep serve` runs it: how long the slowest pulls take, and that none fails."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from app.foundation.db import Database
from app.schema import migrate
from app.sync.schemas import ROW_SCHEMA
from tests.benchmarks import dataset
from tests.benchmarks.crowd import Plan
from tests.benchmarks.figures import Target
from tests.benchmarks.servers import ROOT, free_port, serving

REPS, PHONES_EACH, ACCOUNTS_EACH = 40, 5, 500
SECONDS = 75.0
TARGETS = (
    Target("crowd_p99", "200 phones pull every 30 s, 5 % of their accounts changed, streams open: p99", "ms", 250),
    Target("crowd_p50", "– p50", "ms", None),
    Target("crowd_errors", "– errors", "of 500 pulls", 0),
)


def measure(seconds: float = SECONDS) -> dict[str, float]:
    """All rows of this group."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        database = Database(url)
        migrate(database)
        made = dataset.fill(database, dataset.Size(REPS * ACCOUNTS_EACH, ACCOUNTS_EACH, ACCOUNTS_EACH))
        database.dispose()
        port = free_port()
        environment = {
            "DOORSTEP_DATABASE_URL": url,
            "DOORSTEP_PORT": str(port),
            "DOORSTEP_SIGN_IN_PER_MINUTE": "1000",
            "DOORSTEP_LOG_FORMAT": "json",
        }
        emails = [made.rep_email.replace("rep0@", f"rep{number}@") for number in range(REPS)]
        plan = Plan(port, url, emails, made.password, PHONES_EACH, 30, seconds, 0.05, ROW_SCHEMA)
        command = [sys.executable, "-m", "app.cli", "serve"]
        with serving(command, port, "/readyz", environment, Path(folder) / "server.log"):
            return _figures(plan)


def _figures(plan: Plan) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.crowd"],
        input=json.dumps(asdict(plan)), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the phones failed: {done.stderr[-500:]}")
    found = json.loads(done.stdout)
    for fault in sorted(set(found["faults"]))[:3]:
        print(fault, file=sys.stderr)
    took = found["took"]
    return {
        "crowd_p99": statistics.quantiles(took, n=100, method="inclusive")[98],
        "crowd_p50": statistics.median(took),
        "crowd_errors": float(len(found["faults"])),
    }
