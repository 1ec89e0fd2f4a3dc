"""A quote of 100 lines over the API: made, priced and stored in one request, from the sample catalogue."""

from __future__ import annotations

import statistics
import time
from tempfile import TemporaryDirectory
from typing import Any

from app import create_app
from app.config import Settings
from app.cpq.complete import Usual, complete
from app.foundation import clock
from app.foundation.db import Database
from app.foundation.principal import bind_principal, system_principal
from app.identity.tables import User
from app.quotes import catalogs, stock
from app.sample.selling import CATALOGUE, catalogue_file
from app.schema import migrate
from tests.benchmarks import dataset
from tests.benchmarks.figures import Target
from tests.support.phones import Api

SIZE = dataset.Size(accounts=500, mine=500)
LINES, EVERY, WARM, ROUNDS = 100, 10, 5, 41
TARGETS = (
    Target("quote_create", "A quote of 100 lines made, priced and stored over the API, server time, p50", "ms", 40, decimals=1),
    Target("quote_price", "– of which the engine's price_quote", "ms", None, decimals=1),
    Target("quote_bytes", "– the answer, with every step of the price", "bytes", None),
)  # fmt: skip
PARTS = ("SK-11", "SK-22", "SP-COUP", "SP-BEAR", "SP-IMP", "FT-RUB", "GW-1", "VS-2", "TOOL-1")


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """All rows of this group."""
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        migrate(database)
        made = dataset.fill(database, SIZE)
        url = database.url.render_as_string()
        app = create_app(
            Settings(database_url=url, embedded_runner=False, log_level="ERROR", requests_per_minute=10**6)
        )
        with clock.fixed(dataset.MOMENT):
            figures = _measure(app, database, made, rounds)
        app.extensions["doorstep.database"].dispose()
        database.dispose()
        return figures


def _measure(app: Any, database: Database, made: dataset.Dataset, rounds: int) -> dict[str, float]:
    content = _content(database, _organisation(database, made))
    rep = Api.signed_in(app, made.rep_email, made.password)
    times, size = [], 0
    for account in made.mine[: WARM + rounds]:
        body = {"account_id": account, "title": "Pumps", "valid_until": "2199-12-31", "content": content}
        began = time.perf_counter()
        answer = rep.post("/quotes", body)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 201 or answer.json["faults"]:
            raise RuntimeError(f"the quote was not made whole: {answer.status_code}, {answer.text[:300]}")
        size = len(answer.data)
    return {
        "quote_create": statistics.median(times[WARM:]),
        "quote_price": statistics.median(_priced(database, made, content) for _ in range(11)),
        "quote_bytes": size,
    }


def _organisation(database: Database, made: dataset.Dataset) -> str:
    with database.read() as session:
        return str(session.query(User.org_id).filter(User.email == made.rep_email).scalar())


def _content(database: Database, org_id: str) -> dict[str, Any]:
    """Every tenth line is a pump with its more than fifty features configured, the others are parts."""
    with database.write() as session:
        bind_principal(session, system_principal(org_id))
        stored = catalogs.store(session, catalogue_file().read_bytes())
    catalogs.compile_stored(database, stored.id)
    with database.write() as session:
        bind_principal(session, system_principal(org_id))
        catalogs.activate(session, stored.id)
        found = stock.by_id(session, stored.id)
        model = stock.model_of(session, found, "PX") if found else None
        if found is None or model is None:
            raise RuntimeError("the sample catalogue has no model of PX")
        configuration = complete(model, (), Usual())
        book = next(book for book in found.document["price_books"] if book["currency"] == "SEK")
    pump = {"sku": "PX", "configuration": configuration, "quantity": "2"}
    lines = [
        {"id": f"l{n}", **(pump if n % EVERY == 0 else {"sku": PARTS[n % len(PARTS)], "quantity": str(n)})}
        for n in range(LINES)
    ]
    named = {"catalogue": CATALOGUE[0], "catalogue_version": CATALOGUE[1], "price_book": book["id"], "currency": "SEK"}
    return {**named, "region": "SE", "on": max(book["valid_from"], dataset.MOMENT.date().isoformat()), "lines": lines}


def _priced(database: Database, made: dataset.Dataset, content: dict[str, Any]) -> float:
    from app.cpq.quote import price_quote

    with database.read() as session:
        bind_principal(session, system_principal(_organisation(database, made)))
        found = stock.by_name(session, content["catalogue"], content["catalogue_version"])
    if found is None:
        raise RuntimeError("the catalogue is gone")
    asked: Any = content
    began = time.perf_counter()
    price_quote(dict(found.document), asked, {"role": "rep", "facts": {}})
    return (time.perf_counter() - began) * 1000
