"""Constraints of UVL as formulas: `!`, `&`, `|`, `=>`, `<=>` and parentheses, in that order of binding."""

from collections.abc import Mapping

from app.cpq.clauses import And, Formula, Or, equivalent, implies, negate
from app.cpq.uvl_lines import Line
from app.cpq.uvl_tokens import Cursor, tokens_of

MAX_DEPTH = 60
_ARITHMETIC = frozenset({"==", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/"})
_AGGREGATES = frozenset({"sum", "avg", "len", "floor", "ceil"})


def constraint_of(line: Line, variables: Mapping[str, int]) -> tuple[Formula, str]:
    """The formula of a constraint and the words that it stands in; ModelError for anything else on the line."""
    reader = _Reader(Cursor(tokens_of(line), line), variables)
    formula = reader.equivalence(0)
    reader.cursor.end()
    return formula, line.text


class _Reader:
    def __init__(self, cursor: Cursor, variables: Mapping[str, int]) -> None:
        self.cursor = cursor
        self.variables = variables

    def equivalence(self, depth: int) -> Formula:
        left = self.implication(depth)
        while self.cursor.peek() == "<=>":
            self.cursor.take()
            depth = self._deeper(depth)
            left = equivalent(left, self.implication(depth))
        return left

    def implication(self, depth: int) -> Formula:
        formula = self.disjunction(depth)
        while self.cursor.peek() == "=>":
            self.cursor.take()
            depth = self._deeper(depth)
            formula = implies(formula, self.disjunction(depth))
        return formula

    def disjunction(self, depth: int) -> Formula:
        parts = [self.conjunction(depth)]
        while self.cursor.peek() == "|":
            self.cursor.take()
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjunction(self, depth: int) -> Formula:
        parts = [self.negation(depth)]
        while self.cursor.peek() == "&":
            self.cursor.take()
            parts.append(self.negation(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negation(self, depth: int) -> Formula:
        odd = False
        while self.cursor.peek() == "!":
            self.cursor.take()
            odd = not odd
        formula = self.atom(depth)
        return negate(formula) if odd else formula

    def atom(self, depth: int) -> Formula:
        if self.cursor.peek() == "(":
            self.cursor.take()
            formula = self.equivalence(self._deeper(depth))
            self._boolean_only()
            self.cursor.take(")")
            return formula
        if self.cursor.peek() in _AGGREGATES and self.cursor.tokens[self.cursor.at + 1 : self.cursor.at + 2] == ["("]:
            raise self.cursor.error(f"{self.cursor.peek()}(…) is beyond the boolean level.")
        name = self.cursor.name("the name of a feature")
        self._boolean_only()
        variable = self.variables.get(name)
        if variable is None:
            raise self.cursor.error(f"There is no feature {name!r}.")
        return variable

    def _deeper(self, depth: int) -> int:
        """One deeper: parentheses nest, and so does each further part of a chain of implications or equivalences."""
        if depth == MAX_DEPTH:
            raise self.cursor.error(f"The constraint is nested more than {MAX_DEPTH} deep.")
        return depth + 1

    def _boolean_only(self) -> None:
        if self.cursor.peek() in _ARITHMETIC:
            raise self.cursor.error(f"Arithmetic ({self.cursor.peek()}) is beyond the boolean level.")
