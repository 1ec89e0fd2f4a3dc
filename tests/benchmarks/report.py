"""The figures as a table, and as docs/benchmarks.md with the machine that they were taken on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.figures import Figure

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("flask", "flask-smorest", "marshmallow", "sqlalchemy", "granian", "orjson")
# Why a row is short of its target, said where the figures are; a row that holds needs no words.
SHORT: dict[str, str] = {
    "trivial_route": "In process the route takes 66 µs against 51 µs: flask-smorest and marshmallow about 6, the request id, "
    "security headers and log line that every answer has about 8; ten more headers on the wire cost the rest.",
    "pull_ten_changed": "A briefing that changed is sent whole, 0.6 kB after packing and gzip, of which a fifth are "
    "identifiers. Ten changed accounts without their briefings are the row below.",
}
LOAD = os.getloadavg()[0]


def table(figures: Sequence[Figure]) -> str:
    """A table for a terminal."""
    rows = [("what", "value", "unit", "target", "holds")]
    rows += [(f.target.label, f.text, f.target.unit, f.target.text, f.verdict) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def write_docs(figures: Sequence[Figure]) -> None:
    """Write docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `python -m tests.benchmarks --write-docs`; `make bench` measures the same and prints it.",
        "",
        *(f"- {name}: {value}" for name, value in machine().items()),
        "",
        "| what | measured | unit | target | holds |",
        "| --- | ---: | --- | ---: | --- |",
    ]
    lines += [f"| {f.target.label} | {f.text} | {f.target.unit} | {f.target.text} | {f.verdict} |" for f in figures]
    lines += ["", "## What falls short", ""]
    short = [f for f in figures if not f.holds]
    lines += [
        f"- **{f.target.label}**: {f.text} ({f.target.text}). {SHORT.get(f.target.name, '')}".rstrip() for f in short
    ]
    lines += [] if short else ["Nothing."]
    lines += ["", *METHOD.splitlines()]
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(lines) + "\n", "utf-8")


METHOD = """## How it is measured

- *Requests per second*: Doorstep as it is deployed, and bare Flask, each in a granian of its own with one worker and one
  blocking thread on 127.0.0.1; a client in another process keeps three connections busy. Rounds of both are taken in
  turn, and the row is the median of the rounds' ratios, so that what else the machine does falls on both sides.
  Doorstep writes its log line for each request; bare Flask writes none.
- *The list*: 5,000 accounts, 500 in the territory of the rep who asks, 50 answered. The bare route runs the same filter
  by raw sqlite3 on the same file and answers the same rows with the same members; it knows nothing of sessions. That the
  two answers name the same rows is checked before anything is measured.
- *The pull*: a rep with 500 accounts. Each has three people, two contracts, two tickets, a promise, a past visit, two
  mentions in the news, a chart of 28 days of usage and a briefing by the real composer; every twelfth has a planned visit.
  Identifiers are UUIDv7 with random bits. A kB is 1,000 bytes, of the body as it is sent.
- *Server time* of a pull is from request to answer inside the process, without the network. The large organisation has
  50,000 accounts in a hundred territories; pulls in it and in the small one are taken in turn, and the row is the median of
  the rounds' ratios. PostgreSQL is one on the same machine, over a socket.
- *The push*: for each of ten accounts a note, two promises of which one is kept, and a changed website; in one push of 50
  mutations, and as 50 requests one by one, in turn. Every write is on the disk when it is answered (SQLite, `synchronous=FULL`).
- *200 phones*: `doorstep serve` as it is, one worker with the runner inside; forty reps with 500 accounts and five phones
  each. A process of its own lets one pull every 150 ms, for 75 s, each phone every 30 s; before each pull it changes 25 of
  the phone's accounts. All 200 hold a live stream. A pull's time is from the moment at which it was due to the end of its
  answer, so that a server that falls behind is seen to. An error is any answer but the rows that were changed.
- *Tap save*: a note, offline, from the touch of the button until "Saved on this phone" is painted, which is said once the
  transaction is on the disk (`durability: 'strict'`); each time the queue in IndexedDB is then read to see that it has it.
- *A colleague's write*: a message through the API, from the server's answer until it is painted in the open talk of an
  account on another phone: commit, poke, pull, store, paint.
- *Import*: the file with every state of 24,490 real tickets, against `csv.DictReader` and one raw `executemany` of the same
  columns into a table without indexes.
- *The phone app*: real Chromium with a phone's screen and the sample territory."""


def machine() -> dict[str, str]:
    """What the figures were taken on."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "busy with other things": f"{LOAD:.1f} processes on average in the minute before",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Node": _output("node", "--version").removeprefix("v"),
        "SQLite": sqlite3.sqlite_version,
        "libraries": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not found"
