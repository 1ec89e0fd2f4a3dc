"""UVL: the boolean level is taken as it is defined, and everything else is refused with its line."""

import pytest

from app.cpq.clauses import clauses_of
from app.cpq.diagram_build import _diagram, _wire, count_solutions
from app.cpq.diagram_build_worker import build
from app.cpq.reading import ModelError
from app.cpq.uvl import parse_uvl

PUMP = """// a pump
include
\tBoolean.group-cardinality
namespace pump
features
\t"A Pump" {abstract true, note 'it''s', size {w 3, h 4.5}}
\t\tmandatory
\t\t\tmotor
\t\t\t\talternative
\t\t\t\t\tkw4
\t\t\t\t\tkw7
\t\t\t\t\tkw11
\t\toptional
\t\t\tBoolean heater {price 12}
\t\t[1..2]
\t\t\tpanel
\t\t\tgateway
\t\t\tups
\t\tor
\t\t\tcable
\t\t\t"rail 1.5"
constraints
\tkw11 => heater /* since
\t it is large */
\t!(panel & ups) <=> gateway | cable
\t(kw4 |
\t\tkw7) => !heater
"""


def solutions(text: str) -> int:
    """The number of configurations, by a diagram that is built in this process."""
    problem = parse_uvl(text, "x")
    wire = [_wire(constraint.formula) for constraint in problem.constraints]
    diagram = _diagram(build({"variables": problem.public, "constraints": wire, "nodes": 1000}))
    assert diagram is not None
    return count_solutions(diagram.nodes, problem.public)


def test_groups_constraints_and_attributes() -> None:
    problem = parse_uvl(PUMP, "file")
    assert problem.name == "pump"
    assert [feature.id for feature in problem.features][:3] == ["A Pump", "motor", "kw4"]
    assert "rail 1.5" in [feature.id for feature in problem.features]
    assert problem.counted == 8
    # Motor and heater agree in 3 ways (kw11 with, kw4 and kw7 without). Of panel, gateway and ups one or two; the second
    # constraint holds with panel and ups (no gateway) only without the cable, so with the rail alone: 1 way. Without
    # that pair, gateway or cable is needed: {gateway}, {panel, gateway}, {gateway, ups} with 3 ways of cable and rail
    # each, {panel} and {ups} with 2 each: 13.
    assert solutions(PUMP) == 3 * 14


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("[2]", 3),
        ("[0..1]", 4),
        ("[2..*]", 4),
        ("[1..9]", 7),
        ("or", 7),
        ("alternative", 3),
        ("optional", 8),
        ("mandatory", 1),
    ],
)
def test_the_kinds_of_groups(group: str, expected: int) -> None:
    assert solutions(f"features\n  r\n    {group}\n      a\n      b\n      c\n") == expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("a | b & c", 5),
        ("(a | b) & c", 3),
        ("!a & b", 2),
        ("a => b => c", 5),
        ("a <=> b", 4),
        ("a <=> b <=> c", 4),
        ("!!a", 4),
        ("!(a => (b | c))", 1),
    ],
)
def test_how_constraints_bind(constraint: str, expected: int) -> None:
    text = f"features\n  r\n    optional\n      a\n      b\n      c\nconstraints\n  {constraint}\n"
    assert solutions(text) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("{constraint a => b}", 6),
        ("{price 3, constraints [a => b, !(a & c)], note 'a, b'}", 5),
        ("{constraints []}", 8),
        ("{of {constraint !c}, list [1, {x 2}]}", 4),
        ("{constraint_free true, 'constraint' 3, note \"constraint a\"}", 8),
    ],
)
def test_constraints_among_attributes_hold_like_others(attributes: str, expected: int) -> None:
    assert solutions(f"features\n  r\n    optional\n      a {attributes}\n      b\n      c\n") == expected


def test_parentheses_nest_as_programs_write_them() -> None:
    features = "".join(f"   f{number}\n" for number in range(60))
    row = "(" * 59 + "f0" + "".join(f" | f{number})" for number in range(1, 60))
    text = f"features\n r\n  optional\n{features}constraints\n !{'(' * 3000}{row}{')' * 3000}\n"
    assert solutions(text) == 1


def test_a_tab_goes_to_the_next_eighth_column() -> None:
    eights = "features\n    r\n        mandatory\n            a\n\t\toptional\n\t\t    b\n\t\t    c\nconstraints\n\tb => !a\n"
    assert [rule.text for rule in parse_uvl(eights, "x").rules][1] == "a can come with b, c."


