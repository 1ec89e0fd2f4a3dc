"""Constraints of UVL as formulas: `!`, `&`, `|`, `=>`, `<=>` and parentheses, in that order of binding."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.cpq.clauses import And, Formula, Or, equivalent, implies, negate
from app.cpq.uvl_lines import Line
from app.cpq.uvl_tokens import Cursor, tokens_of

# How deep a formula may be: what reads it later recurses over it. Parentheses may nest without end, and so may chains of
# one sign: `((a | b) | c) | d` is one row of alternatives.
MAX_DEPTH = 100
_BINDING = {"<=>": 1, "=>": 2, "|": 3, "&": 4, "!": 5}
_ARITHMETIC = frozenset({"==", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/"})
_AGGREGATES = frozenset({"sum", "avg", "len", "floor", "ceil"})
_BEYOND = "is beyond the boolean level: numbers and texts cannot become yes-or-no rules. Leave it out, or say it with features."


def constraint_of(line: Line, variables: Mapping[str, int]) -> tuple[Formula, str]:
    """The formula of a constraint and the words that it stands in; ModelError for anything else on the line."""
    cursor = Cursor(tokens_of(line), line)
    formula = formula_of(cursor, variables)
    cursor.end()
    return formula, line.text


def attribute_constraints(line: Line, starts: list[int], variables: Mapping[str, int]) -> list[tuple[Formula, str]]:
    """The constraints among the attributes on a line, each with its words: one at a place, or a list in brackets."""
    cursor = Cursor(tokens_of(line), line)
    found = []
    for start in starts:
        cursor.at = start
        ends = ",}"
        if cursor.peek() == "[":
            cursor.take()
            ends = ",]"
        while cursor.peek() != "]":
            begin = cursor.at
            formula = formula_of(cursor, variables)
            found.append((formula, " ".join(cursor.tokens[begin : cursor.at])))
            if cursor.peek() not in ends:
                cursor.take(ends[-1])
            if ends == ",}" or cursor.peek() != ",":
                break
            cursor.take()
    return found


def formula_of(cursor: Cursor, variables: Mapping[str, int]) -> Formula:
    """The formula that begins here, as far as it goes; ModelError when it is none. Nesting costs no recursion."""
    reader = _Reader(cursor, variables)
    while reader.operand() or reader.sign():
        pass
    return reader.whole()


@dataclass(slots=True)
class _Part:
    """A formula being put together. Rows of `&` and of `|` grow in place, so that long ones are read in linear time."""

    sign: str
    depth: int
    formula: Formula = 0
    row: list[Formula] = field(default_factory=list)

    def done(self) -> Formula:
        return self.formula if not self.sign else And(tuple(self.row)) if self.sign == "&" else Or(tuple(self.row))


class _Reader:
    """Operator precedence with stacks of its own: what was read, and the signs that wait for their right side."""

    def __init__(self, cursor: Cursor, variables: Mapping[str, int]) -> None:
        self.cursor = cursor
        self.variables = variables
        self.parts: list[_Part] = []
        self.signs: list[str] = []
        self.open = 0
        self.wanted = True

    def operand(self) -> bool:
        """Read what stands before a sign, when one is due: `!`, an opening parenthesis or the name of a feature."""
        if not self.wanted:
            return False
        word = self.cursor.peek()
        if word in ("!", "("):
            self.signs.append(self.cursor.take())
            self.open += word == "("
            return True
        if word in _AGGREGATES and self.cursor.tokens[self.cursor.at + 1 : self.cursor.at + 2] == ["("]:
            raise self.cursor.error(f"{word}(…) {_BEYOND}")
        name = self.cursor.name("the name of a feature")
        self._boolean_only()
        variable = self.variables.get(name)
        if variable is None:
            raise self.cursor.error(f"There is no feature {name!r}.")
        self.parts.append(_Part("", 0, variable))
        self.wanted = False
        return True

    def sign(self) -> bool:
        """Read the sign, or the closing parenthesis, after an operand; false where the formula ends."""
        word = self.cursor.peek()
        if word == ")" and self.open:
            self._reduce(0)
            self.signs.pop()
            self.open -= 1
            self.cursor.take()
            self._boolean_only()
            return True
        if word not in _BINDING or word == "!":
            return False
        self._reduce(_BINDING[word])
        self.signs.append(self.cursor.take())
        self.wanted = True
        return True

    def whole(self) -> Formula:
        """What was read, put together."""
        if self.open:
            self.cursor.take(")")
        self._reduce(0)
        return self.parts[-1].done()

    def _reduce(self, binding: int) -> None:
        """Put together what binds at least as much; everything up to the parenthesis at 0."""
        while self.signs and self.signs[-1] != "(" and _BINDING[self.signs[-1]] >= binding:
            sign = self.signs.pop()
            right = self.parts.pop()
            if sign == "!":
                self.parts.append(_Part("", right.depth, negate(right.done())))
            else:
                self.parts.append(self._joined(sign, self.parts.pop(), right))
            if self.parts[-1].depth > MAX_DEPTH:
                raise self.cursor.error(f"The constraint is nested more than {MAX_DEPTH} deep; split it into several.")

    @staticmethod
    def _joined(sign: str, left: _Part, right: _Part) -> _Part:
        if sign in "&|":
            joined = left if left.sign == sign else _Part(sign, left.depth + 1, row=[left.done()])
            joined.row += right.row if right.sign == sign else [right.done()]
            joined.depth = max(joined.depth, right.depth + (right.sign != sign))
            return joined
        depth = max(left.depth, right.depth) + 1
        join = implies if sign == "=>" else equivalent
        return _Part("", depth, join(left.done(), right.done()))

    def _boolean_only(self) -> None:
        if self.cursor.peek() in _ARITHMETIC:
            raise self.cursor.error(f"Arithmetic ({self.cursor.peek()}) {_BEYOND}")
