"""Small random feature models, written down as UVL: counts, dead features and false optionals are those of trying everything."""

from dataclasses import dataclass
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.cpq.check import check_problem
from app.cpq.uvl import parse_uvl
from tests.unit.cpq.test_uvl_reading import solutions

Chosen = tuple[bool, ...]
NAMES = ["r", "a", '"b c"', "C-1", '"or"', "x_y", '"(p) & // q"', "1st"]


@dataclass(frozen=True)
class Group:
    """Children of a feature, by number, of which between `least` and `most` come with it."""

    parent: int
    words: str
    least: int
    most: int
    children: tuple[int, ...]

    def holds(self, chosen: Chosen) -> bool:
        count = sum(chosen[child] for child in self.children)
        return self.least <= count <= self.most if chosen[self.parent] else count == 0


@st.composite
def groups(draw: st.DrawFn) -> list[Group]:
    """A tree of up to eight features, the root first."""
    found: list[Group] = []
    used = 1
    size = draw(st.integers(1, len(NAMES)))
    while used < size:
        count = min(draw(st.integers(1, 3)), size - used)
        bounds = {"mandatory": (count, count), "optional": (0, count), "alternative": (1, 1), "or": (1, count)}
        least = draw(st.integers(0, count))
        most = draw(st.integers(least, count + 1))
        bounds[f"[{least}..{most}]"] = (least, most)
        words = draw(st.sampled_from(sorted(bounds)))
        parent = draw(st.integers(0, used - 1))
        found.append(Group(parent, words, *bounds[words], tuple(range(used, used + count))))
        used += count
    return found


def formulas(size: int) -> st.SearchStrategy[Any]:
    """A number of a feature, ("!", formula), or (sign, formula, formula)."""
    signs = st.sampled_from(["&", "|", "=>", "<=>"])
    return st.recursive(
        st.integers(0, size - 1),
        lambda inner: st.tuples(st.just("!"), inner) | st.tuples(signs, inner, inner),
        max_leaves=6,
    )


def holds(formula: Any, chosen: Chosen) -> bool:
    """Whether the formula holds of a choice, by the words of the language and nothing of ours."""
    if isinstance(formula, int):
        return chosen[formula]
    if formula[0] == "!":
        return not holds(formula[1], chosen)
    one, other = holds(formula[1], chosen), holds(formula[2], chosen)
    return {"&": one and other, "|": one or other, "=>": not one or other, "<=>": one == other}[formula[0]]


def written(formula: Any) -> str:
    """The formula with every parenthesis."""
    if isinstance(formula, int):
        return NAMES[formula]
    if formula[0] == "!":
        return f"!({written(formula[1])})"
    return f"({written(formula[1])}) {formula[0]} ({written(formula[2])})"


def tree(own: int, indent: str, listed: list[Group]) -> str:
    """A feature and what is under it."""
    text = f"{indent}{NAMES[own]} {{abstract}} // a feature\n"
    for group in listed:
        if group.parent == own:
            text += f"{indent}\t{group.words}\n"
            text += "".join(tree(child, f"{indent}\t\t", listed) for child in group.children)
    return text


@given(data=st.data(), listed=groups())
@settings(max_examples=50, deadline=None)
def test_a_random_model_has_the_configurations_that_trying_everything_finds(
    data: st.DataObject, listed: list[Group]
) -> None:
    size = 1 + sum(len(group.children) for group in listed)
    rules = data.draw(st.lists(formulas(size), max_size=3))
    text = "features\n" + tree(0, "\t", listed) + "constraints\n" + "".join(f"\t{written(rule)}\n" for rule in rules)
    possible = [
        chosen
        for chosen in product((False, True), repeat=size)
        if chosen[0] and all(group.holds(chosen) for group in listed) and all(holds(rule, chosen) for rule in rules)
    ]

    found = {(finding.kind, finding.feature) for finding in check_problem(parse_uvl(text, "m"))}

    if not possible:
        assert found == {("void_product", None)}
        return
    bare = [name.strip('"') for name in NAMES]
    dead = {at for at in range(size) if not any(chosen[at] for chosen in possible)}
    always = {
        child
        for group in listed
        if group.words == "optional" and group.parent not in dead
        for child in group.children
        if child not in dead and all(chosen[child] for chosen in possible if chosen[group.parent])
    }
    assert found == {("dead_feature", bare[at]) for at in dead} | {("false_optional", bare[at]) for at in always}
    assert solutions(text) == len(possible)
