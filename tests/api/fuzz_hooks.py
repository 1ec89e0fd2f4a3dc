"""What a schema cannot say, told to schemathesis: which rows there are, which dates belong together, how NDJSON is sent.

A well-formed value is only ever replaced by another well-formed one, so that good data stays good and bad data bad.
"""

import json
import os
import re
import uuid
from typing import Any

import requests
import schemathesis

from app.quotes.agreements import STEP
from app.quotes.content import content_faults, context_faults
from tests.support.push_service import Browser
from tests.support.selling import CATALOGUE, content

URL, TOKEN = os.environ["FUZZ_URL"], os.environ["FUZZ_TOKEN"]
SEEDED: dict[str, str] = json.loads(os.environ["FUZZ_SEEDED"])
ENTITY = {
    "account_id": "account", "person_id": "person", "product_id": "product", "subscription_id": "subscription",
    "user_id": "user", "manager_id": "user", "visit_id": "visit", "requester_id": "person", "parent_id": "account",
    "ticket": "ticket", "series": "usage_series", "attendee_ids": "person",
}  # fmt: skip
IN_ORDER = (
    ("valid_from", "valid_to"),
    ("starts_on", "ends_on"),
    ("starts_on", "renews_on"),
    ("started_on", "left_on"),
    ("starts_at", "ends_at"),
)
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@schemathesis.serializer("text/calendar")
def icalendar(_context: Any, value: Any) -> bytes:
    """A file of a calendar, whatever its text: what is no calendar is refused, which tests of its own are about."""
    return b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" if isinstance(value, str | bytes) else b""


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context: Any, value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _refer(row: dict[str, Any]) -> None:
    for name, entity in ENTITY.items():
        value = row.get(name)
        if isinstance(value, list):
            row[name] = [SEEDED[entity] if _is_reference(item) else item for item in value]
        elif _is_reference(value):
            row[name] = SEEDED[entity]


def _is_reference(value: Any) -> bool:
    if isinstance(value, str):
        return UUID.fullmatch(value) is not None
    if not isinstance(value, dict) or set(value) != {"system", "id"}:
        return False
    system, name = value["system"], value["id"]
    texts = isinstance(system, str) and isinstance(name, str)
    return texts and 0 < len(system) <= 60 and 0 < len(name) <= 200 and "\0" not in system + name


def _order(row: dict[str, Any]) -> None:
    for first, second in IN_ORDER:
        if isinstance(row.get(first), str) and isinstance(row.get(second), str) and row[second][:10] < row[first][:10]:
            row[first], row[second] = row[second], row[first]
    if isinstance(row.get("starts_at"), str) and isinstance(row.get("ends_at"), str):
        row["ends_at"] = row["starts_at"] if row["starts_at"][:10] == row["ends_at"][:10] else row["ends_at"]


def _agree(row: dict[str, Any], path: str) -> None:
    _sell(row, path)
    if "/push/devices" in path:
        _subscribe(row)
    if "/feeds" in path:
        _follow_one_thing(row, fixed="{" in path)
    if "/calendars" in path:
        _subscribe_to_calendar(row)
    if path.endswith("/sync/pull") and _is_text(row.get("cookie")):
        row["cookie"] = None
    if path.endswith("/messages"):
        _address(row)
    if isinstance(row.get("kept_on"), str) and row.get("status") in ("open", "broken", None):
        row["status"] = "kept"
    if isinstance(row.get("entitlement"), int | float) and row.get("entitlement_kind") is None:
        row["entitlement_kind"] = "plan"


SIMPLE = {**CATALOGUE, "products": CATALOGUE["products"][1:], "price_books": [], "terms": []}
PRICED = {"id": "l1", "sku": "KIT", "name": "Kit", "charge": "one_time", "quantity": "2", "steps": [STEP]}
REQUEST = {"currency": "SEK", "on": "2026-11-21", "lines": [PRICED]}


