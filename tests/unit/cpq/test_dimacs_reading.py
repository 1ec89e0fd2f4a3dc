"""DIMACS: what it says is taken, and what is wrong is told with its line."""

import pytest

from app.cpq.dimacs import parse_dimacs
from app.cpq.reading import ModelError


def test_names_clauses_and_words() -> None:
    text = "c a comment\nc 1 Motor\nc 3 With spaces\np cnf 3 2\n-1 2\n 3 0 -3 0\n%\n0\n"
    problem = parse_dimacs(text, "pump")
    assert [feature.id for feature in problem.features] == ["Motor", "v2", "With spaces"]
    assert [rule.text for rule in problem.rules] == ["Motor requires v2 or With spaces.", "With spaces is excluded."]
    assert (problem.name, problem.public, problem.counted) == ("pump", 3, 2)


def test_a_name_that_comes_twice_is_told_apart() -> None:
    problem = parse_dimacs("c 1 a\nc 2 a\np cnf 2 0\n", "x")
    assert [feature.id for feature in problem.features] == ["a", "a #2"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "not DIMACS"),
        ("1 0\n", 1, "before the line"),
        ("p cnf x 1\n1 0\n", 1, "header"),
        ("p cnf 2 1\np cnf 2 1\n1 0\n", 2, "second header"),
        ("p cnf 2 1\n1 z 0\n", 2, "'z' is not a literal"),
        ("p cnf 2 1\n1 1.5 0\n", 2, "not a literal"),
        ("p cnf 2 1\n1 3 0\n", 2, "beyond the 2 variables"),
        ("p cnf 2 1\n1 2\n", 2, "does not end with 0"),
        ("p cnf 2 2\n1 2 0\n", 2, "promises 2 clauses and there are 1"),
        ("p cnf 200000 1\n1 0\n", 1, "at most"),
        ("p cnf 1 1\n٣ 0\n", 2, "not a literal"),
        ("c 1 a\x00b\np cnf 1 0\n", 1, "character zero"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_dimacs(text, "x")
    assert caught.value.line == line
    assert said in caught.value.detail


def test_a_name_made_to_tell_two_apart_may_be_taken_too() -> None:
    problem = parse_dimacs("c 1 x\nc 2 x #3\nc 3 x\np cnf 3 0\n", "m")

    assert len({feature.id for feature in problem.features}) == 3


def test_only_line_ends_end_lines() -> None:
    problem = parse_dimacs("c 1 a\x0bb\r\nc 2 c\u2028d\rp cnf 2 1\n1 2 0\n", "m")

    assert [feature.name for feature in problem.features] == ["a\x0bb", "c\u2028d"]


def test_space_before_and_after_a_line_is_nothing() -> None:
    problem = parse_dimacs("\ufeff  c 1 a \n\t p cnf 2 1 \n  1\n\t2 0\n % \n", "m")

    assert [feature.name for feature in problem.features] == ["a", "v2"]
    assert [rule.text for rule in problem.rules] == ["a or v2 is needed."]
