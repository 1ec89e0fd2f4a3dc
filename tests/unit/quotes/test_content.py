"""What may be sent as the content of a quote, and where it is told that something may not."""

from typing import Any

import pytest

from app.quotes.content import MAX_LINES, content_components, content_faults


def content(**more: Any) -> dict[str, Any]:
    line = {"id": "l1", "sku": "PX", "quantity": "3"}
    named = {"catalogue": "rosvall", "catalogue_version": "2026.2", "price_book": "sek", "currency": "SEK"}
    return {**named, "region": "SE", "on": "2026-11-22", "lines": [line], **more}


def of_line(**more: Any) -> dict[str, Any]:
    return content(lines=[{"id": "l1", "sku": "PX", "quantity": "3", **more}])


@pytest.mark.parametrize(
    ("given", "pointer", "said"),
    [
        ([], "", "Expected object"),
        (content(more=1), "", "more"),
        (content(currency="sek"), "/currency", ""),
        (content(on="22 November"), "/on", "2026-03-02"),
        (content(lines=[{"id": "l1", "sku": "PX"}]), "/lines/0", "quantity"),
        (of_line(quantity=3), "/lines/0/quantity", "str"),
        (of_line(quantity="NaN"), "/lines/0/quantity", "decimal"),
        (of_line(quantity="Infinity"), "/lines/0/quantity", "decimal"),
        (of_line(notes="a\0b"), "/lines/0/notes", "NUL"),
        (of_line(choices=[{"feature": "motor", "value": "kw4"}, {"feature": "seal"}]), "/lines/0/choices/1", "value"),
        (of_line(amends={"subscription_id": "s", "change": "steal"}), "/lines/0/amends/change", ""),
        (content(lines=[{"id": "l1", "sku": "A", "quantity": "1"}, {"id": "l1", "sku": "B", "quantity": "1"}]), "/lines/1/id", "Another"),
        (content(lines=[{"id": f"l{n}", "sku": "A", "quantity": "1"} for n in range(MAX_LINES + 1)]), "/lines", ""),
        (content(discounts=[{"id": "d", "kind": "gift", "value": "1", "reason": ""}]), "/discounts/0/kind", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_pointed_at(given: Any, pointer: str, said: str) -> None:
    (fault,) = content_faults(given)
    assert fault.pointer == pointer and said in fault.detail


def test_pointers_begin_where_the_content_is() -> None:
    assert content_faults(of_line(quantity=1), "/fields/content")[0].pointer == "/fields/content/lines/0/quantity"


PAID = {"amount": "1", "from": "2026-01-01", "to": "2026-12-31", "quantity": "2"}


def test_a_whole_content_is_taken() -> None:
    whole = of_line(
        choices=[{"feature": "motor", "value": "kw4"}], configuration={"motor": "kw4"}, term="two_years", clauses=["sla4"],
        optional=True, selected=False, open=["quantity", "feature:motor"], bundle="l0", notes="Careful",
        discount={"kind": "percent", "value": "5", "reason": "Friend"}, starts_on="2026-12-01", ends_on="2028-11-30",
        ramp=[{"from_month": 0, "quantity": "1"}, {"from_month": 12, "discount_percent": "5"}],
        amends={"subscription_id": "s", "change": "add", "paid": PAID},
        usage={"quantity": "40"},
    )  # fmt: skip
    assert content_faults(whole) == []


def test_every_shape_of_a_content_is_described_and_closed() -> None:
    shapes = content_components()
    assert {"QuoteContent", "QuoteContentLine"} <= set(shapes)
    assert all(shape["additionalProperties"] is False for shape in shapes.values())
