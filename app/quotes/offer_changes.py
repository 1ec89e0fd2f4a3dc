"""What a customer changes in an offer, within what the seller left open. Pure.

A change names a line and one of `quantity`, `term`, `selected` or `feature` with `value`. What a line leaves open stands in
its `open`: `quantity`, `term`, `selected`, `feature:<id>`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

Json = dict[str, Any]
MAX_CHANGES = 200
KINDS = ("quantity", "term", "selected", "feature")


@dataclass
class ChangeError(Exception):
    """A change that cannot be made: where, and what to do."""

    pointer: str
    detail: str


@dataclass(frozen=True)
class Swap:
    """A feature that had to change with what the customer chose."""

    line: str
    feature: str
    before: str
    after: str


# What completes a configuration after a choice: (sku, configuration, features that are open, feature, value) → the new
# configuration, or None when what is not open rules the value out.
Complete = Callable[[str, Mapping[str, str], Sequence[str], str, str], Mapping[str, str] | None]


def open_features(line: Mapping[str, Any]) -> list[str]:
    """The features of a line that the customer may change."""
    return [name.removeprefix("feature:") for name in line.get("open", ()) if name.startswith("feature:")]


def apply_changes(
    content: Mapping[str, Any], changes: Sequence[Mapping[str, Any]], complete: Complete
) -> tuple[Json, list[Swap]]:
    """The content after the changes, and what else had to change. Raises ChangeError at the change that cannot be."""
    changed: Json = copy.deepcopy(dict(content))
    lines = {line["id"]: line for line in changed["lines"]}
    swaps: list[Swap] = []
    for place, change in enumerate(changes):
        line = lines.get(change.get("line", ""))
        if line is None:
            raise ChangeError(f"/changes/{place}/line", "The offer has no such line.")
        swaps += _change(line, change, f"/changes/{place}", complete)
    return changed, swaps


def _change(line: Json, change: Mapping[str, Any], pointer: str, complete: Complete) -> list[Swap]:
    kinds = [kind for kind in KINDS if kind in change]
    if len(kinds) != 1:
        raise ChangeError(pointer, "Say one of quantity, term, selected, or feature with value.")
    kind = kinds[0]
    wanted = f"feature:{change['feature']}" if kind == "feature" else kind
    if wanted not in line.get("open", ()):
        raise ChangeError(f"{pointer}/{kind}", "The seller did not leave this open. Ask them about it.")
    if kind == "feature":
        return _choose(line, change, pointer, complete)
    if kind == "quantity":
        line["quantity"] = _quantity(change["quantity"], f"{pointer}/quantity")
    elif kind == "term":
        line["term"] = change["term"]
    else:
        if not line.get("optional"):
            raise ChangeError(f"{pointer}/selected", "This line is not optional.")
        line["selected"] = change["selected"]
    return []


def _quantity(text: str, pointer: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ChangeError(pointer, "Not a number.") from None
    if not value.is_finite() or not 0 < value <= 1_000_000:
        raise ChangeError(pointer, "More than 0 and at most 1,000,000.")
    if value != value.to_integral_value():
        raise ChangeError(pointer, "A whole number.")
    return str(int(value))


def _choose(line: Json, change: Mapping[str, Any], pointer: str, complete: Complete) -> list[Swap]:
    feature, value = change["feature"], change.get("value", "")
    before: Mapping[str, str] = line.get("configuration", {})
    after = complete(line["sku"], before, open_features(line), feature, value)
    if after is None:
        detail = "This does not go with what the offer fixes. Ask the seller about it."
        raise ChangeError(f"{pointer}/value", detail)
    line["configuration"] = dict(after)
    line["choices"] = [
        {**choice, "value": after.get(choice["feature"], choice["value"])} for choice in line.get("choices", ())
    ]
    if all(choice["feature"] != feature for choice in line["choices"]):
        line["choices"].append({"feature": feature, "value": value})
    moved = [name for name in after if name != feature and before.get(name) != after[name]]
    return [Swap(line["id"], name, before.get(name, ""), after[name]) for name in moved]
