"""The real server with the sample territory, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.support.serving import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240
ANSWER_SECONDS = 10


@dataclass(frozen=True)
class SignIn:
    """A demo user."""

    email: str
    password: str


def sample_users() -> list[tuple[SignIn, str]]:
    """The users of the sample territory, with their roles."""
    users = json.loads((ROOT / "fixtures/territory/data/organisation.json").read_text("utf-8"))["users"]
    return [(SignIn(user["email"], user["password"]), user["role"]) for user in users]


def sample_reps() -> list[SignIn]:
    """The reps of the sample territory."""
    return [user for user, role in sample_users() if role == "rep"]


def sample_rep() -> SignIn:
    """The first of them."""
    return sample_reps()[0]


def install(home: Path) -> Path:
    """Copy the app with its built phone app to `home`, to be started and changed there."""
    assert (ROOT / "app/static/pwa/worker.js").exists(), "the phone app is not built; run make setup"
    shutil.copytree(ROOT / "app", home / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (home / "fixtures").symlink_to(ROOT / "fixtures")
    return home


class Server:
    """`python -m app.cli start` from a copy of the tree, so that a test may put another build of the phone app there."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = environment
        self.port, self.feeds_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def build(self) -> Path:
        """The folder of the built phone app."""
        return self.home / "app" / "static" / "pwa"

    def start(self) -> None:
        """Start and wait until it is ready. Raises AssertionError with its log when it is not in time."""
        log = (self.home / "server.log").open("ab")
        environment = os.environ | {
            "DOORSTEP_PORT": str(self.port),
            "DOORSTEP_DATABASE_URL": f"sqlite:///{self.home / 'doorstep.db'}",
            "DOORSTEP_SIGN_IN_PER_MINUTE": "1000",
            "DOORSTEP_SAMPLE_FEEDS_PORT": str(self.feeds_port),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        environment |= self.environment
        command = [sys.executable, "-m", "app.cli", "start"]
        self._process = subprocess.Popen(
            command, cwd=self.home, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start:\n{(self.home / 'server.log').read_text()[-4000:]}")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=ANSWER_SECONDS) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """End the server and its workers."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
