"""One quote priced on both sides, and where the answers differ first."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from app.cpq.quote import QuoteError, price_quote
from tests.differential.door import Door
from tests.differential.strategies import quotes

Json = dict[str, Any]


class Difference(AssertionError):
    """The two sides answer differently: where, and the quote that shows it."""


def compare(door: Door, quote: Json) -> str:
    """`priced` or `refused`, when both sides agree in every line of the waterfall and in every other member."""
    ours, theirs = answer(quote), door.ask(quote)
    found = first_difference(ours, theirs)
    if found is not None:
        raise Difference(f"{found}\n{json.dumps(quote)}")
    if "error" in ours:
        return "refused"
    check_sums(ours["result"], quote)
    return "priced"


def answer(quote: Json) -> Json:
    """What the server says, as the phone's door says it."""
    try:
        return {"result": price_quote(quote["catalogue"], quote["content"], quote["context"])}
    except QuoteError as error:
        return {"error": {"pointer": error.pointer, "detail": error.detail}}


def first_difference(ours: Any, theirs: Any, at: str = "") -> str | None:
    """The first place where two documents differ, in words; None when there is none."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in ours or name not in theirs:
                return f"{at}/{name} is only in {'Python' if name in ours else 'TypeScript'}: {(ours | theirs)[name]!r}"
            found = first_difference(ours[name], theirs[name], f"{at}/{name}")
            if found:
                return found
        return None
    if isinstance(ours, list) and isinstance(theirs, list):
        for index, (left, right) in enumerate(zip(ours, theirs, strict=False)):
            found = first_difference(left, right, f"{at}/{index}")
            if found:
                return found
        return (
            None if len(ours) == len(theirs) else f"{at} has {len(ours)} members in Python, {len(theirs)} in TypeScript"
        )
    same = ours == theirs and type(ours) is type(theirs)
    return None if same else f"{at}: Python {ours!r}, TypeScript {theirs!r}"


def check_sums(price: Json, quote: Json) -> None:
    """What holds for every price: waterfalls sum to the net, header parts to their amount, nothing is a negative zero."""
    for line in price["lines"]:
        total = sum((Decimal(row["amount"]) for row in line["waterfall"]), Decimal(0))
        assert total == Decimal(line["net"]), (
            f"{line['id']}: rows sum to {total}, net is {line['net']}\n{json.dumps(quote)}"
        )
    for header in price["header"]:
        parts = sum((Decimal(part["amount"]) for part in header["parts"]), Decimal(0))
        assert parts == Decimal(header["amount"]), f"parts of {header['id']} sum to {parts}\n{json.dumps(quote)}"
    text = json.dumps(price)
    for zero in ('"-0"', '"-0.0"', '"-0.00"', '"-0.000"', '"-0.0000"'):
        assert zero not in text, f"a negative zero\n{json.dumps(quote)}"


def run(door: Door, runs: int, number: int) -> dict[str, int]:
    """Compare `runs` quotes made from the seed `number`; how many were priced and refused. Difference, shrunk, at the first."""
    counts = {"priced": 0, "refused": 0}

    @seed(number)
    @settings(
        max_examples=runs,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(quotes())
    def both_sides(quote: Json) -> None:
        counts[compare(door, quote)] += 1

    both_sides()
    return counts
