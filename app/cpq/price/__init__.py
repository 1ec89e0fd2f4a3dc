"""The price engine: `price(request) -> result`, pure and exact; its twin is `pwa/src/cpq/price`."""

from typing import Any

from app.cpq.price.errors import PriceError
from app.cpq.price.model import (
    PHASES,
    Floor,
    Header,
    Line,
    Policy,
    Predicate,
    PricedLine,
    PriceRequest,
    PriceResult,
    Step,
    Tax,
    Totals,
    Usage,
    WaterfallRow,
)

__all__ = [
    "PHASES", "Floor", "Header", "Line", "Policy", "Predicate", "PriceError", "PriceRequest", "PriceResult", "PricedLine",
    "Step", "Tax", "Totals", "Usage", "WaterfallRow", "price", "price_json", "validate_policy", "validate_predicate", "validate_step",
]  # fmt: skip


def price(request: PriceRequest) -> PriceResult:
    """Price a request. PriceError names the place of what cannot be priced."""
    raise NotImplementedError


def price_json(document: dict[str, Any]) -> dict[str, Any]:
    """Price a request given as JSON, and answer in JSON."""
    raise NotImplementedError


def validate_step(step: Any, pointer: str = "") -> Step:
    """A step read from JSON; PriceError with a pointer that begins with `pointer`."""
    raise NotImplementedError


def validate_predicate(predicate: Any, pointer: str = "") -> Predicate:
    """A predicate read from JSON; PriceError with a pointer that begins with `pointer`."""
    raise NotImplementedError


def validate_policy(policy: Any, pointer: str = "") -> Policy:
    """A policy read from JSON; PriceError with a pointer that begins with `pointer`."""
    raise NotImplementedError
