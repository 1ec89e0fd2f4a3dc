"""Live pokes by the real server: who is poked, how soon, and how streams end."""

import os
import re
import signal
import ssl
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import trustme

from app.customers.tables import Account
from app.foundation import changes, pokes
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.identity.tables import SignInSession
from tests.conftest import make_directory
from tests.support.live import EVENTS, PATIENCE, Listener, Person
from tests.support.phones import Api, Directory
from tests.support.pulling import Office
from tests.support.serving import served
from tests.support.waiting import at_best, until

# A poke that must not come is waited for this long: twenty times what one takes that comes.
SILENCE = 1.5


@pytest.fixture
def office(database: Database, directory: Directory) -> Office:
    return Office(database, directory.orgs["north"], directory.users["rep@north"])


@contextmanager
def serving(database: Database, tmp_path: Path, **settings: str) -> Iterator[int]:
    url = database.url.render_as_string(hide_password=False)
    generous = {"sign_in_per_minute": "1000", "requests_per_minute": "100000", **settings}
    with served(url, log=tmp_path / "server.log", **generous) as port:
        yield port


def nobody_else_is_poked(listeners: list[Listener]) -> None:
    had = [len(one.pokes) for one in listeners]
    time.sleep(SILENCE)
    assert [len(one.pokes) for one in listeners] == had


def test_a_change_pokes_those_who_see_the_account_and_nobody_else(
    database: Database, office: Office, directory: Directory, tmp_path: Path
) -> None:
    account_id = office.account()
    office.account("Ekvik Dairy", of=directory.users["rep2@north"])
    with serving(database, tmp_path) as port, ExitStack() as closing:
        names = ("rep@north", "manager@north", "admin@north", "rep2@north", "manager@south", "admin@south")
        people = {name: Person(port, f"{name}.example") for name in names}
        phones = {name: closing.enter_context(person.listening()) for name, person in people.items()}
        assert b"content-type: text/event-stream" in phones["rep@north"].head
        assert b"retry: 3000\n\n" in phones["rep@north"].received
        concerned = [phones[name] for name in names[:3]]
        had = [len(one.pokes) for one in concerned]
        people["rep@north"].patch(f"/accounts/{account_id}", {"phone": "+999 1"})
        for one, before in zip(concerned, had, strict=True):
            one.wait_for(before + 1)
        nobody_else_is_poked([phones[name] for name in names[3:]])
        assert b"+999" not in b"".join(one.received for one in phones.values())


def test_what_else_a_phone_shows_pokes_it_too(
    database: Database, office: Office, directory: Directory, tmp_path: Path
) -> None:
    account_id, product_id = office.account(), office.product()
    office.subscription(account_id, product_id)
    other = office.account("Ekvik Dairy", of=directory.users["rep2@north"])
    with serving(database, tmp_path) as port, ExitStack() as closing:
        admin = Person(port, "admin@north.example")
        rep = closing.enter_context(Person(port, "rep@north.example").listening())
        rep2 = closing.enter_context(Person(port, "rep2@north.example").listening())
        stranger = closing.enter_context(Person(port, "admin@south.example").listening())
        had = len(rep2.pokes)

        rep.poked_by(lambda: admin.patch(f"/products/{product_id}", {"name": "Watch Plus 2"}))
        rep.poked_by(lambda: touch_and_compose(database, office.org_id, account_id))
        given = {"user_id": office.rep_id, "account_id": other, "starts_on": "2026-01-01"}
        assert len(rep2.pokes) == had
        made: dict[str, Any] = {}
        rep.poked_by(lambda: made.update(admin.send("POST", "/territories", given)[0]))
        rep.poked_by(lambda: admin.patch(f"/territories/{made['id']}", {"ends_on": "2026-01-02"}))
        rep.poked_by(lambda: admin.patch(f"/users/{office.rep_id}", {"name": "Rep the First"}))
        tag = admin.send("GET", f"/accounts/{account_id}")[1]["ETag"]
        rep.poked_by(lambda: admin.send("DELETE", f"/accounts/{account_id}", If_Match=tag))
        assert len(stranger.pokes) == 1


def touch_and_compose(database: Database, org_id: str, account_id: str) -> None:
    """A change whose briefing another process composes; only what it stores pokes."""
    from app.briefing import service
    from app.foundation import clock

    with database.write() as session:
        session.execute(sa.update(Account).where(Account.id == account_id).values(status="former"))
        service.compose_and_store(session, org_id, [account_id], clock.now())


def test_a_poke_comes_well_within_two_seconds_whoever_writes(
    database: Database, office: Office, tmp_path: Path
) -> None:
    account_id = office.account()
    with serving(database, tmp_path) as port:
        person = Person(port, "rep@north.example")
        with person.listening() as phone:

            def change_here() -> None:
                person.patch(f"/accounts/{account_id}", {"phone": f"+999 {time.monotonic()}"})

            def change_elsewhere() -> None:
                say(database, office.org_id, [account_id])

            for change in (change_here, change_elsewhere):
                # Every poke but the first of these waits until half a second after the one before.
                assert at_best(lambda change=change: slowest([phone.poked_by(change) for _ in range(8)]), 1.0) <= 1.0


