"""What can be imported, and which fields each kind of row has: those of the API, with the rules of the API."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from app.customers import resources as customers
from app.foundation.fields import Moment, Number, Reference
from app.identity import resources as identity
from app.products import resources as products
from app.resources.resource import Resource
from app.tickets import resources as tickets
from app.tickets.schemas import TicketEventSchema
from app.usage import resources as usage
from app.visits import resources as visits

KINDS: Mapping[str, Resource] = {
    "accounts": customers.ACCOUNTS,
    "people": customers.PEOPLE,
    "products": products.PRODUCTS,
    "subscriptions": products.SUBSCRIPTIONS,
    "usage": usage.SERIES,
    "tickets": tickets.TICKETS,
    "visits": visits.VISITS,
    "opportunities": customers.OPPORTUNITIES,
    "goals": customers.GOALS,
    "promises": customers.PROMISES,
    "users": identity.USERS,
    "territories": identity.TERRITORIES,
}
# Columns of the referred rows by which a file may name them, besides a system's own id.
NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "account": ("name",),
    "person": ("email",),
    "product": ("sku", "name"),
    "subscription": ("contract_number",),
    "user": ("email", "name"),
    "ticket": ("number",),
}
Field = fields.Field[Any]


@cache
def targets(kind: str) -> Mapping[str, Field]:
    """The fields that a file of this kind can fill; a member of an object is `address.city`.

    Lists of objects (a person's consent) are not among them: what a person allowed is recorded one by one, with its date.
    """
    found: dict[str, Field] = {}
    for name, field in _declared(KINDS[kind].schema).items():
        if isinstance(field, fields.Nested) and name not in KINDS[kind].money_fields:
            found.update({f"{name}.{inner}": item for inner, item in _declared(field.schema).items()})
        elif not (isinstance(field, fields.List) and isinstance(field.inner, fields.Nested)):
            found[name] = field
    if kind == "usage":
        found |= {"at": Moment(required=True), "value": Number(required=True)}
    return found


@cache
def history_targets() -> Mapping[str, Field]:
    """The fields of one step in a ticket's history that a file can fill."""
    declared = _declared(TicketEventSchema)
    return {
        "at": declared["at"],
        "actor": declared["actor"],
        "comment": declared["value"],
        "public": declared["public"],
    }


def _declared(schema: Any) -> Mapping[str, Field]:
    cls: Any = schema if isinstance(schema, type) else type(schema)
    declared: Mapping[str, Field] = cls._declared_fields
    return declared


def reference_entity(kind: str, field: str) -> str | None:
    """The entity that a field names, if it is a reference."""
    return KINDS[kind].references.get(field)


def is_reference(field: Field) -> bool:
    """Whether the field names another row, or a list of them."""
    inner = field.inner if isinstance(field, fields.List) else field
    return isinstance(inner, Reference)


__all__ = ["KINDS", "NAMED_BY", "Field", "Schema", "history_targets", "is_reference", "reference_entity", "targets"]
