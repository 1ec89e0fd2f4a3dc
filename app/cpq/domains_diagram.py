"""Domains, ways and ranges of budgets by the diagram, as `domains.py` and `budgets.py` say."""

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from math import inf
from operator import mul

import numpy as np

from app.cpq.budgets import NODE_LIMIT
from app.cpq.budgets_pass import Pass, bounds_of, edge_sums, least_sums, passed
from app.cpq.budgets_search import Bound, Found, Tail, lightest
from app.cpq.budgets_swap import Swap
from app.cpq.budgets_walk import Bounded, Pool, Walked, walk
from app.cpq.budgets_witness import Reals, witnessed
from app.cpq.domains_count import Counter
from app.cpq.domains_look import GivenUp, Look, Use, give_up_cost, use_weights
from app.cpq.domains_reach import Flags, reachable
from app.cpq.model import Choice, Choices, ConfigurationError, Model, literal_at, slot
from app.cpq.model_graph import Graph, Ints
from app.cpq.sat_limit import Deadline

# Nodes that the walks for witnesses enter at most after one click, and one that may spare a search; witnesses kept; values for which
# walks are quicker than a pass.
_WALK_LIMIT = 20_000
_WITHOUT_WRONG_TURNS = 500
_SWAP_LIMIT = 400
_REMEMBERED = 2_000
_FEW = 3


class LeftOut:
    """The literals that choices leave out: 1 for each of a single choice, 2 for each of a narrowed one."""

    def __init__(self, graph: Graph, slots: list[int], amounts: list[int]) -> None:
        self.graph, self.slots, self.amounts = graph, slots, amounts
        self.penalty = graph.penalty(slots, amounts)
        self.replaceable = [number for number, amount in zip(slots, amounts, strict=True) if amount == 1]

    def possible(self, valid: Flags) -> Flags:
        """Valid literals that also keep the feature's own choice."""
        kept = valid.copy()
        kept[self.replaceable] = False
        return kept


