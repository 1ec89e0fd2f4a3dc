"""The phone's engines in Node: a door of `pwa/differential`, asked with a JSON object a line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PWA = Path(__file__).resolve().parents[2] / "pwa"
SECONDS = 600


def ask(door: str, requests: Iterable[Any]) -> list[Any]:
    """The answers of a door, one for each request. RuntimeError with what Node says when it fails."""
    lines = [json.dumps(request) for request in requests]
    done = subprocess.run(
        ["node", "differential/run.mjs", door],
        cwd=PWA,
        input="\n".join([*lines, ""]),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(lines):
        raise RuntimeError(f"{len(answers)} of {len(lines)} answers from {door}; {done.stderr[-2000:]}")
    return answers
