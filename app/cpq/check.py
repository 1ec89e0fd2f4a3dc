"""`doorstep catalog check`: what a model or a catalogue says that cannot be meant, and the rules that make it so."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.cpq.artefact import Budget, Feature, Rule
from app.cpq.catalogue import Catalogue, Product
from app.cpq.catalogue_features import Conditions
from app.cpq.check_faults import Faults
from app.cpq.clauses import And, Formula, Or, Problem
from app.cpq.compile import compile_problem, problem_of
from app.cpq.domains import domains
from app.cpq.explain import explain
from app.cpq.model import Choice, Model, NeverPossible


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that cannot be meant. `rules` is a minimal set at fault; `pointer` is its place in a catalogue."""

    kind: str
    product: str
    text: str
    rules: tuple[Rule, ...] = ()
    feature: str | None = None
    value: str | None = None
    pointer: str = ""

    def as_json(self, line: Callable[[str], int]) -> dict[str, Any]:
        """For programs; `line` finds the line of a pointer, 0 when there is none."""
        found: dict[str, Any] = {"kind": self.kind, "product": self.product, "text": self.text}
        found["rules"] = [{"id": rule.id, "text": rule.text} for rule in self.rules]
        for name in ("feature", "value"):
            if getattr(self, name) is not None:
                found[name] = getattr(self, name)
        if self.pointer:
            found["pointer"] = self.pointer
            found["line"] = line(self.pointer)
        return found


