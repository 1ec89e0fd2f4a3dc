"""The files of the sample territory: fictional, whole, small, and as their generator writes them."""

import importlib.util
import itertools
import json
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from app.sample import files

TERRITORY = Path(__file__).resolve().parents[3] / "fixtures" / "territory"
KINDS = (
    "accounts",
    "people",
    "subscriptions",
    "usage",
    "tickets",
    "visits",
    "notes",
    "messages",
    "goals",
    "promises",
    "feeds",
    "territories",
)

# Makers of pumps, and companies of the sample's industries and countries, that everybody in the trade knows.
WELL_KNOWN = Path(__file__).with_name("well_known_companies.txt")


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict]]:
    return {kind: files.rows(kind) for kind in KINDS}


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("territory_generate", TERRITORY / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_checked_in_files_are_what_the_source_gives() -> None:
    for name, content in generator().build().items():
        assert (TERRITORY / name).read_bytes() == content, f"{name}: run python fixtures/territory/generate.py"


def test_the_whole_territory_is_small() -> None:
    size = sum(path.stat().st_size for path in TERRITORY.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert size < 600_000


def test_no_name_is_that_of_a_real_company(rows: dict[str, list[dict]]) -> None:
    known = WELL_KNOWN.read_text("utf-8").splitlines()
    sold = [product["name"] for product in files.rows("products")]
    names = [files.organisation()["organisation"]["name"], *sold]
    names += [
        name for row in rows["accounts"] for name in [row["name"], *row.get("aliases", []), *row.get("competitors", [])]
    ]
    names += [feed["title"] for feed in rows["feeds"]]
    for name in names:
        words = re.findall(r"[\w.&]+", name.lower())
        spoken = f" {' '.join(words)} "
        assert not [real for real in known if f" {real} " in spoken], name


def test_every_address_number_and_link_is_one_that_nobody_owns(rows: dict[str, list[dict]]) -> None:
    fictional = re.compile(
        r"\+46 70 174 06 (0[5-9]|[1-9]\d)|\+46 8 465 004 \d\d|\+46 31 390 06 \d\d|\+46 40 628 04 \d\d"
        r"|\+46 980 319 2\d\d|\+44 1632 960 \d{3}|\+1 515 555 01\d\d|\+999 [\d ]+"
    )
    for row in [*rows["accounts"], *rows["people"]]:
        for field in ("phone", "mobile"):
            assert field not in row or fictional.fullmatch(row[field]), row
        assert row.get("email", ".example").endswith(".example")
    everything = b"".join(path.read_bytes() for folder in ("data", "feeds") for path in (TERRITORY / folder).iterdir())
    hosts = {host.decode() for host in re.findall(rb"https?://([\w.-]+)", everything)}
    assert {host for host in hosts if not host.endswith(".example")} == {"www.w3.org", "purl.org", "jsonfeed.org"}


def test_everything_refers_to_something_that_is_there(rows: dict[str, list[dict]]) -> None:
    keys = {kind: {row["key"] for row in rows[kind]} for kind in KINDS}
    users = {user["key"] for user in files.organisation()["users"]}
    products = {product["key"] for product in files.rows("products")}
    targets = {
        "account_id": keys["accounts"],
        "person_id": keys["people"],
        "requester_id": keys["people"],
        "subscription_id": keys["subscriptions"],
        "product_id": products,
        "visit_id": keys["visits"],
        "user_id": users,
    }
    for kind in KINDS:
        assert len(keys[kind]) == len(rows[kind]), f"a key of {kind} is there twice"
        for row in rows[kind]:
            for name, there in targets.items():
                assert name not in row or row[name] in there, (kind, row["key"], name)
            assert set(row.get("attendee_ids", [])) <= keys["people"]
            assert set(row.get("mentions", [])) <= users


def test_every_account_has_people_a_town_and_one_rep(rows: dict[str, list[dict]]) -> None:
    people = Counter(row["account_id"] for row in rows["people"])
    current = Counter(row["account_id"] for row in rows["territories"] if "ends_on" not in row)
    for account in rows["accounts"]:
        assert people[account["key"]] >= 1 and current[account["key"]] == 1, account["key"]
        assert account["address"]["city"] and account["address"]["postal_code"]
        assert 36 < account["latitude"] < 71 and -95 < account["longitude"] < 31
    assert len(rows["accounts"]) == 80
    assert len({account["industry"] for account in rows["accounts"]}) == 8
    assert len({account["time_zone"] for account in rows["accounts"]}) >= 6


def test_every_rep_has_three_to_five_visits_today_in_working_hours_that_do_not_overlap(
    rows: dict[str, list[dict]],
) -> None:
    for rep in ("elin", "mikael", "sanna"):
        days: dict[str, list[tuple[int, int]]] = {}
        for visit in rows["visits"]:
            if visit["user_id"] == rep and visit["status"] == "planned":
                day, clock = visit["starts_at"].split()
                start = int(clock[:2]) * 60 + int(clock[3:])
                assert start >= 7 * 60 and start + visit["minutes"] <= 18 * 60, visit["key"]
                days.setdefault(day, []).append((start, start + visit["minutes"]))
        assert 3 <= len(days["W0"]) <= 5
        assert set(days) == {"W0", *(f"W+{day}" for day in range(1, 10))}
        for times in days.values():
            ordered = sorted(times)
            assert all(one[1] <= other[0] for one, other in itertools.pairwise(ordered))


def test_people_who_left_are_not_invited(rows: dict[str, list[dict]]) -> None:
    left = {row["key"] for row in rows["people"] if "left_on" in row}
    assert left
    for visit in rows["visits"]:
        assert visit["status"] == "done" or not left & set(visit["attendee_ids"]), visit["key"]


def test_histories_of_tickets_are_in_order_and_end_where_the_ticket_stands(rows: dict[str, list[dict]]) -> None:
    def moment(text: str) -> float:
        day, clock = text.split()
        return int(day[1:] or 0) * 1440 + int(clock[:2]) * 60 + int(clock[3:])

    numbers = [ticket["number"] for ticket in rows["tickets"]]
    assert len(set(numbers)) == len(numbers)
    for ticket in rows["tickets"]:
        times = [moment(ticket["opened_at"]), *(moment(step[0]) for step in ticket["events"])]
        assert times == sorted(times), ticket["key"]
        assert times[-1] < 0, f"{ticket['key']}: its history runs into the day of loading"
        states = [step[2] for step in ticket["events"] if step[1] == "status"]
        assert ticket["status"] == (states[-1] if states else "open"), ticket["key"]
        solved = [step for step in ticket["events"] if step[1:3] == ["status", "solved"]]
        reopened = sum(state == "open" for state in states[states.index("solved") :]) if "solved" in states else 0
        assert ticket["reopened_count"] == reopened, ticket["key"]
        if ticket["status"] in ("solved", "closed"):
            assert ticket["solved_at"] == solved[-1][0], ticket["key"]


def test_twenty_accounts_are_told_in_their_own_words(rows: dict[str, list[dict]]) -> None:
    stories = sorted((TERRITORY / "source" / "accounts").glob("*.yaml"))
    assert len(stories) == 20
    told = json.dumps([row for kind in ("visits", "tickets") for row in rows[kind]], ensure_ascii=False)
    assert told.count('"notes"') > 90
    notes = Counter(visit["notes"] for visit in rows["visits"] if "notes" in visit)
    own = {path.stem for path in stories}
    for visit in rows["visits"]:
        if visit["account_id"] in own and "notes" in visit:
            assert notes[visit["notes"]] == 1, visit["key"]
