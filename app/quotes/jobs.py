"""Background work of quotes: catalogues are compiled, and quotes whose time is over expire."""

from datetime import timedelta

from app.foundation.db import Database
from app.foundation.outbox import SLOW, ClaimedJob, Tick, task
from app.quotes import expiring
from app.quotes.catalogs import COMPILE, compile_stored

EXPIRE = "quotes.expire"
TICKS = (Tick(EXPIRE, timedelta(hours=1)),)


@task(COMPILE, SLOW)
def compile_catalogue(database: Database, job: ClaimedJob) -> None:
    """Compile a stored catalogue."""
    compile_stored(database, job.payload["catalogue"])


@task(EXPIRE)
def expire(database: Database, _job: ClaimedJob) -> None:
    """Have quotes expire whose last day is over where the customer is."""
    expiring.expire(database)
