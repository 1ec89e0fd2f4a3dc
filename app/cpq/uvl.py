"""Reading UVL, the Universal Variability Language, at its boolean level: the tree of features, and constraints.

What the arithmetic and type levels add (feature types, feature cardinalities, comparisons, sums) cannot become yes-or-no rules and is
refused where it is used, with its line; to announce a level with `include` is no use of it. Grammar: Benavides et al.,
"UVL: Feature modelling with the Universal Variability Language", JSS 2024.
"""

import re
from dataclasses import dataclass

from app.cpq.artefact import Rule
from app.cpq.clauses import Constraint, Count, Formula, Problem, implies
from app.cpq.dimacs import boolean_feature
from app.cpq.reading import ModelError
from app.cpq.uvl_constraints import attribute_constraints, constraint_of
from app.cpq.uvl_lines import Line, lines_of
from app.cpq.uvl_tokens import Cursor, tokens_of

GROUPS = ("mandatory", "optional", "alternative", "or")
SECTIONS = ("namespace", "include", "imports", "features", "constraints")
# The levels as they are called, and as they were before 2023.
_LEVEL = re.compile(r"(Boolean|Arithmetic|Type|SAT-level|SMT-level|TYPE-level)(\.(\*|[a-z]+(-[a-z]+)*))?")
MAX_DEPTH = 400
MAX_COUNTING = 1_000_000


@dataclass(slots=True)
class _Group:
    kind: str
    least: int
    most: int | None
    line: int
    indent: int
    children: list[int]
    parent: int


class _Model:
    """Features in the order in which they stand, and the rules that their groups make."""

    def __init__(self) -> None:
        self.variables: dict[str, int] = {}
        self.rules: list[Rule] = []
        self.constraints: list[Constraint] = []
        self.optional: list[tuple[int, int]] = []
        self.among_attributes: list[tuple[Line, list[int]]] = []

    def declare(self, name: str, line: int) -> int:
        if name in self.variables:
            raise ModelError(line, f"The feature {name!r} is there twice.")
        self.variables[name] = len(self.variables) + 1
        return self.variables[name]

    def rule(self, own: str, text: str, *formulas: Formula) -> None:
        self.rules.append(Rule(own, text))
        self.constraints += [Constraint(len(self.rules), formula) for formula in formulas]


def parse_uvl(text: str, name: str) -> Problem:
    """Read UVL; ModelError with the line for what is not UVL, or is beyond its boolean level.

    A rule is a group of the tree (mandatory, optional, alternative, or, [a..b]) or a constraint, those among attributes after the
    others; that the root is there, and that a child needs its parent, is structure.
    """
    model = _Model()
    sections = _sections(lines_of(text))
    for title, (head, body) in sections.items():
        if title == "include":
            _levels(head, body)
        if title == "imports":
            raise ModelError(head.number, "Imports of other models are not taken: bring one file.")
        if title in ("features", "constraints") and head.text.strip() != title:
            raise ModelError(head.number, f"There is more than `{title}` on this line.")
    if "features" not in sections or not sections["features"][1]:
        raise ModelError(0, "There is no section `features` with a root feature; this is not UVL.")
    names = _tree(sections["features"][1], model)
    constraints = [constraint_of(line, model.variables) for line in sections.get("constraints", (None, []))[1]]
    for line, starts in model.among_attributes:
        constraints += attribute_constraints(line, starts, model.variables)
    for at, (formula, words) in enumerate(constraints, start=1):
        model.rule(f"constraint {at}", words, formula)
    features = tuple(boolean_feature(variable, own) for own, variable in model.variables.items())
    return Problem(
        sections["namespace"][1][0].text if "namespace" in sections else name or names,
        len(features),
        features,
        tuple(model.rules),
        tuple(model.constraints),
        counted=len(model.rules),
        optional=tuple(model.optional),
    )


def _sections(lines: list[Line]) -> dict[str, tuple[Line, list[Line]]]:
    found: dict[str, tuple[Line, list[Line]]] = {}
    body: list[Line] | None = None
    for line in lines:
        if line.indent == 0:
            title = line.text.split(maxsplit=1)[0] if line.text else ""
            if title not in SECTIONS:
                raise ModelError(line.number, f"{title[:40]!r} is not a section of UVL: {', '.join(SECTIONS)}.")
            if title in found:
                raise ModelError(line.number, f"The section `{title}` is there twice.")
            body = []
            found[title] = (line, body)
            if title == "namespace":
                body.append(Line(line.number, 1, _namespace(line)))
        elif body is None:
            raise ModelError(line.number, "The first line must be a section and not be indented.")
        else:
            body.append(line)
    return found


def _namespace(line: Line) -> str:
    cursor = Cursor(tokens_of(line), line)
    cursor.take()
    name = cursor.name("a name after `namespace`")
    cursor.end()
    return name


