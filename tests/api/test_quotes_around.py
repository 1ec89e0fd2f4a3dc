"""What is around quotes: lines on briefings, the command that publishes a catalogue, and what the sample sells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner

from app.cli import cli
from app.foundation import clock, outbox
from app.foundation.db import Database
from app.quotes.tables import Agreement, Catalogue, Quote
from app.sample import loader, selling
from app.wiring import add_commands
from tests.conftest import make_application
from tests.support.phones import Api, Directory
from tests.support.pulling import NOW, Office, held_clock
from tests.support.selling import CATALOGUE, content, sell

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _at_eight() -> Iterator[None]:
    with held_clock():
        yield


def kinds(api: Any, database: Database, account: str) -> dict[str, Any]:
    """The lines of the card of quotes, by kind."""
    outbox.drain(database)
    briefing = api.get(f"/accounts/{account}/briefing").json
    cards = [card for card in briefing["cards"] if card["kind"] == "quotes"]
    return {one["kind"]: one["facts"] for card in cards for one in card["lines"]}


def test_a_briefing_tells_of_quotes_that_the_customer_has(
    sign_in: Any, database: Database, directory: Directory
) -> None:
    sell(database, directory.orgs["north"])
    office = Office(database, directory.orgs["north"], directory.users["rep@north"])
    account, rep = office.account("Norrvik"), sign_in("rep@north")
    body = {"account_id": account, "title": "Seal kits", "valid_until": "2026-12-31", "content": content()}
    quote = rep.post("/quotes", body).json
    assert kinds(rep, database, account) == {}, "a draft is nobody's news"
    sent = rep.post(f"/quotes/{quote['id']}:send", {"revision": 1}).json
    assert kinds(rep, database, account)["quote.sent"]["amount"] == {"money": ["301.50", "SEK"]}
    rep.post(f"/offers/{sent['link'].removeprefix('/q/')}:ask", {"text": "When?"})
    told = kinds(rep, database, account)
    assert told["quote.question"]["text"] == "When?" and told["quote.sent"]["number"] == quote["number"]
    soon = rep.post("/quotes", {**body, "title": "Soon", "valid_until": "2026-11-25"}).json
    rep.post(f"/quotes/{soon['id']}:send", {"revision": 1})
    assert kinds(rep, database, account)["quote.expiring"]["title"] == "Soon"
    office.change(Quote, quote["id"], status="accepted", decided_at=NOW, decided_by="Eva", row_version=9)
    rep.post(f"/quotes/{soon['id']}:withdraw", {"reason": "x"})
    assert set(kinds(rep, database, account)) == {"quote.accepted"}


def test_a_catalogue_is_published_by_a_command(database: Database, directory: Directory, tmp_path: Path) -> None:
    add_commands(cli)
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(CATALOGUE))
    url = database.url.render_as_string(hide_password=False)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(
            cli, ["catalog", "publish", str(file), *arguments], env={"DOORSTEP_DATABASE_URL": url}
        )

    unsaid = run()
    assert unsaid.exit_code != 0 and "--organisation: North, South" in unsaid.output
    done = run("--organisation", "North")
    assert done.exit_code == 0 and "Small pumps 1: 3 products" in done.output, done.output
    assert run("--organisation", "North").exit_code == 0, "publishing again changes nothing"
    with database.read() as session:
        stored = session.scalars(sa.select(Catalogue)).one()
        assert (stored.org_id, stored.status, stored.compilation) == (directory.orgs["north"], "active", "ready")
    file.write_text(yaml.safe_dump({**CATALOGUE, "format": 9}))
    newer = run("--organisation", "North")
    assert newer.exit_code != 0 and "/format" in newer.output and "Update Doorstep" in newer.output


def _sent_by_its_author(app: Any, who: loader.SignIn) -> bool:
    """Whether this user of the sample sees both quotes, and sends the one that is a draft of theirs."""
    api = Api.signed_in(app, who.email, who.password)
    quotes = api.get("/quotes").json["data"]
    mine = [quote for quote in quotes if quote["status"] == "draft" and quote["user_id"] == api.user["id"]]
    if not mine:
        return False
    sent = api.post(f"/quotes/{mine[0]['id']}:send", {"revision": mine[0]["revision"]})
    assert sent.status_code == 200 and sent.json["link"], sent.text
    return True


def test_the_sample_sells_from_its_catalogue_on_any_day(database: Database) -> None:
    now = NOW.replace(year=2031)
    with clock.fixed(now):
        done = loader.load(database, now, "http://127.0.0.1:8001")
        selling.sell(database, done.org_id, now)
        selling.sell(database, done.org_id, now)
    with database.read() as session:
        stored = session.scalars(sa.select(Catalogue)).one()
        assert (stored.key, stored.version, stored.status) == (*selling.CATALOGUE, "active")
        assert stored.bytes < 80_000
        quotes = {quote.status: quote for quote in session.scalars(sa.select(Quote))}
        assert set(quotes) == {"sent", "draft"} and all(quote.faults == [] for quote in quotes.values())
        assert quotes["sent"].link and quotes["draft"].content["lines"][0]["configuration"]
        assert len(session.scalars(sa.select(Agreement)).all()) == 2
    with clock.fixed(now):
        app = make_application(database)
        assert any(_sent_by_its_author(app, who) for who in loader.sign_ins())
