"""What is answered from columns is what marshmallow would have answered, for every resource and any row."""

import string
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

# Importing them registers the resources.
import app.attachments.resources
import app.customers.resources
import app.identity.resources
import app.news.resources
import app.products.resources
import app.threads.resources
import app.tickets.resources
import app.usage.resources
import app.visits.resources  # noqa: F401
from app.foundation.db import Database, Id, Instant
from app.foundation.fields import instant_text
from app.foundation.ids import new_id
from app.foundation.money import CURRENCIES, MAX_MINOR, Money
from app.foundation.principal import bind_principal, system_principal
from app.resources.listing import list_page, read
from app.resources.resource import Resource, all_resources

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
IDS = st.builds(new_id)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
MOMENT_TEXT = MOMENTS.map(instant_text)
SHAPES: dict[str, st.SearchStrategy[Any]] = {
    "aliases": st.lists(TEXT, max_size=3),
    "competitors": st.lists(TEXT, max_size=3),
    "attendee_ids": st.lists(IDS, max_size=3),
    "external_ids": st.dictionaries(TEXT, TEXT, max_size=3),
    "address": st.none()
    | st.dictionaries(st.sampled_from(("street", "postal_code", "city", "country")), st.none() | TEXT),
    "consent": st.lists(
        st.fixed_dictionaries({"channel": TEXT, "status": TEXT, "recorded_at": MOMENT_TEXT, "source": TEXT}), max_size=2
    ),
    "mentions": st.lists(IDS, max_size=3),
    "attached": st.lists(
        st.fixed_dictionaries({"kind": st.just("attachment"), "id": IDS})
        | st.fixed_dictionaries(
            {"kind": st.just("line"), "label": TEXT, "line": st.fixed_dictionaries({"kind": TEXT})}
        ),
        max_size=2,
    ),
    "steps": st.lists(
        st.fixed_dictionaries({"id": TEXT, "phase": TEXT, "adjustment": st.dictionaries(TEXT, TEXT)}), max_size=2
    ),
    "problem": st.none() | st.fixed_dictionaries({"type": TEXT, "title": TEXT, "detail": TEXT}),
    "row_version": st.integers(1, 2**31 - 1),
}


def values_of(column: sa.Column[Any]) -> st.SearchStrategy[Any]:
    """Any value that the column can hold."""
    kind = column.type
    if column.name in SHAPES:
        return SHAPES[column.name]
    if column.name == "role" and column.table.name == "user_account":
        return st.just("rep")
    if column.name.endswith("_currency"):
        return st.sampled_from(sorted(CURRENCIES))
    if isinstance(kind, Instant):
        return MOMENTS | MOMENTS.map(lambda moment: moment.replace(microsecond=0))
    for python, strategy in (
        (Id, IDS),
        (sa.Boolean, st.booleans()),
        (sa.BigInteger, st.integers(-MAX_MINOR, MAX_MINOR)),
        (sa.Integer, st.integers(0, 2**31 - 1)),
        (sa.Float, st.floats(-1e15, 1e15)),
        (sa.Date, st.dates(date(1900, 1, 1), date(2199, 12, 31))),
    ):
        if isinstance(kind, python):
            return strategy
    assert isinstance(kind, sa.String), f"no values for {column}"
    return st.text(string.ascii_letters + 'åéß€"\\\n\u2028😀', max_size=min(kind.length or 20, 20))


def rows_of(resource: Resource) -> st.SearchStrategy[dict[str, Any]]:
    """Any row that the table can hold, apart from what it refers to."""
    columns = {
        column.name: values_of(column) | st.none()
        if column.nullable and column.name not in SHAPES
        else values_of(column)
        for column in resource.table.columns
    }
    return st.fixed_dictionaries(columns).map(_in_order)


def _in_order(row: dict[str, Any]) -> dict[str, Any]:
    for first, second in (("starts_on", "ends_on"), ("starts_at", "ends_at")):
        if row.get(second) is not None and row.get(first) is not None and row[second] < row[first]:
            row[first], row[second] = row[second], row[first]
    return row


def dumped(resource: Resource, row: dict[str, Any]) -> Any:
    """What marshmallow answers for a row."""
    shown = dict(row)
    for name in resource.money_fields:
        minor, currency = row[f"{name}_minor"], row[f"{name}_currency"]
        shown[name] = Money(minor, currency) if minor is not None and currency is not None else None
    return resource.output_schema().dump(shown)


def let_references_dangle(session: Any, database: Database) -> None:
    """For this transaction, rows may refer to what is not there."""
    if database.is_sqlite:
        session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    else:
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))


class _Undo(Exception):
    """Leave nothing behind."""


RESOURCES = sorted(all_resources(), key=lambda resource: resource.entity)


@pytest.mark.parametrize("resource", RESOURCES, ids=[resource.entity for resource in RESOURCES])
def test_columns_and_marshmallow_answer_alike(resource: Resource, database: Database, directory: Any) -> None:
    org_id = directory.orgs["north"]

    @settings(max_examples=25, deadline=None, database=None, derandomize=True)
    @given(rows_of(resource))
    def alike(row: dict[str, Any]) -> None:
        row["org_id"] = org_id
        expected = dumped(resource, row)
        answers = []
        with pytest.raises(_Undo), database.write() as session:
            let_references_dangle(session, database)
            bind_principal(session, system_principal(org_id))
            session.execute(sa.insert(resource.table), row)
            answers.append(orjson.loads(read(session, resource, row["id"]).body))
            listed = orjson.loads(list_page(session, resource, {"limit": 200, "updated_since": row["updated_at"]}))
            answers += [answer for answer in listed["data"] if answer["id"] == row["id"]]
            raise _Undo
        assert answers == [expected, expected]

    alike()


def test_every_resource_is_compared() -> None:
    assert {resource.entity for resource in RESOURCES} >= {"account", "ticket", "usage_series", "visit", "feed", "user"}
