"""Domains, ways and ranges of budgets by the diagram, as `domains.py` and `budgets.py` say."""

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from operator import mul

import numpy as np

from app.cpq.budgets import NODE_LIMIT
from app.cpq.budgets_pass import NOTHING, Columns, Pass, bounds_of, passed
from app.cpq.budgets_search import Bound, Tail, lightest, within
from app.cpq.budgets_witness import Flags, Reals, witnessed
from app.cpq.domains_count import Counter
from app.cpq.domains_look import Look, give_up_cost, use_weights
from app.cpq.domains_reach import reachable
from app.cpq.model import Choice, Choices, ConfigurationError, Model, literal_at, slot
from app.cpq.model_graph import Graph, Ints


class LeftOut:
    """The literals that choices leave out: 1 for each of a single choice, 2 for each of a narrowed one."""

    def __init__(self, graph: Graph, slots: list[int], amounts: list[int]) -> None:
        self.graph, self.slots = graph, slots
        self.penalty = graph.penalty(slots, amounts)
        self.replaceable = [number for number, amount in zip(slots, amounts, strict=True) if amount == 1]

    @cached_property
    def own(self) -> Ints:
        """By code, 1 for literals that a single choice leaves out."""
        own = np.zeros(3 * self.graph.public + 1, np.int64)
        own[self.replaceable] = 1
        return own

    def possible(self, valid: Flags) -> Flags:
        """Valid literals that also keep the feature's own choice."""
        kept = valid.copy()
        kept[self.replaceable] = False
        return kept


