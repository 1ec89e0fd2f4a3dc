"""Briefings through the API: composed when something changes, stored as bytes, read by those who may."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from app.briefing import jobs
from app.briefing.schemas import BriefingSchema
from app.briefing.signal import Context, Signal
from app.briefing.tables import StoredBriefing
from app.customers.tables import Account, Promise
from app.foundation import changes, clock, outbox, outbox_running, tenancy
from app.foundation.tables import Job
from app.visits.tables import Visit
from tests.support.briefing_world import NOW, World, day, make_world


@pytest.fixture
def world(database: Any, directory: Any) -> World:
    return make_world(database, directory.orgs["north"], directory.users["rep@north"])


def plan_visit(world: World, start: datetime, **values: Any) -> str:
    fields = {"starts_at": start, "ends_at": start + timedelta(hours=1), "time_zone": "Europe/Stockholm", **values}
    return world.add(Visit, user_id=world.rep_id, **fields)


def test_a_briefing_is_read_with_its_etag_and_is_not_sent_twice(world: World, sign_in: Any) -> None:
    world.rebuild()
    rep = sign_in("rep@north")
    answer = rep.get(f"/accounts/{world.account_id}/briefing")
    assert answer.status_code == 200 and answer.content_type == "application/json"
    stored = world.stored()
    assert answer.data == stored.body and answer.headers["ETag"] == f'"{stored.version}"'
    again = rep.get(f"/accounts/{world.account_id}/briefing", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.data == b"" and again.headers["ETag"] == answer.headers["ETag"]


def test_what_is_stored_has_the_shape_that_the_document_promises(world: World) -> None:
    from tests.api import test_briefing_signals as signals

    signals.test_every_line_of_a_full_briefing_can_be_read(world)
    signals.test_people_who_are_new_who_left_and_who_want_no_calls(world)
    plan_visit(world, NOW + timedelta(hours=3))
    document = orjson.loads(world.stored().body)
    assert len(document["cards"]) >= 6
    assert BriefingSchema().validate(document) == {}
    assert orjson.loads(orjson.dumps(BriefingSchema().dump(BriefingSchema().load(document)))) == document


def test_only_who_looks_after_the_account_reads_its_briefing(world: World, sign_in: Any) -> None:
    visit_id = plan_visit(world, NOW + timedelta(hours=3))
    world.rebuild()
    for path in (f"/accounts/{world.account_id}/briefing", f"/visits/{visit_id}/briefing"):
        for name in ("rep@north", "manager@north", "admin@north"):
            assert sign_in(name).get(path).status_code == 200, name
        for name in ("rep2@north", "admin@south", "rep@south"):
            answer = sign_in(name).get(path)
            assert answer.status_code == 404 and answer.content_type == "application/problem+json", name


def test_without_a_sign_in_or_without_a_briefing_there_is_nothing(world: World, sign_in: Any, app: Any) -> None:
    rep = sign_in("rep@north")
    assert rep.get(f"/accounts/{world.account_id}/briefing").status_code == 404
    assert rep.get("/accounts/00000000-0000-7000-8000-00000000dead/briefing").status_code == 404
    assert app.test_client().get(f"/api/v1/accounts/{world.account_id}/briefing").status_code == 401


def test_a_visit_of_this_week_has_a_briefing_of_its_own_and_any_other_its_accounts(world: World, sign_in: Any) -> None:
    soon, far = plan_visit(world, NOW + timedelta(days=6)), plan_visit(world, NOW + timedelta(days=8))
    world.rebuild()
    rep = sign_in("rep@north")
    assert rep.get(f"/visits/{soon}/briefing").json["visit_id"] == soon
    assert rep.get(f"/visits/{far}/briefing").json["visit_id"] is None
    world.change(Visit, soon, status="cancelled")
    assert world.rebuild().removed == 1
    assert rep.get(f"/visits/{soon}/briefing").json["visit_id"] is None


def test_a_briefing_that_says_the_same_keeps_its_bytes_and_version(world: World) -> None:
    promise = world.add(Promise, text="the report", due_on=day(3), made_on=day(-3))
    assert world.rebuild().changed == 1
    first = world.stored()
    assert world.rebuild(NOW + timedelta(minutes=5)).unchanged == 1
    same = world.stored()
    assert (same.row_version, same.version, same.body) == (1, first.version, first.body)
    world.change(Promise, promise, text="the whole report")
    assert world.rebuild().changed == 1
    changed = world.stored()
    assert (changed.id, changed.row_version) == (first.id, 2) and changed.version != first.version


def test_a_change_through_the_api_is_in_the_briefing_after_its_job(world: World, sign_in: Any) -> None:
    admin = sign_in("admin@north")
    body = {"account_id": world.account_id, "text": "the report", "made_on": "2026-11-01", "due_on": "2026-11-20"}
    made = admin.post("/promises", body)
    assert made.status_code == 201
    outbox.drain(world.database)
    read = lambda: admin.get(f"/accounts/{world.account_id}/briefing").json  # noqa: E731
    assert "promise.overdue" in {line["kind"] for line in read()["cards"][0]["lines"]}
    assert admin.delete(f"/promises/{made.json['id']}").status_code == 204
    outbox.drain(world.database)
    assert "promise.overdue" not in {line["kind"] for card in read()["cards"] for line in card["lines"]}


def test_many_changes_wait_for_one_rebuild(world: World, sign_in: Any) -> None:
    admin = sign_in("admin@north")
    rows = [{"account_id": world.account_id, "name": f"P{n}", "external_ids": {"crm": str(n)}} for n in range(20)]
    assert admin.post("/people/batch", {"rows": rows}).status_code == 200
    admin.post("/goals", {"account_id": world.account_id, "title": "Fewer stops"})
    with world.database.read() as session:
        waiting = session.scalars(sa.select(Job).where(Job.kind == jobs.REBUILD)).all()
    assert [job.payload for job in waiting] == [{"account_ids": [world.account_id]}]


def test_jobs_are_written_when_the_change_commits_and_not_when_it_fails(world: World) -> None:
    def waiting() -> list[Any]:
        with world.database.read() as session:
            return list(session.scalars(sa.select(Job.payload).where(Job.kind == jobs.REBUILD)))

    jobs.connect()
    with pytest.raises(RuntimeError), world.database.write() as session:
        changes.touch(session, world.org_id, [world.account_id])
        raise RuntimeError
    assert waiting() == []
    with world.database.write() as session:
        for _ in range(3):
            changes.touch(session, world.org_id, [world.account_id, None])
            with session.begin_nested():
                changes.touch(session, world.org_id, [world.account_id])
    assert waiting() == [{"account_ids": [world.account_id]}]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_long_import_does_not_make_others_wait(world: World) -> None:
    """On PostgreSQL a job key that is not committed yet would hold up every other change of the account."""
    import threading

    jobs.connect()
    done = threading.Event()

    def short_change() -> None:
        with tenancy.as_organisation(world.org_id), world.database.write() as session:
            changes.touch(session, world.org_id, [world.account_id])
        done.set()

    with world.database.write() as session:
        changes.touch(session, world.org_id, [world.account_id])
        session.execute(sa.text("SELECT 1"))
        thread = threading.Thread(target=short_change)
        thread.start()
        assert done.wait(60)
    thread.join()


def test_a_new_morning_brings_a_new_briefing_once(world: World) -> None:
    with clock.fixed(datetime(2026, 11, 21, 2, tzinfo=UTC)):
        world.add(Promise, text="the report", due_on=day(0), made_on=day(-3))
        world.rebuild(clock.now())

    def tick(moment: datetime) -> int:
        with clock.fixed(moment):
            outbox.write_ticks(world.database, jobs.TICKS)
            return outbox.drain(world.database)

    outbox_running.forget_ticks()
    assert tick(datetime(2026, 11, 21, 2, 30, tzinfo=UTC)) == 1
    assert tick(datetime(2026, 11, 21, 3, 30, tzinfo=UTC)) == 2
    assert tick(datetime(2026, 11, 21, 4, 30, tzinfo=UTC)) == 1
    before = world.stored()
    # Off for a day and a half: the next tick catches up.
    assert tick(datetime(2026, 11, 22, 17, 10, tzinfo=UTC)) == 2
    after = world.stored()
    assert before.version != after.version and b"promise.overdue" in after.body


def test_another_organisations_account_is_not_composed(world: World, directory: Any) -> None:
    world.org_id, own = directory.orgs["south"], world.org_id
    assert world.rebuild() == type(world.rebuild())()
    world.org_id = own
    assert world.rebuild().changed == 1


def test_an_account_that_is_deleted_takes_its_briefing_along(world: World) -> None:
    plan_visit(world, NOW + timedelta(hours=3))
    world.rebuild()
    with world.database.write() as session:
        session.execute(sa.delete(Account).where(Account.id == world.account_id))
    with world.database.read() as session:
        assert session.scalars(sa.select(StoredBriefing)).all() == []


def test_another_packages_source_adds_lines_and_its_fault_costs_only_its_own(world: World) -> None:
    def credit(_session: Any, context: Context) -> Any:
        for account_id, account in context.accounts.items():
            yield (
                account_id,
                Signal(
                    "custom.promises", account.subject, {"text": "Credit limit reached."}, (account.evidence,), 0.9,
                    "money", context.now,
                ),
            )  # fmt: skip
        yield "somebody-else", None

    def broken(session: Any, _context: Context) -> Any:
        session.execute(sa.text("SELECT nothing FROM nowhere"))
        yield from ()

    world.rebuild(others={"a-broken": broken, "credit": credit})
    document = orjson.loads(world.stored().body)
    assert document["cards"][0]["lines"][0]["facts"] == {"text": "Credit limit reached."}
    assert any(line["kind"] == "visit.none_yet" for card in document["cards"] for line in card.get("missing", []))


PACKAGE = """
from app.briefing.signal import Signal

