"""The catalogue document: what is wrong in it is told with its line and its place, before anything is compiled."""

import json
from pathlib import Path

import pytest

from app.cpq.catalogue import Catalogue, read_catalogue
from app.cpq.catalogue_normal import normal
from app.cpq.compile import problem_of
from app.cpq.reading import Document, ModelError, read_json, read_yaml

SAMPLE = Path(__file__).resolve().parents[3] / "fixtures" / "catalogue" / "rosvall-pumps.yaml"
SMALL = """\
format: 1
id: small
version: "1"
name: Small
valid_from: 2026-01-01
products:
  - sku: P
    name: Pump
    family: pumps
    groups: [{id: g, name: Group}]
    features:
      - {id: motor, type: choice, group: g, default: big, values: [
          {id: small, attributes: {weight: "1.25"}}, {id: big, attributes: {weight: 3}}]}
      - {id: heater, type: boolean, default: yes, attributes: {weight: "0.5"}}
      - {id: stages, type: integer, min: 1, max: 4, attributes_each: {weight: "-0.1"}}
      - {id: base, type: choice, values: [{id: none}, {id: steel}]}
    rules:
      - {id: R1, text: Big needs heat., requires: {if: {motor: big}, then: {heater: true}}}
      - {id: R2, text: Not both., excludes: [{heater: no}, {stages: {min: 3}}]}
      - {id: R3, text: Rows., table: {features: [motor, stages], rows: [[small, [1, 2]], [big, "*"]]}}
      - {id: R4, text: Some., cardinality: {of: [{motor: big}, {not: {heater: yes}}], min: 0, max: 1}}
      - {id: R5, text: Usually., default: {if: {any: [{motor: big}, {stages: 4}]}, set: {base: steel}}}
    budgets:
      - {id: weight, name: Weight, unit: kg, attribute: weight, base: 1, max: {feature: base, values: {none: "2.5", steel: 10}}}
    requires: [A]
  - {sku: A, name: Accessory}
  - {sku: B, name: Other, excludes: [A]}
price_books:
  - id: eur
    currency: EUR
    regions: [SE, NO]
    entries:
      - {sku: P, charge: one_time, amount: "10.00", options: {motor: {big: "-1"}, stages: {each: 2, included: 1}}}
      - {sku: A, charge: usage, adjustment: {type: graduated, tiers: [{upto: "5", unit: "1"}, {upto: null, unit: "2"}]}}
price_steps:
  - {id: s1, phase: schedule, when: {fact: feature.motor, op: eq, value: big}, reason: Big,
     adjustment: {type: percent_discount, percent: 3}}
policy: {stacking: compound, rounding: {mode: half_up, point: line, places: 2}, tax: {per: line, included: false}}
taxes: [{id: t, region: SE, rate: 25}]
terms: [{id: y, name: Year, applies_to: [A], months: "12", leave: {type: months, count: 2}}]
clauses: [{id: c, title: T, text: X, applies_to: [P], price: {adjustment: {type: per_unit, amount: {EUR: 4}}}}]
authority: [{role: rep, max_discount_percent: 5}]
floors: [{id: f, families: [pumps], min_margin_percent: 10}]
approvals: [{id: a, when: {fact: quantity, op: ge, value: 9}, role: manager, reason: Many}]
"""


def test_a_catalogue_is_read_into_its_parts() -> None:
    catalogue = read_catalogue(SMALL)
    assert (catalogue.id, catalogue.version, catalogue.rules) == ("small", "1", 5)
    assert [product.sku for product in catalogue.configurable] == ["P"]
    pump = catalogue.products[0]
    assert dict(pump.features[1].literals) == {"no": -3, "yes": 3}
    assert dict(pump.features[2].literals) == {"1": 4, "2": 5, "3": 6, "4": 7}
    problem = problem_of(pump, catalogue)
    assert (problem.public, problem.counted, len(problem.defaults)) == (9, 5, 1)
    assert problem.defaults[0].condition == ((1 + 1, 7),)
    assert problem.defaults[0].sets == (9,)


def test_budgets_are_whole_numbers_and_a_limit_from_a_feature_is_negative_weight() -> None:
    budget = read_catalogue(SMALL).products[0].budgets[0].entry
    assert (budget.scale, budget.base, budget.maximum, budget.minimum) == (2, 100, 0, None)
    assert dict(budget.weights) == {1: 125, 2: 300, 3: 50, 4: -10, 5: -20, 6: -30, 7: -40, 8: -250, 9: -1000}
    assert budget.limit_of == {"max": ("base", {"none": 250, "steel": 1000})}


