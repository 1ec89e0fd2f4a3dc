"""Steps that speak of a percentage of what was paid: `{"type": "cap", "percent_of_paid": "103"}`.

They are for renewals, where `quote_steps.renewal_steps` makes amounts of them; the price engine knows amounts only.
"""

from collections.abc import Mapping
from typing import Any

KINDS = ("cap", "fixed_price", "floor")


def as_amount(step: Any) -> Any:
    """The step with the percentage in the place of its amount, for the engine's own validation; others as they are."""
    adjustment = step.get("adjustment") if isinstance(step, Mapping) else None
    if (
        not isinstance(adjustment, Mapping)
        or "percent_of_paid" not in adjustment
        or adjustment.get("type") not in KINDS
    ):
        return step
    kept = {name: value for name, value in adjustment.items() if name != "percent_of_paid"}
    return {**step, "adjustment": {**kept, "amount": adjustment["percent_of_paid"]}}
