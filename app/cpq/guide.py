"""Guided questions: an answer sets features, or narrows them.

`product` is a product of a catalogue document, as JSON or YAML is read: its members `guide` and `features` are looked at. A question
of type `number` takes the first range whose `upto` is null or not less than the reply; one of type `choice` the answer with that id.
What it `sets` becomes choices in the order of the document: a value, a list of values, or `{min, max}` of an integer feature.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.cpq.model import Choice, Choices, ConfigurationError


def answer(product: Mapping[str, Any], question: str, reply: str) -> Choices:
    """The choices that a reply leads to; ConfigurationError for an unknown question or a reply that it does not take."""
    asked = next((entry for entry in product.get("guide", ()) if entry["id"] == question), None)
    if asked is None:
        raise ConfigurationError(f"The product has no question {question}.")
    sets = _by_number(asked, reply) if asked["type"] == "number" else _by_answer(asked, reply)
    return tuple(Choice(feature, _values(product, feature, told)) for feature, told in sets.items())


def _by_answer(asked: Mapping[str, Any], reply: str) -> Mapping[str, Any]:
    for entry in asked["answers"]:
        if entry["id"] == reply:
            return _sets(entry)
    raise ConfigurationError(f"The question {asked['id']} has no answer {reply}.")


def _by_number(asked: Mapping[str, Any], reply: str) -> Mapping[str, Any]:
    number = _number(asked, reply)
    for entry in asked["ranges"]:
        if entry.get("upto") is None or number <= Decimal(str(entry["upto"])):
            return _sets(entry)
    raise ConfigurationError(f"The question {asked['id']} has no range for {reply}.")


def _sets(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    sets: Mapping[str, Any] = entry.get("sets") or {}
    return sets


def _number(asked: Mapping[str, Any], reply: str) -> Decimal:
    text = reply.strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", text) or not 0 <= Decimal(text) < 10**18:
        raise ConfigurationError(f"The question {asked['id']} wants a number such as 12.5, and {reply[:40]!r} is none.")
    return Decimal(text)


def _values(product: Mapping[str, Any], feature: str, told: Any) -> tuple[str, ...]:
    if isinstance(told, Mapping):
        return _between(product, feature, told)
    many = told if isinstance(told, Sequence) and not isinstance(told, str) else (told,)
    return tuple(_text(value) for value in many)


def _text(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _between(product: Mapping[str, Any], feature: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    found = next((entry for entry in product.get("features", ()) if entry["id"] == feature), None)
    if found is None or found.get("type") != "integer":
        raise ConfigurationError(f"The product has no integer feature {feature}.")
    numbers = range(int(found["min"]), int(found["max"]) + 1, int(found.get("step", 1)))
    low, high = Decimal(str(told.get("min", found["min"]))), Decimal(str(told.get("max", found["max"])))
    values = tuple(str(number) for number in numbers if low <= number <= high)
    if not values:
        raise ConfigurationError(f"The feature {feature} has no value from {low} to {high}.")
    return values
