"""Clauses for sums: a sum of weighted literals as a binary number, by adders; and whether it is at most a bound.

A full adder has a clause for each row of its truth table, so that bits and literals determine each other
(Eén and Sörensson, "Translating pseudo-Boolean constraints into SAT", 2006, section 5.3).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

AddClause = Callable[[list[int]], object]


class Variables:
    """Fresh variables beyond those of the model."""

    def __init__(self, last: int) -> None:
        self.last = last

    def fresh(self) -> int:
        """A variable that nothing uses."""
        self.last += 1
        return self.last


@dataclass(frozen=True, slots=True)
class Sum:
    """`offset + Σ 2^i · bits[i]`."""

    offset: int
    bits: tuple[int, ...]


def add_up(weighted: Iterable[tuple[int, int]], variables: Variables, add: AddClause) -> Sum:
    """The sum of (literal, weight) pairs as bits; weights may be negative."""
    offset = 0
    buckets: list[list[int]] = []
    for literal, weight in weighted:
        if weight < 0:
            # w·x = w + |w|·¬x
            offset, literal, weight = offset + weight, -literal, -weight
        for position in range(weight.bit_length()):
            if position >= len(buckets):
                buckets.append([])
            if weight >> position & 1:
                buckets[position].append(literal)
    bits = []
    position = 0
    while position < len(buckets):
        bucket = buckets[position]
        while len(bucket) > 1:
            parts = [bucket.pop(0) for _ in range(min(3, len(bucket)))]
            low, carry = _adder(parts, variables, add)
            bucket.append(low)
            if position + 1 == len(buckets):
                buckets.append([])
            buckets[position + 1].append(carry)
        bits.append(bucket[0] if bucket else _false(variables, add))
        position += 1
    return Sum(offset, tuple(bits))


def _adder(parts: Sequence[int], variables: Variables, add: AddClause) -> tuple[int, int]:
    low, carry = variables.fresh(), variables.fresh()
    for row in product((False, True), repeat=len(parts)):
        unless = [-part if true else part for part, true in zip(parts, row, strict=True)]
        total = sum(row)
        add([*unless, low if total % 2 else -low])
        add([*unless, carry if total > 1 else -carry])
    return low, carry


def _false(variables: Variables, add: AddClause) -> int:
    variable = variables.fresh()
    add([-variable])
    return variable


def at_most(total: Sum, limit: int, variables: Variables, add: AddClause) -> int:
    """A literal under which the sum is at most `limit`."""
    selector = variables.fresh()
    left = limit - total.offset
    if left < 0:
        add([-selector])
        return selector
    if left >> len(total.bits):
        return selector
    above: list[int] = []
    for position in range(len(total.bits) - 1, -1, -1):
        bit = total.bits[position]
        if left >> position & 1:
            above.append(-bit)
        else:
            add([-selector, -bit, *above])
    return selector