def test_figures_become_text_and_counts_whole_numbers() -> None:
    document = read_catalogue(SMALL).document
    assert document["products"][0]["features"][1]["default"] == "yes"
    assert document["products"][0]["rules"][2]["table"]["rows"][0] == ["small", ["1", "2"]]
    assert document["price_books"][0]["entries"][0]["options"]["stages"] == {"each": "2", "included": "1"}
    assert document["terms"][0]["months"] == 12
    assert document["policy"]["rounding"]["places"] == 2
    assert document["policy"]["tax"]["included"] is False
    assert document["taxes"][0]["rate"] == "25"
    assert document["price_books"][0]["regions"] == ["SE", "NO"]


def test_yaml_json_and_the_normal_form_are_one_catalogue() -> None:
    catalogue = read_catalogue(SMALL)
    as_json = json.dumps(read_yaml(SMALL).value, indent=2)
    assert read_catalogue(as_json, json_text=True).hash == catalogue.hash
    assert normal(catalogue.document) == catalogue.document
    assert read_catalogue(SMALL.replace("percent: 3", "percent: 4")).hash != catalogue.hash


def test_the_sample_catalogue_is_read() -> None:
    catalogue = read_catalogue(SAMPLE.read_text())
    pump = catalogue.configurable[0]
    assert len(pump.features) >= 45
    assert len(pump.rules) >= 120
    assert len(pump.budgets) == 3
    assert len({book["currency"] for book in catalogue.document["price_books"]}) == 3


