"""The phone's configuration engine, run by Node over models that Python compiled: exact by SAT, and the same as the server's."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from pysat.solvers import Solver

from app.cpq.artefact import Artefact
from app.cpq.catalogue import read_catalogue
from app.cpq.compile import compile_catalogue
from app.cpq.complete import Cheapest, Lightest, Nearest, Objective, Usual, completion
from app.cpq.domains import domains, evaluate
from app.cpq.explain import explain, swap
from app.cpq.model import BudgetExcess, Choice, ConfigurationError, Model, NeverPossible, load
from tests.conftest import shared_data
from tests.support.compiled_models import BEYOND_THE_GATE, ROOT, compiled, within_the_gate
from tests.support.configuration import by_sat, random_artefact, random_choices, random_prices
from tests.support.phone_engine import PhoneEngine

SEED = 20261122
LITERAL_CHECKS = 50_000
SEQUENCES = 10_000
CATALOGUE = ROOT / "fixtures" / "catalogue" / "rosvall-pumps.yaml"


@pytest.fixture(scope="module")
def phone() -> Iterator[PhoneEngine]:
    with PhoneEngine() as engine:
        yield engine


@pytest.fixture(scope="module")
def public() -> dict[str, bytes]:
    """Artefacts of the public models within the gate."""
    return {path.stem: compiled(path) for path in within_the_gate(shared_data("feature_models"))}


@pytest.fixture(scope="module")
def sample() -> bytes:
    """The artefact of the sample catalogue's pump."""
    (pump,) = compile_catalogue(read_catalogue(CATALOGUE.read_text("utf-8"))).values()
    return pump.data


# --- (a) domains equal SAT -------------------------------------------------------------------------------------------


