"""What is compiled: features, rules as formulas over their literals, and the clauses that say the same for SAT."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Union

from app.cpq.artefact import Budget, Clause, Default, Feature, Rule
from app.cpq.reading import ModelError

MAX_DISTRIBUTED = 64
MAX_PAIRWISE = 6
# As many as memory has room for; the largest public models have a tenth of it.
MAX_CLAUSES = 2_000_000


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds; none: true."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Some part holds; none: false."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Count:
    """At least `least` and at most `most` of the parts hold."""

    least: int
    most: int
    parts: tuple["Formula", ...]


Formula = Union[int, And, Or, Count]  # noqa: UP007 - recursive, so it is named as strings above
TRUE = And(())
FALSE = Or(())


def negate(formula: Formula) -> Formula:
    """The formula that holds when this one does not; negations sit at the literals."""
    if isinstance(formula, int):
        return -formula
    if isinstance(formula, And):
        return Or(tuple(negate(part) for part in formula.parts))
    if isinstance(formula, Or):
        return And(tuple(negate(part) for part in formula.parts))
    if (formula.least, formula.most, len(formula.parts)) == (1, 1, 2):
        # One of two and not the other: the negation is that of either part, which keeps chains of equivalences short.
        one, other = formula.parts
        return Count(1, 1, (one, negate(other)))
    sides: list[Formula] = []
    if formula.least > 0:
        sides.append(Count(0, formula.least - 1, formula.parts))
    if formula.most < len(formula.parts):
        sides.append(Count(formula.most + 1, len(formula.parts), formula.parts))
    return Or(tuple(sides))


def implies(condition: Formula, conclusion: Formula) -> Formula:
    """`condition → conclusion`."""
    return Or((negate(condition), conclusion))


def equivalent(one: Formula, other: Formula) -> Formula:
    """Both or neither: exactly one of the first and the negation of the second. Neither part is written down twice."""
    return exactly_one((one, negate(other)))


def exactly_one(parts: Sequence[Formula]) -> Formula:
    """One of the parts and no other."""
    return Count(1, 1, tuple(parts))


def literals_of(formula: Formula) -> set[int]:
    """The literals that a formula names."""
    if isinstance(formula, int):
        return {formula}
    return set().union(*(literals_of(part) for part in formula.parts))


@dataclass(frozen=True, slots=True)
class Constraint:
    """A formula that must hold, and the rule it comes from: 0 structural, i = `rules[i − 1]`."""

    rule: int
    formula: Formula


@dataclass(frozen=True, slots=True)
class Problem:
    """A configuration model before it is compiled; public variables are 1…`public`.

    `counted` is what the source calls its rules (clauses of DIMACS, groups and constraints of UVL, rules of a catalogue).
    `optional` are the (parent, child) variables of what the source says may be left out; parent 0 is the product.
    """

    name: str
    public: int
    features: tuple[Feature, ...]
    rules: tuple[Rule, ...]
    constraints: tuple[Constraint, ...]
    counted: int
    defaults: tuple[Default, ...] = ()
    budgets: tuple[Budget, ...] = ()
    product: str = ""
    catalogue_id: str = ""
    catalogue_version: str = ""
    optional: tuple[tuple[int, int], ...] = ()


def clauses_of(constraints: Iterable[Constraint], public: int) -> tuple[tuple[Clause, ...], int]:
    """Clauses that hold for the same configurations, and the number of variables with the auxiliary ones.

    A small formula is multiplied out. A larger one gets auxiliary variables that imply its parts (Plaisted and Greenbaum
    1986), which is enough for satisfiability but leaves auxiliary variables free: do not count models over them.

    ModelError beyond MAX_CLAUSES.
    """
    writer = _Writer(public)
    for constraint in constraints:
        writer.write(constraint)
    return tuple(writer.clauses), writer.variables


class _Writer:
    def __init__(self, public: int) -> None:
        self.variables = public
        self.rule = 0
        self.clauses: list[Clause] = []
        self._marks: dict[Formula, int] = {}  # of the rule that is being written

    def write(self, constraint: Constraint) -> None:
        """Add the clauses of a constraint."""
        self.rule = constraint.rule
        self._marks.clear()
        self.require(constraint.formula)

    def require(self, formula: Formula) -> None:
        """Add clauses under which the formula holds."""
        if isinstance(formula, And):
            for part in formula.parts:
                self.require(part)
        elif isinstance(formula, Count):
            self._count(formula, ())
        else:
            self._either([formula])

    def _either(self, parts: Iterable[Formula]) -> None:
        """Add clauses under which one of the parts holds."""
        flat: list[Formula] = []
        waiting = list(parts)
        while waiting:
            part = waiting.pop()
            if isinstance(part, Or):
                waiting += part.parts
            else:
                flat.append(part)
        plain = [part for part in flat if isinstance(part, int)]
        complex_ = [part for part in flat if not isinstance(part, int)]
        only = complex_[0] if len(complex_) == 1 else None
        # A count within a count gets a variable of its own: each count writes its parts down twice.
        if isinstance(only, Count) and not any(isinstance(part, Count) for part in only.parts):
            self._count(only, tuple(plain))
            return
        alternatives = [multiplied_out(part) for part in complex_]
        size = 1
        for alternative in alternatives:
            size *= MAX_DISTRIBUTED + 1 if alternative is None else len(alternative)
        if size <= MAX_DISTRIBUTED:
            for chosen in product(*(alternative for alternative in alternatives if alternative is not None)):
                self._add((*plain, *(literal for clause in chosen for literal in clause)))
            return
        self._add((*plain, *(self._stand_in(part) for part in complex_)))

    def _stand_in(self, formula: Formula) -> int:
        """A literal that implies the formula."""
        if isinstance(formula, int):
            return formula
        if formula in self._marks:
            return self._marks[formula]
        self.variables += 1
        mark = self._marks[formula] = self.variables
        if isinstance(formula, And):
            for part in formula.parts:
                self._either([-mark, part])
        elif isinstance(formula, Count):
            self._count(formula, (-mark,))
        else:
            self._either([-mark, formula])
        return mark

    def _count(self, formula: Count, unless: tuple[int, ...]) -> None:
        """Clauses for least ≤ number of parts that hold ≤ most, or one of `unless` holds."""
        parts = formula.parts
        if formula.least > formula.most or formula.least > len(parts) or formula.most < 0:
            self._add(unless)
            return
        if formula.most < len(parts):
            self._at_most(formula.most, [negate(part) for part in parts], unless)
        if formula.least == 1:
            self._either([*unless, *parts])
        elif formula.least > 1:
            self._at_most(len(parts) - formula.least, list(parts), unless)

    def _at_most(self, most: int, negated: list[Formula], unless: tuple[int, ...]) -> None:
        """At most `most` of the formulas, given by their negations, hold; a sequential counter (Sinz 2005) beyond a few."""
        if most == 0:
            for part in negated:
                self._either([*unless, part])
            return
        if most == 1 and len(negated) <= MAX_PAIRWISE:
            for at, one in enumerate(negated):
                for other in negated[at + 1 :]:
                    self._either([*unless, one, other])
            return
        before: list[int] = []
        for at, part in enumerate(negated):
            last = at == len(negated) - 1
            held = [] if last else list(range(self.variables + 1, self.variables + 1 + most))
            self.variables += len(held)
            for count in range(most):
                if held:
                    if count < len(before):
                        self._add((*unless, -before[count], held[count]))
                    if count == 0:
                        self._either([*unless, part, held[0]])
                    elif before:
                        self._either([*unless, part, -before[count - 1], held[count]])
            if before:
                self._either([*unless, part, -before[most - 1]])
            before = held

    def _add(self, literals: Iterable[int]) -> None:
        if len(self.clauses) == MAX_CLAUSES:
            raise ModelError(
                0,
                f"The rules say more than {MAX_CLAUSES:,} things when they are written out, rule {self.rule} among them: "
                "split the model, or its groups of many features.",
            )
        unique = set(literals)
        if not any(-literal in unique for literal in unique):
            self.clauses.append(Clause(self.rule, tuple(sorted(unique, key=abs))))


def multiplied_out(formula: Formula) -> list[tuple[int, ...]] | None:
    """The formula multiplied out to at most MAX_DISTRIBUTED clauses; None when it is larger or counts."""
    if isinstance(formula, int):
        return [(formula,)]
    if isinstance(formula, Count):
        return None
    parts = [multiplied_out(part) for part in formula.parts]
    if isinstance(formula, And):
        joined: list[tuple[int, ...]] = []
        for part in parts:
            if part is None or len(joined) + len(part) > MAX_DISTRIBUTED:
                return None
            joined += part
        return joined
    found: list[tuple[int, ...]] = [()]
    for part in parts:
        if part is None or len(found) * len(part) > MAX_DISTRIBUTED:
            return None
        found = [(*one, *other) for one in found for other in part]
    return found