def _sell(row: dict[str, Any], path: str) -> None:
    """What is quoted is in the catalogue, ids are of this time, and price steps are those of the engine."""
    if row.get("content") is not None and all("Another line" in one.detail for one in content_faults(row["content"])):
        row["content"] = content()
    if row.get("context") is not None and context_faults(row["context"]) == []:
        row["context"] = {}
    if path.endswith("/quotes") and _is_reference(row.get("id")) and isinstance(row["id"], str):
        row["id"] = f"0193{row['id'][4:14]}7{row['id'][15:]}".lower()
    if path.endswith("/agreements") or "/agreements/" in path:
        steps = row.get("steps")
        if isinstance(steps, list) and len(steps) <= 200 and all(isinstance(step, dict) for step in steps):
            row["steps"] = [STEP]
    if path.endswith("/catalogs") and {"format", "id", "version", "name", "products"} <= set(row):
        row.clear()
        row |= {**SIMPLE, "version": str(uuid.uuid4())}
    if path.endswith("/prices:evaluate") and isinstance(row.get("request"), dict):
        row["request"] = REQUEST
    if path.endswith("/prices:evaluate") and not set(row) - {"request", "content", "context"}:
        _name_once(row, "request", "content", REQUEST)
    if "/offers/" in path:
        for change in (one for one in _list(row.get("changes")) if isinstance(one, dict)):
            kinds = [name for name in ("feature", "term", "selected", "quantity") if name in change]
            for name in kinds[1:]:
                del change[name]
            if not kinds:
                change["quantity"] = "1"
    if path.endswith("/configurations:evaluate"):
        _name_once(row, "catalogue", "named", SEEDED["catalogue"])


def _name_once(row: dict[str, Any], first: str, second: str, value: Any) -> None:
    """One of two members is given, not both and not none."""
    if first not in row and second not in row:
        row[first] = value
    elif first in row and second in row and isinstance(row[second], dict) and row[first] is not None:
        del row[second]


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    _keep_what_others_need(case)
    if isinstance(case.body, dict):
        for row in [case.body, *(row for row in _list(case.body.get("rows")) if isinstance(row, dict))]:
            _refer(row)
            _order(row)
            _agree(row, case.path)
    headers = case.headers or {}
    if _is_key(headers.get("Idempotency-Key")):
        headers["Idempotency-Key"] = f"{uuid.uuid4()}"
    if re.fullmatch('"[0-9]{1,9}"', str(headers.get("If-Match"))):
        _use_current_version(case)


def _keep_what_others_need(case: Any) -> None:
    """The rows that others refer to, and the credential that this run stands on, are changed and deleted by nobody."""
    for name, value in (case.path_parameters or {}).items():
        if case.method != "GET" and value in SEEDED.values():
            case.path_parameters[name] = str(uuid.uuid4())


def _follow_one_thing(row: dict[str, Any], *, fixed: bool) -> None:
    """A feed has an address of the web, and is followed for an account or for a topic, which stays."""
    url = row.get("url")
    sound = isinstance(url, str) and 0 < len(url) <= 2000 and "\0" not in url
    if sound and not re.match("https?://[a-z]", url):
        row["url"] = "https://news.example/feed.atom"
    if sound and not fixed and row.get("account_id") is None and row.get("topic") is None:
        row["topic"] = "pumps"
    if _is_text(row.get("topic")) and (fixed or row.get("account_id") is not None):
        del row["topic"]
    if fixed and (row.get("account_id", 0) is None or _is_reference(row.get("account_id"))):
        del row["account_id"]


def _subscribe(row: dict[str, Any]) -> None:
    """A browser's endpoint is an address of the web, and its keys are keys."""
    endpoint, keys = row.get("endpoint"), row.get("keys")
    browser = Browser(f"https://push.example/{uuid.uuid4()}").to_json()
    if isinstance(endpoint, str) and 0 < len(endpoint) <= 1000 and "\0" not in endpoint:
        row["endpoint"] = browser["endpoint"]
    for name, most in (("p256dh", 90), ("auth", 24)) if isinstance(keys, dict) else ():
        value = keys.get(name)
        if isinstance(value, str) and len(value) <= most and re.fullmatch("[A-Za-z0-9_-]+={0,2}", value):
            keys[name] = browser["keys"][name]


def _subscribe_to_calendar(row: dict[str, Any]) -> None:
    """A calendar has an address of the web, encrypted where a password goes there."""
    url = row.get("url")
    sound = isinstance(url, str) and 0 < len(url) <= 2000 and "\0" not in url
    if sound or (isinstance(row.get("password"), str) and "url" not in row):
        row["url"] = f"https://calendar.example/{uuid.uuid4()}.ics"


def _address(message: dict[str, Any]) -> None:
    """A message mentions people who read it, and attaches what is at its account."""
    if isinstance(message.get("mentions"), list):
        message["mentions"] = [SEEDED["user"] if _is_reference(one) else one for one in message["mentions"]]
    for item in _list(message.get("attached")):
        if isinstance(item, dict) and item.get("kind") == "attachment" and _is_reference(item.get("id")):
            item["id"] = SEEDED["attachment"]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100 and "\0" not in value


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[!-~]{1,200}", value) is not None


def _use_current_version(case: Any) -> None:
    answer = requests.get(
        f"{URL}{case.formatted_path}", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10, allow_redirects=False
    )
    if answer.status_code == 200 and "ETag" in answer.headers:
        case.headers["If-Match"] = answer.headers["ETag"]