def slowest(took: list[float]) -> float:
    """All but one of twenty took less."""
    return statistics.quantiles(took, n=20, method="inclusive")[18]


def say(database: Database, org_id: str, account_ids: list[str]) -> None:
    """What an import in a process of its own does."""
    with database.write() as session:
        changes.touch(session, org_id, account_ids)
        pokes.touched(session, org_id, account_ids)


def test_an_import_of_thousands_of_accounts_pokes_those_whose_accounts_are_among_them(
    database: Database, office: Office, directory: Directory, tmp_path: Path
) -> None:
    account_id = office.account()
    office.account("Ekvik Dairy", of=directory.users["rep2@north"])
    many = [new_id() for _ in range(3000)]
    with serving(database, tmp_path) as port, ExitStack() as closing:
        rep = closing.enter_context(Person(port, "rep@north.example").listening())
        rep2 = closing.enter_context(Person(port, "rep2@north.example").listening())
        rep.poked_by(lambda: say(database, office.org_id, [*many, account_id]))
        nobody_else_is_poked([rep2])


def test_changes_in_quick_succession_are_few_pokes_and_the_last_follows_the_last_change(
    database: Database, office: Office, tmp_path: Path
) -> None:
    account_id = office.account()
    with serving(database, tmp_path) as port, Person(port, "rep@north.example").listening() as phone:
        began = time.monotonic()
        while time.monotonic() < began + 2:
            say(database, office.org_id, [account_id])
            time.sleep(0.02)
        # A poke may be there before the write that it follows has returned, so it counts from before that write.
        last = time.monotonic()
        say(database, office.org_id, [account_id])
        until(lambda: phone.pokes[-1] >= last, "a poke that follows the last change")
        # Half a second apart, and on the way one may be held up longer than the next.
        assert (phone.pokes[-1] - phone.pokes[0]) / (len(phone.pokes) - 1) > 0.4


def test_a_rolled_back_change_pokes_nobody(database: Database, office: Office, tmp_path: Path) -> None:
    account_id = office.account()
    with serving(database, tmp_path) as port, Person(port, "rep@north.example").listening() as phone:
        with pytest.raises(RuntimeError), database.write() as session:
            pokes.tell(session, office.org_id, accounts=[account_id])
            raise RuntimeError
        nobody_else_is_poked([phone])


def test_a_stream_ends_with_its_session_and_is_then_refused(
    database: Database, office: Office, directory: Directory, tmp_path: Path
) -> None:
    with serving(database, tmp_path) as port:
        rep, admin = Person(port, "rep@north.example"), Person(port, "admin@north.example")
        with rep.listening() as phone:
            admin.patch(f"/users/{directory.users['rep@north']}", {"active": False})
            assert phone.ended.wait(PATIENCE)
            assert phone.received.endswith(b"0\r\n\r\n")
        assert Listener(port, rep.headers["Cookie"]).status == 401


def test_a_revoked_device_is_poked_and_its_stream_ends(database: Database, office: Office, tmp_path: Path) -> None:
    with serving(database, tmp_path) as port, Person(port, "rep@north.example").listening() as phone:
        with database.write() as session:
            session.execute(sa.update(SignInSession).values(revoked=True))
            pokes.tell(session, office.org_id, users=[office.rep_id])
        assert phone.ended.wait(PATIENCE)


def test_who_holds_too_many_streams_is_told_so_and_a_stream_that_was_left_makes_room(
    database: Database, tmp_path: Path
) -> None:
    make_directory(database)
    limits = {"live_streams": "3", "live_streams_per_user": "2"}
    with serving(database, tmp_path, **limits) as port, ExitStack() as closing:
        rep, rep2, admin = (Person(port, f"{name}@north.example") for name in ("rep", "rep2", "admin"))
        first = closing.enter_context(rep.listening())
        closing.enter_context(rep.listening())
        refused = rep.listening()
        assert refused.status == 429
        assert b"retry-after: 30" in refused.head
        assert b"too-many-streams" in refused.received
        closing.enter_context(rep2.listening())
        full = admin.listening()
        assert full.status == 503
        assert b"live-unavailable" in full.received

        first.close()
        until(lambda: rep.listening().status == 200, "room is made")


def test_nobody_is_streamed_to_without_a_session_or_where_streams_cannot_be_held(app: Any, sign_in: Any) -> None:
    assert Api(app).get("/sync/events").status_code == 401
    refused = sign_in("rep@north").get("/sync/events")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "30"
    assert EVENTS.endswith("/sync/events")