def signals(session, context):
    for account_id, account in context.accounts.items():
        facts = {"text": "Credit limit reached."}
        yield account_id, Signal(
            "custom.promises", account.subject, facts, (account.evidence,), 0.9, "money", context.now)
"""


def test_an_installed_package_speaks_by_its_entry_point(
    world: World, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.briefing import sources

    (tmp_path / "acme_credit.py").write_text(PACKAGE)
    info = tmp_path / "acme_credit-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-credit\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[doorstep.signals]\ncredit = acme_credit:signals\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    sources.installed.cache_clear()
    try:
        assert "custom.promises" in world.lines()
    finally:
        sources.installed.cache_clear()


def test_two_rebuilds_at_once_leave_one_briefing(world: World) -> None:
    import threading

    world.add(Promise, text="the report", due_on=day(3), made_on=day(-3))
    faults: list[Exception] = []

    def work() -> None:
        try:
            with tenancy.as_organisation(world.org_id):
                world.rebuild()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with world.database.read() as session:
        assert len(session.scalars(sa.select(StoredBriefing)).all()) == 1


@pytest.mark.parametrize(
    ("now", "zone", "morning"),
    [
        (datetime(2026, 11, 21, 8, tzinfo=UTC), "Europe/Stockholm", datetime(2026, 11, 21, 3, tzinfo=UTC)),
        (datetime(2026, 11, 21, 2, tzinfo=UTC), "Europe/Stockholm", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        (datetime(2026, 11, 21, 8, tzinfo=UTC), "America/Los_Angeles", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        (datetime(2026, 3, 29, 8, tzinfo=UTC), "Europe/Stockholm", datetime(2026, 3, 29, 2, tzinfo=UTC)),
    ],
)
def test_the_last_morning_is_the_accounts_own(now: datetime, zone: str, morning: datetime) -> None:
    assert jobs.latest_morning(now, zone) == morning


def test_the_short_way_gives_what_the_long_way_gives(
    world: World, sign_in: Any, directory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.briefing.door import StoredBriefings

    soon, far = plan_visit(world, NOW + timedelta(days=6)), plan_visit(world, NOW + timedelta(days=8))
    other = make_world(world.database, directory.orgs["north"], directory.users["rep2@north"], "Other")
    abroad = make_world(world.database, directory.orgs["south"], directory.users["rep@south"], "Abroad")
    for place in (world, other, abroad):
        place.rebuild()
    paths = [f"/accounts/{place.account_id}/briefing" for place in (world, other, abroad)]
    paths += [f"/visits/{visit}/briefing" for visit in (soon, far, world.account_id)]
    tag = f'"{world.stored().version}"'
    plain = [{}, {"If-None-Match": '"old"'}, {"If-None-Match": tag}]
    by_the_book = [{"If-None-Match": f'"old", {tag}'}, {"If-None-Match": f"W/{tag}"}, {"If-None-Match": "*"}]
    versions = plain + by_the_book
    people = [sign_in(name) for name in ("rep@north", "rep2@north", "manager@north", "admin@north", "rep@south")]
    short: list[bool] = []
    inner = StoredBriefings._find
    monkeypatch.setattr(
        StoredBriefings, "_find", lambda *given: (found := inner(*given), short.append(found is not None))[0]
    )

    def answers() -> list[Any]:
        found = []
        for person in people:
            for path in paths:
                for version in versions:
                    answer = person.get(path, headers=version)
                    same = {"X-Request-Id"} if answer.status_code < 400 else {"X-Request-Id", "Content-Length"}
                    headers = {name: value for name, value in answer.headers.items() if name not in same}
                    found.append((answer.status_code, answer.data if answer.status_code < 400 else b"", headers))
        return found

    by_the_short_way = answers()
    assert sum(short) == 15
    monkeypatch.setattr(StoredBriefings, "_plainly_asked", lambda *_: None)
    assert answers() == by_the_short_way
    assert sorted({status for status, _, _ in by_the_short_way}) == [200, 304, 404]


@pytest.mark.parametrize("ended", ["expired", "idle", "signed out", "inactive", "territory ended"])
def test_the_short_way_closes_when_the_session_or_the_territory_ends(world: World, sign_in: Any, ended: str) -> None:
    from app.identity.tables import SignInSession, TerritoryAssignment, User

    world.rebuild()
    rep = sign_in("rep@north")
    path = f"/accounts/{world.account_id}/briefing"
    assert rep.get(path).status_code == 200
    now = clock.now()
    with world.database.write() as session:
        if ended == "expired":
            session.execute(sa.update(SignInSession).values(expires_at=now - timedelta(seconds=1)))
        elif ended == "idle":
            session.execute(sa.update(SignInSession).values(last_seen_at=now - timedelta(days=400)))
        elif ended == "inactive":
            session.execute(sa.update(User).where(User.id == world.rep_id).values(active=False))
        elif ended == "territory ended":
            session.execute(sa.update(TerritoryAssignment).values(ends_on=now.date() - timedelta(days=1)))
    if ended == "signed out":
        assert rep.delete("/session").status_code == 204
    assert rep.get(path).status_code == (404 if ended == "territory ended" else 401)


@pytest.mark.parametrize(
    "cookie", ["", "x=1", "__Host-session=", '__Host-session="a"; b', "__Host-session=\x01", "=; =,"]
)
def test_an_odd_cookie_is_nobody(world: World, app: Any, cookie: str) -> None:
    world.rebuild()
    answer = app.test_client().get(f"/api/v1/accounts/{world.account_id}/briefing", headers={"Cookie": cookie})
    assert answer.status_code == 401 and answer.content_type == "application/problem+json"
