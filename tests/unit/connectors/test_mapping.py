"""A mapping file that cannot be used says which line, and what to write instead."""

from importlib import resources
from pathlib import Path

import pytest

from app.connectors import mapping
from app.connectors.errors import MappingError
from app.connectors.template import TemplateError, parse

GOOD = 'external_id: "crm:{no}"\nfields:\n  name: company\n'


def fault(text: str, kind: str = "accounts") -> str:
    with pytest.raises(MappingError) as caught:
        mapping.read(text, kind, "m.yaml")
    return str(caught.value)


def test_a_small_mapping_is_read() -> None:
    made = mapping.read(GOOD, "accounts")
    assert made.system == "crm" and made.columns == ("no", "company")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("fields: [", 1, "not YAML"),
        ("a: b: c", 1, "not YAML"),
        (GOOD + "colour: red\n", 4, "unknown key 'colour'"),
        (GOOD + "  nmae: x\n", 4, "no field 'nmae'; did you mean name?"),
        (GOOD + "  phone: {colum: x}\n", 4, "unknown key 'colum' in fields.phone; did you mean column?"),
        (GOOD + "  phone: {column: x, constant: y}\n", 4, "one of column, template and constant"),
        (GOOD + "  name: other\n", 4, "there twice"),
        (GOOD + "  parent_id: {column: x, by: colour}\n", 4, "by name, not by 'colour'"),
        (GOOD + "  phone: {column: x, by: name}\n", 4, "no reference"),
        (GOOD + '  notes: {template: "a {b"}\n', 4, "stands alone"),
        (GOOD + "  revenue: {column: x, currency: EURO}\n", 4, "no ISO 4217 code"),
        (GOOD + "time_zone: Mars/Olympus\n", 4, "no IANA time zone"),
        (GOOD + "dates: dd/mm/yyyy\n", 4, "no date format"),
        (GOOD + "encoding: klingon\n", 4, "unknown encoding"),
        (GOOD + "kind: people\n", 4, "for people, not for accounts"),
        (GOOD + "history: {at: x, event_id: y}\n", 4, "only tickets have a history"),
        (GOOD + "shift: {days: soon}\n", 4, "whole number"),
        ("fields: {name: x}\n", 1, "external_id is missing"),
        ("external_id: no\nfields: {name: x}\n", 1, "write the system, a colon and the id"),
        ('external_id: "crm:7"\nfields: {name: x}\n', 1, "names no column"),
    ],
)
def test_a_fault_names_its_line(text: str, line: int, said: str) -> None:
    message = fault(text)
    assert f"m.yaml, line {line}" in message and said in message


def test_an_empty_mapping_is_refused() -> None:
    assert fault("# nothing\n") == "m.yaml is empty"


def test_texts_stay_what_was_typed() -> None:
    made = mapping.read(
        GOOD + "  address.country: {column: c, values: {Norway: NO, 007: yes, nothing: ~}}\n", "accounts"
    )
    assert made.fields["address.country"].values == {"Norway": "NO", "007": "yes", "nothing": None}


def test_usage_needs_a_name_for_each_event() -> None:
    text = 'external_id: "crm:{no}"\nfields: {at: t, value: v}\n'
    assert "event_id is missing" in fault(text, "usage")


@pytest.mark.parametrize("path", sorted((Path(str(resources.files("app.connectors"))) / "mappings").glob("*.yaml")))
def test_every_shipped_mapping_can_be_read(path: Path) -> None:
    kind = next(line.split()[1] for line in path.read_text().splitlines() if line.startswith("kind:"))
    assert mapping.load(path, kind).fields


@pytest.mark.parametrize(
    ("template", "cells", "text"),
    [
        ("{a}/{b}", ("1", "2"), "1/2"),
        ("{a}[ in {b}]", ("x", ""), "x"),
        ("{a}[ in {b}]", ("x", "y"), "x in y"),
        ("{a}[ in {b}]", ("", "y"), None),
        ("{a:06}", ("42",), "000042"),
        ("{a:slug}@x", ("Mei-Mei Jöns",), "mei-mei-jons@x"),
        ("{{{a}}} [[{a:upper}]]", ("q",), "{q} [Q]"),
    ],
)
def test_a_template_is_rendered(template: str, cells: tuple[str, ...], text: str | None) -> None:
    assert parse(template).renderer({""})(cells) == text


@pytest.mark.parametrize("template", ["{", "a]", "[a", "[[[a", "{a:shout}", "{}", "[a[b]]]"])
def test_a_broken_template_is_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        parse(template)
