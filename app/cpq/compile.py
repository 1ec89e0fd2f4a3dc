"""From a model to its artefact: the diagram where it fits the gate, the clauses always."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from app.cpq import artefact
from app.cpq.artefact import Artefact
from app.cpq.catalogue import Catalogue, Product
from app.cpq.check_faults import Faults
from app.cpq.clauses import Constraint, Problem, clauses_of, exactly_one
from app.cpq.diagram_build import Contradiction, Gate, build_diagram, count_solutions
from app.cpq.dimacs import parse_dimacs
from app.cpq.reading import ModelError
from app.cpq.uvl import parse_uvl


@dataclass(frozen=True, slots=True)
class Compiled:
    """An artefact, its stored bytes, how many rules its source counts, and how many seconds compiling took."""

    artefact: Artefact
    data: bytes
    rules: int
    seconds: float

    def summary(self) -> dict[str, object]:
        """What `doorstep catalog compile --json` prints."""
        model = self.artefact
        return {
            "name": model.name,
            "features": len(model.features),
            "rules": self.rules,
            "nodes": None if model.nodes is None else len(model.nodes),
            "solutions": None if model.solutions is None else artefact.count_text(model.solutions),
            "bytes": len(self.data),
            "seconds": round(self.seconds, 3),
            "engine": model.engine,
        }


def summary_of(name: str, compiled: Sequence[Compiled]) -> dict[str, object]:
    """The summary of one product; of several the sums under the catalogue's name, and of solutions the product."""
    if len(compiled) == 1:
        return compiled[0].summary()
    models = [one.artefact for one in compiled]
    by_sat = any(model.engine == "sat" for model in models)
    return {
        "name": name,
        "features": sum(len(model.features) for model in models),
        "rules": sum(one.rules for one in compiled),
        "nodes": None if by_sat else sum(len(model.nodes or ()) for model in models),
        "solutions": None if by_sat else artefact.count_text(prod(model.solutions or 0 for model in models)),
        "bytes": sum(len(one.data) for one in compiled),
        "seconds": round(sum(one.seconds for one in compiled), 3),
        "engine": "sat" if by_sat else "diagram",
    }


def compile_problem(problem: Problem, catalogue_hash: str = "", gate: Gate | None = None) -> Compiled:
    """Compile; ModelError when the rules contradict each other so that nothing can be configured."""
    started = time.perf_counter()
    clauses, variables = clauses_of(problem.constraints, problem.public)
    try:
        diagram = build_diagram(problem.constraints, problem.public, gate or Gate())
    except Contradiction:
        raise _void(problem) from None
    if diagram is None:
        _check_possible(problem)
    model = Artefact(
        catalogue_id=problem.catalogue_id,
        catalogue_version=problem.catalogue_version,
        catalogue_hash=catalogue_hash,
        product=problem.product,
        name=problem.name,
        engine="sat" if diagram is None else "diagram",
        variables=variables,
        public=problem.public,
        features=problem.features,
        rules=problem.rules,
        clauses=clauses,
        defaults=problem.defaults,
        budgets=problem.budgets,
        order=() if diagram is None else diagram.order,
        nodes=None if diagram is None else diagram.nodes,
        solutions=None if diagram is None else count_solutions(diagram.nodes, problem.public),
    )
    return Compiled(model, model.to_bytes(), problem.counted, time.perf_counter() - started)


def _check_possible(problem: Problem) -> None:
    void = Faults(problem).is_void()
    if void is None:
        raise ModelError(0, f"Whether {problem.name} can be configured at all could not be told in reasonable time.")
    if void:
        raise _void(problem)


def _void(problem: Problem) -> ModelError:
    """The rules at fault, at most a few of them in words."""
    at_fault = [problem.rules[number - 1] for number in Faults(problem).rules(())]
    said = "; ".join(f"{rule.id} ({rule.text[:120]})" for rule in at_fault[:6])
    more = f"; and {len(at_fault) - 6} more" if len(at_fault) > 6 else ""
    return ModelError(
        0, f"The rules of {problem.name} contradict each other, so that nothing can be configured: {said}{more}."
    )


def compile_dimacs(text: str, name: str = "model", gate: Gate | None = None) -> Compiled:
    """Compile DIMACS CNF; ModelError says line and fault."""
    return compile_problem(parse_dimacs(text, name), gate=gate)


def problem_of(product: Product, catalogue: Catalogue) -> Problem:
    """The configuration model of one product of a catalogue."""
    rules = tuple(artefact.Rule(rule.id, rule.text) for rule in product.rules)
    structure = [
        Constraint(0, exactly_one(tuple(feature.literals.values())))
        for feature in product.features
        if feature.type != "boolean"
    ]
    hard = [
        Constraint(number, rule.formula)
        for number, rule in enumerate(product.rules, start=1)
        if rule.formula is not None
    ]
    return Problem(
        name=product.name,
        public=sum(1 if feature.type == "boolean" else len(feature.literals) for feature in product.features),
        features=tuple(feature.entry() for feature in product.features),
        rules=rules,
        constraints=(*structure, *hard),
        counted=len(rules),
        defaults=tuple(
            artefact.Default(rule.id, rule.condition, rule.sets) for rule in product.rules if rule.formula is None
        ),
        budgets=tuple(budget.entry for budget in product.budgets),
        product=product.sku,
        catalogue_id=catalogue.id,
        catalogue_version=catalogue.version,
        optional=tuple((0, feature.literals["yes"]) for feature in product.features if feature.type == "boolean"),
    )


def compile_product(catalogue: Catalogue, product: Product, gate: Gate | None = None) -> Compiled:
    """Compile the model of a configurable product; ModelError when its rules contradict each other."""
    try:
        return compile_problem(problem_of(product, catalogue), catalogue.hash, gate)
    except ModelError as fault:
        raise catalogue.source.error(f"{product.pointer}/rules", fault.detail) from None


def compile_catalogue(catalogue: Catalogue, gate: Gate | None = None) -> dict[str, Compiled]:
    """The compiled model of every configurable product, by SKU."""
    return {product.sku: compile_product(catalogue, product, gate) for product in catalogue.configurable}


def compile_uvl(text: str, name: str = "model", gate: Gate | None = None) -> Compiled:
    """Compile UVL of the boolean level; ModelError says line and fault."""
    return compile_problem(parse_uvl(text, name), gate=gate)
