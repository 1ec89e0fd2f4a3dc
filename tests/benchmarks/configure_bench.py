"""One click on the server, all valid domains, beside python-sat asked one literal after another; and compiling the sample catalogue."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pysat.solvers import Solver

from app.cpq.budgets_pass import bounds_of
from app.cpq.catalogue import read_catalogue
from app.cpq.compile import Compiled, compile_catalogue
from app.cpq.domains import domains
from app.cpq.model import Choice, Choices, Model, literal_at, load
from app.cpq.sat_sums import Variables, add_up, at_most
from tests.benchmarks.figures import Target, median_ratio
from tests.benchmarks.report import ROOT
from tests.support.compiled_models import compiled as compiled_model

CATALOGUE = ROOT / "fixtures" / "catalogue" / "rosvall-pumps.yaml"
LARGEST = ROOT.parent / "shared" / "data" / "feature_models" / "hardware_pc-richmond_Sprey2020.dimacs"
WALKS, CLICKS, REPEATS = 4, 8, 5
TARGETS = (
    Target(
        "configure_public_ratio", "python-sat, cadical, one assumption a literal / one click, largest public model in the gate",
        "ratio of time", 10, True, 1,
    ),
    Target("configure_public_click", "– one click", "ms", None, decimals=2),
    Target(
        "configure_sample_ratio", "The same, sample catalogue, rules and three budgets on both sides", "ratio of time", 10, True, 1
    ),
    Target("configure_sample_click", "– one click", "ms", None, decimals=2),
    Target("configure_rules_ratio", "– by its rules alone, no budget on either side", "ratio of time", None, True, 1),
    Target("configure_compile", "Compile the sample catalogue", "s", 20, decimals=1),
    Target("configure_bytes", "– artefact, gzip", "kB", 60, decimals=1),
)  # fmt: skip


class Peer:
    """CaDiCaL with the clauses of a model; budgets as binary sums, since it must answer the same question."""

    def __init__(self, model: Model, budgets: bool) -> None:
        self.literals = list(model.owner)
        clauses = [list(clause.literals) for clause in model.artefact.clauses]
        variables = Variables(model.artefact.variables)
        for bound in bounds_of(model.budgets, model.artefact.public) if budgets else ():
            weighted = [(literal_at(number), weight) for number, weight in enumerate(bound.weights) if weight]
            total = add_up(weighted, variables, clauses.append)
            clauses.append([at_most(total, bound.limit, variables, clauses.append)])
        self._solver = Solver(name="cadical153", bootstrap_with=clauses)

    def ask(self, literals: Sequence[int]) -> list[bool]:
        """Whether each literal of a value can hold beside the given ones."""
        return [self._solver.solve(assumptions=[*literals, literal]) for literal in self.literals]


def measure() -> dict[str, float]:
    """All rows of this group."""
    began = time.perf_counter()
    compiled = compile_catalogue(read_catalogue(CATALOGUE.read_text("utf-8")))
    seconds = time.perf_counter() - began
    sample: Compiled = max(compiled.values(), key=lambda one: len(one.data))
    model = load(sample.data)
    plain = load(_without_budgets(sample))
    public = load(_public(LARGEST))
    public_ratio, public_click = _compared(public, Peer(public, budgets=False))
    sample_ratio, sample_click = _compared(model, Peer(model, budgets=True))
    return {
        "configure_public_ratio": public_ratio,
        "configure_public_click": public_click,
        "configure_sample_ratio": sample_ratio,
        "configure_sample_click": sample_click,
        "configure_rules_ratio": _compared(plain, Peer(plain, budgets=False))[0],
        "configure_compile": seconds,
        "configure_bytes": len(sample.data) / 1000,
    }


def _public(source: Path) -> bytes:
    if not source.exists():
        raise FileNotFoundError("the public data set 'feature_models' is not in ../shared/data")
    return compiled_model(source)


def _without_budgets(made: Compiled) -> bytes:
    return replace(made.artefact, budgets=()).to_bytes()


def _compared(model: Model, peer: Peer) -> tuple[float, float]:
    """Median ratio of the peer's time to ours over the clicks of some walks, and our median in milliseconds."""
    ours, theirs = [], []
    for seed in range(WALKS):
        for choices in _walk(random.Random(seed), model):
            literals = [model.literal(choice.feature, choice.values[0]) for choice in choices]
            _check(model, peer, choices, literals)
            theirs.append(_median(lambda: peer.ask(literals)))  # noqa: B023 - called at once
            ours.append(_median(lambda: domains(model, choices)))  # noqa: B023 - called at once
    return median_ratio(theirs, ours), statistics.median(ours) * 1000


def _median(act: Callable[[], object]) -> float:
    """Seconds, the median of a few."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _walk(rng: random.Random, model: Model) -> list[Choices]:
    """The states after each of some clicks on valid values, the first without a choice."""
    states: list[Choices] = [()]
    for feature in rng.sample(model.features, CLICKS):
        valid = domains(model, states[-1]).features[model.numbers[feature.id]].valid
        states.append((*states[-1], Choice(feature.id, (rng.choice(valid),))))
    return states


def _check(model: Model, peer: Peer, choices: Choices, literals: Sequence[int]) -> None:
    """Both say the same of every feature of which nothing was chosen."""
    chosen = {choice.feature for choice in choices}
    asked = dict(zip(peer.literals, peer.ask(literals), strict=True))
    for domain in domains(model, choices).features:
        if domain.feature in chosen:
            continue
        told = [value for value in model.value_ids[domain.feature] if asked[model.literal(domain.feature, value)]]
        if list(domain.valid) != told:
            raise RuntimeError(f"{domain.feature}: {domain.valid} here, {told} by SAT")
