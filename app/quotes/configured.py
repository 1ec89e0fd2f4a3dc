"""Whether a configuration is whole and keeps the rules of its product. Pure; asks the compiled model.

A whole configuration is one path through the diagram, which takes no search: a hundred lines are checked while one would
be drawn on a screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.cpq.artefact import Artefact
from app.cpq.model import Choice, ConfigurationError, Model, decimal_text
from app.foundation.problems import FieldError

MOST_TOLD = 5


def configuration_faults(model: Model, configuration: Mapping[str, str], pointer: str) -> list[FieldError]:
    """What is missing, unknown or against the rules in a configuration, with pointers that begin with `pointer`."""
    faults = [*_unknown(model, configuration, pointer)]
    missing = [feature.id for feature in model.features if feature.id not in configuration]
    faults += [FieldError(f"{pointer}/{name}", "Nothing is chosen yet.") for name in missing[:MOST_TOLD]]
    if faults:
        return faults
    literals = model.literals_of(configuration)
    if not _keeps_rules(model, configuration, literals):
        faults.append(FieldError(pointer, _broken(model.artefact, literals)))
    return faults + [FieldError(pointer, text) for text in _budgets(model, literals)]


def _unknown(model: Model, configuration: Mapping[str, str], pointer: str) -> Iterator[FieldError]:
    for feature, value in configuration.items():
        try:
            model.literal(feature, value)
        except ConfigurationError as fault:
            yield FieldError(f"{pointer}/{feature}", str(fault))


def _keeps_rules(model: Model, configuration: Mapping[str, str], literals: set[int]) -> bool:
    artefact = model.artefact
    if artefact.nodes is None:
        from app.cpq.domains import domains

        return domains(model, [Choice(feature, (value,)) for feature, value in configuration.items()]).consistent
    nodes = artefact.nodes
    node = len(nodes) + 1
    while node > 1:
        place = node - 2
        taken = artefact.order[nodes.levels[place]] in literals
        node = (nodes.highs if taken else nodes.lows)[place]
    return node == 1


def _broken(artefact: Artefact, literals: set[int]) -> str:
    """The rules that a whole configuration breaks, in the catalogue's words, as far as one clause alone shows it."""
    found: dict[int, None] = {}
    for clause in artefact.clauses:
        public = all(abs(literal) <= artefact.public for literal in clause.literals)
        if clause.rule and public and not any(_holds(literal, literals) for literal in clause.literals):
            found[clause.rule] = None
    rules = [artefact.rules[number - 1] for number in found][:MOST_TOLD]
    if not rules:
        return "These choices do not go together."
    return " ".join(f"{rule.text} ({rule.id})" if rule.text else rule.id for rule in rules)


def _holds(literal: int, literals: set[int]) -> bool:
    """A value's literal is among `literals`, or its variable is one of a value that is not taken, and so false."""
    return literal in literals or (literal < 0 and -literal not in literals)


def _budgets(model: Model, literals: set[int]) -> Iterator[str]:
    for budget in model.budgets:
        total = budget.base + sum(weight for literal, weight in budget.weights if literal in literals)
        over = total - budget.maximum if budget.maximum is not None else 0
        under = budget.minimum - total if budget.minimum is not None else 0
        if over > 0 or under > 0:
            by = decimal_text(max(over, under), budget.scale)
            yield f"{budget.name}: {by} {budget.unit} too {'much' if over > 0 else 'little'}."
