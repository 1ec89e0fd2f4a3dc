"""Reading DIMACS CNF: every variable is a boolean feature, named by `c <number> <name>` comments, every clause a rule."""

import re

from app.cpq.artefact import Feature, Rule, Value
from app.cpq.clauses import Constraint, Or, Problem
from app.cpq.reading import ModelError, check_characters

MAX_VARIABLES = 100_000
MAX_CLAUSES = 1_000_000
NO_AND_YES = (Value("no", "No"), Value("yes", "Yes"))
_HEADER = re.compile(r"p\s+cnf\s+(\d{1,9})\s+(\d{1,9})\s*")
# Not splitlines: that ends lines at characters that a name may have.
_LINE_END = re.compile(r"\r\n|\r|\n")
_NAMING = re.compile(r"c\s+(\d{1,9})\$?\s+(\S.*?)\s*")


def parse_dimacs(text: str, name: str) -> Problem:
    """Read DIMACS CNF; ModelError with the line for anything that is not.

    Names must be unique: a second variable of the same name is told from the first by its number.
    """
    check_characters(text)
    names: dict[int, str] = {}
    literals: list[int] = []
    clauses: list[tuple[int, ...]] = []
    size: tuple[int, int] | None = None
    line = 0
    for line, read in enumerate(_LINE_END.split(text.removeprefix("\ufeff").removesuffix("\n")), start=1):
        row = read.strip()
        if row.startswith("c") and (len(row) == 1 or row[1].isspace()):
            if naming := _NAMING.fullmatch(row):
                names[int(naming[1])] = naming[2]
            continue
        if row.startswith("p"):
            size = _size(row, line, size)
            continue
        if row == "%":
            break
        for word in row.split():
            if size is None:
                raise ModelError(line, "The clauses come before the line `p cnf <variables> <clauses>`.")
            literal = _literal(word, size[0], line)
            if literal:
                literals.append(literal)
            else:
                clauses.append(tuple(sorted(set(literals), key=lambda one: (abs(one), one))))
                literals.clear()
    if size is None:
        raise ModelError(0, "There is no line `p cnf <variables> <clauses>`; this is not DIMACS CNF.")
    if literals:
        raise ModelError(line, "The last clause does not end with 0; the file may be cut.")
    if len(clauses) != size[1]:
        raise ModelError(
            line, f"The header promises {size[1]} clauses and there are {len(clauses)}; the file may be cut."
        )
    return _problem(name, size[0], names, clauses)


def _size(row: str, line: int, before: tuple[int, int] | None) -> tuple[int, int]:
    header = _HEADER.fullmatch(row)
    if header is None:
        raise ModelError(line, "The header is not `p cnf <variables> <clauses>`.")
    if before is not None:
        raise ModelError(line, "There is a second header line; one file is one model.")
    variables, clauses = int(header[1]), int(header[2])
    if variables > MAX_VARIABLES or clauses > MAX_CLAUSES:
        raise ModelError(line, f"A model has at most {MAX_VARIABLES:,} variables and {MAX_CLAUSES:,} clauses.")
    return variables, clauses


def _literal(word: str, variables: int, line: int) -> int:
    if not re.fullmatch(r"-?\d{1,9}", word, re.ASCII):
        raise ModelError(line, f"{word[:40]!r} is not a literal; write a whole number such as 7 or -7.")
    literal = int(word)
    if abs(literal) > variables:
        raise ModelError(line, f"Literal {literal} is beyond the {variables} variables of the header.")
    return literal


def _problem(name: str, variables: int, names: dict[int, str], clauses: list[tuple[int, ...]]) -> Problem:
    taken: set[str] = set()
    features = []
    for variable in range(1, variables + 1):
        own = names.get(variable, f"v{variable}")
        while own in taken:
            own = f"{own} #{variable}"
        taken.add(own)
        features.append(boolean_feature(variable, own))
    rules = tuple(Rule(f"c{number}", _words(clause, features)) for number, clause in enumerate(clauses, start=1))
    constraints = tuple(Constraint(number, Or(clause)) for number, clause in enumerate(clauses, start=1))
    return Problem(name, variables, tuple(features), rules, constraints, counted=len(clauses))


def boolean_feature(variable: int, name: str) -> Feature:
    """A boolean feature named as in the imported model."""
    return Feature(name, name, "boolean", (-variable, variable), NO_AND_YES)


def _words(clause: tuple[int, ...], features: list[Feature]) -> str:
    """A clause as people read it: `A and B require C or D`."""
    if not clause:
        return "Nothing is allowed."
    conditions = [features[-literal - 1].name for literal in clause if literal < 0]
    outcomes = [features[literal - 1].name for literal in clause if literal > 0]
    if not conditions:
        return f"{' or '.join(outcomes)} is needed."
    if not outcomes:
        return (
            f"{' and '.join(conditions)} exclude each other."
            if len(conditions) > 1
            else f"{conditions[0]} is excluded."
        )
    return f"{' and '.join(conditions)} {'require' if len(conditions) > 1 else 'requires'} {' or '.join(outcomes)}."
