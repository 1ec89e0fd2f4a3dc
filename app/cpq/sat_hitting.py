"""The cheapest set that has a member of each of some sets: what to give up, from sets of which not all can be kept."""

from collections.abc import Sequence


def cheapest_hitting(sets: Sequence[frozenset[int]], costs: Sequence[int]) -> frozenset[int]:
    """Members (indices into `costs`, all costs positive) of least total cost that hit every set."""
    best_cost = sum(costs) + 1
    best: frozenset[int] = frozenset()

    def search(taken: frozenset[int], left_out: frozenset[int], cost: int) -> None:
        nonlocal best, best_cost
        missed = [members - left_out for members in sets if not members & taken]
        if not missed:
            if cost < best_cost:
                best, best_cost = taken, cost
            return
        if cost + _at_least(missed, costs) >= best_cost:
            return
        branch = min(missed, key=len)
        out = left_out
        for member in sorted(branch, key=lambda one: costs[one]):
            search(taken | {member}, out, cost + costs[member])
            out = out | {member}

    search(frozenset(), frozenset(), 0)
    return best


def _at_least(missed: Sequence[frozenset[int]], costs: Sequence[int]) -> int:
    """A lower estimate: sets without a common member are hit by different ones."""
    used: set[int] = set()
    total = 0
    for members in sorted(missed, key=len):
        if not members:
            return sum(costs) + 1
        if used.isdisjoint(members):
            used |= members
            total += min(costs[member] for member in members)
    return total
