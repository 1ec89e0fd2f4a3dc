"""`doorstep catalog check`: each finding names the least set of rules at fault, and nothing is found where nothing is wrong."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cpq import check_budgets, check_faults
from app.cpq.catalogue import read_catalogue
from app.cpq.check import Finding, Inspection, check_catalogue, check_problem, inspect
from app.cpq.check_faults import Faults
from app.cpq.cli import catalog
from app.cpq.compile import problem_of
from app.cpq.dimacs import parse_dimacs
from app.cpq.domains import domains
from app.cpq.uvl import parse_uvl

HEAD = """\
format: 1
id: small
version: "1"
name: Small
products:
  - sku: P
    name: Pump
    family: pumps
    features:
      - {id: motor, name: Motor, type: choice, values: [
          {id: small, name: S, attributes: {weight: 1}}, {id: big, name: Big, attributes: {weight: 9}}]}
      - {id: heater, name: Heater, type: boolean, attributes: {weight: 2}}
      - {id: seal, name: Seal, type: choice, values: [{id: one}, {id: two}, {id: three}]}
"""
TAIL = """\
  - {sku: A, name: Accessory, family: extras}
price_books: [{id: eur, currency: EUR, entries: [{sku: P, charge: one_time, amount: 1}, {sku: A, charge: recurring, amount: 1}]}]
"""
NOISE = "      - {id: N1, text: Noise., excludes: [{seal: one}, {motor: small}]}\n"


def findings(rules: str = "", more: str = "", steps: str = "") -> list[Finding]:
    listed = f"    rules:\n{NOISE}{rules}"
    return list(check_catalogue(read_catalogue(HEAD + listed + more + TAIL + steps)))


def seen(found: list[Finding]) -> list[tuple[str, str | None, str | None, tuple[str, ...]]]:
    return [(one.kind, one.feature, one.value, tuple(rule.id for rule in one.rules)) for one in found]


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert findings() == []


def test_a_void_product_names_the_rules_that_contradict_each_other() -> None:
    found = findings(
        "      - {id: A, text: A., requires: {then: {motor: big}}}\n"
        "      - {id: B, text: B., requires: {if: {motor: big}, then: {heater: yes}}}\n"
        "      - {id: C, text: C., excludes: [{heater: yes}]}\n"
    )
    assert seen(found) == [("void_product", None, None, ("A", "B", "C"))]


def test_an_unreachable_value_a_dead_feature_and_a_false_optional() -> None:
    rules = "      - {id: A, text: A., excludes: [{seal: two}, {motor: [small, big]}]}\n"
    assert seen(findings(rules)) == [("unreachable_value", "seal", "two", ("A",))]
    rules = (
        "      - {id: A, text: A., excludes: [{heater: yes}, {motor: big}]}\n"
        "      - {id: B, text: B., requires: {if: {heater: yes}, then: {motor: big}}}\n"
    )
    assert seen(findings(rules)) == [("dead_feature", "heater", None, ("A", "B"))]
    rules = (
        "      - {id: A, text: A., requires: {if: {motor: big}, then: {heater: yes}}}\n"
        "      - {id: B, text: B., requires: {if: {motor: small}, then: {heater: yes}}}\n"
    )
    assert seen(findings(rules)) == [("false_optional", "heater", None, ("A", "B"))]


def test_a_value_beyond_a_budget_names_the_budget_and_the_rules_beside_it() -> None:
    budgets = "    budgets: [{id: w, name: Weight, attribute: weight, max: 8}]\n"
    # Without the large motor the noise rule takes the seal away with it.
    found = seen(findings(more=budgets))
    assert found == [("unreachable_value", "motor", "big", ("w",)), ("unreachable_value", "seal", "one", ("N1", "w"))]
    budgets = "    budgets: [{id: w, name: Weight, attribute: weight, min: 20}]\n"
    assert seen(findings(more=budgets)) == [("void_product", None, None, ("w",))]
    # Without the rule, the lightest pump weighs 1.
    budgets = "    budgets: [{id: w, name: Weight, attribute: weight, max: 2}]\n"
    rule = "      - {id: A, text: A., requires: {if: {motor: small}, then: {heater: yes}}}\n"
    assert seen(findings(rule, budgets)) == [("void_product", None, None, ("A", "w"))]


def test_advice_that_can_never_be_followed() -> None:
    rules = (
        "      - {id: A, text: A., excludes: [{seal: three}, {motor: big}]}\n"
        "      - {id: D, text: D., default: {if: {motor: big}, set: {seal: three}}}\n"
        "      - {id: E, text: E., default: {if: {all: [{seal: one}, {motor: small}]}, set: {heater: yes}}}\n"
        "      - {id: F, text: F., default: {if: {motor: small}, set: {seal: three}}}\n"
    )
    assert seen(findings(rules)) == [
        ("advice_never_applies", None, None, ("A",)),
        ("advice_never_applies", None, None, ("N1",)),
    ]


def test_an_answer_that_fits_nothing() -> None:
    guide = (
        "    guide: [{id: q, ask: Q?, type: choice, answers: [{id: a, sets: {seal: one, motor: small}},"
        " {id: b, sets: {seal: [one, two], motor: small}}]}]\n"
    )
    found = findings(more=guide)
    assert seen(found) == [("answer_impossible", None, None, ("N1",))]
    assert found[0].pointer == "/products/0/guide/0/answers/0"


STEP = (
    "price_steps: [{id: s, phase: schedule, when: %s, adjustment: {type: percent_discount, percent: 1}, reason: R}]\n"
)
NEVER = [
    "{all: [{fact: feature.seal, op: eq, value: one}, {fact: feature.motor, op: eq, value: small}]}",
    "{all: [{fact: quantity, op: ge, value: 10}, {fact: quantity, op: lt, value: 10}]}",
    "{fact: quantity, op: lt, value: 0}",
    "{fact: quantity, op: between, value: [9, 5]}",
    "{fact: sku, op: eq, value: Z}",
    "{fact: family, op: in, value: [fans]}",
    "{fact: currency, op: eq, value: SEK}",
    "{all: [{fact: sku, op: eq, value: A}, {fact: feature.motor, op: eq, value: big}]}",
    "{all: [{fact: sku, op: eq, value: P}, {fact: charge, op: eq, value: recurring}]}",
    "{all: [{fact: partner, op: eq, value: a}, {fact: partner, op: eq, value: b}]}",
    "{all: [{fact: on, op: ge, value: 2026-07-01}, {fact: on, op: lt, value: 2026-07-01}]}",
    "{any: []}",
    "{not: {any: [{fact: quantity, op: ge, value: 1}, {not: {fact: quantity, op: ge, value: 1}}]}}",
]
SOMETIMES = [
    "{all: [{fact: feature.seal, op: eq, value: one}, {fact: feature.motor, op: eq, value: big}]}",
    "{all: [{fact: quantity, op: gt, value: 10}, {fact: quantity, op: lt, value: 11}]}",
    "{fact: quantity, op: le, value: 0}",
    "{not: {fact: feature.motor, op: eq, value: big}}",
    "{all: [{fact: sku, op: eq, value: A}, {not: {fact: feature.motor, op: eq, value: big}}]}",
    "{fact: customer.segment, op: ne, value: public}",
    "{all: [{fact: on, op: ge, value: 2026-07-01}, {fact: on, op: lt, value: 2026-07-02}]}",
    "{all: [{fact: anything, op: not_in, value: [a, b]}, {fact: anything, op: ne, value: c}]}",
    "{all: []}",
    "{fact: partner, op: eq, value: true}",
]


@pytest.mark.parametrize("when", NEVER)
def test_a_price_step_that_never_applies_is_found(when: str) -> None:
    found = findings(steps=STEP % when)
    assert [(one.kind, one.pointer) for one in found] == [("price_step_never_applies", "/price_steps/0")]
    assert tuple(rule.id for rule in found[0].rules) == (("N1",) if when == NEVER[0] else ())


@pytest.mark.parametrize("when", SOMETIMES)
def test_a_price_step_that_may_apply_is_not(when: str) -> None:
    assert findings(steps=STEP % when) == []


def test_no_rule_at_fault_can_be_left_out() -> None:
    listed = (
        "    rules:\n"
        "      - {id: A, text: A., excludes: [{seal: one}, {heater: yes}]}\n"
        "      - {id: B, text: B., excludes: [{seal: one}, {heater: no}, {motor: big}]}\n"
        "      - {id: C, text: C., excludes: [{seal: one}, {motor: small}]}\n"
        "      - {id: D, text: D., excludes: [{seal: [one, two]}, {motor: small}]}\n"
    )
    catalogue = read_catalogue(HEAD + listed + TAIL)
    faults = Faults(problem_of(catalogue.products[0], catalogue))
    one = catalogue.products[0].features[2].literals["one"]
    assert faults.rules([one]) == (1, 2, 3)
    assert faults.possible([one]) is False
    with pytest.raises(ValueError, match="possible"):
        faults.rules([one + 1])


def test_a_feature_model_knows_its_dead_and_its_falsely_optional_features() -> None:
    text = "features\n r\n  optional\n   a\n   b\n   c\nconstraints\n a\n b => !a\n"
    assert seen(list(check_problem(parse_uvl(text, "x")))) == [
        ("dead_feature", "b", None, ("constraint 1", "constraint 2")),
        ("false_optional", "a", None, ("constraint 1",)),
    ]
    # DIMACS does not say what is optional.
    assert seen(list(check_problem(parse_dimacs("p cnf 2 2\n1 0\n-2 0\n", "x")))) == [
        ("dead_feature", "v2", None, ("c2",))
    ]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(catalog, [str(argument) for argument in arguments])


def test_the_command_says_file_line_and_rules_and_leaves_with_1(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(f"{HEAD}    rules:\n      - {{id: A, text: No heat., excludes: [{{heater: yes}}]}}\n{TAIL}")
    done = run("check", file)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        f"{file}:12: Heater can never be chosen.",
        "    A: No heat.",
        "Small: 1 finding.",
    ]
    told = json.loads(run("check", file, "--json").output)
    assert told["findings"][0] | {"text": ""} == {
        "kind": "dead_feature",
        "product": "P",
        "text": "",
        "rules": [{"id": "A", "text": "No heat."}],
        "feature": "heater",
        "pointer": "/products/0/features/1",
        "line": 12,
    }
    file.write_text(HEAD + TAIL)
    assert run("check", file).exit_code == 0


def pigeons(holes: int) -> str:
    """One pigeon more than holes: impossible, and very long to prove."""
    places = [[pigeon * holes + hole + 1 for hole in range(holes)] for pigeon in range(holes + 1)]
    clauses = [*places, *([-a, -b] for hole in zip(*places, strict=True) for a, b in itertools.combinations(hole, 2))]
    lines = "".join(f"{' '.join(map(str, clause))} 0\n" for clause in clauses)
    return f"p cnf {holes * (holes + 1)} {len(clauses)}\n{lines}"


def test_what_there_was_no_time_to_check_is_said_and_is_not_nothing(tmp_path: Path) -> None:
    file = tmp_path / "m.dimacs"
    file.write_text(pigeons(12))
    done = run("check", file, "--seconds", "0.1")
    assert done.exit_code == 3
    said, counted = done.output.splitlines()
    assert said.startswith(f"{file}: m was not checked to the end, the time was over: ")
    assert counted == "m: nothing found; not everything was checked."
    told = json.loads(run("check", file, "--seconds", "0.1", "--json").output)
    assert told["findings"] == []
    (unchecked,) = told["unchecked"]
    assert unchecked["questions"][0] == "whether there is a configuration at all"
    assert len(unchecked["questions"]) == 1 + 12 * 13


def test_what_is_found_before_the_time_is_over_is_a_finding_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_faults, "_QUESTION", 0)
    catalogue = read_catalogue(HEAD + "    rules:\n      - {id: A, text: A., excludes: [{heater: yes}]}\n" + TAIL)
    inspection = Inspection(problem_of(catalogue.products[0], catalogue))
    monkeypatch.setattr(check_faults, "_QUESTION", 20_000)
    found = [*inspect(inspection, {}), *inspection.not_checked()]
    assert [(one.kind, one.feature, one.questions) for one in found] == [
        ("dead_feature", "heater", ()),
        ("not_checked", None, ("whether there is a configuration at all",)),
    ]


def test_values_not_decided_within_the_budgets_are_not_passed_as_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    told = domains
    undecided = (("heater", "yes"),)
    monkeypatch.setattr(check_budgets, "domains", lambda *asked: replace(told(*asked), unproven=undecided))
    (found,) = findings(more="    budgets: [{id: w, name: Weight, attribute: weight, max: 12}]\n")
    assert (found.kind, found.questions) == ("not_checked", ("whether Heater can be Yes within the budgets",))


KEYS = ["name", "features", "rules", "nodes", "solutions", "bytes", "seconds", "engine"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("m.yaml", HEAD + TAIL, ["Pump", 3, 0, "12"]),
        ("m.json", None, ["Pump", 3, 0, "12"]),
        ("m.uvl", "namespace n\nfeatures\n r\n  optional\n   a\n   b\nconstraints\n a | b\n", ["n", 3, 2, "3"]),
        ("file.dimacs", "p cnf 2 1\n1 2 0\n", ["file", 2, 1, "3"]),
        ("file.cnf", "p cnf 2 0\n", ["file", 2, 0, "4"]),
    ],
)
def test_the_compile_command_prints_its_keys(
    tmp_path: Path, name: str, text: str | None, expected: list[object]
) -> None:
    from app.cpq.reading import read_yaml

    file = tmp_path / name
    file.write_text(json.dumps(read_yaml(HEAD + TAIL).value) if text is None else text)
    out = tmp_path / "out.dscm"
    done = run("compile", file, "--json", "--out", out)
    assert done.exit_code == 0, done.output
    summary = json.loads(done.output)
    assert list(summary) == KEYS
    assert [summary[key] for key in ("name", "features", "rules", "solutions")] == expected
    assert summary["engine"] == "diagram"
    assert summary["bytes"] == out.stat().st_size


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("m.dimacs", b"p cnf 1 1\n2 0\n", ":2: Literal 2"),
        ("m.uvl", b"features\n r\nconstraints\n x\n", ":4: There is no feature 'x'"),
        ("m.yaml", b"format: 1\nid: [\n", ":3: This is not YAML"),
        ("m.json", b'{"format":\n 2}', ":2: The catalogue has format 2"),
        ("m.yaml", b"a: \xff\n", ":1: This is not UTF-8."),
        ("m.txt", b"", ": The ending '.txt' is not known"),
    ],
)
@pytest.mark.parametrize("command", ["compile", "check"])
def test_an_unusable_file_is_one_line_and_exit_status_2(
    tmp_path: Path, command: str, name: str, data: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    done = run(command, file)
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert f"{file}{said}" in done.output


def test_rules_that_contradict_each_other_are_a_finding_and_cannot_be_compiled(tmp_path: Path) -> None:
    file = tmp_path / "m.dimacs"
    file.write_text("p cnf 1 2\n1 0\n-1 0\n")
    assert run("check", file).exit_code == 1
    done = run("compile", file)
    assert done.exit_code == 2
    assert f"{file}: The rules of m contradict each other" in done.output


def test_the_schema_is_published() -> None:
    done = run("schema")
    assert done.exit_code == 0
    assert json.loads(done.output)["title"] == "Doorstep catalogue, format 1"
