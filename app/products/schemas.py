"""Wire shapes of products and subscriptions."""

from marshmallow import Schema

from app.foundation.fields import Day, MoneyField, Reference, Text, Truth, Whole, choice

KINDS = ("device", "subscription", "service", "part")


class ProductSchema(Schema):
    """Something that the organisation sells."""

    sku = Text(100, required=True, metadata={"example": "PX-300"})
    name = Text(200, required=True)
    family = Text(100, allow_none=True)
    description = Text(20_000, allow_none=True)
    kind = choice(*KINDS)
    unit = Text(30, allow_none=True)
    list_price = MoneyField(allow_none=True)
    active = Truth()


class SubscriptionSchema(Schema):
    """What was sold: product, quantity, term, renewal."""

    account_id = Reference(required=True)
    product_id = Reference(required=True)
    contract_number = Text(100, allow_none=True)
    quantity = Whole(1)
    starts_on = Day(required=True)
    ends_on = Day(allow_none=True)
    renews_on = Day(allow_none=True)
    term_months = Whole(1, 1200, allow_none=True)
    notice_days = Whole(0, 3660, allow_none=True)
    auto_renew = Truth()
    status = choice("active", "cancelled", "expired")
    price = MoneyField(allow_none=True, metadata={"description": "For the whole quantity and one term."})
    notes = Text(20_000, allow_none=True)
