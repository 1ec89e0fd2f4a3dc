"""Predicates: the closed set of tests that decide whether a step, a tax or a floor applies."""

import re
from decimal import Decimal
from typing import Any

from app.cpq.price.decimals import read
from app.cpq.price.errors import PriceError, member, named
from app.cpq.price.model import Combined, Facts, Predicate, Test

EQUAL = ("eq", "ne")
MEMBER = ("in", "not_in")
ORDER = ("lt", "le", "gt", "ge")
OPS = (*EQUAL, *MEMBER, *ORDER, "between")
MAX_DEPTH = 16
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MEMBERS = {"fact", "op", "value"}


def validate_predicate(predicate: Any, pointer: str = "", depth: int = 0) -> Predicate:
    """A predicate read from JSON; PriceError with a pointer that begins with `pointer`."""
    if not isinstance(predicate, dict):
        raise PriceError(pointer, "a predicate is an object: {fact, op, value}, {all}, {any} or {not}")
    if depth > MAX_DEPTH:
        raise PriceError(pointer, f"predicates are nested more than {MAX_DEPTH} deep")
    if len(predicate) == 1:
        ((kind, inner),) = predicate.items()
        if kind in ("all", "any"):
            if not isinstance(inner, list):
                raise PriceError(f"{pointer}/{kind}", "a list of predicates is needed")
            parts = [validate_predicate(part, f"{pointer}/{kind}/{n}", depth + 1) for n, part in enumerate(inner)]
            return Combined(kind, tuple(parts))
        if kind == "not":
            return Combined("not", (validate_predicate(inner, f"{pointer}/not", depth + 1),))
    return _test(predicate, pointer)


def _test(predicate: dict[str, Any], pointer: str) -> Test:
    unknown = sorted(predicate.keys() - _MEMBERS, key=str)
    if unknown:
        raise PriceError(
            f"{pointer}/{member(unknown[0])}", "a predicate has fact, op and value, or one of all, any and not"
        )
    fact, op, value = predicate.get("fact"), predicate.get("op"), predicate.get("value")
    if not isinstance(fact, str) or not fact:
        raise PriceError(f"{pointer}/fact", "the name of a fact is needed")
    if not isinstance(op, str) or op not in OPS:
        raise PriceError(f"{pointer}/op", f"{named(op)} is not one of {', '.join(OPS)}")
    place = f"{pointer}/value"
    if op in EQUAL:
        if not isinstance(value, (str, bool)):
            raise PriceError(place, "a text or a boolean is needed")
        return Test(fact, op, value)
    if op in MEMBER:
        if not isinstance(value, list) or not all(isinstance(item, (str, bool)) for item in value):
            raise PriceError(place, "a list of texts or booleans is needed")
        return Test(fact, op, tuple(value))
    if op == "between":
        if not isinstance(value, list) or len(value) != 2:
            raise PriceError(place, "a list of the least and the greatest is needed")
        low, high = (_ordered(bound, f"{place}/{n}") for n, bound in enumerate(value))
        if isinstance(low, str) is not isinstance(high, str):
            raise PriceError(place, "both ends are numbers, or both are days")
        return Test(fact, op, (low, high))
    return Test(fact, op, _ordered(value, place))


def _ordered(value: Any, pointer: str) -> Decimal | str:
    """A number as Decimal, a day as text."""
    if isinstance(value, str):
        if _DAY.fullmatch(value):
            return value
        number = read(value)
        if number is not None:
            return number
    raise PriceError(pointer, 'a decimal string such as "12.5" or a day such as "2026-07-01" is needed')


def holds(predicate: Predicate, facts: Facts) -> bool:
    """Whether a predicate is true of the facts. A test of a fact that is not there is false."""
    if isinstance(predicate, Combined):
        if predicate.kind == "all":
            return all(holds(part, facts) for part in predicate.parts)
        if predicate.kind == "any":
            return any(holds(part, facts) for part in predicate.parts)
        return not holds(predicate.parts[0], facts)
    fact = facts.get(predicate.fact)
    return False if fact is None else _is_true(predicate.op, fact, predicate.value)


def _is_true(op: str, fact: Any, value: Any) -> bool:
    if op == "eq":
        return _same(fact, value)
    if op == "ne":
        return not _same(fact, value)
    if op == "in":
        return any(_same(fact, item) for item in value)
    if op == "not_in":
        return not any(_same(fact, item) for item in value)
    kind = value[0] if op == "between" else value
    known = _comparable(fact, isinstance(kind, str))
    if known is None:
        return False
    if op == "between":
        return bool(value[0] <= known <= value[1])
    if op == "lt":
        return bool(known < value)
    if op == "le":
        return bool(known <= value)
    if op == "gt":
        return bool(known > value)
    return bool(known >= value)


def _same(fact: Any, value: Any) -> bool:
    return type(fact) is type(value) and bool(fact == value)


def _comparable(fact: Any, day: bool) -> Any:
    if not isinstance(fact, str):
        return None
    if day:
        return fact if _DAY.fullmatch(fact) else None
    return read(fact)