class Diagram:
    """What is known of a model's diagram before anything is chosen, and witnesses found since."""

    def __init__(self, model: Model) -> None:
        self.model, self.graph = model, model.graph
        public = self.graph.public
        self.bounds = tuple(bound for bound in bounds_of(model.budgets, public) if self._can_break(bound))
        self.limits = np.array([bound.limit for bound in self.bounds], np.int64)
        uses = [use_weights(model, number) for number in range(len(model.budgets))]
        self._edges = edge_sums(self.graph, [bound.weights for bound in self.bounds])
        spans = np.array([sum(map(abs, bound.weights)) for bound in self.bounds], np.int64)
        self._bounded = Bounded(self._edges, self.limits, spans)
        self._uses_edges = edge_sums(self.graph, [*uses, *([-weight for weight in use] for use in uses)])
        self._counter = Counter(self.graph, model.artefact.solutions or 1 << public)
        self._pool = Pool(public, _REMEMBERED)

    def _can_break(self, bound: Bound) -> bool:
        lightest_negative = Tail(self.graph, [-weight for weight in bound.weights], ()).of(0, self.graph.root)
        return -lightest_negative > bound.limit

    def begin(self) -> Deadline:
        """The limits of a diagram are nodes."""
        return Deadline(inf)

    def look(self, choices: Choices) -> Look:
        """Domains and ranges after normalised choices."""
        left_out = self._left_out(choices)
        if not self.bounds:
            found = reachable(self.graph, left_out.penalty, left_out.replaceable)
            if found is None:
                return self._repaired(choices)
            return Look(found, left_out.possible(found), (), lambda: self._uses(left_out), ())
        looked = passed(self.graph, self._edges, left_out.penalty)
        if (looked.total > self.limits).any():
            return self._repaired(choices)
        fits = looked.fitting(self.limits, left_out.replaceable)
        seen = fits if len(self.bounds) == 1 else self._seen(looked, left_out, fits)
        if not left_out.possible(seen).any() and not self.can_keep(choices, self.bounds):
            return self._repaired(choices)
        valid, unproven = self._proven(choices, left_out, fits, seen)
        return Look(valid, left_out.possible(valid), unproven, lambda: self._uses(left_out), ())

    def _repaired(self, choices: Choices) -> Look:
        try:
            given_up = self.conflicts(choices)
        except ConfigurationError:
            given_up = None
        if given_up is None:
            nothing = np.zeros(2 * self.graph.public, bool)
            return Look(nothing, nothing, (), lambda: (None,) * len(self.model.budgets), choices)
        rest = self.look(tuple(choice for choice in choices if choice not in given_up.choices))
        return Look(rest.valid, rest.possible, rest.unproven, rest.uses, given_up.choices)

    def _left_out(self, choices: Choices) -> LeftOut:
        slots: list[int] = []
        amounts: list[int] = []
        for choice in choices:
            own = [slot(literal) for literal in self.model.forbidden_by(choice)]
            slots += own
            amounts += [1 if len(choice.values) == 1 else 2] * len(own)
        return LeftOut(self.graph, slots, amounts)

    def _seen(self, looked: Pass, left_out: LeftOut, fits: Flags) -> Flags:
        """Fitting literals that are known to fit all bounds together: by what was found before, or by lightest paths."""
        seen = fits & self._pool.witnessed(left_out.slots, left_out.amounts, left_out.replaceable)
        if (fits & ~seen & self._asked).sum() > _FEW:
            seen |= fits & witnessed(looked, self.limits, self._blend(looked.total), left_out.replaceable)
        return seen

    @cached_property
    def _asked(self) -> Flags:
        """The literals of values."""
        asked = np.zeros(2 * self.graph.public, bool)
        asked[[number for slots in self.model.slots for number in slots]] = True
        return asked

    def _blend(self, least: Ints) -> Reals:
        """The tighter a bound is, the more its weights count."""
        blend: Reals = 1.0 / (np.maximum(self.limits - least, 0) + 1)
        return blend

    def _proven(self, choices: Choices, left_out: LeftOut, fits: Flags, seen: Flags) -> tuple[Flags, tuple[int, ...]]:
        """The literals that fit all bounds together, and those for which the search ended at its limit."""
        valid, unproven = seen.copy(), []
        replaceable = set(left_out.replaceable)
        allowed = _WALK_LIMIT
        for number in np.flatnonzero(fits & ~seen & self._asked).tolist():
            if valid[number]:
                continue
            feature, value = self.model.owner[literal_at(number)]
            others = [choice for choice in choices if choice.feature != feature or number not in replaceable]
            found = self._walk((*others, Choice(feature, (value,))), range(len(self.bounds)), allowed)
            allowed -= found.entered
            if found.literals is not None:
                self._pool.add(found.literals)
                valid[number if number in replaceable else found.literals] = True
            elif not found.proven:
                valid[number] = True
                unproven.append(number)
        return valid, tuple(unproven)

    def _walk(self, choices: Choices, bounds: Sequence[int], most: int | None = None) -> Walked:
        bounded = self._bounded if len(bounds) == len(self.bounds) else self._bounded.only(bounds)
        return walk(self.graph, bounded, self._forbidden(choices), _WALK_LIMIT if most is None else most)

    def _forbidden(self, choices: Choices) -> set[int]:
        return {slot(literal) for choice in choices for literal in self.model.forbidden_by(choice)}

    def _uses(self, left_out: LeftOut) -> tuple[Use, ...]:
        budgets = self.model.budgets
        total = least_sums(self.graph, self._uses_edges, left_out.penalty).tolist()
        return tuple(
            Use(budget.base + least, budget.base - greatest)
            for budget, least, greatest in zip(budgets, total, total[len(budgets) :], strict=False)
        )

    def ways(self, choices: Choices) -> tuple[int, bool]:
        """Configurations of the rules that keep the choices, and whether all of them keep all budgets."""
        left_out = self._left_out(choices)
        count = self._counter.count(left_out.penalty, left_out.slots)
        if not count or not self.bounds:
            return count, True
        greatest = -least_sums(self.graph, -self._edges, left_out.penalty)
        return count, bool((greatest <= self.limits).all())

    def conflicts(self, choices: Choices, kept: Sequence[Choice] = ()) -> GivenUp | None:
        """The choices of least cost to give up so that the others, and `kept`, have a configuration; None when there is none."""
        if self._keeps_at_once((*choices, *kept)):
            return GivenUp(())
        weights = [0] * (2 * self.graph.public)
        count = len(choices)
        for number, choice in enumerate(choices):
            cost = give_up_cost(number, count)
            for literal in self.model.forbidden_by(choice):
                weights[slot(literal)] += cost
        found = lightest(self.graph, weights, self._forbidden(tuple(kept)), self.bounds, _SWAP_LIMIT)
        if not found.proven:
            return self._swap(choices, tuple(kept), found.literals or ())
        if found.literals is None:
            return None
        holds = set(found.literals)
        return GivenUp(tuple(one for one in choices if not holds.isdisjoint(self.model.forbidden_by(one))))

    def _swap(self, choices: Choices, kept: Choices, known: Sequence[int]) -> GivenUp | None:
        """As `conflicts`, by which choices can be kept together; `known`: the literals of a configuration that has `kept`."""

        def walked(numbers: frozenset[int], most: int) -> Walked:
            return self._walk((*(choices[number] for number in numbers), *kept), range(len(self.bounds)), most)

        costs = [give_up_cost(number, len(choices)) for number in range(len(choices))]
        left_out = [[slot(literal) for literal in self.model.forbidden_by(choice)] for choice in choices]
        swap = Swap(costs, left_out, walked, NODE_LIMIT)
        if known:
            swap.know(map(slot, known))
        given_up = swap.fewest()
        if given_up is None and not swap.proven:
            raise ConfigurationError(
                "No configuration that keeps all budgets was found within the limit of the search."
            )
        if given_up is None:
            return None
        return GivenUp(tuple(choices[number] for number in sorted(given_up)), swap.proven)

    def _keeps_at_once(self, choices: Choices) -> bool:
        if not self.bounds:
            return False
        return self._walk(choices, range(len(self.bounds)), _WITHOUT_WRONG_TURNS).literals is not None

    def least_sums(self, choices: Choices) -> tuple[int, ...]:
        """The least sum of each bound over the configurations of the rules that keep the choices; there must be one."""
        forbidden = self._forbidden(choices)
        return tuple(Tail(self.graph, bound.weights, forbidden).of(0, self.graph.root) for bound in self.bounds)

    def can_keep(self, choices: Choices, bounds: Sequence[Bound]) -> bool:
        """Whether a configuration of the rules keeps the choices and these bounds; yes when the walk ends at its limit."""
        if not bounds:
            left_out = self._left_out(choices)
            return reachable(self.graph, left_out.penalty, ()) is not None
        found = self._walk(choices, [self.bounds.index(bound) for bound in bounds])
        return found.literals is not None or not found.proven

    def lightest(self, weights: Sequence[int], choices: Choices) -> Found:
        """The configuration of least weight (by slot) that keeps choices and budgets; of equals the first by its values."""
        ranked = [weight * self._ranks[-1] for weight in weights]
        for feature, rank in zip(self.model.slots, self._ranks[-2::-1], strict=True):
            for position, number in enumerate(feature):
                ranked[number] += position * rank
        return lightest(self.graph, ranked, self._forbidden(choices), self.bounds, NODE_LIMIT)

    @cached_property
    def _ranks(self) -> list[int]:
        """What one position counts, of the last feature first; and what a unit of the objective counts."""
        return list(accumulate((len(feature) for feature in reversed(self.model.slots)), mul, initial=1))
