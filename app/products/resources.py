"""Products and subscriptions as resources of the API."""

from sqlalchemy.orm import Session

from app.foundation import pokes
from app.foundation.fields import QueryTruth, Text, Uuid, choice
from app.foundation.principal import Principal
from app.foundation.problems import FieldError
from app.products.schemas import ProductSchema, SubscriptionSchema
from app.products.tables import Product, Subscription
from app.resources.resource import Resource, Values, equals, register


def _subscription_faults(values: Values) -> list[FieldError]:
    faults = []
    if values["ends_on"] is not None and values["ends_on"] < values["starts_on"]:
        faults.append(FieldError("/ends_on", "Ends before it starts."))
    if values["renews_on"] is not None and values["renews_on"] < values["starts_on"]:
        faults.append(FieldError("/renews_on", "Renews before it starts."))
    return faults


def _product_written(session: Session, principal: Principal, before: Values | None, after: Values | None) -> None:
    """A product's name stands on the subscriptions to it."""
    if before is not None and after is not None:
        pokes.tell(session, principal.org_id, products=[after["id"]])


PRODUCTS = register(
    Resource(
        name="products",
        entity="product",
        model=Product,
        schema=ProductSchema,
        account_column=None,
        filters={"sku": equals("sku", Text(100)), "active": equals("active", QueryTruth())},
        written=_product_written,
    )
)
SUBSCRIPTIONS = register(
    Resource(
        name="subscriptions",
        entity="subscription",
        model=Subscription,
        schema=SubscriptionSchema,
        references={"account_id": "account", "product_id": "product"},
        filters={
            "account_id": equals("account_id", Uuid()),
            "status": equals("status", choice("active", "cancelled", "expired")),
        },
        check=_subscription_faults,
    )
)
