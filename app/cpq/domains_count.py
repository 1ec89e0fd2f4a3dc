"""How many configurations a diagram has, exactly: by the remainders of 2^64, as 64 bits wrap, and of primes below 2^31."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from app.cpq.model_graph import Graph, Ints

Words = npt.NDArray[np.uint64]
_WRAP = 2**64
_START = 2**31 - 1


class Counter:
    """Counts the paths of a graph that take no forbidden literal, skipped levels counting once for each allowed literal."""

    def __init__(self, graph: Graph, most: int) -> None:
        self.graph = graph
        self.moduli = _moduli_beyond(most)
        self._powers = [_powers(graph.public, modulus) for modulus in self.moduli]
        self._free = np.zeros(3 * graph.public + 1, np.int64)
        self._free[2 * graph.public : 3 * graph.public] = 1
        free_edges = graph.edge_weights(self._free)
        self._factors = [powers[free_edges] for powers in self._powers]

    def count(self, penalty: Ints, forbidden: Collection[int]) -> int:
        """The count; `penalty` says which edges take a forbidden literal, `forbidden` are their slots (not both of a variable)."""
        graph, free, factors = self.graph, self._free, self._factors
        fixed = [2 * graph.public + number // 2 for number in forbidden if graph.skippable[number // 2]]
        if fixed:
            free = free.copy()
            free[fixed] = 0
            edges = graph.edge_weights(free)
            factors = [powers[edges] for powers in self._powers]
        above = int(graph.above_top(free))
        clear = (penalty == 0).astype(np.uint64)
        remainders = [
            self._paths(factor * clear, modulus) * int(powers[above]) % modulus
            for factor, modulus, powers in zip(factors, self.moduli, self._powers, strict=True)
        ]
        return _from_remainders(remainders, self.moduli)

    def _paths(self, factors: Words, modulus: int) -> int:
        graph = self.graph
        counts = np.zeros(graph.top + 1, np.uint64)
        counts[1] = 1
        prime = None if modulus == _WRAP else np.uint64(modulus)
        for strip, (begin, end, _, target) in zip(reversed(graph.strips), graph.strip_ends_upwards, strict=True):
            ways = counts[target]
            ways *= factors[begin:end]
            if prime is None:
                counts[strip.sources] = np.add.reduceat(ways, strip.starts)
            else:
                counts[strip.sources] = np.add.reduceat(ways % prime, strip.starts) % prime
        return int(counts[graph.top])


def _powers(most: int, modulus: int) -> Words:
    """The powers of two up to 2^most, as remainders."""
    powers, power = [], 1
    for _ in range(most + 1):
        powers.append(power)
        power = power * 2 % modulus
    return np.array(powers, np.uint64)


def _from_remainders(remainders: list[int], moduli: list[int]) -> int:
    found, product = 0, 1
    for remainder, modulus in zip(remainders, moduli, strict=True):
        found += product * ((remainder - found) * pow(product, -1, modulus) % modulus)
        product *= modulus
    return found


def _moduli_beyond(most: int) -> list[int]:
    """2^64, and primes, until their product is greater than `most`."""
    moduli, product, candidate = [_WRAP], _WRAP, _START
    while product <= most:
        if _is_prime(candidate):
            moduli.append(candidate)
            product *= candidate
        candidate -= 2
    return moduli


def _is_prime(number: int) -> bool:
    """Miller and Rabin, exact below 3·10^9 with these bases."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7):
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True
