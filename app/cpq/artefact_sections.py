"""The sections inside an artefact: varints, the nodes as three columns, the clauses."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Clause:
    """A disjunction of literals; `rule` 0 is structural, i is `rules[i − 1]`."""

    rule: int
    literals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nodes:
    """A reduced plain diagram: node 2 + i has `levels[i]`, `lows[i]`, `highs[i]`; 0 is false, 1 true; the last is the root.

    Sorted by level, deepest first, so that every child comes before its parents. No nodes: constant true.
    """

    levels: tuple[int, ...] = ()
    lows: tuple[int, ...] = ()
    highs: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.levels)


class Section(Enum):
    """Tag bytes."""

    HEADER = ord("H")
    NODES = ord("N")
    CLAUSES = ord("C")


def write_varint(target: bytearray, number: int) -> None:
    """Append `number` (≥ 0) as unsigned LEB128."""
    while number > 0x7F:
        target.append(number & 0x7F | 0x80)
        number >>= 7
    target.append(number)


def read_varints(data: bytes) -> Iterator[int]:
    """Every varint of `data` in turn; ValueError when the last one is cut or one is beyond 63 bits."""
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            if shift > 56:
                raise ValueError("a number of more than 63 bits")
        else:
            yield number
            number = shift = 0
    if shift:
        raise ValueError("a section ends inside a number")


def write_section(target: bytearray, tag: Section, data: bytes) -> None:
    """Append tag, length and data."""
    target.append(tag.value)
    write_varint(target, len(data))
    target += data


def sections_of(data: bytes) -> dict[Section, bytes]:
    """Sections by tag; ValueError when one is unknown, repeated or cut."""
    found: dict[Section, bytes] = {}
    at = 0
    while at < len(data):
        tag = Section(data[at])
        at += 1
        length = shift = 0
        while True:
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if tag in found or at + length > len(data):
            raise ValueError(f"section {tag.name.lower()} is repeated or cut")
        found[tag] = data[at : at + length]
        at += length
    return found


def write_nodes(nodes: Nodes, public: int) -> bytes:
    """The count, then the columns level, lo and hi; each entry is a small difference (see the contract in `docs/cpq.md`)."""
    data = bytearray()
    write_varint(data, len(nodes))
    before = public - 1
    for level in nodes.levels:
        write_varint(data, before - level)
        before = level
    for column in (nodes.lows, nodes.highs):
        for own, child in enumerate(column, start=2):
            write_varint(data, own - child)
    return bytes(data)


def read_nodes(data: bytes, public: int) -> Nodes:
    """Columns back to nodes; ValueError unless they are an ordered, reduced diagram with children before parents."""
    numbers = list(read_varints(data))
    count = numbers[0]
    if len(numbers) != 1 + 3 * count:
        raise ValueError("the node columns do not have the length that they state")
    levels, level = [], public - 1
    for step in numbers[1 : 1 + count]:
        level -= step
        levels.append(level)
    lows = [own - step for own, step in enumerate(numbers[1 + count : 1 + 2 * count], start=2)]
    highs = [own - step for own, step in enumerate(numbers[1 + 2 * count :], start=2)]
    deep = [public, public, *levels]
    if level < 0:
        raise ValueError("a node is above the top level")
    for own, (low, high) in enumerate(zip(lows, highs, strict=True), start=2):
        if not (0 <= low < own and 0 <= high < own) or low == high or min(deep[low], deep[high]) <= deep[own]:
            raise ValueError(f"node {own} has a child that is not below it")
    return Nodes(tuple(levels), tuple(lows), tuple(highs))


def write_clauses(clauses: Iterable[Clause]) -> bytes:
    """The count; a clause is its rule, its length, and zigzag differences from literal to literal, ascending by variable."""
    data = bytearray()
    listed = list(clauses)
    write_varint(data, len(listed))
    for clause in listed:
        write_varint(data, clause.rule)
        write_varint(data, len(clause.literals))
        before = 0
        for literal in clause.literals:
            step = literal - before
            write_varint(data, step * 2 if step >= 0 else -step * 2 - 1)
            before = literal
    return bytes(data)


def read_clauses(data: bytes, variables: int, rules: int) -> tuple[Clause, ...]:
    """Clauses back; ValueError for a literal beyond `variables`, a rule beyond `rules`, or literals out of order."""
    numbers = read_varints(data)
    try:
        clauses = []
        for _ in range(next(numbers)):
            rule, length = next(numbers), next(numbers)
            literals = []
            literal = 0
            for _ in range(length):
                zigzag = next(numbers)
                before, literal = abs(literal), literal + (zigzag >> 1 if zigzag % 2 == 0 else -(zigzag + 1 >> 1))
                if not before < abs(literal) <= variables:
                    raise ValueError("a clause has a literal out of order or out of range")
                literals.append(literal)
            if rule > rules:
                raise ValueError("a clause belongs to a rule that is not there")
            clauses.append(Clause(rule, tuple(literals)))
    except StopIteration:
        raise ValueError("the clauses are cut short") from None
    if next(numbers, None) is not None:
        raise ValueError("there are bytes after the last clause")
    return tuple(clauses)