class Diagram:
    """What is known of a model's diagram before anything is chosen."""

    def __init__(self, model: Model) -> None:
        self.model, self.graph = model, model.graph
        public = self.graph.public
        self.bounds = tuple(bound for bound in bounds_of(model.budgets, public) if self._can_break(bound))
        self.limits = np.array([bound.limit for bound in self.bounds], np.int64)
        self._columns: dict[tuple[int, ...], int] = {}
        bound_columns = [self._column(bound.weights) for bound in self.bounds] or [self._column((0,) * (2 * public))]
        self.searched = slice(0, len(set(bound_columns)))
        self.bound_columns = bound_columns
        self.breaking = [self._column(tuple(-weight for weight in bound.weights)) for bound in self.bounds]
        self.use_columns = [self._use(number) for number in range(len(model.budgets))]
        self.columns = Columns(self.graph, list(self._columns))
        self.counter = Counter(self.graph, model.artefact.solutions or 1 << public)

    def _can_break(self, bound: Bound) -> bool:
        lightest_negative = Tail(self.graph, [-weight for weight in bound.weights], ()).of(0, self.graph.root)
        return -lightest_negative > bound.limit

    def _column(self, weights: tuple[int, ...]) -> int:
        return self._columns.setdefault(weights, len(self._columns))

    def _use(self, number: int) -> tuple[int, int]:
        weights = use_weights(self.model, number)
        return self._column(tuple(weights)), self._column(tuple(-weight for weight in weights))

    def look(self, choices: Choices) -> Look:
        """Domains and ranges after normalised choices."""
        left_out = self._left_out(choices)
        if not self.model.budgets:
            found = reachable(self.graph, left_out.penalty, left_out.replaceable)
            return self._repaired(choices) if found is None else Look(found, left_out.possible(found), (), (), ())
        looked = self._pass(left_out)
        fits, seen = self._fitting(looked, left_out.own)
        if not self._consistent(looked, left_out.possible(fits), seen, choices):
            return self._repaired(choices)
        valid, unproven = self._proven(choices, left_out.own, fits, seen)
        return Look(valid, left_out.possible(valid), unproven, self._uses(looked), ())

    def _repaired(self, choices: Choices) -> Look:
        try:
            given_up = self.conflicts(choices)
        except ConfigurationError:
            given_up = None
        if given_up is None:
            nothing = np.zeros(2 * self.graph.public, bool)
            return Look(nothing, nothing, (), (None,) * len(self.model.budgets), choices)
        rest = self.look(tuple(choice for choice in choices if choice not in given_up))
        return Look(rest.valid, rest.possible, rest.unproven, rest.uses, given_up)

    def _pass(self, left_out: LeftOut) -> Pass:
        codes, edges = self.columns.under(left_out.slots)
        return passed(self.graph, codes, edges, left_out.penalty, left_out.slots, self.searched)

    def _left_out(self, choices: Choices) -> LeftOut:
        slots: list[int] = []
        amounts: list[int] = []
        for choice in choices:
            own = [slot(literal) for literal in self.model.forbidden_by(choice)]
            slots += own
            amounts += [1 if len(choice.values) == 1 else 2] * len(own)
        return LeftOut(self.graph, slots, amounts)

    def _fitting(self, looked: Pass, own: Ints) -> tuple[Flags, Flags]:
        """Literals that fit each bound by itself, and those of them that are known to fit all together."""
        least = looked.by_literal(self.searched, own)
        fits: Flags
        if not self.bounds:
            fits = least[:, 0] < NOTHING // 2
            return fits, fits
        fits = np.all(least[:, self.bound_columns] <= self.limits, axis=1)
        if len(self.bounds) == 1:
            return fits, fits
        # The slack is what a bound has left at best: the tighter a bound is, the more its weights count.
        total = looked.up[self.graph.root] + self.graph.above_root(looked.codes)
        slack = np.maximum(self.limits - total[self.bound_columns], 0) + 1
        seen = fits & self._seen(looked, own, 1.0 / slack)
        for number in range(len(self.bounds)):
            if (seen == fits).all():
                break
            blend = 1e-6 / slack
            blend[number] = 1.0 / slack[number]
            seen |= fits & self._seen(looked, own, blend)
        return fits, seen

    def _seen(self, looked: Pass, own: Ints, blend: Reals) -> Flags:
        return witnessed(looked, self.bound_columns, self.limits, blend, own)

    def _consistent(self, looked: Pass, fits: Flags, seen: Flags, choices: Choices) -> bool:
        if not fits.any() or looked.up[self.graph.root, 0] >= NOTHING // 2:
            return False
        if (fits & seen).any():
            return True
        found = within(self.graph, self._forbidden(choices), self.bounds, NODE_LIMIT)
        return found.literals is not None or not found.proven

    def _proven(self, choices: Choices, own: Ints, fits: Flags, seen: Flags) -> tuple[Flags, tuple[int, ...]]:
        """The literals that fit all bounds together, and those for which the search ended at its limit."""
        valid, unproven = seen.copy(), []
        for number in np.flatnonzero(fits & ~seen).tolist():
            value = self.model.owner.get(literal_at(number))
            if valid[number] or value is None:
                continue
            asked = Choice(value[0], (value[1],))
            others = tuple(choice for choice in choices if choice.feature != asked.feature or not own[number])
            found = within(self.graph, self._forbidden((*others, asked)), self.bounds, NODE_LIMIT)
            if found.literals is not None:
                slots = [slot(literal) for literal in found.literals]
                valid[[number] if own[number] else slots] = True
            elif not found.proven:
                valid[number] = True
                unproven.append(number)
        return valid, tuple(unproven)

    def _forbidden(self, choices: Choices) -> set[int]:
        return {slot(literal) for choice in choices for literal in self.model.forbidden_by(choice)}

    def _uses(self, looked: Pass) -> tuple[tuple[int, int], ...]:
        total = (looked.up[self.graph.root] + self.graph.above_root(looked.codes)).tolist()
        return tuple(
            (budget.base + total[least], budget.base - total[greatest])
            for budget, (least, greatest) in zip(self.model.budgets, self.use_columns, strict=True)
        )

    def ways(self, choices: Choices) -> tuple[int, bool]:
        """Configurations of the rules that keep the choices, and whether all of them keep all budgets."""
        left_out = self._left_out(choices)
        count = self.counter.count(left_out.penalty, left_out.slots)
        if not count or not self.bounds:
            return count, True
        codes, edges = self.columns.under(left_out.slots)
        hard = edges[:, self.breaking] + (NOTHING * np.minimum(left_out.penalty, 1))[:, None]
        greatest = -(self.graph.upwards(hard, NOTHING)[self.graph.root] + self.graph.above_root(codes)[self.breaking])
        return count, bool((greatest <= self.limits).all())

    def conflicts(self, choices: Choices, kept: Sequence[Choice] = ()) -> Choices | None:
        """The choices of least cost to give up so that the others, and `kept`, have a configuration; None when there is none."""
        weights = [0] * (2 * self.graph.public)
        count = len(choices)
        for number, choice in enumerate(choices):
            cost = give_up_cost(number, count)
            for literal in self.model.forbidden_by(choice):
                weights[slot(literal)] += cost
        found = lightest(self.graph, weights, self._forbidden(tuple(kept)), self.bounds, NODE_LIMIT)
        if found.literals is None and not found.proven:
            raise ConfigurationError(
                "No configuration that keeps all budgets was found within the limit of the search."
            )
        if found.literals is None:
            return None
        holds = set(found.literals)
        return tuple(choice for choice in choices if not holds.isdisjoint(self.model.forbidden_by(choice)))

    def least_sums(self, choices: Choices) -> tuple[int, ...]:
        """The least sum of each bound over the configurations of the rules that keep the choices; there must be one."""
        forbidden = self._forbidden(choices)
        return tuple(Tail(self.graph, bound.weights, forbidden).of(0, self.graph.root) for bound in self.bounds)

    def can_keep(self, choices: Choices, bounds: Sequence[Bound]) -> bool:
        """Whether a configuration of the rules keeps the choices and these bounds; yes when the search ends at its limit."""
        found = within(self.graph, self._forbidden(choices), bounds, NODE_LIMIT)
        return found.literals is not None or not found.proven

    def lightest(self, weights: Sequence[int], choices: Choices) -> dict[str, str] | None:
        """The configuration of least weight (by slot) that keeps choices and budgets; of equals the first by its values."""
        ranked = [weight * self._ranks[-1] for weight in weights]
        for feature, rank in zip(self.model.slots, self._ranks[-2::-1], strict=True):
            for position, number in enumerate(feature):
                ranked[number] += position * rank
        found = lightest(self.graph, ranked, self._forbidden(choices), self.bounds, NODE_LIMIT)
        return None if found.literals is None else self.model.configuration(found.literals)

    @cached_property
    def _ranks(self) -> list[int]:
        """What one position counts, of the last feature first; and what a unit of the objective counts."""
        return list(accumulate((len(feature) for feature in reversed(self.model.slots)), mul, initial=1))