def test_a_level_that_is_announced_need_not_be_used() -> None:
    assert solutions("include\n\tArithmetic.feature-cardinality\n\tType\n\tSAT-level\nfeatures\n\tr\n") == 1


def test_a_group_needs_its_parent() -> None:
    text = "features\n r\n  optional\n   a\n    alternative\n     b\n     c\n"
    assert solutions(text) == 3


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "no section `features`"),
        ("features\n", 0, "no section"),
        ("hello\n", 1, "not a section"),
        ("  features\n", 1, "not be indented"),
        ("features\n r\nfeatures\n r\n", 3, "there twice"),
        ("features\n r\n  mandatory\n   a\n   a\n", 5, "there twice"),
        ("features\n r\n s\n", 3, "second root"),
        ("features\n r\n  maybe\n   a\n", 3, "a group must"),
        ("features\n mandatory\n", 2, "a feature must"),
        ("features\n r\n  or\n", 3, "has no features"),
        ("features\n r\n  [3..1]\n   a\n", 3, "can never be"),
        ("features\n r\n  [x]\n   a\n", 3, "whole number"),
        ("features\n r\n  or\n     a\n   b\n", 5, "not indented like"),
        ('features\n "r\n', 2, "quote"),
        ("features\n r {a 1\n", 2, "not closed"),
        ("features\n r )\n", 2, "not opened"),
        ("features\n r\n  or\n   Integer a\n", 4, "type Integer"),
        ("features\n r cardinality [1..2]\n", 2, "cardinalities"),
        ("imports\n a as b\nfeatures\n r\n", 1, "Imports"),
        ("include\n Fuzzy.*\nfeatures\n r\n", 2, "no language level 'Fuzzy.*'"),
        ("features\n r\nconstraints\n r => s\n", 4, "no feature 's'"),
        ("features\n r\nconstraints\n r =>\n", 4, "end of the line"),
        ("features\n r\nconstraints\n r r\n", 4, "after the end"),
        ("features\n r\nconstraints\n r == 3\n", 4, "Arithmetic"),
        ("features\n r\nconstraints\n sum(price) < 3\n", 4, "boolean level"),
        ("features\n r\nconstraints\n (r\n", 4, "not closed"),
        ("features /* r\n", 1, "does not end"),
        ("features\n r\nconstraints\n (r |\n", 4, "not closed"),
        ("features\n r\nconstraints\n " + "(r & (r | " * 300 + "r" + "))" * 300 + "\n", 4, "nested"),
        ("features\n r\n  [3..5]\n   a\n   b\n", 3, "needs 3 of its features, and has 2"),
        ("features\n r {constraint r => s}\n", 2, "no feature 's'"),
        ("features\n r {constraints [r, r r]}\n", 2, "`]` is expected"),
        ("features\n r {x [1, 2}]\n", 2, "closes what was opened by another"),
        ("features\n r\n  or\n   a\x00b\n", 4, "character zero"),
        ("features\n r\n  [999..2000]\n" + "".join(f"   f{n}\n" for n in range(3000)), 3, "split the group"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_uvl(text, "x")
    assert (caught.value.line, said in caught.value.detail) == (line, True), caught.value.detail


@pytest.mark.parametrize("sign", ["=>", "<=>"])
def test_a_chain_of_constraints_without_end_is_refused(sign: str) -> None:
    features = "".join(f"   f{number}\n" for number in range(3000))
    chain = f" {sign} ".join(f"f{number}" for number in range(3000))

    with pytest.raises(ModelError, match="nested more than"):
        parse_uvl(f"features\n r\n  optional\n{features}constraints\n {chain}\n", "m")


def test_a_long_chain_of_equivalences_stays_small() -> None:
    features = "".join(f"   f{number}\n" for number in range(50))
    chain = " <=> ".join(f"f{number}" for number in range(50))
    problem = parse_uvl(f"features\n r\n  optional\n{features}constraints\n {chain}\n", "m")

    clauses, _ = clauses_of(problem.constraints, problem.public)

    assert len(clauses) < 1000  # written down twice for every further part there would be 2^50
    assert solutions(f"features\n r\n  optional\n{features}constraints\n {chain}\n") == 2**49
