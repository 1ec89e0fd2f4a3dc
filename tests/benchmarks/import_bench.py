"""Import of a real ticket log against the least that Python needs for it: `csv.DictReader` and a raw `executemany`."""

import csv
import gzip
import multiprocessing
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib import resources
from pathlib import Path

from app.connectors import importer, mapping
from app.foundation.db import Database
from app.schema import migrate

FILE = "ticket_events.csv.gz"
# What a stored step is made of; the import reads eleven columns more for the tickets themselves.
COLUMNS = (
    "number",
    "sys_mod_count",
    "sys_updated_at",
    "incident_state",
    "priority",
    "assigned_to",
    "sys_updated_by",
    "account",
)


def measure(territory: Path, rounds: int = 5) -> dict[str, float]:
    """Rows a second of both, and `import_ratio`: ours divided by the bare ones, each the median of `rounds` taken in turn.

    Each runs in a process of its own, as the command does; starting it is not counted.
    """
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            bare.append(_alone(_bare, territory, Path(folder) / f"bare{number}.db"))
            ours.append(_alone(_ours, territory, Path(folder) / f"ours{number}.db"))
    own, least = statistics.median(ours), statistics.median(bare)
    return {"import_rows_per_second": own, "import_bare_rows_per_second": least, "import_ratio": own / least}


def _alone(function: Callable[[Path, Path], float], territory: Path, path: Path) -> float:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, territory, path).result()


def _bare(territory: Path, path: Path) -> float:
    began = time.perf_counter()
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE step ({', '.join(COLUMNS)})")
    with gzip.open(territory / FILE, "rt", encoding="utf-8", newline="") as text:
        rows = (tuple(row[name] for name in COLUMNS) for row in csv.DictReader(text))
        database.executemany(f"INSERT INTO step VALUES ({', '.join('?' * len(COLUMNS))})", rows)
    database.commit()
    count: int = database.execute("SELECT count(*) FROM step").fetchone()[0]
    database.close()
    return count / (time.perf_counter() - began)


def _ours(territory: Path, path: Path) -> float:
    database = Database(f"sqlite:///{path}")
    migrate(database)
    shipped = Path(str(resources.files("app.connectors"))) / "mappings"
    accounts = mapping.load(shipped / "territory-accounts.yaml", "accounts")
    importer.run(database, importer.Job(str(territory / "accounts.csv"), accounts, "Bench"))
    incidents = mapping.load(shipped / "territory-incidents.yaml", "tickets")
    began = time.perf_counter()
    report = importer.run(database, importer.Job(str(territory / FILE), incidents))
    took = time.perf_counter() - began
    database.dispose()
    if report.rows.created != report.rows.total:
        raise AssertionError(f"not every line was imported: {report.rows}")
    return report.rows.created / took


if __name__ == "__main__":
    from tests.conftest import shared_data

    for name, value in measure(shared_data("territory")).items():
        print(f"{name:30} {value:12,.2f}")
