"""Usage series as a resource of the API."""

from app.foundation.fields import Text, Uuid
from app.foundation.problems import FieldError
from app.resources.resource import Resource, Values, equals, register
from app.usage.schemas import UsageSeriesSchema
from app.usage.tables import UsageSeries


def _entitlement_faults(values: Values) -> list[FieldError]:
    if values["entitlement"] is not None and values["entitlement_kind"] is None:
        return [FieldError("/entitlement_kind", "Say what the entitlement is: cap, seats or plan.")]
    return []


SERIES = register(
    Resource(
        name="usage",
        entity="usage_series",
        model=UsageSeries,
        schema=UsageSeriesSchema,
        path="usage/series",
        references={"account_id": "account", "subscription_id": "subscription", "product_id": "product"},
        filters={
            "account_id": equals("account_id", Uuid()),
            "subscription_id": equals("subscription_id", Uuid()),
            "metric": equals("metric", Text(60)),
        },
        check=_entitlement_faults,
    )
)