def test_two_hundred_streams_are_poked_while_requests_go_on(database: Database, office: Office, tmp_path: Path) -> None:
    account_id = office.account()
    with serving(database, tmp_path, live_streams_per_user="200") as port, ExitStack() as closing:
        person = Person(port, "rep@north.example")
        phones = [closing.enter_context(person.listening()) for _ in range(200)]

        def share_of_what_is_promised() -> float:
            """Of two seconds until all but one of twenty phones are poked, and of one for 99 of 100 requests meanwhile."""
            took: list[float] = []
            stop = threading.Event()

            def ask() -> None:
                while not stop.is_set() or len(took) < 50:
                    began = time.monotonic()
                    person.send("GET", f"/accounts/{account_id}")
                    took.append(time.monotonic() - began)

            asking = threading.Thread(target=ask)
            asking.start()
            time.sleep(1)
            had = [len(phone.pokes) for phone in phones]
            changed = time.monotonic()
            say(database, office.org_id, [account_id])
            for phone, before in zip(phones, had, strict=True):
                phone.wait_for(before + 1)
            stop.set()
            asking.join()
            poked = slowest([phone.pokes[before] - changed for phone, before in zip(phones, had, strict=True)])
            return max(poked / 2.0, statistics.quantiles(took, n=100)[98] / 1.0)

        assert at_best(share_of_what_is_promised, 1.0) <= 1.0


def test_when_a_worker_dies_its_phones_reconnect_to_the_next_and_are_poked(
    database: Database, office: Office, tmp_path: Path
) -> None:
    account_id = office.account()
    with serving(database, tmp_path) as port:
        person = Person(port, "rep@north.example")
        with person.listening() as phone:
            os.kill(workers(tmp_path)[-1], signal.SIGKILL)
            assert phone.ended.wait(PATIENCE)
        until(lambda: len(workers(tmp_path)) > 1, "a worker after the first")

        def reconnected() -> bool:
            try:
                return person.listening().status == 200
            except OSError:
                return False

        until(reconnected, "a stream that can be opened")
        with person.listening() as phone:
            phone.poked_by(lambda: say(database, office.org_id, [account_id]))


def workers(tmp_path: Path) -> list[int]:
    """Process ids of the workers, in the order in which they were started."""
    return [
        int(found) for found in re.findall(r"Spawning worker-1 with PID: (\d+)", (tmp_path / "server.log").read_text())
    ]


def test_two_workers_poke_the_phones_of_each_other(database: Database, office: Office, tmp_path: Path) -> None:
    account_id = office.account()
    with serving(database, tmp_path, workers="2") as port, ExitStack() as closing:
        person = Person(port, "rep@north.example")
        phones = [closing.enter_context(person.listening()) for _ in range(8)]
        person.patch(f"/accounts/{account_id}", {"phone": "+999 1"})
        for phone in phones:
            phone.wait_for(2)


def test_a_server_that_is_stopped_ends_its_streams_at_once(database: Database, office: Office, tmp_path: Path) -> None:
    def seconds_to_stop(streams: int) -> float:
        with ExitStack() as closing:
            with serving(database, tmp_path) as port:
                person = Person(port, "rep@north.example")
                phones = [closing.enter_context(person.listening()) for _ in range(streams)]
                stopping = time.monotonic()
            took = time.monotonic() - stopping
            assert all(phone.ended.wait(PATIENCE) for phone in phones)
            assert all(phone.received.endswith(b"0\r\n\r\n") for phone in phones)
        return took

    # What a stop takes without any is the machine's; a stream that is waited for costs the server's ten seconds.
    assert at_best(lambda: seconds_to_stop(5) - seconds_to_stop(0), 4.0) <= 4.0


def test_streams_are_served_over_tls_too(database: Database, tmp_path: Path) -> None:
    directory = make_directory(database)
    office = Office(database, directory.orgs["north"], directory.users["rep@north"])
    account_id = office.account()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    options = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    url = database.url.render_as_string()
    with (
        served(url, *options, log=tmp_path / "server.log") as port,
        Person(port, "rep@north.example", tls=trusting).listening() as phone,
    ):
        phone.poked_by(lambda: say(database, office.org_id, [account_id]))


def test_a_phone_is_poked_when_what_was_missed_is_not_known(database: Database, office: Office, tmp_path: Path) -> None:
    """A listener that lost its place, or its connection, pokes everybody rather than nobody."""
    with serving(database, tmp_path) as port, Person(port, "rep@north.example").listening() as phone:
        if database.is_sqlite:
            phone.poked_by(lambda: lose_the_place(database))
            return
        phone.poked_by(lambda: end_listeners(database))


def lose_the_place(database: Database) -> None:
    with database.write() as session:
        session.execute(sa.insert(pokes.POKES), {"id": 5_000, "told": b'{"org":"none"}'})


def end_listeners(database: Database) -> None:
    with database.engine.begin() as connection:
        ended = connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(query, 'LISTEN') AND pid <> pg_backend_pid()"
        ).all()
    assert ended
