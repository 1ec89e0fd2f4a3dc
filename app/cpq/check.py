"""`doorstep catalog check`: what a model or a catalogue says that cannot be meant, and the rules that make it so."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.cpq.artefact import Feature, Rule
from app.cpq.catalogue import Catalogue, Product
from app.cpq.catalogue_features import Conditions
from app.cpq.catalogue_rules import Rule as ProductRule
from app.cpq.check_faults import Faults
from app.cpq.clauses import And, Formula, Or, Problem
from app.cpq.compile import problem_of
from app.cpq.sat_limit import CHECK_SECONDS, OutOfTime

NOT_CHECKED = "not_checked"
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that cannot be meant. `rules` is a minimal set at fault; `pointer` is its place in a catalogue.

    Of the kind NOT_CHECKED it is what there was no time for: its `questions`.
    """

    kind: str
    product: str
    text: str
    rules: tuple[Rule, ...] = ()
    feature: str | None = None
    value: str | None = None
    pointer: str = ""
    questions: tuple[str, ...] = ()

    def as_json(self, line: Callable[[str], int]) -> dict[str, Any]:
        """For programs; `line` finds the line of a pointer, 0 when there is none."""
        found: dict[str, Any] = {"kind": self.kind, "product": self.product, "text": self.text}
        found["rules"] = [{"id": rule.id, "text": rule.text} for rule in self.rules]
        for name in ("feature", "value"):
            if getattr(self, name) is not None:
                found[name] = getattr(self, name)
        if self.questions:
            found["questions"] = list(self.questions)
        if self.pointer:
            found["pointer"] = self.pointer
            found["line"] = line(self.pointer)
        return found


