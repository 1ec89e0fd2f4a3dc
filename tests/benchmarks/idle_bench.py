"""An idle pull when the organisation is a hundred times as large as the territory, and on PostgreSQL."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from app import create_app
from app.config import Settings
from app.foundation import clock, tenancy
from app.foundation.db import Database
from app.sync.schemas import ROW_SCHEMA
from tests.benchmarks import dataset
from tests.benchmarks.figures import Target, median_ratio
from tests.support.phones import Api
from tests.support.postgres import prepared, running_postgres

ALONE, AMONG_MANY = dataset.Size(accounts=500, mine=500), dataset.Size(accounts=50_000, mine=500)
ROUNDS, PULLS = 15, 10
TARGETS = (
    Target(
        "pull_idle_growth", "Idle pull of 500 accounts in an organisation of 50,000 / of 500", "ratio of server time",
        1.5, decimals=2,
    ),
    Target("pull_idle_postgresql", "– on PostgreSQL, server time, p50", "ms", None, decimals=1),
)  # fmt: skip


class Puller:
    """A phone that holds everything and asks again."""

    def __init__(self, url: str, made: dataset.Dataset) -> None:
        self.app = create_app(
            Settings(database_url=url, embedded_runner=False, log_level="ERROR", requests_per_minute=10**6)
        )
        self._api = Api.signed_in(self.app, made.rep_email, made.password)
        self._body = {"client_group": str(uuid.uuid4()), "cookie": None, "schema": ROW_SCHEMA}
        answer = self._api.post("/sync/pull", self._body)
        if len(answer.json["puts"]["account"]) != 500:
            raise RuntimeError("the phone was not sent its 500 accounts")
        self._body["cookie"] = answer.json["cookie"]

    def pull(self) -> float:
        """Milliseconds of an idle pull, the median of some."""
        return statistics.median(self._once() for _ in range(PULLS))

    def _once(self) -> float:
        began = time.perf_counter()
        answer = self._api.post("/sync/pull", self._body)
        took = (time.perf_counter() - began) * 1000
        if answer.status_code != 200 or "puts" in answer.json:
            raise RuntimeError(f"the pull was not idle: {answer.status_code}, {answer.text[:300]}")
        return took


def measure() -> dict[str, float]:
    """All rows of this group."""
    with ExitStack() as closing:
        folder = closing.enter_context(TemporaryDirectory())
        alone = closing.enter_context(_puller(f"sqlite:///{folder}/alone.db", ALONE))
        many = closing.enter_context(_puller(f"sqlite:///{folder}/many.db", AMONG_MANY))
        other = closing.enter_context(_puller(closing.enter_context(_postgres()), ALONE))
        with clock.fixed(dataset.MOMENT):
            few, all_of_them = [], []
            for _ in range(ROUNDS):
                all_of_them.append(many.pull())
                few.append(alone.pull())
            postgresql = [other.pull() for _ in range(ROUNDS)]
    return {
        "pull_idle_growth": median_ratio(all_of_them, few),
        "pull_idle_postgresql": statistics.median(postgresql),
    }


@contextmanager
def _puller(url: str, size: dataset.Size) -> Iterator[Puller]:
    owner, url = Database(url), prepared(url)
    with tenancy.as_system():
        made = dataset.fill(owner, size)  # who does not own the tables cannot have them analysed, and plans are poor
    owner.dispose()
    with clock.fixed(dataset.MOMENT):
        puller = Puller(url, made)
    yield puller
    puller.app.extensions["doorstep.database"].dispose()


@contextmanager
def _postgres() -> Iterator[str]:
    """An empty database of a real PostgreSQL."""
    with running_postgres() as url:
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE bench")
        admin.dispose()
        yield sa.make_url(url).set(database="bench").render_as_string(hide_password=False)