WRONG = [
    ("format: 1", "format: 2", "/format", "format 2"),
    ("id: small\n", "id: small\nnam/me: x\n", "/nam~1me", "no key 'nam/me' here; there are format, id, version"),
    ("name: Small\n", "", "", "'name' is a required property"),
    (
        "    family: pumps\n",
        "    familly: pumps\n",
        "/products/0/familly",
        "no key 'familly' here; there are sku, name",
    ),
    ("group: g,", "group: h,", "/products/0/features/0/group", "no group 'h'"),
    ("default: big", "default: huge", "/products/0/features/0/default", "no value 'huge'"),
    ("{id: base, type: choice", "{id: motor, type: choice", "/products/0/features/3/id", "'motor' is there twice"),
    ("{id: none}, {id: steel}", "{id: none}, {id: none}", "/products/0/features/3/values/1/id", "there twice"),
    ("type: boolean", "type: bool", "/products/0/features/1/type", "bool"),
    ("min: 1, max: 4", "min: 5, max: 4", "/products/0/features/2/max", "nothing lies between"),
    ("min: 1, max: 4", "min: 1, max: 99999", "/products/0/features/2", "at most 1,000"),
    (
        "{if: {motor: big}, then",
        "{if: {engine: big}, then",
        "/products/0/rules/0/requires/if/engine",
        "no feature 'engine'",
    ),
    ("{heater: true}", "{heater: maybe}", "/products/0/rules/0/requires/then/heater", "no value 'maybe'"),
    ("{stages: {min: 3}}", "{stages: {min: 9}}", "/products/0/rules/1/excludes/1/stages", "lies in this range"),
    ("{stages: {min: 3}}", "{motor: {min: 3}}", "/products/0/rules/1/excludes/1/motor", "not an integer feature"),
    ("{stages: {min: 3}}", "{stages: []}", "/products/0/rules/1/excludes/1/stages", "No value"),
    ("[small, [1, 2]]", "[small]", "/products/0/rules/2/table/rows/0", "1 cells"),
    ("min: 0, max: 1}}", "min: 2, max: 1}}", "/products/0/rules/3/cardinality", "cannot hold"),
    ("id: R2", "id: R1", "/products/0/rules/1/id", "there twice"),
    ("places: 2}", "places: many}", "/policy/rounding/places", "whole number"),
    ("places: 2}", "places: [2]}", "/policy/rounding/places", "whole number"),
    ("id: s1,", "id: [s1],", "/price_steps/0/id", "An id is a text"),
    (
        "text: Not both., ",
        "text: Not both., requires: {then: {motor: big}}, ",
        "/products/0/rules/1",
        "exactly one body",
    ),
    ("set: {base: steel}", "set: {base: [none, steel]}", "/products/0/rules/4/default/set/base", "one value"),
    ("attribute: weight, base", "attribute: mass, base", "/products/0/budgets/0/attribute", "No value has"),
    ('{none: "2.5", steel: 10}', '{none: "2.5"}', "/products/0/budgets/0/max/values", "base = steel is missing"),
    ('"2.5"', "NaN", "/products/0/budgets/0/max/values/none", "NaN"),
    ('weight: "1.25"', "weight: 1e999", "/products/0/features/0/values/0/attributes/weight", "1e999"),
    ("requires: [A]", "requires: [Z]", "/products/0/requires/0", "no product Z"),
    ("requires: [A]", "requires: [P]", "/products/0/requires/0", "names itself"),
    ("requires: [A]", "requires: [A]\n    excludes: [A]", "/products/0/excludes/0", "never be sold"),
    ("name: Accessory}", "name: Accessory, requires: [P]}", "/products/1/requires", "P → A → P"),
    ("sku: B", "sku: A", "/products/2/sku", "there twice"),
    ("currency: EUR", "currency: EUX", "/price_books/0/currency", "EUX"),
    ('amount: "10.00"', 'amount: "-10.00"', "/price_books/0/entries/0/amount", "-10.00"),
    ('amount: "10.00"', 'amount: "1e999"', "/price_books/0/entries/0/amount", "1e999"),
    ('amount: "10.00"', "amount: .nan", "/price_books/0/entries/0/amount", "nan"),
    ("{sku: P, charge", "{sku: Q, charge", "/price_books/0/entries/0/sku", "no product Q"),
    (
        'options: {motor: {big: "-1"}',
        'options: {motor: {huge: "-1"}',
        "/price_books/0/entries/0/options/motor/huge",
        "no value",
    ),
    (
        'options: {motor: {big: "-1"}',
        'options: {engine: {big: "-1"}',
        "/price_books/0/entries/0/options/engine",
        "no feature",
    ),
    (
        '{upto: null, unit: "2"}',
        '{from: "7", upto: null, unit: "2"}',
        "/price_books/0/entries/1/adjustment/tiers/1/from",
        "gap",
    ),
    (
        '{upto: null, unit: "2"}',
        '{upto: "4", unit: "2"}',
        "/price_books/0/entries/1/adjustment/tiers/1/upto",
        "last tier",
    ),
    ("phase: schedule", "phase: never", "/price_steps/0/phase", "never"),
    ("feature.motor", "feature.engine", "/price_steps/0/when/fact", "'engine'"),
    ("op: eq, value: big", "op: eq, value: huge", "/price_steps/0/when/value", "'huge'"),
    ("op: eq, value: big", "op: is, value: big", "/price_steps/0/when/op", "is"),
    ("stacking: compound", "stacking: sideways", "/policy/stacking", "sideways"),
    ("rate: 25", 'rate: "-1"', "/taxes/0/rate", "-1"),
    ("applies_to: [A], months", "applies_to: [Z], months", "/terms/0/applies_to/0", "no product Z"),
    ('months: "12"', "months: 0", "/terms/0", "at least one month"),
    ("leave: {type: months, count: 2}", "leave: {type: months}", "/terms/0/leave", "needs `count`"),
    ('months: "12"', "months: 601", "/terms/0/months", "at most 600"),
    ("leave: {type: months, count: 2}", "notice_months: 601", "/terms/0/notice_months", "at most 600"),
    ("leave: {type: months, count: 2}", "leave: {type: months, count: 601}", "/terms/0/leave/count", "at most 600"),
    (
        "leave: {type: months, count: 2}",
        "leave: {type: percent, percent: 101}",
        "/terms/0/leave/percent",
        "at most 100",
    ),
    (
        "leave: {type: months, count: 2}",
        "leave: {type: amount, amount: {SEK: 5}}",
        "/terms/0/leave/amount",
        "EUR is missing",
    ),
    ("rate: 25", "rate: 1001", "/taxes/0/rate", "at most 1000"),
    ("max_discount_percent: 5", "max_discount_percent: 101", "/authority/0/max_discount_percent", "at most 100"),
    ("min_margin_percent: 10", "min_margin_percent: 101", "/floors/0/min_margin_percent", "at most 100"),
    ("charge: usage, adj", 'charge: usage, amount: "1", adj', "/price_books/0/entries/1", "only one can be its price"),
    (
        "adjustment: {type: percent_discount, percent: 3}",
        'adjustment: {type: cap, percent_of_paid: "-103"}',
        "/price_steps/0/adjustment/percent_of_paid",
        "below 0",
    ),
    ("amount: {EUR: 4}", "amount: {SEK: 4}", "/clauses/0/price/adjustment/amount", "EUR is missing"),
    ("amount: {EUR: 4}", "amount: {EUR: 4, XYZ: 1}", "/clauses/0/price/adjustment/amount/XYZ", "XYZ"),
    ("families: [pumps]", "families: [fans]", "/floors/0/families/0", "'fans'"),
    ("valid_from: 2026-01-01", "valid_from: 2026-02-30", "/valid_from", "not a day"),
    ("valid_from: 2026-01-01", "valid_from: 2026-03-01\nvalid_to: 2026-01-01", "/valid_to", "before it begins"),
]


