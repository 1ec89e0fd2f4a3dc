"""Rate limits: for each address, for each e-mail, for each credential; in memory and in a real Redis."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from limits import RateLimitItemPerSecond

from app.foundation.db import Database
from app.identity import rates
from app.identity.rates import Limiter
from tests.conftest import PASSWORD, make_application, make_directory
from tests.support.phones import Api
from tests.support.redis import running_redis


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A real Redis."""
    with running_redis() as url:
        yield url


@pytest.fixture
def directory(database: Database) -> Any:
    """Users to sign in as."""
    return make_directory(database)


def attempt(app: Any, email: str, address: str = "192.0.2.1", password: str = "wrong horse battery") -> Any:
    return Api(app).client.post(
        "/api/v1/session", json={"email": email, "password": password}, environ_overrides={"REMOTE_ADDR": address}
    )


@pytest.fixture(params=["memory", "redis"])
def limited(request: pytest.FixtureRequest, database: Database, directory: Any, redis_url: str) -> Any:
    """An application that allows three sign-ins a minute, counted in memory and in Redis."""
    url = "memory://" if request.param == "memory" else redis_url
    if url.startswith("redis"):
        import redis

        redis.Redis.from_url(url).flushdb()
    return make_application(database, sign_in_per_minute=3, rate_limit_storage_url=url)


def test_an_address_gets_so_many_tries_a_minute_whoever_is_meant(limited: Any) -> None:
    answers = [attempt(limited, f"user{number}@north.example") for number in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    refused = answers[-1]
    assert refused.content_type == "application/problem+json" and 1 <= int(refused.headers["Retry-After"]) <= 60
    assert attempt(limited, "user9@north.example", "192.0.2.2").status_code == 401, "another address may try"


def test_an_email_gets_so_many_tries_a_minute_from_wherever(limited: Any) -> None:
    answers = [attempt(limited, "Rep@North.example ", f"192.0.2.{number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert attempt(limited, "rep@north.example", "192.0.2.9", PASSWORD).status_code == 429, (
        "the right password waits too"
    )
    assert attempt(limited, "rep2@north.example", "192.0.2.9", PASSWORD).status_code == 200


def test_an_unknown_email_is_counted_like_a_known_one(limited: Any) -> None:
    known = [attempt(limited, "rep@north.example", f"192.0.2.{number}").data for number in range(5)]
    unknown = [attempt(limited, "nobody@north.example", f"198.51.100.{number}").data for number in range(5)]
    assert (
        [b"Too many" in data for data in known] == [b"Too many" in data for data in unknown] == [False] * 3 + [True] * 2
    )


def test_an_ipv6_caller_is_counted_by_network(limited: Any) -> None:
    answers = [attempt(limited, f"u{number}@north.example", f"2001:db8::{number}:1") for number in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert attempt(limited, "u9@north.example", "2001:db8:0:1::1").status_code == 401


def test_failures_are_counted_by_the_hour_and_success_costs_nothing(database: Database, directory: Any) -> None:
    app = make_application(database, sign_in_failures_per_hour=4)
    for number in range(6):
        assert attempt(app, "rep@north.example", f"192.0.2.{number}", PASSWORD).status_code == 200
    wrong = [attempt(app, "rep@north.example", f"192.0.2.{number}").status_code for number in range(6)]
    assert wrong == [401] * 4 + [429] * 2


def test_who_is_signed_in_is_not_locked_out_by_others_who_try(limited: Any) -> None:
    rep = Api.signed_in(limited, "rep@north.example", PASSWORD)
    for number in range(5):
        attempt(limited, "rep@north.example", f"192.0.2.{number}")
    assert rep.get("/session").status_code == 200 and rep.post("/accounts", {"name": "A"}).status_code == 201


def test_guessing_the_current_password_through_an_open_session_is_limited_too(limited: Any) -> None:
    rep = Api.signed_in(limited, "rep@north.example", PASSWORD)
    body = {"json": {"current_password": "wrong horse battery", "password": "lighthouse marmalade quorum"}}
    codes = [rep._send("PUT", "/session/password", {**body}).status_code for _ in range(4)]
    assert codes[-1] == 429 and set(codes) == {422, 429}


def test_a_credential_writes_so_often_a_minute_and_reads_on(database: Database, directory: Any) -> None:
    app = make_application(database, requests_per_minute=3)
    rep, other = (Api.signed_in(app, f"{who}@north.example", PASSWORD) for who in ("rep", "rep2"))
    codes = [rep.post("/accounts", {"name": "A"}).status_code for _ in range(4)]
    assert codes == [201, 201, 201, 429]
    assert rep.get("/accounts").status_code == 200 and other.post("/accounts", {"name": "A"}).status_code == 201


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(database: Database, directory: Any) -> None:
    def codes(app: Any) -> list[int]:
        return [
            app.test_client()
            .post(
                "/api/v1/session",
                json={"email": f"u{number}@north.example", "password": "wrong horse battery"},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            )
            .status_code
            for number in range(4)
        ]

    assert codes(make_application(database, sign_in_per_minute=3)) == [401, 401, 401, 429]
    behind = make_application(database, sign_in_per_minute=3, trusted_proxies=1)
    assert codes(behind) == [401] * 4
    spoofed = [
        behind.test_client()
        .post(
            "/api/v1/session",
            json={"email": f"v{number}@north.example", "password": "wrong horse battery"},
            headers={"X-Forwarded-For": f"10.0.0.{number}, 203.0.113.77"},
        )
        .status_code
        for number in range(4)
    ]
    assert spoofed == [401, 401, 401, 429], "what the caller wrote before the proxy's own entry is not believed"


def test_processes_count_together_in_redis_and_each_alone_when_it_is_gone() -> None:
    from limits import RateLimitItemPerMinute

    item = RateLimitItemPerMinute(3)
    with running_redis(own=True) as url:
        first, second = Limiter(url), Limiter(url)
        waits = [limiter.wait(item, "what", "away") for limiter in (first, second, first, second)]
        assert waits[:3] == [0, 0, 0] and waits[3] > 0
    assert [first.wait(item, "what", "away") > 0 for _ in range(4)] == [False, False, False, True]


def test_counting_in_memory_starts_no_thread_and_forgets_what_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "SWEEP_SECONDS", 0.0)
    limiter = Limiter("memory://")
    before = threading.active_count()
    for number in range(50):
        assert limiter.wait(RateLimitItemPerSecond(1), "tried", str(number)) == 0
    assert threading.active_count() == before
    assert limiter.wait(RateLimitItemPerSecond(1), "tried", "7") == 1
    memory = limiter.memory
    assert len(memory.events) == 50
    time.sleep(1.1)
    assert limiter.wait(RateLimitItemPerSecond(1), "tried", "7") == 0
    assert len(memory.events) == 1
