"""What a resource is: its table, its wire schema, how it hangs on an account, what it refers to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import sqlalchemy as sa
from marshmallow import Schema, ValidationError, fields
from sqlalchemy.orm import Session

from app.foundation.db import Versioned
from app.foundation.fields import ExternalIdsField, Moment, MoneyField, Text, Uuid, Whole
from app.foundation.ids import CANONICAL
from app.foundation.principal import Principal
from app.foundation.problems import FieldError

Values = dict[str, Any]
# Any text of this form is a place in a list: microseconds since 1970, and a row's id.
CURSOR = rf"[0-9]{{1,16}}\.{CANONICAL.pattern}"
Guard = Callable[[Session, Principal, Values | None, Values | None], None]


@dataclass(frozen=True)
class Filter:
    """A query parameter of a list: its field, and the condition that its value stands for.

    `prepared` says that the condition takes a bound parameter as well as a value, so that its statement is built once.
    """

    field: fields.Field[Any]
    condition: Callable[[sa.Table, Any], sa.ColumnElement[bool]]
    prepared: bool = False


def equals(column: str, filter_field: fields.Field[Any]) -> Filter:
    """Rows whose `column` has exactly this value."""
    return Filter(filter_field, lambda table, value: table.c[column] == value, prepared=True)


def equal_ids(*columns: str) -> dict[str, Filter]:
    """A filter for each of these columns, which hold ids."""
    return {column: equals(column, Uuid()) for column in columns}


@dataclass(frozen=True)
class Resource:
    """One kind of row of the API.

    `name` is the path segment (unless `path` says another) and the stem of its scopes; `entity` the word for one row.
    `account_column` ties a row to a territory (None: seen by the whole organisation). `references` maps a field to the
    entity that it names. `check` gets the complete column values of a row and returns what is wrong between them.
    `prepare` may fill values in before a create; `complete` does so once its references are ours, with the session at
    hand, and raises Problem for what they do not allow; `created` runs in its transaction afterwards. `guard` gets a row as it
    was (None: it is new) and as it shall be (None: it goes) and raises Problem 403 when this caller may not.
    `written` gets the same pair once it is written, in the transaction, for what has to follow from it.
    Rows of an `append_only` resource stay as they were made: it has no doors to change them, one by one or in batches.
    """

    name: str
    entity: str
    model: type[Versioned]
    schema: type[Schema]
    account_column: str | None = "account_id"
    references: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    check: Callable[[Values], Sequence[FieldError]] | None = None
    prepare: Callable[[Principal, Values], None] | None = None
    complete: Callable[[Session, Principal, Values], None] | None = None
    created: Callable[[Session, Principal, Values], None] | None = None
    guard: Guard | None = None
    written: Guard | None = None
    path: str = ""
    append_only: bool = False

    @cached_property
    def table(self) -> sa.Table:
        """The Core table."""
        return cast(sa.Table, self.model.__table__)  # type: ignore[attr-defined]

    @property
    def segment(self) -> str:
        """Where its rows are, below `/api/v1/`."""
        return self.path or self.name

    @property
    def noun(self) -> str:
        """The word for one row in a sentence."""
        return self.entity.replace("_", " ")

    @property
    def nouns(self) -> str:
        """The word for its rows in a sentence."""
        return self.segment.replace("/", " ").replace("_", " ")

    @property
    def title(self) -> str:
        """`UsageSeries` for `usage_series`: the stem of its schema names."""
        return "".join(part.capitalize() for part in self.entity.split("_"))

    @cached_property
    def read_scope(self) -> str:
        """The scope that reading takes."""
        return f"{self.name}:read"

    @cached_property
    def write_scope(self) -> str:
        """The scope that writing takes."""
        return f"{self.name}:write"

    @cached_property
    def input_schema(self) -> type[Schema]:
        """What a create takes."""
        extra: dict[str, fields.Field[Any]] = {"external_ids": ExternalIdsField()}
        return type(f"{self.title}InputSchema", (self.schema,), extra)

    @cached_property
    def output_schema(self) -> type[Schema]:
        """What is answered: the writable fields, and those that we keep ourselves."""
        extra: dict[str, fields.Field[Any]] = {
            "id": Uuid(required=True),
            "external_ids": ExternalIdsField(required=True),
            "created_at": Moment(required=True),
            "updated_at": Moment(required=True),
            "row_version": Whole(1, required=True, metadata={"description": "Grows with every change; the ETag."}),
        }
        return type(f"{self.title}Schema", (self.schema,), extra)

    @cached_property
    def batch_schema(self) -> type[Schema]:
        """One row of a batch: named by `external_ids` or by `id`; fields of a known row may be left out."""
        return type(f"{self.title}RowSchema", (self.input_schema,), {"id": Uuid()})

    @cached_property
    def page_schema(self) -> type[Schema]:
        """One page of a list."""
        extra: dict[str, fields.Field[Any]] = {
            "data": fields.List(fields.Nested(self.output_schema), required=True),
            "next_cursor": fields.String(
                required=True,
                allow_none=True,
                metadata={"description": "Ask again with `cursor` set to this; null on the last page."},
            ),
        }
        return type(f"{self.title}PageSchema", (Schema,), extra)

    @cached_property
    def query_schema(self) -> type[Schema]:
        """The query parameters of a list."""
        extra: dict[str, fields.Field[Any]] = {
            "limit": QueryInt(1, 200, load_default=50, metadata={"description": "Rows on a page."}),
            "cursor": Text(60, metadata={"description": "`next_cursor` of the page before.", "pattern": f"^{CURSOR}$"}),
            "updated_since": Moment(
                metadata={"description": "Only rows changed at or after this instant, oldest change first."}
            ),
            "external_id": ExternalNameField(
                metadata={"description": "`system:id` as a connected system knows the row.", "example": "crm:0015"}
            ),
        }
        extra.update({name: item.field for name, item in self.filters.items()})
        return type(f"{self.title}QuerySchema", (Schema,), extra)

    @cached_property
    def money_fields(self) -> frozenset[str]:
        """Names of the fields that hold money, stored as `<name>_minor` and `<name>_currency`."""
        declared: Mapping[str, fields.Field[Any]] = self.schema._declared_fields
        return frozenset(name for name, item in declared.items() if isinstance(item, MoneyField))

    def columns_of(self, loaded: Mapping[str, Any]) -> Values:
        """Column values of what a schema loaded."""
        values: Values = {}
        for name, value in loaded.items():
            if name in self.money_fields:
                values[f"{name}_minor"] = value.minor if value is not None else None
                values[f"{name}_currency"] = value.currency if value is not None else None
            else:
                values[name] = value
        return values


class ExternalNameField(Text):
    """`system:id` in a query string."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("metadata", {})["pattern"] = "^[^:\\u0000]{1,60}:[^\\u0000]{1,200}$"
        super().__init__(261, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        name = super()._deserialize(value, attr, data, **options)
        system, _, external = name.partition(":")
        if not 0 < len(system) <= 60 or not 0 < len(external) <= 200:
            raise ValidationError("Write system:id, for example crm:0015.")
        return name


class QueryInt(fields.Integer):
    """A whole number in a query string."""

    def __init__(self, least: int, most: int, **options: Any) -> None:
        from marshmallow import validate

        super().__init__(validate=validate.Range(least, most), **options)


_registry: dict[str, Resource] = {}


def register(resource: Resource) -> Resource:
    """Make a resource known, so that others can refer to its rows."""
    _registry[resource.entity] = resource
    return resource


def resource_of(entity: str) -> Resource:
    """The resource whose rows are called `entity`."""
    return _registry[entity]


def all_resources() -> Sequence[Resource]:
    """Every registered resource, in the order of registration."""
    return tuple(_registry.values())