class Inspection:
    """One model under inspection: its solver, and what its rules leave possible."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.name = problem.product or problem.name
        self.faults = Faults(problem)
        self.seen: set[int] = set()
        first = self.faults.model(())
        self.void = first is None
        self.seen.update(first or ())

    def possible(self, literal: int) -> bool:
        """Whether some configuration has the literal; every configuration met on the way answers later questions."""
        if literal not in self.seen:
            self.seen.update(self.faults.model([literal]) or ())
        return literal in self.seen

    def at_fault(self, literals: Iterable[int], either: Iterable[tuple[int, ...]] = ()) -> tuple[Rule, ...]:
        """The rules at fault, in their own words."""
        return tuple(self.problem.rules[number - 1] for number in self.faults.rules(list(literals), list(either)))


def check_problem(problem: Problem) -> tuple[Finding, ...]:
    """Findings in one model: nothing possible, dead features and values, what is said to be optional and is not."""
    return tuple(inspect(Inspection(problem), {}))


def check_catalogue(catalogue: Catalogue) -> tuple[Finding, ...]:
    """Findings in every product, and in price steps, advice and guided questions."""
    from app.cpq.check_prices import never_applying

    findings: list[Finding] = []
    inspections: dict[str, Inspection] = {}
    for product in catalogue.configurable:
        inspection = Inspection(problem_of(product, catalogue))
        inspections[product.sku] = inspection
        findings += inspect(inspection, {feature.id: feature.pointer for feature in product.features})
        if not inspection.void:
            findings += _advice(product, inspection)
            findings += _answers(product, catalogue, inspection)
            findings += _beyond_budgets(product, inspection)
    findings += never_applying(catalogue, inspections)
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
    for parent, child in inspection.problem.optional:
        around = [parent] if parent else []
        if not inspection.possible(child) or (parent and not inspection.possible(parent)):
            continue
        if (parent or -child in inspection.seen) and inspection.faults.possible([*around, -child]):
            continue
        if not parent and inspection.possible(-child):
            continue
        feature = owners[child]
        where = f" wherever {owners[parent].name} is" if parent else ""
        text = f"{feature.name} is said to be optional, and is always there{where}."
        rules = inspection.at_fault([*around, -child])
        yield Finding("false_optional", inspection.name, text, rules, feature.id, None, pointers.get(feature.id, ""))


def _dead(feature: Feature, inspection: Inspection, pointer: str) -> Iterator[Finding]:
    if feature.type == "boolean":
        literal = feature.literals[-1]
        if not inspection.possible(literal):
            rules = inspection.at_fault([literal])
            text = f"{feature.name} can never be chosen."
            yield Finding("dead_feature", inspection.name, text, rules, feature.id, None, pointer)
        return
    for literal, value in zip(feature.literals, feature.values, strict=True):
        if not inspection.possible(literal):
            text = f"{feature.name} can never be {value.name}."
            yield Finding(
                "unreachable_value",
                inspection.name,
                text,
                inspection.at_fault([literal]),
                feature.id,
                value.id,
                pointer,
            )


def _advice(product: Product, inspection: Inspection) -> Iterator[Finding]:
    """Defaults whose condition never holds, or whose value never goes with it."""
    for rule in product.rules:
        if rule.formula is not None:
            continue
        if not inspection.faults.possible((), rule.condition):
            text = f"The advice {rule.id} never applies: what it depends on cannot be."
            at_fault = inspection.at_fault((), rule.condition)
            yield Finding("advice_never_applies", product.sku, text, at_fault, pointer=rule.pointer)
            continue
        for literal in rule.sets:
            if not inspection.faults.possible((literal,), rule.condition):
                text = f"The advice {rule.id} can never be followed: its rules exclude the value that it sets."
                at_fault = inspection.at_fault((literal,), rule.condition)
                yield Finding("advice_never_applies", product.sku, text, at_fault, pointer=rule.pointer)
                break


def _answers(product: Product, catalogue: Catalogue, inspection: Inspection) -> Iterator[Finding]:
    """Answers to guided questions that no configuration fits."""
    conditions = Conditions(product.features, catalogue.source)
    for at, question in enumerate(product.document.get("guide", ())):
        kind = "answers" if "answers" in question else "ranges"
        for n, reply in enumerate(question[kind]):
            pointer = f"{product.pointer}/guide/{at}/{kind}/{n}"
            groups = _groups(conditions.formula(reply["sets"], f"{pointer}/sets")) if reply["sets"] else ()
            if groups and not inspection.faults.possible((), groups):
                said = reply.get("name") or reply.get("id") or f"up to {reply.get('upto') or 'more'}"
                text = f"The answer {said!r} to {question['id']} fits no configuration."
                yield Finding("answer_impossible", product.sku, text, inspection.at_fault((), groups), pointer=pointer)


def _groups(formula: Formula) -> tuple[tuple[int, ...], ...]:
    """A conjunction of values or lists of values as groups of literals, of each of which one holds."""
    if isinstance(formula, int):
        return ((formula,),)
    if isinstance(formula, Or):
        return (tuple(part for part in formula.parts if isinstance(part, int)),)
    assert isinstance(formula, And)
    return tuple(group for part in formula.parts for group in _groups(part))


def _beyond_budgets(product: Product, inspection: Inspection) -> Iterator[Finding]:
    """Values that the rules allow and the budgets never."""
    if not product.budgets:
        return
    model = Model(compile_problem(inspection.problem).artefact)
    found = domains(model, ())
    names = {budget.entry.id: budget.entry.name for budget in product.budgets}
    if not found.consistent:
        text = f"{product.name} cannot be configured at all: its budgets are too small for every configuration."
        yield Finding("void_product", product.sku, text, tuple(Rule(own, name) for own, name in names.items()))
        return
    for feature, domain in zip(product.features, found.features, strict=True):
        for value, literal in feature.literals.items():
            if value in domain.valid or (feature.id, value) in found.unproven or not inspection.possible(literal):
                continue
            if feature.type == "boolean" and value == "no":
                kind, text = "false_optional", f"{feature.name} is said to be optional, and budgets need it always."
            elif feature.type == "boolean":
                kind, text = "dead_feature", f"{feature.name} can never be chosen: it goes beyond a budget."
            else:
                kind, text = (
                    "unreachable_value",
                    f"{feature.name} can never be {feature.names[value]}: beyond a budget.",
                )
            yield Finding(
                kind, product.sku, text, _budgets(model, feature.id, value, product), feature.id, value, feature.pointer
            )


def _budgets(model: Model, feature: str, value: str, product: Product) -> tuple[Rule, ...]:
    budgets = {budget.entry.id: budget.entry for budget in product.budgets}
    try:
        explain(model, [Choice(feature, (value,))], feature, value)
    except NeverPossible as fault:
        rules = {rule.id: rule for rule in model.artefact.rules}
        return (
            *(rules[own] for own in fault.rules),
            *(Rule(excess.id, _excess(budgets[excess.id], excess.by)) for excess in fault.budgets),
        )
    return ()


def _excess(budget: Budget, by: str) -> str:
    """In words; `by` is 0 where budgets cannot be kept together although each can by itself."""
    if Decimal(by) == 0:
        return f"The budget {budget.name} cannot be kept together with the others named."
    return f"The budget {budget.name} is missed by at least {f'{by} {budget.unit}'.rstrip()}."
