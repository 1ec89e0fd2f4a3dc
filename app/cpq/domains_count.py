"""How many configurations a diagram has, exactly, by remainders: counts modulo primes below 2^31 fit 64 bits in every step."""

from collections.abc import Collection

import numpy as np

from app.cpq.model_graph import Graph, Ints

_START = 2**31 - 1


class Counter:
    """Counts the paths of a graph that take no forbidden literal, skipped levels counting once for each allowed literal."""

    def __init__(self, graph: Graph, most: int) -> None:
        self.graph = graph
        self.primes = _primes_beyond(most)
        self.powers = np.empty((graph.public + 1, len(self.primes)), np.int64)
        for column, prime in enumerate(self.primes):
            power = 1
            for exponent in range(graph.public + 1):
                self.powers[exponent, column] = power
                power = power * 2 % prime
        free = np.zeros(3 * graph.public + 1, np.int64)
        free[2 * graph.public : 3 * graph.public] = 1
        self._free_codes, self._free_edges = free, graph.edge_weights(free)

    def count(self, penalty: Ints, forbidden: Collection[int]) -> int:
        """The count; `penalty` says which edges take a forbidden literal, `forbidden` are their slots (not both of a variable)."""
        graph = self.graph
        codes, edges = self._free_codes, self._free_edges
        fixed = [2 * graph.public + number // 2 for number in forbidden if graph.skippable[number // 2]]
        if fixed:
            codes = codes.copy()
            codes[fixed] = 0
            edges = graph.edge_weights(codes)
        factors = self.powers[edges]
        factors[penalty > 0] = 0
        moduli = np.asarray(self.primes, np.int64)
        counts = np.zeros((graph.root + 1, len(self.primes)), np.int64)
        counts[1] = 1
        for strip in reversed(graph.strips):
            ways = factors[strip.begin : strip.end] * counts[graph.target[strip.begin : strip.end]] % moduli
            counts[strip.sources] = np.add.reduceat(ways, strip.starts, axis=0) % moduli
        whole = counts[graph.root] * self.powers[int(graph.above_root(codes))] % moduli
        return _from_remainders([int(remainder) for remainder in whole], self.primes)


def _from_remainders(remainders: list[int], primes: list[int]) -> int:
    found, modulus = 0, 1
    for remainder, prime in zip(remainders, primes, strict=True):
        found += modulus * ((remainder - found) * pow(modulus, -1, prime) % prime)
        modulus *= prime
    return found


def _primes_beyond(most: int) -> list[int]:
    """Primes whose product is greater than `most`."""
    primes, product, candidate = [], 1, _START
    while product <= most:
        if _is_prime(candidate):
            primes.append(candidate)
            product *= candidate
        candidate -= 2
    return primes


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