class Inspection:
    """One model under inspection: its solver, and what its rules leave possible."""

    def __init__(self, problem: Problem, seconds: float = CHECK_SECONDS) -> None:
        self.problem = problem
        self.name = problem.product or problem.name
        self.faults = Faults(problem, seconds=seconds)
        self.seen: set[int] = set()
        self.without: set[tuple[int, int]] = set()
        self.unchecked: list[str] = []
        self.void = False
        self.faults.prefer(range(1, problem.public + 1))
        with self.asks("whether there is a configuration at all"):
            first = self.faults.model(())
            self.void = first is None
            self.seen.update(first or ())

    @contextmanager
    def asks(self, question: str) -> Iterator[None]:
        """What is asked inside may need more time than there is; then the question is remembered as not answered."""
        try:
            yield
        except OutOfTime:
            self.unchecked.append(question)

    def not_checked(self) -> Iterator[Finding]:
        """What there was no time for, in one finding."""
        if self.unchecked:
            more = len(self.unchecked) - _NAMED
            named = "; ".join(self.unchecked[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
            text = f"{self.name} was not checked to the end, the time was over: {named}."
            yield Finding(NOT_CHECKED, self.name, text, questions=tuple(self.unchecked))

    def possible(self, literal: int) -> bool:
        """Whether some configuration has the literal; every configuration met on the way answers later questions."""
        if literal not in self.seen:
            self.seen.update(self.faults.model([literal]) or ())
        return literal in self.seen

    def possible_without(self, parent: int, child: int) -> bool:
        """Whether some configuration has the parent and not its optional child, remembered as `possible` remembers."""
        if (parent, child) not in self.without:
            found = set(self.faults.model([parent, -child]) or ())
            self.without.update(pair for pair in self.problem.optional if pair[0] in found and -pair[1] in found)
        return (parent, child) in self.without

    def at_fault(self, literals: Iterable[int], either: Iterable[tuple[int, ...]] = ()) -> tuple[Rule, ...]:
        """The rules at fault, in their own words."""
        return tuple(self.problem.rules[number - 1] for number in self.faults.rules(list(literals), list(either)))


def check_problem(problem: Problem, seconds: float = CHECK_SECONDS) -> tuple[Finding, ...]:
    """Findings in one model: nothing possible, dead features and values, what is said to be optional and is not.

    SAT has so many seconds for it; what was not checked in them is the last finding, of the kind NOT_CHECKED.
    """
    inspection = Inspection(problem, seconds)
    return (*inspect(inspection, {}), *inspection.not_checked())


def check_catalogue(catalogue: Catalogue, seconds: float = CHECK_SECONDS) -> tuple[Finding, ...]:
    """Findings in every product, and in price steps, advice and guided questions; so many seconds for each product."""
    from app.cpq.check_budgets import beyond_budgets
    from app.cpq.check_prices import never_applying

    findings: list[Finding] = []
    inspections: dict[str, Inspection] = {}
    for product in catalogue.configurable:
        inspection = Inspection(problem_of(product, catalogue), seconds)
        inspections[product.sku] = inspection
        findings += inspect(inspection, {feature.id: feature.pointer for feature in product.features})
        if not inspection.void:
            findings += _advice(product, inspection)
            findings += _answers(product, catalogue, inspection)
            findings += beyond_budgets(product, inspection)
    findings += never_applying(catalogue, inspections)
    for inspection in inspections.values():
        findings += inspection.not_checked()
    return tuple(findings)


def inspect(inspection: Inspection, pointers: Mapping[str, str]) -> Iterator[Finding]:
    """Findings by the rules alone."""
    if inspection.void:
        text = f"{inspection.name} cannot be configured at all: its rules contradict each other."
        yield Finding("void_product", inspection.name, text, inspection.at_fault(()))
        return
    for feature in inspection.problem.features:
        yield from _dead(feature, inspection, pointers.get(feature.id, ""))
    owners = {feature.literals[-1]: feature for feature in inspection.problem.features if feature.type == "boolean"}
    parents = {parent for parent, _ in inspection.problem.optional}
    inspection.faults.prefer(-child for _, child in inspection.problem.optional if child not in parents)
    for parent, child in inspection.problem.optional:
        with inspection.asks(f"whether {owners[child].name} is optional"):
            yield from _false_optional(parent, child, owners, inspection, pointers)


def _false_optional(
    parent: int, child: int, owners: Mapping[int, Feature], inspection: Inspection, pointers: Mapping[str, str]
) -> Iterator[Finding]:
    around = [parent] if parent else []
    if not inspection.possible(child) or (parent and not inspection.possible(parent)):
        return
    if inspection.possible_without(parent, child) if parent else inspection.possible(-child):
        return
    feature = owners[child]
    where = f" wherever {owners[parent].name} is" if parent else ""
    text = f"{feature.name} is said to be optional, and is always there{where}."
    rules = inspection.at_fault([*around, -child])
    yield Finding("false_optional", inspection.name, text, rules, feature.id, None, pointers.get(feature.id, ""))


def _dead(feature: Feature, inspection: Inspection, pointer: str) -> Iterator[Finding]:
    if feature.type == "boolean":
        literal = feature.literals[-1]
        with inspection.asks(f"whether {feature.name} can be chosen"):
            if not inspection.possible(literal):
                rules = inspection.at_fault([literal])
                text = f"{feature.name} can never be chosen."
                yield Finding("dead_feature", inspection.name, text, rules, feature.id, None, pointer)
        return
    for literal, value in zip(feature.literals, feature.values, strict=True):
        with inspection.asks(f"whether {feature.name} can be {value.name}"):
            if not inspection.possible(literal):
                text = f"{feature.name} can never be {value.name}."
                rules = inspection.at_fault([literal])
                yield Finding("unreachable_value", inspection.name, text, rules, feature.id, value.id, pointer)


def _advice(product: Product, inspection: Inspection) -> Iterator[Finding]:
    """Defaults whose condition never holds, or whose value never goes with it."""
    for rule in product.rules:
        if rule.formula is None:
            with inspection.asks(f"whether the advice {rule.id} applies and can be followed"):
                yield from _vain(rule, product, inspection)


def _vain(rule: ProductRule, product: Product, inspection: Inspection) -> Iterator[Finding]:
    if not inspection.faults.possible((), rule.condition):
        text = f"The advice {rule.id} never applies: what it depends on cannot be."
        at_fault = inspection.at_fault((), rule.condition)
        yield Finding("advice_never_applies", product.sku, text, at_fault, pointer=rule.pointer)
        return
    for literal in rule.sets:
        if not inspection.faults.possible((literal,), rule.condition):
            text = f"The advice {rule.id} can never be followed: its rules exclude the value that it sets."
            at_fault = inspection.at_fault((literal,), rule.condition)
            yield Finding("advice_never_applies", product.sku, text, at_fault, pointer=rule.pointer)
            return


def _answers(product: Product, catalogue: Catalogue, inspection: Inspection) -> Iterator[Finding]:
    """Answers to guided questions that no configuration fits."""
    conditions = Conditions(product.features, catalogue.source)
    for at, question in enumerate(product.document.get("guide", ())):
        kind = "answers" if "answers" in question else "ranges"
        for n, reply in enumerate(question[kind]):
            pointer = f"{product.pointer}/guide/{at}/{kind}/{n}"
            groups = _groups(conditions.formula(reply["sets"], f"{pointer}/sets")) if reply["sets"] else ()
            said = reply.get("name") or reply.get("id") or f"up to {reply.get('upto') or 'more'}"
            with inspection.asks(f"whether the answer {said!r} to {question['id']} fits a configuration"):
                if groups and not inspection.faults.possible((), groups):
                    text = f"The answer {said!r} to {question['id']} fits no configuration."
                    at_fault = inspection.at_fault((), groups)
                    yield Finding("answer_impossible", product.sku, text, at_fault, pointer=pointer)


def _groups(formula: Formula) -> tuple[tuple[int, ...], ...]:
    """A conjunction of values or lists of values as groups of literals, of each of which one holds."""
    if isinstance(formula, int):
        return ((formula,),)
    if isinstance(formula, Or):
        return (tuple(part for part in formula.parts if isinstance(part, int)),)
    assert isinstance(formula, And)
    return tuple(group for part in formula.parts for group in _groups(part))
