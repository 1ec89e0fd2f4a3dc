"""The form of a quote's content and context, checked before anything is read from it.

A shape is the name of a kind of leaf, a list with the shape of its members, or a mapping of member names to shapes
(`name?` may be absent or null; `*` is any name). Members that no shape names are left alone.
"""

from typing import Any

from app.cpq.quote_errors import QuoteError

_LINE = {
    "id": "text",
    "sku": "text",
    "quantity": "text",
    "choices?": [{"feature": "text", "value": "text"}],
    "configuration?": {"*": "text"},
    "term?": "text",
    "clauses?": ["text"],
    "optional?": "flag",
    "selected?": "flag",
    "bundle?": "text",
    "open?": ["text"],
    "discount?": {"kind": "text", "value": "text", "reason?": "text"},
    "starts_on?": "text",
    "ends_on?": "text",
    "ramp?": [{"from_month": "count", "quantity?": "text", "discount_percent?": "text"}],
    "amends?": {
        "subscription_id": "text",
        "change": "text",
        "paid?": {"amount": "text", "from": "text", "to": "text", "quantity": "text"},
    },
    "usage?": {"quantity?": "text", "amount?": "text"},
    "notes?": "text",
}
CONTENT = {
    "catalogue": "text",
    "catalogue_version": "text",
    "price_book": "text",
    "currency": "text",
    "region": "text",
    "on": "text",
    "lines": [_LINE],
    "discounts?": [{"id": "text", "kind": "text", "value": "text", "reason?": "text"}],
    "clauses?": ["text"],
    "notes?": "text",
}
_WORDS = {"text": "a text", "flag": "true or false", "count": "a whole number"}
MOST_LINES = 2_000


def check(value: Any, shape: Any, pointer: str = "") -> None:
    """QuoteError at the first member that has not its shape."""
    if isinstance(shape, str):
        if not _is_leaf(value, shape):
            raise QuoteError(pointer, f"must be {_WORDS[shape]}")
    elif isinstance(shape, list):
        if not isinstance(value, list | tuple):
            raise QuoteError(pointer, "must be a list")
        if len(value) > MOST_LINES:
            raise QuoteError(pointer, f"has more than {MOST_LINES} members")
        for index, part in enumerate(value):
            check(part, shape[0], f"{pointer}/{index}")
    else:
        _check_members(value, shape, pointer)


def _check_members(value: Any, shape: dict[str, Any], pointer: str) -> None:
    if not isinstance(value, dict):
        raise QuoteError(pointer, "must be an object")
    for name, inner in shape.items():
        if name == "*":
            for key, part in value.items():
                check(part, inner, f"{pointer}/{key}")
        elif not name.endswith("?"):
            check(value.get(name), inner, f"{pointer}/{name}")
        elif value.get(name[:-1]) is not None:
            check(value[name[:-1]], inner, f"{pointer}/{name[:-1]}")


def _is_leaf(value: Any, kind: str) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "flag":
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool)
