"""Measure everything: prints a table and writes build/bench.json. `--write-docs` writes docs/benchmarks.md too.

`--only NAME…` measures some groups: http, import, pull, idle, push, crowd, live, jobs, configure,
phone-configure, price, sizes, offline, lighthouse, axe.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks import (
    configure_bench,
    crowd_bench,
    http_bench,
    idle_bench,
    jobs_bench,
    live_bench,
    notice_bench,
    pdf_bench,
    phone_bench,
    phone_configure_bench,
    price_bench,
    pull_bench,
    push_bench,
    quote_bench,
)
from tests.benchmarks.figures import Figure, Target, measured
from tests.benchmarks.report import ROOT, table, write_docs

IMPORT = (
    Target(
        "import_ratio", "Import of the 139,043 real ticket events / csv.DictReader and raw executemany",
        "ratio of rows/s", 0.25, True, 2,
    ),
    Target("import_rows_per_second", "– rows imported", "rows/s", None),
)  # fmt: skip


def _import() -> dict[str, float]:
    from tests.benchmarks import import_bench
    from tests.conftest import SHARED

    territory = SHARED / "territory"
    if not territory.exists():
        raise FileNotFoundError("the public data set 'territory' is not in ../shared/data")
    return import_bench.measure(territory)


@dataclass(frozen=True)
class Group:
    """Rows that are measured together."""

    name: str
    targets: Sequence[Target]
    measure: Callable[[], dict[str, float]]


GROUPS = (
    Group("http", http_bench.TARGETS, http_bench.measure),
    Group("import", IMPORT, _import),
    Group("pull", pull_bench.TARGETS, pull_bench.measure),
    Group("idle", idle_bench.TARGETS, idle_bench.measure),
    Group("push", push_bench.TARGETS, push_bench.measure),
    Group("crowd", crowd_bench.TARGETS, crowd_bench.measure),
    Group("live", live_bench.TARGETS, live_bench.measure),
    Group("jobs", jobs_bench.TARGETS, jobs_bench.measure),
    Group("notices", notice_bench.TARGETS, notice_bench.measure),
    Group("configure", configure_bench.TARGETS, configure_bench.measure),
    Group("phone-configure", phone_configure_bench.TARGETS, phone_configure_bench.measure),
    Group("price", price_bench.TARGETS, price_bench.measure),
    Group("quote", quote_bench.TARGETS, quote_bench.measure),
    Group("pdf", pdf_bench.TARGETS, pdf_bench.measure),
    Group("sizes", phone_bench.SIZES, phone_bench.sizes),
    Group("offline", phone_bench.OFFLINE, phone_bench.offline),
    Group("lighthouse", phone_bench.LIGHTHOUSE, phone_bench.lighthouse),
    Group("axe", phone_bench.AXE, phone_bench.axe),
)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--only", nargs="+", choices=[group.name for group in GROUPS], metavar="GROUP")
    options = parser.parse_args()
    if options.only and options.write_docs:
        parser.error("docs/benchmarks.md shows all figures; leave --only out")
    figures: list[Figure] = []
    for group in GROUPS:
        if options.only and group.name not in options.only:
            continue
        print(f"measuring: {group.name}", file=sys.stderr, flush=True)
        figures += measured(group.targets, group.measure)
    print(table(figures))
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    document = {figure.target.name: figure.as_json() for figure in figures}
    (build / "bench.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if options.write_docs:
        write_docs(figures)


if __name__ == "__main__":
    main()