@pytest.mark.parametrize(
    ("old", "new", "pointer", "said"), WRONG, ids=[f"{new[:28]} {n}" for n, (_, new, *_) in enumerate(WRONG)]
)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, pointer: str, said: str) -> None:
    assert SMALL.count(old) == 1
    text = SMALL.replace(old, new)
    with pytest.raises(ModelError) as caught:
        read_catalogue(text)
    assert (caught.value.pointer, said in caught.value.detail) == (pointer, True), caught.value.detail
    if pointer:
        assert caught.value.line in range(SMALL[: SMALL.index(old)].count("\n") + 1, text.count("\n") + 1)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 0, "empty"),
        ("- 1\n", 1, "mapping"),
        ("a: 1\na: 2\n", 2, "there twice"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("[" * 100_000, 1, "nested"),
        (
            "a: &a [x, x]\n"
            + "".join(f"k{n}: &{n} [{','.join(['*' + (str(n - 1) if n else 'a')] * 9)}]\n" for n in range(9)),
            1,
            "400,000",
        ),
        ("a: 1\n" * 2_000_000, 0, "characters"),
        ('a: "\\0"', 1, "character zero"),
    ],
    ids=["empty", "list", "twice", "broken", "deep", "bomb", "long", "zero"],
)
def test_what_is_not_a_document_is_refused(text: str, line: int, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        read_catalogue(text)
    assert (caught.value.line, said in caught.value.detail) == (line, True), caught.value.detail


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{"a": 1,\n"a": 2}', 2, "there twice"),
        ('{"a": NaN}', 1, "'NaN'"),
        ('{"a": -Infinity}', 1, "'-Infinity'"),
        ('{"a": [1,\n\n2}', 3, "comma"),
        ("[" * 100_000, 1, "nested"),
        ('["\\ud800"]', 1, "half a character"),
        ('{"a": 1} x', 1, "after the end"),
    ],
)
def test_what_is_not_json_is_refused(text: str, line: int, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        read_json(text)
    assert (caught.value.line, said in caught.value.detail) == (line, True), caught.value.detail


def test_no_number_becomes_a_float() -> None:
    def leaves(value: object) -> list[object]:
        if isinstance(value, dict):
            return [leaf for member in value.values() for leaf in leaves(member)]
        return [leaf for member in value for leaf in leaves(member)] if isinstance(value, list) else [value]

    for document in (read_json('{"a": [1.10, 1e5, 12, -0.0]}'), read_yaml("a: [1.10, 1e5, 12, -0.0]\n")):
        assert isinstance(document, Document)
        assert leaves(document.value) == ["1.10", "1e5", 12, "-0.0"]


def test_yes_and_no_stay_what_was_typed() -> None:
    assert read_yaml("a: [NO, yes, 'true', true, ~, 007]").value == {"a": ["NO", "yes", "true", True, None, "007"]}


@pytest.fixture(scope="module")
def sample() -> Catalogue:
    return read_catalogue(SAMPLE.read_text())


def test_every_place_of_the_sample_has_its_line(sample: Catalogue) -> None:
    lines = SAMPLE.read_text().splitlines()
    for product in sample.configurable:
        for rule in product.rules:
            assert f"id: {rule.id}," in lines[sample.source.line(rule.pointer) - 1]
