"""What the rules of a product allow and its budgets never, and the budgets and rules at fault together."""

from collections.abc import Iterator
from decimal import Decimal

from app.cpq.artefact import Budget, Rule
from app.cpq.catalogue import Product
from app.cpq.check import Finding, Inspection
from app.cpq.compile import compile_problem
from app.cpq.domains import domains
from app.cpq.explain import take
from app.cpq.model import BudgetExcess, ConfigurationError, Model, NeverPossible
from app.cpq.sat_faults import Faults


def beyond_budgets(product: Product, inspection: Inspection) -> Iterator[Finding]:
    """Values that the rules allow and the budgets never."""
    if not product.budgets:
        return
    model = Model(compile_problem(inspection.problem).artefact)
    found = domains(model, ())
    at_fault = AtFault(model)
    if not found.consistent:
        text = f"{product.name} cannot be configured at all: its budgets are too small for every configuration."
        budgets = tuple(Rule(budget.id, budget.name) for budget in model.budgets)
        rules = at_fault.rules([], [budget.id for budget in budgets])
        yield Finding("void_product", product.sku, text, (*rules, *budgets))
        return
    for feature, domain in zip(product.features, found.features, strict=True):
        for value, literal in feature.literals.items():
            if (feature.id, value) in found.unproven:
                inspection.unchecked.append(f"whether {feature.name} can be {feature.names[value]} within the budgets")
                continue
            with inspection.asks(f"whether {feature.name} can be {feature.names[value]} by the rules alone"):
                if value in domain.valid or not inspection.possible(literal):
                    continue
                if feature.type == "boolean" and value == "no":
                    kind, text = "false_optional", f"{feature.name} is said to be optional, and budgets need it always."
                elif feature.type == "boolean":
                    kind, text = "dead_feature", f"{feature.name} can never be chosen: it goes beyond a budget."
                else:
                    told = f"{feature.name} can never be {feature.names[value]}: beyond a budget."
                    kind, text = "unreachable_value", told
                named = at_fault.of(feature.id, value)
                yield Finding(kind, product.sku, text, named, feature.id, value, feature.pointer)


class AtFault:
    """Names what excludes a value of a model: budgets, and the rules without which they would not."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._texts = {rule.id: rule for rule in model.artefact.rules}
        self._known: dict[tuple[str, ...], Faults] = {}

    def of(self, feature: str, value: str) -> tuple[Rule, ...]:
        """Rules first, then budgets; empty when that was not found out in time."""
        try:
            take(self._model, (), feature, value)
        except NeverPossible as fault:
            if not fault.budgets:
                return tuple(self._texts[own] for own in fault.rules)
            literal = self._model.literal(feature, value)
            rules = self.rules([literal], [excess.id for excess in fault.budgets])
            return (*rules, *(self._excess(excess) for excess in fault.budgets))
        except ConfigurationError:
            return ()
        return ()

    def rules(self, literals: list[int], budgets: list[str]) -> tuple[Rule, ...]:
        """A minimal set of rules that, with the bounds of these budgets, excludes the literals; empty when the bounds suffice."""
        key = tuple(budgets)
        if key not in self._known:
            bounds = [bound for bound in self._model.asked.bounds if self._model.budgets[bound.budget].id in budgets]
            self._known[key] = Faults(self._model.artefact, bounds)
        return tuple(self._texts[own] for own in self._known[key].of(literals) or ())

    def _excess(self, excess: BudgetExcess) -> Rule:
        return Rule(excess.id, _excess(self._model.budget(excess.id), excess.by))


def _excess(budget: Budget, by: str) -> str:
    """In words; `by` is 0 where budgets cannot be kept together although each can by itself."""
    if Decimal(by) == 0:
        return f"The budget {budget.name} cannot be kept together with the others named."
    return f"The budget {budget.name} is missed by at least {f'{by} {budget.unit}'.rstrip()}."