def test_domains_equal_sat_for_random_literals(phone: PhoneEngine, public: dict[str, bytes]) -> None:
    each = -(-LITERAL_CHECKS // len(public))
    checked = sum(_differing(phone, name, data, each, clicks=12) for name, data in public.items())
    assert checked >= LITERAL_CHECKS


@pytest.mark.parametrize("name", BEYOND_THE_GATE)
def test_models_above_the_gate_are_served_by_sat(phone: PhoneEngine, name: str) -> None:
    data = compiled(shared_data("feature_models") / f"{name}.dimacs")
    assert phone.load(name, data)["engine"] == "sat"
    assert _differing(phone, name, data, 2_000, clicks=5) >= 2_000


@pytest.mark.parametrize("name", BEYOND_THE_GATE)
def test_the_cheapest_above_the_gate_is_found_in_five_seconds_and_is_the_servers(phone: PhoneEngine, name: str) -> None:
    data = compiled(shared_data("feature_models") / f"{name}.dimacs")
    phone.load(name, data)
    model = load(data)
    took = []
    for seed in (1, 2, 3):
        prices = random_prices(random.Random(seed), model)
        found = phone.ask("completed", name, [], _wire_objective(Cheapest(prices)))
        took.append(found["milliseconds"])
        own, best = found["configuration"], completion(model, (), Cheapest(prices))
        assert best.proven
        assert _demands_hold(model, own)
        costs = [sum(prices.get(value, 0) for value in one.items()) for one in (own, best.configuration)]
        # Only what both prove is the same; what the phone had no time to prove is near.
        if found["proven"]:
            assert own == best.configuration
        assert costs[1] <= costs[0] <= 1.05 * costs[1]
    # Other work on the machine must not fail it; a search that does not end does.
    assert min(took) < 5_000, took
    phone.ask("forget", name)


def _demands_hold(model: Model, configuration: dict[str, str]) -> bool:
    holds = model.literals_of(configuration)
    return all(not holds.isdisjoint(clause.literals) for clause in model.artefact.clauses)


def _differing(phone: PhoneEngine, name: str, data: bytes, checks: int, clicks: int) -> int:
    """Check so many random literals in states that random clicks lead to; how many were checked."""
    phone.load(name, data)
    model = load(data)
    rng = random.Random(f"{SEED} {name}")
    states = _states(phone, name, 6, clicks)
    valid = phone.ask("validOf", name, [[_choice(choice) for choice in state] for state in states])
    with Solver(name="cadical153", bootstrap_with=[clause.literals for clause in model.artefact.clauses]) as solver:
        for _ in range(checks):
            number = rng.randrange(len(states))
            at = rng.randrange(len(model.features))
            feature = model.features[at]
            value = rng.choice(feature.values)
            others = _demands(model, (choice for choice in states[number] if choice.feature != feature.id))
            expected = solver.solve(assumptions=[*others, model.literal(feature.id, value.id)])
            assert (value.id in valid[number][at]) == expected, (name, states[number], feature.id, value.id)
    phone.ask("forget", name)
    return checks


def _states(phone: PhoneEngine, name: str, sequences: int, clicks: int) -> list[tuple[Choice, ...]]:
    walked = phone.ask("walk", name, SEED, sequences, clicks)
    assert not [one for one in walked if "deadEnd" in one]
    choices = [tuple(Choice(one["feature"], tuple(one["values"])) for one in walk["choices"]) for walk in walked]
    return [made[:end] for made in choices for end in range(len(made) + 1)]


def _demands(model: Model, choices: Iterable[Choice]) -> list[int]:
    return [-literal for choice in choices for literal in model.forbidden_by(choice)]


def _choice(choice: Choice) -> dict[str, Any]:
    return {"feature": choice.feature, "values": list(choice.values)}


# --- (b) never a dead end --------------------------------------------------------------------------------------------


def test_random_clicks_never_come_to_a_dead_end(phone: PhoneEngine, public: dict[str, bytes], sample: bytes) -> None:
    rng = random.Random(SEED)
    small = {f"small {number}": random_artefact(rng, number % 4) for number in range(60)}
    models = {name: made.to_bytes() for name, made in small.items() if _has_a_configuration(load(made.to_bytes()))}
    models |= public
    each = -(-SEQUENCES // len(models))
    swaps = 0
    for name, data in models.items():
        phone.load(name, data)
        walked = phone.ask("walk", name, SEED, each, 8)
        assert not [one for one in walked if "deadEnd" in one], name
        swaps += sum(one["swaps"] for one in walked)
        _assert_solvable(load(data), [one["choices"] for one in walked])
        phone.ask("forget", name)
    phone.load("sample", sample)
    walked = phone.ask("walk", "sample", SEED, 40, 15)
    assert not [one for one in walked if "deadEnd" in one]
    _assert_solvable(load(sample), [one["choices"] for one in walked])
    assert each * len(models) >= SEQUENCES
    assert swaps > 1000


def _has_a_configuration(model: Model) -> bool:
    return bool(evaluate(model, ())["consistent"])


def _assert_solvable(model: Model, ends: Sequence[Sequence[dict[str, Any]]]) -> None:
    """The rules, at least, leave a configuration that keeps the choices."""
    with Solver(name="cadical153", bootstrap_with=[clause.literals for clause in model.artefact.clauses]) as solver:
        for end in ends:
            choices = [Choice(one["feature"], tuple(one["values"])) for one in end]
            assert solver.solve(assumptions=_demands(model, choices)), choices


# --- (c) the same answers as the server's ------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["diagram", "sat"])
def test_small_models_are_answered_as_by_the_server(phone: PhoneEngine, engine: str) -> None:
    rng = random.Random(f"{SEED} {engine}")
    models, questions = (200, 8) if engine == "diagram" else (100, 4)
    for number in range(models):
        made = random_artefact(rng, number % 4)
        _compare(phone, rng, made if engine == "diagram" else by_sat(made), questions)


def test_public_models_are_answered_as_by_the_server(phone: PhoneEngine, public: dict[str, bytes]) -> None:
    rng = random.Random(SEED)
    for data in public.values():
        _compare(phone, rng, Artefact.from_bytes(data), 25, most=8)


def test_the_sample_catalogue_is_answered_as_by_the_server(phone: PhoneEngine, sample: bytes) -> None:
    rng = random.Random(SEED)
    _compare(phone, rng, Artefact.from_bytes(sample), 15)
    phone.load("sample", sample)
    model = load(sample)
    for state in _states(phone, "sample", 2, 12)[::3]:
        (answer,) = phone.ask("askAll", "sample", [{"choices": [_choice(one) for one in state], "evaluate": True}])
        assert json.dumps(answer["evaluate"]) == json.dumps(evaluate(model, state)), state


def test_finish_for_me_keeps_choices_that_budgets_leave_little_room(phone: PhoneEngine, sample: bytes) -> None:
    phone.load("sample", sample)
    choices = (Choice("medium", ("dairy",)), Choice("motor", ("kw4",)))
    # Whether something lighter than nothing can be given up takes longer than the search may.
    (answer,) = phone.ask(
        "askAll", "sample", [{"choices": [_choice(one) for one in choices], "complete": {"kind": "usual"}}]
    )
    assert answer["complete"] == _completed(load(sample), choices, Usual())
    assert {"medium": "dairy", "motor": "kw4"}.items() <= answer["complete"]["configuration"].items()


def test_swaps_of_the_sample_catalogue_are_the_servers(phone: PhoneEngine, sample: bytes) -> None:
    phone.load("sample", sample)
    model, rng = load(sample), random.Random(SEED)
    states = [*rng.sample(_states(phone, "sample", 12, 16), 45), *(random_choices(rng, model, 12) for _ in range(15))]
    excluded = [(state, _excluded(model, state)) for state in states]
    told = _swaps(phone, model, [(state, *rng.choice(values)) for state, values in excluded if values])
    assert sum(len(one.get("givenUp", ())) > 1 for one in told) > 5


def _excluded(model: Model, state: tuple[Choice, ...]) -> list[tuple[str, str]]:
    valid = {domain.feature: domain.valid for domain in domains(model, state).features}
    return [(f.id, value.id) for f in model.features for value in f.values if value.id not in valid[f.id]]


def _swaps(
    phone: PhoneEngine, model: Model, asked: Sequence[tuple[tuple[Choice, ...], str, str]]
) -> list[dict[str, Any]]:
    """What taking each value gives up, by the server; the same as by the phone."""
    wire = [{"choices": [_choice(one) for one in state], "take": wanted} for state, *wanted in asked]
    told = [_taken(model, *one) for one in asked]
    assert [answer["take"] for answer in phone.ask("askAll", "sample", wire)] == told
    return told


@pytest.mark.parametrize(
    ("made", "wanted", "given_up"),
    [
        ("seal=cartridge casing=steel316 motor=kw5_5 seal_plan=plan54", "medium=slurry", ["casing"]),
        ("vfd_filter=yes network=ethernet_ip zone=zone1 motor=kw4 speed=rpm1500 feet=rubber", "test=none", ["zone"]),
    ],
)
def test_of_swaps_that_budgets_leave_in_doubt_the_smallest_is_told(
    phone: PhoneEngine, sample: bytes, made: str, wanted: str, given_up: list[str]
) -> None:
    phone.load("sample", sample)
    pairs = (one.split("=") for one in made.split())
    feature, value = wanted.split("=")
    (told,) = _swaps(phone, load(sample), [(tuple(Choice(of, (own,)) for of, own in pairs), feature, value)])
    assert [one["feature"] for one in told["givenUp"]] == given_up


def test_a_click_on_the_sample_catalogue_looks_at_few_nodes(phone: PhoneEngine, sample: bytes) -> None:
    phone.load("sample", sample)
    walks = [walk["choices"] for walk in phone.ask("walk", "sample", 4, 27, 16)]
    nodes = sorted(phone.ask("nodesOf", "sample", walks))
    # 17,000 and 104,000; a sweep over the diagram with its forced nodes, and a pass for each value in question, made it 65,000 and 394,000.
    assert nodes[len(nodes) * 95 // 100] < 22_000
    assert nodes[-1] < 150_000


def _compare(phone: PhoneEngine, rng: random.Random, made: Artefact, questions: int, most: int = 4) -> None:
    data = made.to_bytes()
    model = load(data)
    phone.load("compared", data)
    asked = [_question(rng, model, most) for _ in range(questions)]
    answers = phone.ask("askAll", "compared", [_wire(*one) for one in asked])
    for one, answer in zip(asked, answers, strict=True):
        told = _server(model, *one)
        # What both prove is the same; what one side had no time for may differ.
        if not _is_proven(answer) or not _is_proven(told):
            del answer["complete"], told["complete"]
        assert json.dumps(answer) == json.dumps(told), (made.name, one)


def _is_proven(answer: dict[str, Any]) -> bool:
    return bool(answer["complete"].get("proven", True))


Question = tuple[tuple[Choice, ...], str, str, Objective]


def _question(rng: random.Random, model: Model, most: int) -> Question:
    feature = rng.choice(model.features)
    return random_choices(rng, model, most), feature.id, rng.choice(feature.values).id, _objective(rng, model)


def _objective(rng: random.Random, model: Model) -> Objective:
    kind = rng.choice(("cheapest", "lightest", "nearest", "usual"))
    if kind == "cheapest":
        priced = [
            (feature.id, value.id) for feature in model.features for value in feature.values if rng.random() < 0.7
        ]
        return Cheapest({one: rng.randint(-500, 100_000) for one in priced})
    if kind == "lightest" and model.budgets:
        return Lightest(rng.choice(model.budgets).id)
    if kind == "nearest":
        return Nearest({feature.id: rng.choice(feature.values).id for feature in model.features})
    return Usual()


def _wire(choices: tuple[Choice, ...], feature: str, value: str, objective: Objective) -> dict[str, Any]:
    made = [_choice(choice) for choice in choices]
    asked = [feature, value]
    return {"choices": made, "evaluate": True, "explain": asked, "take": asked, "complete": _wire_objective(objective)}


def _wire_objective(objective: Objective) -> dict[str, Any]:
    match objective:
        case Cheapest(prices):
            by: dict[str, dict[str, int]] = {}
            for (feature, value), price in prices.items():
                by.setdefault(feature, {})[value] = price
            return {"kind": "cheapest", "prices": by}
        case Lightest(budget):
            return {"kind": "lightest", "budget": budget}
        case Nearest(to):
            return {"kind": "nearest", "to": dict(to)}
        case Usual():
            return {"kind": "usual"}


def _server(
    model: Model, choices: tuple[Choice, ...], feature: str, value: str, objective: Objective
) -> dict[str, Any]:
    return {
        "evaluate": evaluate(model, choices),
        "explain": _explained(model, choices, feature, value),
        "take": _taken(model, choices, feature, value),
        "complete": _completed(model, choices, objective),
    }


def _explained(model: Model, choices: tuple[Choice, ...], feature: str, value: str) -> dict[str, Any]:
    try:
        found = explain(model, choices, feature, value)
    except NeverPossible as never:
        return _never(never)
    give_up = [_choice(choice) for choice in found.give_up]
    told = {"giveUp": give_up, "rules": list(found.rules), "budgets": _budgets(found.budgets)}
    return told if found.proven else told | {"unproven": True}


def _taken(model: Model, choices: tuple[Choice, ...], feature: str, value: str) -> dict[str, Any]:
    try:
        found = swap(model, choices, feature, value)
    except NeverPossible as never:
        return _never(never)
    told = {"choices": [_choice(one) for one in found.choices], "givenUp": [_choice(one) for one in found.given_up]}
    return told if found.proven else told | {"unproven": True}


def _completed(model: Model, choices: tuple[Choice, ...], objective: Objective) -> dict[str, Any]:
    try:
        found = completion(model, choices, objective)
        return {"configuration": found.configuration, "proven": found.proven}
    except ConfigurationError:
        return {"fault": "CpqError"}


def _never(never: NeverPossible) -> dict[str, Any]:
    return {"never": {"rules": list(never.rules), "budgets": _budgets(never.budgets)}}


def _budgets(budgets: Sequence[BudgetExcess]) -> list[dict[str, str]]:
    return [{"id": budget.id, "by": budget.by} for budget in budgets]
