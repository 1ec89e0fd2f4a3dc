"""The `doorstep` command as it is installed beside Python."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

DOORSTEP = Path(sys.prefix) / "bin" / "doorstep"


def doorstep(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run([DOORSTEP, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


def test_an_administrator_starts_with_an_empty_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    migrated = doorstep("migrate", cwd=tmp_path, DOORSTEP_DATABASE_URL=url)
    assert migrated.returncode == 0, migrated.stderr
    user = [
        "users",
        "add",
        "you@company.example",
        "--name",
        "You",
        "--role",
        "administrator",
        "--password",
        "violet harbour 91 lamp",
    ]
    added = doorstep(*user, cwd=tmp_path, DOORSTEP_DATABASE_URL=url)
    assert added.returncode == 0, added.stderr
    assert "you@company.example" in added.stdout


def test_the_key_that_push_services_know_us_by_is_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    keys = []
    for _ in range(2):
        assert doorstep("migrate", cwd=tmp_path, DOORSTEP_DATABASE_URL=url).returncode == 0
        with sqlite3.connect(tmp_path / "own.db") as database:
            keys += database.execute("SELECT public_key, created_at FROM vapid_key").fetchall()
    assert len(keys) == 2 and keys[0] == keys[1]


def test_a_wrong_setting_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    answer = doorstep("migrate", cwd=tmp_path, DOORSTEP_PORT="eighty")
    assert answer.returncode == 1
    assert "DOORSTEP_PORT" in answer.stderr and "Traceback" not in answer.stderr