def _levels(head: Line, body: list[Line]) -> None:
    for line in body or [head]:
        level = line.text.strip()
        if level != "include" and not _LEVEL.fullmatch(level):
            raise ModelError(
                line.number, f"There is no language level {level[:40]!r}: Boolean, Arithmetic and Type are."
            )


def _tree(lines: list[Line], model: _Model) -> str:
    """Read the tree; rules of groups come in the order in which groups end being read. The root's name."""
    groups: list[_Group] = []
    open_: list[tuple[int, int | None, _Group | None]] = []  # indent, variable of a feature, or group
    root = ""
    for line in lines:
        while open_ and open_[-1][0] >= line.indent:
            open_.pop()
        if len(open_) > MAX_DEPTH:
            raise ModelError(line.number, f"The tree is more than {MAX_DEPTH} deep.")
        cursor = Cursor(tokens_of(line), line)
        around = open_[-1] if open_ else None
        if around is not None and around[1] is not None:
            group = _group(cursor, line, around[1])
            groups.append(group)
            open_.append((line.indent, None, group))
            continue
        variable = model.declare(_feature(cursor, line, model), line.number)
        if around is None:
            if root:
                raise ModelError(line.number, "There is a second root feature; a model has one.")
            root = next(iter(model.variables))
            model.constraints.append(Constraint(0, variable))
        elif around[2] is not None:
            siblings = around[2]
            if siblings.children and line.indent != siblings.indent:
                raise ModelError(line.number, "This line is not indented like the feature above it in the same group.")
            siblings.indent = line.indent
            siblings.children.append(variable)
            model.constraints.append(Constraint(0, implies(variable, siblings.parent)))
        open_.append((line.indent, variable, None))
    names = list(model.variables)
    for group in groups:
        _rule_of(group, names, model)
    return root


def _feature(cursor: Cursor, line: Line, model: _Model) -> str:
    word = cursor.peek()
    if word in GROUPS or word == "[":
        raise ModelError(line.number, f"A group ({word}) stands where a feature must: a group belongs under a feature.")
    if word in ("Boolean", "Integer", "Real", "String") and cursor.more(1):
        if word != "Boolean":
            raise ModelError(
                line.number,
                f"Features of type {word} are beyond the boolean level: they have values without end. Give the values to choose from "
                "as features of an alternative group.",
            )
        cursor.take()
    name = cursor.name("the name of a feature")
    if cursor.peek() == "cardinality":
        raise ModelError(
            line.number,
            "Feature cardinalities are beyond the boolean level: a feature is there once or not. Write it once for every copy.",
        )
    if cursor.peek() == "{":
        starts = cursor.attributes()
        if starts:
            model.among_attributes.append((line, starts))
    cursor.end()
    return name


def _group(cursor: Cursor, line: Line, parent: int) -> _Group:
    word = cursor.take()
    if word in GROUPS:
        cursor.end()
        return _Group(word, 0, None, line.number, 0, [], parent)
    if word != "[":
        said = f"{word[:40]!r} stands where a group must: {', '.join(GROUPS)} or [a..b]."
        raise ModelError(line.number, said)
    least, most = cursor.bounds()
    cursor.end()
    return _Group("cardinality", least, most, line.number, 0, [], parent)


def _rule_of(group: _Group, names: list[str], model: _Model) -> None:
    children = tuple(group.children)
    if not children:
        raise ModelError(group.line, "This group has no features.")
    parent = names[group.parent - 1]
    listed = ", ".join(names[child - 1] for child in children)
    own = f"group {len(model.rules) + 1}"
    if group.kind == "mandatory":
        model.rule(own, f"{parent} always comes with {listed}.", *(implies(group.parent, child) for child in children))
    elif group.kind == "optional":
        model.optional += [(group.parent, child) for child in children]
        model.rule(own, f"{parent} can come with {listed}.")
    else:
        bounds = {"alternative": (1, 1), "or": (1, len(children))}
        least, most = bounds.get(group.kind, (group.least, len(children) if group.most is None else group.most))
        if least > len(children):
            raise ModelError(group.line, f"This group needs {least} of its features, and has {len(children)}.")
        most = min(most, len(children))
        if _counting(least, most, len(children)) > MAX_COUNTING:
            raise ModelError(group.line, f"{least} to {most} of {len(children)} is too much to count: split the group.")
        said = "exactly one" if (least, most) == (1, 1) else f"{least} to {most}"
        model.rule(own, f"{parent} comes with {said} of {listed}.", implies(group.parent, Count(least, most, children)))


def _counting(least: int, most: int, features: int) -> int:
    """About how many clauses it takes to say that so many of the features are there."""
    upwards = most * features if 1 < most < features else 0
    return upwards + ((features - least) * features if 1 < least < features else 0)
